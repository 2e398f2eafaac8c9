"""Stopping answers over real sockets: by button, by word, by Slack's stop sign; from any process."""

import asyncio
import time
from pathlib import Path

import pytest

from bot.core.reply.stopping import STOPPED_NOTE, STOPPED_TEXT_LOST_NOTE, StopOutcome, StopRequest
from bot.core.turns import Action, ThreadKey
from bot.sandbox.workspace.records import Json
from bot.slack.events.answer_actions import ANSWER_AGAIN_ID
from bot.slack.rendering.buttons import BUTTON_LABELS
from bot.store.conversations.sql_store import SqlStore
from bot.store.database import parse_database_url
from tests.databases import KINDS, Kind, open_database
from tests.e2e.bot_processes import open_bot_processes
from tests.e2e.cases import small_world
from tests.e2e.conftest import ADA, GENERAL, GRACE, BotWorld, ready_bot
from tests.e2e.killable import STOP_COMMITTED, STOP_WRITTEN

DIRECT = "D0ADA"
STOP_TIMEOUT_SECONDS = 1.0
"""Seconds in which the model is left."""
SLOW = " ".join(f"w{number}" for number in range(2_000))


async def ask_growing_answer(world: BotWorld, *, words: int = 3, directives: str = "") -> str:
    """Ask for an answer that takes minutes, wait until some words of it are there, and return its thread."""
    text = f"<@U0BOT> {directives}[[rate=20]] [[say={SLOW}]]"
    root = await world.workspace.say(ADA, GENERAL, text)
    await world.workspace.wait_until(lambda: len(world.bot_text(GENERAL, root).split()) >= words, 60)
    return root


def button(world: BotWorld, root: str, action: Action) -> tuple[str, Json] | None:
    """Return the newest message's ts and its button for an action, as it is pressed; None if it has none."""
    message = [each for each in world.workspace.thread(GENERAL, root) if each.is_from_app][-1]
    for block in message.blocks:
        for element in block.get("elements", ()) if block["type"] == "actions" else ():
            if element["text"]["text"] == BUTTON_LABELS[action]:
                return message.ts, {**element, "block_id": block["block_id"]}
    return None


async def press(world: BotWorld, root: str, action: Action, *, by: str = ADA) -> None:
    """Press a button below the newest message once it is there."""
    await world.workspace.wait_until(lambda: world.bot_texts(GENERAL, root) and button(world, root, action), 60)
    found = button(world, root, action)
    assert found is not None
    await world.workspace.interactivity.act_on_message(by, GENERAL, found[0], found[1], {})


async def wait_until_stopped(world: BotWorld, root: str) -> None:
    """Wait until the thread says that its answer was stopped."""
    await world.workspace.wait_until(
        lambda: world.bot_text(GENERAL, root).endswith((STOPPED_NOTE, STOPPED_TEXT_LOST_NOTE)), 60
    )


async def wait_until_model_is_free(world: BotWorld) -> float:
    """Wait until the model has no open request, and return how long that took."""
    began = time.monotonic()
    async with asyncio.timeout(30):
        while world.model.open_requests:  # noqa: ASYNC110 - the model sends no notification
            await asyncio.sleep(0.005)
    return time.monotonic() - began


@pytest.mark.parametrize("kind", KINDS)
async def test_a_button_a_word_and_slacks_own_sign_stop_an_answer(kind: Kind, tmp_path: Path) -> None:
    """Each ends the model's request at once; the partial answer stays, and later requests include it."""

    async def word(root: str) -> None:
        await world.workspace.say(ADA, GENERAL, "<@U0BOT> Stop!", thread_ts=root)

    async def sign(root: str) -> None:
        world.workspace.interactivity.stop(ADA, GENERAL, root)

    async def pressed(root: str) -> None:
        await press(world, root, Action.STOP)

    async with small_world(kind, tmp_path) as world, ready_bot(world):
        for stop in (pressed, word, sign):
            root = await ask_growing_answer(world)
            await stop(root)
            assert await wait_until_model_is_free(world) < STOP_TIMEOUT_SECONDS
            text = await world.wait_for_text(GENERAL, root, ends=STOPPED_NOTE)
            said = text.removesuffix(STOPPED_NOTE).split()
            assert said == SLOW.split()[: len(said)]
            assert button(world, root, Action.STOP) is None
            assert button(world, root, Action.CONTINUE)
            asked = len(world.model.requests)
            await world.workspace.say(ADA, GENERAL, "<@U0BOT> [[say=Works.]]", thread_ts=root)
            await world.wait_for_text(GENERAL, root, ends="Works.")
            told = world.model.requests[-1]["messages"]
            assert told[-2]["content"].split() == said
            assert len(world.model.requests) == asked + 1, "the word was no question"


