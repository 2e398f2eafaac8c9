"""From an event on the socket to the intake, over real sockets: acknowledged when recorded, not before."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from bot.core.domain import Incoming
from bot.core.errors import StoreUnavailable
from bot.sandbox.server import SandboxWorkspace
from bot.slack import connect
from bot.slack.listeners import slack_app
from bot.slack.people import People

ADA, GENERAL = "U0ADA", "C0GENERAL"


@pytest.fixture
async def workspace() -> AsyncIterator[SandboxWorkspace]:
    async with SandboxWorkspace(port=0, ack_timeout=0.3, redelivery=(0.0, 0.2, 0.2)) as running:
        yield running


@asynccontextmanager
async def connected(
    workspace: SandboxWorkspace, accept: Callable[[Incoming], None], *, follow: bool = False
) -> AsyncIterator[None]:
    """Connect as the bot does, with `accept` in place of the intake."""

    async def accepting(incoming: Incoming) -> None:
        accept(incoming)

    async with connect.web_client(workspace.bot_token, workspace.api_url) as client:
        bot = await connect.who_am_i(client)
        app = slack_app(client, bot, People(client), accepting, follow_threads=follow)
        async with connect.socket(app, client, workspace.app_token):
            yield


async def test_a_message_arrives_readable_with_the_names_of_those_it_mentions(
    workspace: SandboxWorkspace,
) -> None:
    received: list[Incoming] = []
    async with connected(workspace, received.append):
        await workspace.say(ADA, GENERAL, "<@U0BOT> ask <@U0GRACE> in <#C0ENG> & elsewhere")
        await workspace.changed(lambda: len(received) >= 2)
    assert {incoming.text for incoming in received} == {"ask @grace in #engineering & elsewhere"}
    assert {incoming.author.name for incoming in received} == {"ada"}
    assert len({(i.thread, i.message_id) for i in received}) == 1, "both events name the same message"


async def test_names_are_looked_up_once(workspace: SandboxWorkspace) -> None:
    received: list[Incoming] = []
    async with connected(workspace, received.append):
        for _ in range(3):
            await workspace.say(ADA, "D0ADA", "hi")
        await workspace.changed(lambda: len(received) == 3)
        await workspace.say(ADA, "D0ADA", "hi")
        await workspace.changed(lambda: len(received) == 4)
    assert len(workspace.calls("users.info")) <= 3


async def test_a_name_that_cannot_be_had_does_not_hold_the_question_up(workspace: SandboxWorkspace) -> None:
    received: list[Incoming] = []
    workspace.fault("users.info", delay=30, times=9)
    async with connected(workspace, received.append):
        await workspace.say(ADA, "D0ADA", "hi")
        await workspace.changed(lambda: received, 5)
    assert received[0].author.name == ""


async def test_what_was_not_recorded_is_not_acknowledged_and_comes_again(workspace: SandboxWorkspace) -> None:
    received: list[Incoming] = []

    def accept(incoming: Incoming) -> None:
        received.append(incoming)
        if len(received) == 1:
            raise StoreUnavailable

    async with connected(workspace, accept):
        await workspace.say(ADA, "D0ADA", "hi")
        await workspace.changed(lambda: len(received) == 2, 5)
    assert received[0] == received[1]


async def test_events_that_nobody_wants_are_acknowledged(workspace: SandboxWorkspace) -> None:
    """Or Slack would repeat them."""
    received: list[Incoming] = []
    async with connected(workspace, received.append):
        ts = await workspace.say(ADA, GENERAL, "not for the bot")
        await workspace.edit(ADA, GENERAL, ts, "still not")
        await workspace.delete(ADA, GENERAL, ts)
        await workspace.say(ADA, "D0ADA", "but this")
        await workspace.changed(lambda: received)
        acks = [entry for entry in workspace.trace if entry.kind == "ack"]
        await workspace.changed(lambda: len(acks) >= 4 or [e for e in workspace.trace if e.kind == "ack"][3:])
    assert len(received) == 1


@pytest.mark.parametrize("follow", [False, True])
async def test_replies_without_a_mention_count_only_where_threads_are_followed(
    workspace: SandboxWorkspace, follow: bool
) -> None:
    received: list[Incoming] = []
    async with connected(workspace, received.append, follow=follow):
        root = await workspace.say(ADA, GENERAL, "a thread")
        await workspace.say(ADA, GENERAL, "a reply", thread_ts=root)
        await workspace.say(ADA, "D0ADA", "the end")
        await workspace.changed(lambda: any(incoming.text == "the end" for incoming in received))
    assert {incoming.text for incoming in received} == ({"a reply", "the end"} if follow else {"the end"})


async def test_a_new_connection_is_made_when_slack_asks_for_one(workspace: SandboxWorkspace) -> None:
    received: list[Incoming] = []
    async with connected(workspace, received.append):
        await workspace.disconnect("refresh_requested")
        await workspace.changed(lambda: workspace.connected == 1)
        await workspace.say(ADA, "D0ADA", "hi")
        await workspace.changed(lambda: received, 5)
