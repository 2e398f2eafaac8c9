"""Socket Mode over real sockets: what Slack does to a connection, and that deliveries continue."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.core.errors import SettingsError
from bot.sandbox.server import SandboxWorkspace
from bot.slack.transport.connect import open_web_client
from bot.slack.transport.socket_mode import ReconnectDelays
from tests.slack.transport.connections import connected
from tests.slack.transport.waiting import acknowledged, until

ADA, DIRECT = "U0ADA", "D0ADA"


@pytest.fixture
async def workspace() -> AsyncIterator[SandboxWorkspace]:
    async with SandboxWorkspace(ack_timeout=0.5, redelivery=(0.0, 0.2, 0.2), enforce_rates=False) as running:
        yield running


async def cut(workspace: SandboxWorkspace) -> None:
    """Break every connection, as a network does; wait until the workspace has noticed."""
    broken = set(workspace.sockets._sockets)
    await workspace.disconnect(None)
    await until(lambda: not broken & set(workspace.sockets._sockets))


async def test_all_sockets_share_the_deliveries(workspace: SandboxWorkspace) -> None:
    async with connected(workspace, count=3) as (connection, received):
        await until(lambda: workspace.socket_count == 3)
        for number in range(6):
            await workspace.say(ADA, DIRECT, str(number))
        await until(lambda: acknowledged(workspace) == 6)
        assert connection.connected_count == 3
    assert sorted(received.texts) == list("012345")
    assert len(workspace.calls("apps.connections.open")) == 3, "one URL for each socket"


async def test_start_returns_when_the_first_socket_is_open(workspace: SandboxWorkspace) -> None:
    async with connected(workspace, count=2) as (connection, _):
        assert connection.is_connected


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
async def test_a_refresh_loses_no_delivery_and_repeats_none(workspace: SandboxWorkspace, reason: Any) -> None:
    async with connected(workspace, count=2) as (_, received):
        for number in range(20):
            await workspace.say(ADA, DIRECT, str(number))
            if number % 5 == 0:
                await workspace.disconnect(reason)
            await asyncio.sleep(0.02)
        await until(lambda: len(set(received.texts)) == 20)
        await until(lambda: workspace.socket_count == 2)
    assert len(received.texts) == 20


async def test_the_next_socket_is_open_before_the_last_one_is_closed(workspace: SandboxWorkspace) -> None:
    """While the URL is requested, the old socket stays open, and its envelopes are acknowledged there."""
    released = asyncio.Event()
    async with connected(workspace, meanwhile=released.wait) as (connection, received):
        await workspace.say(ADA, DIRECT, "slow")
        await until(lambda: received.texts)
        workspace.inject_fault("apps.connections.open", delay=0.2)
        await workspace.disconnect("refresh_requested")
        await until(lambda: not connection.is_connected)
        released.set()
        await until(lambda: acknowledged(workspace) == 1)
        assert not connection.is_connected, "the next socket is not open yet"
        await until(lambda: workspace.socket_count == 1)
    assert received.texts == ["slow"], "acknowledged on its own socket, so it was not repeated"


async def test_cut_connections_come_back(workspace: SandboxWorkspace) -> None:
    async with connected(workspace, count=2) as (_, received):
        for number in range(3):
            await until(lambda: workspace.socket_count == 2)
            await cut(workspace)
            await workspace.say(ADA, DIRECT, str(number))
        await until(lambda: set(received.texts) == set("012"))


class Expired(dict[str, float]):
    """URLs of which the first few expire at once."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.left = count

    def __setitem__(self, ticket: str, until: float) -> None:
        self.left -= 1
        super().__setitem__(ticket, 0.0 if self.left >= 0 else until)


async def test_an_expired_url_is_not_used_again(workspace: SandboxWorkspace) -> None:
    """Slack refuses it with 403 for ever; the next attempt must request a new one."""
    async with connected(workspace):
        workspace.sockets._tickets = Expired(3)
        await cut(workspace)
        await until(lambda: workspace.socket_count == 1)
    assert len(workspace.calls("apps.connections.open")) == 1 + 3 + 1


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 503},
        {"error": "internal_error"},
        {"retry_after": 1},
        {"drop": True},
        {"error": "invalid_auth"},
    ],
    ids=str,
)
async def test_an_outage_is_logged_once_and_ends_by_itself(workspace: SandboxWorkspace, fault: dict[str, Any]) -> None:
    with capture_logs() as logs:
        async with connected(workspace) as (connection, received):
            workspace.inject_fault("apps.connections.open", times=2, **fault)
            await cut(workspace)
            await until(lambda: workspace.socket_count == 1)
            await workspace.say(ADA, DIRECT, "again")
            await until(lambda: received.texts == ["again"])
            assert connection.is_connected
    assert [entry["action"] for entry in logs] == ["socket_refused", "socket_opened"]
    assert ("SLACK_APP_TOKEN" in logs[0]["hint"]) == (fault.get("error") == "invalid_auth")


async def test_socket_mode_switched_off_is_logged_with_a_hint(workspace: SandboxWorkspace) -> None:
    with capture_logs() as logs:
        async with connected(workspace):
            await workspace.disconnect("link_disabled")
            await until(lambda: workspace.socket_count == 1)
    assert (logs[0]["reason"], logs[0]["hint"][:19]) == ("link_disabled", "Switch Socket Mode ")


