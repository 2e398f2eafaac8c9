"""Two processes write in one workspace, under Slack's limits: nothing is refused, and all ends complete."""

import asyncio
from pathlib import Path

import pytest

from tests.e2e.conftest import ADA
from tests.e2e.questions import CLEAN, Examination
from tests.e2e.test_processes import CHANNELS, born, shared_world

pytestmark = pytest.mark.postgres

ANSWERS = 6
SECONDS = 35.0
"""How long each grows. Two that did not share would be refused within thirty."""


async def test_two_processes_share_slacks_limits(tmp_path: Path) -> None:
    async with shared_world(tmp_path) as (world, nursery):
        asked = Examination(world.workspace)
        lives = [await born(nursery, world, name, BOT_LEASE_SECONDS="30") for name in "ab"]
        for number in range(ANSWERS):
            await asked.ask(ADA, CHANNELS[number % len(CHANNELS)], words=200, seconds=SECONDS)
            await asyncio.sleep(0.5)
        assert await asked.answered(timeout=4 * SECONDS) == CLEAN
        shares = [life.text.count('"action": "turn_done"') for life in lives]
        assert min(shares) > 0, f"both wrote: {shares}"
        writes = world.workspace.calls("chat.update")
        refused = [call for call in writes if call.response.get("error") == "ratelimited"]
        assert refused == [], f"of {len(writes)}"
        assert len(writes) > 0.75 * SECONDS * 45 / 60, "and most of what is granted was used"
        for life in lives:
            assert await life.stop() == 0
