"""Strangers' connections: bounded, closed when nothing comes, and never in the way of a request."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from bot.app import connection_limit, health

HALF_A_REQUEST = b"POST /slack/events HTTP/1.1\r\nHost: bot\r\n"
MAX_CONNECTIONS = 10
RESPONSE_SECONDS = 1.0
PIECES = {"nothing": b"", "half a request line": b"GET /heal", "half of the headers": HALF_A_REQUEST}


@asynccontextmanager
async def serving(*routes: web.AbstractRouteDef) -> AsyncIterator[int]:
    async with health.serve_health("127.0.0.1", 0, dict, routes, max_connections=MAX_CONNECTIONS) as port:
        yield port


@asynccontextmanager
async def strangers(port: int, count: int, said: bytes = HALF_A_REQUEST) -> AsyncIterator[list[asyncio.StreamReader]]:
    """Open so many connections, one after the other, which say no more than this."""
    async with contextlib.AsyncExitStack() as opened:
        readers = []
        for _ in range(count):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            opened.callback(writer.close)
            writer.write(said)
            readers.append(reader)
        yield readers


async def is_alive(port: int) -> bool:
    async with (
        asyncio.timeout(RESPONSE_SECONDS),
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/healthz") as answer,
    ):
        return answer.status == 200


async def is_closed(reader: asyncio.StreamReader, *, within: float = RESPONSE_SECONDS) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within):
            try:
                return await reader.read() == b""
            except ConnectionError:
                return True
    return False


@pytest.mark.parametrize("said", PIECES.values(), ids=PIECES)
async def test_the_oldest_stranger_makes_room(said: bytes) -> None:
    async with serving() as port, strangers(port, 3 * MAX_CONNECTIONS, said) as readers:
        assert await is_alive(port)
        assert await is_closed(readers[0])
        assert not await is_closed(readers[-1], within=0.05)


async def test_a_running_request_is_not_displaced() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_request: web.Request) -> web.Response:
        begun.set()
        await go_on.wait()
        return web.Response(text="complete")

    async with serving(web.get("/slow", slow)) as port, aiohttp.ClientSession() as session:

        async def fetch() -> str:
            async with session.get(f"http://127.0.0.1:{port}/slow") as answer:
                return await answer.text()

        running = asyncio.create_task(fetch())
        await begun.wait()
        async with strangers(port, 3 * MAX_CONNECTIONS):
            assert await is_alive(port)
            go_on.set()
            assert await running == "complete"


async def test_beyond_the_limit_of_running_requests_a_connection_is_closed_at_once() -> None:
    go_on = asyncio.Event()

    async def slow(_request: web.Request) -> web.Response:
        await go_on.wait()
        return web.Response()

    async with serving(web.get("/slow", slow)) as port:
        async with strangers(port, MAX_CONNECTIONS, b"GET /slow HTTP/1.1\r\nHost: bot\r\n\r\n") as readers:
            await asyncio.sleep(0.1)
            async with strangers(port, 1) as further:
                assert await is_closed(further[0])
            go_on.set()
            assert (await readers[0].readline()).startswith(b"HTTP/1.1 200")
        assert await is_alive(port)


async def test_headers_have_a_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if a byte comes now and then. A connection that has had a request may wait for the next one."""
    monkeypatch.setattr(connection_limit, "HEADERS_TIMEOUT_SECONDS", 0.2)
    async with serving() as port:
        async with aiohttp.ClientSession() as session:
            for _ in range(2):
                async with session.get(f"http://127.0.0.1:{port}/healthz") as answer:
                    assert answer.status == 200
                await asyncio.sleep(0.3)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.suppress(ConnectionError):
            for byte in HALF_A_REQUEST:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.02)
        assert await is_closed(reader)
        writer.close()


async def test_connections_that_end_are_counted_no_longer() -> None:
    async with serving() as port:
        for _ in range(3):
            async with strangers(port, MAX_CONNECTIONS - 1):
                pass
        async with strangers(port, MAX_CONNECTIONS - 1) as readers:
            assert await is_alive(port)
            assert not await is_closed(readers[0], within=0.05)
