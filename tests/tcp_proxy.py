"""A TCP proxy between the program and a server, whose connections a test can break or stall.

A server that goes away breaks connections; a server that hangs leaves calls without an answer. The proxy can
do both, for any protocol over TCP.
"""

import asyncio
from typing import Self


class TcpProxy:
    """A TCP proxy on loopback; an async context manager."""

    def __init__(self, host: str, port: int) -> None:
        """Forward to the server at `host` and `port`."""
        self._host, self._port = host, port
        self._is_cut = False
        self._flows = asyncio.Event()
        self._flows.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._joined, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._server.close()

    @property
    def port(self) -> int:
        """The port that the proxy listens on."""
        return int(self._server.sockets[0].getsockname()[1])

    def cut(self) -> None:
        """Break all connections, and every new one."""
        self._is_cut = True
        for writer in self._writers:
            writer.transport.abort()

    def hold(self) -> None:
        """Stop all data in both directions; connections stay open."""
        self._flows.clear()

    def mend(self) -> None:
        """Forward again."""
        self._is_cut = False
        self._flows.set()

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection(self._host, self._port)
        self._writers |= {writer, far_writer}
        for pump in (self._pump(reader, far_writer), self._pump(far_reader, writer)):
            task = asyncio.create_task(pump)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                await self._flows.wait()
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort() if self._is_cut else writer.close()
