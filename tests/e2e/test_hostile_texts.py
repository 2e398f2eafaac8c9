"""Texts that patterns and parsers take badly, as questions and as answers: nobody else waits for them."""

import json
from pathlib import Path

from bot.conversation.request_builder import OUT_OF_VIEW_NOTE
from bot.sandbox.model.server import SandboxModel
from bot.sandbox.server import SandboxWorkspace
from tests.e2e.conftest import ADA, GENERAL, GRACE, BotWorld, ready_bot
from tests.program import settings

RUNS = (" ", "\t", "![", "[", ">", "|", "`", "*", "_", "0", "<", "> ", "[a](", "9.", "a-")
MESSAGE_CHARACTERS = 38_000
RANDOM = "C0RANDOM"
MAX_STALL_SECONDS = 2.0
"""The log names stalls from 0.25 s, which a busy machine causes too; twenty such messages took half a minute."""


async def test_hostile_texts_stop_nobody(tmp_path: Path) -> None:
    """A thread of them is read, an answer of blanks is shown, and another channel is answered."""
    async with SandboxModel(rate=2_000) as model, SandboxWorkspace(port=0) as slack:
        world = BotWorld(slack, model, settings(slack, model), tmp_path)
        async with ready_bot(world) as bot:
            root = await slack.say(ADA, GENERAL, "Look at this.")
            for run in RUNS:
                await slack.say(ADA, GENERAL, f"a{run * (MESSAGE_CHARACTERS // len(run))}b", thread_ts=root)
            blanks = f"<@{slack.bot_user}> [[say=So:{' ' * 12_000}there.]]"
            await slack.say(ADA, GENERAL, blanks, thread_ts=root)
            other = await slack.say(GRACE, RANDOM, f"<@{slack.bot_user}> [[say=At once.]]")
            await world.wait_for_text(RANDOM, other, ends="At once.")
            await world.wait_for_text(GENERAL, root, ends=OUT_OF_VIEW_NOTE)  # below the answer
            lines = [json.loads(line) for line in bot.text.splitlines() if '"action": "loop_stalled"' in line]
    assert all(line["seconds"] < MAX_STALL_SECONDS for line in lines), lines
