"""A question is deleted while the model's answer is on its way to Slack, whose calls take a while: nothing stays."""

import asyncio

import pytest

from tests.e2e.conftest import ADA, GENERAL, BotWorld, ready_bot

CALL_SECONDS = 0.15
MOMENTS = tuple(hundredth / 100 for hundredth in range(0, 32, 4))
"""Seconds from the model's request to the deletion: before, during and after the first post."""


async def say_hello(world: BotWorld, channel: str) -> str:
    """Begin a thread; in a direct message that is a question, so wait for its answer."""
    root = await world.workspace.say(ADA, channel, "Hello.")
    if channel != GENERAL:
        await world.workspace.wait_until(lambda: bool(world.bot_texts(channel, root)))
    return root


async def ask_and_delete(world: BotWorld, channel: str, root: str | None, moment: float) -> str:
    """Ask, and delete the question `moment` seconds after the model was asked; return the thread's root."""
    asked = len(world.model.requests)
    for method in ("chat.postMessage", "chat.startStream"):
        world.workspace.inject_fault(method, delay=CALL_SECONDS)
    mention = "" if channel.startswith("D") else "<@U0BOT> "
    question = await world.workspace.say(ADA, channel, f"{mention}[[say=No word of this.]]", thread_ts=root)
    await world.workspace.wait_until(lambda: len(world.model.requests) > asked)
    await asyncio.sleep(moment)
    await world.workspace.delete(ADA, channel, question)
    return root or question


@pytest.mark.parametrize("channel", [GENERAL, "D0ADA"], ids=["by edits", "by a stream"])
@pytest.mark.parametrize("is_reply", [False, True], ids=["below a root", "as a reply"])
async def test_a_deleted_question_gets_no_answer(world: BotWorld, channel: str, *, is_reply: bool) -> None:
    threads = []
    async with ready_bot(world):
        for moment in MOMENTS:
            root = await say_hello(world, channel) if is_reply else None
            threads.append(await ask_and_delete(world, channel, root, moment))
        await asyncio.sleep(2.0)
        left = [root for root in threads if "No word" in world.bot_text(channel, root)]
        assert not left, f"{len(left)} of {len(threads)}"
