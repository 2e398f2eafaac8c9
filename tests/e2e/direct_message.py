"""Drives a direct message with the bot: ask, read the answer, press its buttons, read its explanation."""

import asyncio
from collections.abc import Mapping
from typing import Any

from bot.core.turns import Action
from bot.slack.home.slash_command import EXPLAIN_SHORTCUT
from bot.slack.rendering.buttons import ANSWER_BUTTONS_BLOCK_ID, BUTTON_LABELS
from tests.e2e.conftest import ADA, BotWorld

DIRECT = "D0ADA"
TEXT = "One two three four five six seven eight nine ten."
SAY = f"[[say={TEXT}]]"
TRY_AGAIN, GO_ON_BUTTON = BUTTON_LABELS[Action.RETRY], BUTTON_LABELS[Action.CONTINUE]
ANSWER_TIMEOUT_SECONDS = 30.0


async def ask(world: BotWorld, text: str, root: str | None = None, *, ends: str) -> tuple[str, str, int]:
    """Ask in a direct message; return its thread, the bot's final text, and the number of model requests."""
    before = len(world.model.requests)
    ts = await world.workspace.say(ADA, DIRECT, text, thread_ts=root)
    await until(world, root or ts, ends=ends)
    return root or ts, world.bot_texts(DIRECT, root or ts)[-1], len(world.model.requests) - before


async def until(world: BotWorld, root: str, *, ends: str) -> None:
    """Wait until the bot's newest message in a thread ends like this."""
    await world.workspace.wait_until(lambda: world.bot_text(DIRECT, root).endswith(ends), ANSWER_TIMEOUT_SECONDS)


def is_buttons(block: Mapping[str, Any]) -> bool:
    return str(block.get("block_id")).startswith(f"{ANSWER_BUTTONS_BLOCK_ID}.")


def offered(world: BotWorld, root: str) -> dict[str, str]:
    """Return the buttons below the bot's newest message: the values by their labels."""
    blocks = world.workspace.thread(DIRECT, root)[-1].blocks
    elements = [each for block in blocks if is_buttons(block) for each in block["elements"]]
    return {each["text"]["text"]: each["action_id"] for each in elements}


async def press(world: BotWorld, root: str, label: str) -> None:
    """Press a button below the bot's newest message until it disappears; its turn may be ending only now."""
    message = world.workspace.thread(DIRECT, root)[-1]
    (block,) = filter(is_buttons, message.blocks)
    (button,) = [each for each in block["elements"] if each["text"]["text"] == label]
    press = {**button, "block_id": block["block_id"]}
    async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
        while label in offered(world, root):
            await world.workspace.interactivity.act_on_message(ADA, DIRECT, message.ts, press, {})
            await asyncio.sleep(0.2)


async def explained(world: BotWorld, ts: str) -> str:
    """Return the explanation of an answer that an admin is shown; waits until its turn has ended."""
    views = world.workspace.views
    await world.workspace.interactivity.shortcut(ADA, EXPLAIN_SHORTCUT, DIRECT, ts)
    await world.workspace.wait_until(lambda: bool(views.stack(ADA)), ANSWER_TIMEOUT_SECONDS)
    shown = str(views.stack(ADA)[-1].content)
    views.close_all(ADA)
    return shown


async def works(world: BotWorld, root: str) -> None:
    """Check that the next question of the thread is answered, and asked for once."""
    assert await ask(world, "[[say=It works.]]", root, ends="It works.") == (root, "It works.", 1)