async def test_a_native_stream_is_stopped_where_it_is(world: BotWorld) -> None:
    """Slack ends the stream before the bot knows: no message is posted in its place, and the answer ends."""
    async with ready_bot(world):
        root = await world.workspace.say(ADA, DIRECT, f"[[rate=20]] [[say={SLOW}]]")
        await world.workspace.wait_until(lambda: len(world.bot_text(DIRECT, root).split()) >= 10, 60)
        assert world.workspace.thread(DIRECT, root)[-1].is_streaming
        world.workspace.interactivity.stop(ADA, DIRECT, root)
        assert await wait_until_model_is_free(world) < STOP_TIMEOUT_SECONDS
        said = (await world.wait_for_text(DIRECT, root, ends=STOPPED_NOTE)).removesuffix(STOPPED_NOTE).split()
        assert said == SLOW.split()[: len(said)]
        assert [message.is_streaming for message in world.workspace.thread(DIRECT, root)] == [False, False]


async def test_only_who_asked_and_admins_may_stop_and_ask_again(world: BotWorld) -> None:
    """Grace is neither; Ada, an admin of the sandbox, may stop Grace's answers."""
    async with ready_bot(world):
        root = await ask_growing_answer(world)
        await press(world, root, Action.STOP, by=GRACE)
        await world.workspace.say(GRACE, GENERAL, "stop", thread_ts=root)
        await world.workspace.wait_until(lambda: len(world.workspace.calls("chat.postEphemeral")) == 2, 30)
        assert world.model.open_requests == 1
        await press(world, root, Action.STOP)
        await world.wait_for_text(GENERAL, root, ends=STOPPED_NOTE)
        theirs = await world.workspace.say(GRACE, GENERAL, f"<@U0BOT> [[rate=20]] [[say={SLOW}]]")
        await world.workspace.wait_until(lambda: world.bot_texts(GENERAL, theirs), 60)
        await world.workspace.say(ADA, GENERAL, "stop", thread_ts=theirs)
        await world.wait_for_text(GENERAL, theirs, ends=STOPPED_NOTE)
        await world.workspace.interactivity.shortcut(ADA, ANSWER_AGAIN_ID, GENERAL, theirs)
        await world.workspace.wait_until(lambda: STOPPED_NOTE not in world.bot_text(GENERAL, theirs), 30)
        assert len(world.model.requests) == 3
        await world.workspace.say(ADA, GENERAL, "stop", thread_ts=theirs)
        await world.wait_for_text(GENERAL, theirs, ends=STOPPED_NOTE)


@pytest.mark.parametrize("trouble", ["[[delay=100]]", "[[fault=503]]"])
async def test_an_answer_is_stopped_before_its_first_word(world: BotWorld, trouble: str) -> None:
    """Also between two attempts to ask an overloaded server."""
    async with ready_bot(world):
        root = await world.workspace.say(ADA, GENERAL, f"<@U0BOT> {trouble} [[say=Never.]]")
        async with asyncio.timeout(30):
            while not world.model.requests:  # noqa: ASYNC110 - the model sends no notification
                await asyncio.sleep(0.01)
        await world.workspace.say(ADA, GENERAL, "<@U0BOT> stop", thread_ts=root)
        assert await world.wait_for_text(GENERAL, root, ends=STOPPED_NOTE) == STOPPED_NOTE
        assert await wait_until_model_is_free(world) < STOP_TIMEOUT_SECONDS


@pytest.mark.postgres
async def test_another_process_stops_it_within_a_second(tmp_path: Path) -> None:
    """The process that receives the stop is not the one that answers."""
    async with small_world("postgres", tmp_path) as world, ready_bot(world):
        root = await ask_growing_answer(world)
        async with open_database(parse_database_url(world.env["DATABASE_URL"])) as database:
            thread = ThreadKey(platform="slack", workspace="T0SANDBOX", channel=GENERAL, root=root)
            other = SqlStore(database, "other")
            assert await other.stop(StopRequest(thread=thread, requested_by=ADA)) is StopOutcome.TAKEN
            assert await wait_until_model_is_free(world) < STOP_TIMEOUT_SECONDS
        await world.wait_for_text(GENERAL, root, ends=STOPPED_NOTE)


@pytest.mark.parametrize("kind", KINDS)
async def test_killed_as_the_stop_is_recorded(kind: Kind, tmp_path: Path) -> None:
    """If the stop is committed, the process that takes over does not answer the turn, only the next one.

    What was not committed was not acknowledged, and so comes again: it stops the answer then.
    """
    async with open_bot_processes() as processes:
        for number, point in enumerate((STOP_COMMITTED, STOP_WRITTEN)):
            folder = tmp_path / str(number)
            folder.mkdir()
            async with small_world(kind, folder) as world:
                doomed = await processes.start(folder, world.env, point=point)
                await doomed.wait_until_ready()
                root = await ask_growing_answer(world)
                await world.workspace.say(ADA, GENERAL, "<@U0BOT> stop", thread_ts=root)
                assert await doomed.wait_until_dead() == -9, doomed.text
                asked = len(world.model.requests)
                heir = await processes.start(folder, world.env)
                await wait_until_stopped(world, root)
                assert len(world.bot_texts(GENERAL, root)) == 1
                assert button(world, root, Action.STOP) is None
                if point == STOP_COMMITTED:
                    assert len(world.model.requests) == asked, "it is not answered"
                await world.workspace.say(ADA, GENERAL, "<@U0BOT> [[say=Works.]]", thread_ts=root)
                await world.wait_for_text(GENERAL, root, ends="Works.")
                assert await heir.stop() == 0, heir.text
