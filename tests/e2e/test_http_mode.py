"""HTTP mode: signed requests in, answers in the thread; and the health checks of both modes."""

import asyncio
import json
import resource
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import aiohttp
import pytest

from bot.sandbox.workspace.records import Json
from bot.slack.transport.http import EVENTS_PATH
from tests.e2e.conftest import ADA, GENERAL, BotWorld, ready_bot
from tests.e2e.test_bad_input import free_port
from tests.program import program
from tests.slack.transport.http_server import compute_signature

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"


@pytest.fixture
async def address(world: BotWorld) -> str:
    """Return the address at which the program will listen."""
    port = free_port()
    world.env |= {"PORT": str(port), "BOT_HOST": "127.0.0.1"}
    return f"http://127.0.0.1:{port}"


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def deliver(session: aiohttp.ClientSession, address: str, callback: Json) -> int:
    """Deliver an event as Slack does."""
    body, stamp = json.dumps(callback).encode(), str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": compute_signature(body, stamp, SECRET),
    }
    async with session.post(address + EVENTS_PATH, data=body, headers=headers) as answer:
        return answer.status


async def test_an_event_that_comes_by_http_is_answered_once(
    world: BotWorld, address: str, session: aiohttp.ClientSession
) -> None:
    """Without a socket and an app token; the event comes three times, as after a lost acknowledgement."""
    world.env |= {"SLACK_SIGNING_SECRET": SECRET, "SLACK_APP_TOKEN": ""}
    async with program("run", cwd=world.folder, env=world.env) as running:
        await running.wait_for_output('"action": "ready"')
        root = await world.workspace.say(ADA, GENERAL, "<@U0BOT> [[say=By HTTP.]]")
        for callback in world.workspace.events() * 3:
            assert await deliver(session, address, callback) == 200
        await world.wait_for_text(GENERAL, root, ends="By HTTP.")
        assert world.bot_texts(GENERAL, root) == ["By HTTP."]
        assert world.workspace.socket_count == 0
        assert await running.stop() == 0
        assert "Traceback" not in running.text
        assert "Unclosed" not in running.text


@pytest.mark.parametrize("mode", ["sockets", "http"])
async def test_the_health_checks_say_alive_and_ready(
    world: BotWorld, address: str, session: aiohttp.ClientSession, mode: str
) -> None:
    if mode == "http":
        world.env |= {"SLACK_SIGNING_SECRET": SECRET}
    async with ready_bot(world):
        async with session.get(address + "/healthz") as alive, session.get(address + "/readyz") as ready:
            assert (alive.status, ready.status) == (200, 200)
            assert {"slack", "database"} <= set(await ready.json())
        async with session.post(address + EVENTS_PATH) as answer:
            assert answer.status == (401 if mode == "http" else 404)


async def test_without_a_connection_it_is_alive_and_not_ready(
    world: BotWorld, address: str, session: aiohttp.ClientSession
) -> None:
    async with ready_bot(world):
        await world.workspace.wait_until(lambda: world.workspace.socket_count == 2)
        world.workspace.inject_fault("apps.connections.open", status=503, times=999)
        await world.workspace.disconnect(None)
        await world.workspace.wait_until(lambda: world.workspace.socket_count == 0)
        async with session.get(address + "/healthz") as alive, session.get(address + "/readyz") as ready:
            assert (alive.status, ready.status) == (200, 503)
            assert (await ready.json())["slack"] is False


async def test_half_open_requests_of_strangers_keep_nobody_out(world: BotWorld, address: str) -> None:
    """More than the process has file descriptors, which it may not raise: health and events are answered at once."""
    descriptors, strangers = 1024, 1200
    _, highest = resource.getrlimit(resource.RLIMIT_NOFILE)
    if highest != resource.RLIM_INFINITY and highest < 2 * strangers:
        pytest.skip(f"this process may open only {highest} files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (2 * strangers, highest))
    world.env |= {"SLACK_SIGNING_SECRET": SECRET, "SLACK_APP_TOKEN": ""}
    async with program("run", cwd=world.folder, env=world.env) as running, AsyncExitStack() as opened:
        resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE, (descriptors, descriptors))
        await running.wait_for_output('"action": "ready"')
        port = int(address.rpartition(":")[2])
        for _ in range(strangers):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            opened.callback(writer.close)
            writer.write(b"POST /slack/events HTTP/1.1\r\nHost: bot\r\n")
        session = await opened.enter_async_context(aiohttp.ClientSession())
        async with asyncio.timeout(1), session.get(address + "/healthz") as alive:
            assert alive.status == 200
        root = await world.workspace.say(ADA, GENERAL, "<@U0BOT> [[say=All the same.]]")
        async with asyncio.timeout(1):
            assert await deliver(session, address, world.workspace.events()[-1]) == 200
        await world.wait_for_text(GENERAL, root, ends="All the same.")
        assert "Too many open files" not in running.text