async def test_beyond_slacks_limit_fewer_sockets_are_kept(workspace: SandboxWorkspace) -> None:
    """Slack allows ten. A process that opened fewer keeps those, and opens the rest when there is room."""
    async with connected(workspace, count=9) as (_, _), connected(workspace, count=1):
        await until(lambda: workspace.socket_count == 10)
        with capture_logs() as logs:
            async with connected(workspace, count=2) as (late, _):
                await workspace.disconnect(None)
                await until(lambda: workspace.socket_count == 10)
                await asyncio.sleep(0.3)
                assert workspace.socket_count == 10
                assert late.connected_count <= 2
    assert {entry.get("reason") for entry in logs} >= {"too_many_websockets"}
    assert len(logs) < 10


async def test_attempts_are_slow_during_an_outage(workspace: SandboxWorkspace) -> None:
    slow = ReconnectDelays(first_seconds=0.2, longest_seconds=0.4)
    async with connected(workspace, delays=slow):
        workspace.inject_fault("apps.connections.open", status=503, times=99)
        before = len(workspace.calls("apps.connections.open"))
        await workspace.disconnect(None)
        await asyncio.sleep(1.0)
        assert len(workspace.calls("apps.connections.open")) - before <= 8


async def test_attempts_are_slow_if_no_socket_lasts(workspace: SandboxWorkspace) -> None:
    async with connected(workspace, delays=ReconnectDelays(first_seconds=0.2, longest_seconds=0.4)):
        for _ in range(100):
            await workspace.disconnect(None)
            await asyncio.sleep(0.01)
        assert len(workspace.calls("apps.connections.open")) <= 9


async def test_a_failed_delivery_is_not_acknowledged_and_repeated(workspace: SandboxWorkspace) -> None:
    attempts = 0

    async def fails_once() -> None:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            raise RuntimeError

    async with connected(workspace, meanwhile=fails_once) as (_, received):
        await workspace.say(ADA, DIRECT, "hello")
        await until(lambda: acknowledged(workspace) == 1)
    assert received.texts == ["hello", "hello"]
    assert received.retries[1] == ["1"], "the app learns that it is a retry"


async def test_echoes_are_acknowledged_without_the_app(
    workspace: SandboxWorkspace,
) -> None:
    async with connected(workspace, count=2) as (connection, received):
        async with open_web_client(workspace.bot_token, workspace.api_url) as client:
            posted = await client.chat_postMessage(channel=DIRECT, text="1")
            for number in range(2, 5):
                await client.chat_update(channel=DIRECT, ts=posted["ts"], text=str(number))
        await until(lambda: acknowledged(workspace) >= 3)
        await connection.stop()
        assert acknowledged(workspace) == 4, "including those still being collected"
    assert received.texts == []
    assert not any("attempt" in entry.detail for entry in workspace.trace)


async def test_stop_finishes_deliveries_and_accepts_no_more(
    workspace: SandboxWorkspace,
) -> None:
    released = asyncio.Event()
    async with connected(workspace, count=2, meanwhile=released.wait) as (connection, received):
        await until(lambda: workspace.socket_count == 2)
        await workspace.say(ADA, DIRECT, "taken")
        await until(lambda: received.texts)
        stopping = asyncio.create_task(connection.stop())
        await asyncio.sleep(0.05)
        await workspace.say(ADA, DIRECT, "not taken")
        await asyncio.sleep(0.05)
        released.set()
        await stopping
        assert not connection.is_connected
    assert received.texts == ["taken"]
    assert acknowledged(workspace) == 1


async def test_stop_takes_two_seconds_at_most_and_leaves_no_task(workspace: SandboxWorkspace) -> None:
    before = asyncio.all_tasks()
    clock = asyncio.get_running_loop().time

    async def never() -> None:
        await asyncio.Event().wait()

    async with connected(workspace, count=2, meanwhile=never) as (connection, received):
        await workspace.say(ADA, DIRECT, "hello")
        await until(lambda: received.texts)
        workspace.inject_fault("apps.connections.open", delay=5)
        await workspace.disconnect("refresh_requested")
        await asyncio.sleep(0.05)
        began = clock()
        await connection.stop()
        assert clock() - began < 2.0
        await connection.stop()
    ours = {task for task in asyncio.all_tasks() - before if "sandbox" not in str(task.get_coro())}
    assert not {task for task in ours if task.get_name() in {"sockets", "socket", "envelope"}}


async def test_a_wrong_app_token_stops_the_start(workspace: SandboxWorkspace) -> None:
    workspace.inject_fault("apps.connections.open", error="invalid_auth")
    with pytest.raises(SettingsError, match=r"SLACK_APP_TOKEN \(invalid_auth\)"):
        async with connected(workspace):
            pass


async def test_oauth_settings_in_the_environment_change_nothing(
    workspace: SandboxWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bolt would look for installations in files, and lose every delivery."""
    monkeypatch.setenv("SLACK_CLIENT_ID", "1.2")
    monkeypatch.setenv("SLACK_CLIENT_SECRET", "secret")
    async with connected(workspace) as (_, received):
        await workspace.say(ADA, DIRECT, "hello")
        await until(lambda: received.texts == ["hello"])
