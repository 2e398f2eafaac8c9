"""Two processes write in one workspace under Slack's limits: no call is refused, all answers complete."""

import asyncio
from pathlib import Path

import pytest

from tests.e2e.conftest import ADA
from tests.e2e.examination import CLEAN, Examination
from tests.e2e.test_processes import CHANNELS, shared_world, start_ready_bot

pytestmark = pytest.mark.postgres

ANSWERS = 6
RETRY_AFTER_SECONDS = 8
ANSWER_SECONDS = 35.0
"""How long each grows. Two that did not share would be refused within thirty."""


async def test_two_processes_share_slacks_limits(tmp_path: Path) -> None:
    async with shared_world(tmp_path) as (world, processes):
        asked = Examination(world.workspace)
        bots = [await start_ready_bot(processes, world, name, BOT_LEASE_SECONDS="30") for name in "ab"]
        for number in range(ANSWERS):
            await asked.ask(ADA, CHANNELS[number % len(CHANNELS)], words=200, seconds=ANSWER_SECONDS)
            await asyncio.sleep(0.5)
        assert await asked.wait_until_answered(timeout=4 * ANSWER_SECONDS) == CLEAN
        shares = [bot.text.count('"action": "turn_done"') for bot in bots]
        assert min(shares) > 0, f"both wrote: {shares}"
        writes = world.workspace.calls("chat.update")
        refused = [call for call in writes if call.response.get("error") == "ratelimited"]
        assert refused == [], f"of {len(writes)}"
        assert len(writes) > 0.75 * ANSWER_SECONDS * 45 / 60, "and most of what is granted was used"
        for bot in bots:
            assert await bot.stop() == 0


async def test_what_one_process_is_refused_the_other_does_not_ask_for(tmp_path: Path) -> None:
    """Starting at once, before the next exchange of rates, until Slack's Retry-After is over."""
    async with shared_world(tmp_path) as (world, processes):
        asked = Examination(world.workspace)
        bots = [await start_ready_bot(processes, world, name, BOT_LEASE_SECONDS="30") for name in "ab"]
        for number in range(ANSWERS):
            await asked.ask(ADA, CHANNELS[number % 2], words=200, seconds=20.0)
            await asyncio.sleep(0.2)
        await world.workspace.wait_until(lambda: len(world.workspace.calls("chat.update")) > ANSWERS, 60)
        world.workspace.inject_fault("chat.update", retry_after=RETRY_AFTER_SECONDS)
        assert await asked.wait_until_answered(timeout=120) == CLEAN
        (refused,) = [
            call for call in world.workspace.calls("chat.update") if call.response.get("error") == "ratelimited"
        ]
        others = [call.at - refused.at for call in world.workspace.calls("chat.update")]
        assert [wait for wait in others if 0.8 < wait < RETRY_AFTER_SECONDS] == []
        assert [wait for wait in others if wait > RETRY_AFTER_SECONDS]
        shares = [bot.text.count('"action": "turn_done"') for bot in bots]
        assert min(shares) > 0, f"both wrote: {shares}"
        for bot in bots:
            assert await bot.stop() == 0
