"""A server that sends exactly the bytes it is told to, over a real socket."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

OK = b"HTTP/1.1 200 OK\r\n\r\n"
"""Without a length, so the body ends with the connection; and without a content type."""

Step = bytes | float | None
"""Send these bytes; wait so many seconds; None: say nothing until the client goes away."""


class RawServer:
    """Answers each connection with the next script, and the last one again."""

    def __init__(self, *scripts: Sequence[Step]) -> None:
        self._scripts = scripts
        self.requests: list[bytes] = []
        self.left = asyncio.Event()
        """The client has closed a connection that we had not."""
        self.base_url = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        lengths = (
            int(line.split(b":")[1]) for line in head.splitlines() if line.lower().startswith(b"content-length:")
        )
        length = next(lengths, 0)
        self.requests.append(head + await reader.readexactly(length))
        script = self._scripts[min(len(self.requests), len(self._scripts)) - 1]
        try:
            for step in script:
                await self._do(step, reader, writer)
        except ConnectionError:
            self.left.set()
        finally:
            writer.close()

    async def _do(self, step: Step, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        match step:
            case bytes():
                writer.write(step)
                await writer.drain()
            case float():
                await asyncio.sleep(step)
            case None:
                await reader.read()
                self.left.set()


def reply(status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> bytes:
    """Return a whole answer."""
    named = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    head = f"HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {len(body)}\r\n{named}\r\n"
    return head.encode() + body


@asynccontextmanager
async def raw_server(*scripts: Sequence[Step]) -> AsyncIterator[RawServer]:
    """Serve the scripts on a free port."""
    raw = RawServer(*scripts)
    server = await asyncio.start_server(raw.answer, "127.0.0.1", 0)
    raw.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    async with server:
        yield raw
