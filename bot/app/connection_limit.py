"""Bounds the connections of a web server, so that strangers cannot take all file descriptors of the process.

    a connection opens ---> waits for the headers of a request, at most 10 s ---> a request runs ---> idle, waits again
                                  ^ the oldest one is closed if another needs room

Who opens connections and sends nothing, or half of a request, displaces only such connections: one in which a request
runs is never closed. Each is watched by a protocol in front of aiohttp's, and a middleware says when a request runs,
which aiohttp begins once the headers are complete.

Each connection takes a file descriptor. Most systems start a process with a low limit of these (1,024), which it may
raise itself up to a higher one.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import cast

from aiohttp import web

HEADERS_TIMEOUT_SECONDS = 10.0
"""From the opening of a connection until the headers of its first request are complete."""

DEFAULT_FILE_LIMIT = 512
"""Where the system does not say: Windows' C library opens so many files."""
MAX_FILE_LIMIT = 1_048_576
"""More is of no use, and some systems refuse the "infinite" that they name as the highest."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ConnectionLimit:
    """The open connections of one server."""

    def __init__(self, max_connections: int) -> None:
        self._max_connections = max_connections
        self._waiting: dict[asyncio.Transport, asyncio.TimerHandle | None] = {}
        """Connections in which no request runs, with their deadlines; the longest waiting one comes first."""
        self._busy: set[asyncio.Transport] = set()

    def watch(self, make_protocol: Callable[[], asyncio.Protocol]) -> Callable[[], asyncio.Protocol]:
        """Return a factory of the same protocols, whose connections are bounded."""
        return lambda: _WatchedProtocol(make_protocol(), self)

    @web.middleware
    async def track_request(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Keep a connection open while a request runs in it."""
        if request.transport is None:  # it is closed already
            return await handler(request)
        transport = request.transport
        self._forget(transport)
        self._busy.add(transport)
        try:
            return await handler(request)
        finally:
            if transport in self._busy:  # it is still open
                self._busy.remove(transport)
                self._waiting[transport] = None  # aiohttp closes it if no other request follows

    def open(self, transport: asyncio.Transport) -> None:
        """Count a new connection; close the one that has waited longest for a request if there are too many."""
        if len(self._waiting) + len(self._busy) >= self._max_connections:
            self._close(next(iter(self._waiting), transport))
        if not transport.is_closing():
            loop = asyncio.get_running_loop()
            self._waiting[transport] = loop.call_later(HEADERS_TIMEOUT_SECONDS, self._close, transport)

    def lose(self, transport: asyncio.Transport) -> None:
        """Count a connection no longer."""
        self._forget(transport)
        self._busy.discard(transport)

    def _close(self, transport: asyncio.Transport) -> None:
        self._forget(transport)
        transport.abort()

    def _forget(self, transport: asyncio.Transport) -> None:
        if deadline := self._waiting.pop(transport, None):
            deadline.cancel()


class _WatchedProtocol(asyncio.Protocol):
    """Tells a `ConnectionLimit` when a connection opens and ends, and passes everything on."""

    def __init__(self, protocol: asyncio.Protocol, limit: ConnectionLimit) -> None:
        self._protocol = protocol
        self._limit = limit

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._protocol.connection_made(transport)
        self._limit.open(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._limit.lose(self._transport)
        self._protocol.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._protocol.data_received(data)

    def eof_received(self) -> bool | None:
        return self._protocol.eof_received()

    def pause_writing(self) -> None:
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        self._protocol.resume_writing()


def raise_file_limit() -> None:
    """Raise the limit as far as the system allows."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - Windows has no such module

        _, highest = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = min(highest, MAX_FILE_LIMIT) if highest != resource.RLIM_INFINITY else MAX_FILE_LIMIT
        with suppress(ValueError, OSError):  # macOS allows less than it says; the present limit does, too
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, highest))


def read_file_limit() -> int:
    """Return how many file descriptors the process may have."""
    if sys.platform == "win32":
        return DEFAULT_FILE_LIMIT
    import resource  # noqa: PLC0415 - Windows has no such module

    present, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MAX_FILE_LIMIT if present == resource.RLIM_INFINITY else min(present, MAX_FILE_LIMIT)
