"""Slack delivers an event at least once, in any order, and a mention as two events: one answer each."""

import random
from pathlib import Path

import pytest

from bot.sandbox.server import SandboxWorkspace
from tests.databases import KINDS, Kind
from tests.e2e.bot_processes import open_bot_processes
from tests.e2e.cases import PATIENT, small_world
from tests.e2e.conftest import ADA, GENERAL
from tests.e2e.examination import CLEAN, Examination

DIRECT = "D0ADA"


@pytest.mark.parametrize("kind", KINDS)
async def test_thrice_reordered_and_in_pairs(kind: Kind, tmp_path: Path) -> None:
    """One answer each, also where the copies reach two processes at the same moment.

    What is recorded before its turn comes is answered in the order in which it was written.
    """
    seed = random.randrange(10**6)
    workspace = SandboxWorkspace(enforce_rates=False, redelivery=())
    calm = small_world(kind, tmp_path, workspace, BOT_LEASE_SECONDS="60")  # no process may be taken for dead
    async with calm as world, open_bot_processes() as processes:
        asked = Examination(workspace, in_order=False)
        root = await asked.ask(ADA, GENERAL, words=10, seconds=6.0)  # time to record the rest
        for _ in range(9):
            await asked.ask(ADA, GENERAL, root=root)
            await asked.ask(ADA, GENERAL)
            await asked.ask(ADA, DIRECT)
        copies = [event for event in workspace.events() if event["event"]["type"] != "app_home_opened"] * 3
        assert len(copies) == 3 * (2 * 19 + 9), "nobody was there, so nothing was delivered yet"
        first = [event for event in copies if event["event"]["ts"] == root]
        rest = [event for event in copies if event["event"]["ts"] != root]
        random.Random(seed).shuffle(rest)
        folders = [tmp_path / str(number) for number in range(1 if kind == "sqlite" else 2)]
        for folder in folders:
            folder.mkdir()
        bots = [await processes.start(folder, world.env) for folder in folders]
        for bot in bots:
            await bot.wait_until_ready()
        for event in first + rest:
            await workspace.redeliver(event)
        assert await asked.wait_until_answered() == CLEAN, f"seed {seed}"
        for event in copies:
            await workspace.redeliver(event)
        asked.in_order = True
        assert await asked.wait_until_answered() == CLEAN, f"seed {seed}"
        assert [await bot.stop() for bot in bots] == [0] * len(bots)
        assert asked.check() == CLEAN
        assert len(world.model.requests) == len(asked.questions)


async def test_cut_sockets_lose_nothing(tmp_path: Path) -> None:
    """All connections break every few moments, with and without a close frame, while people ask."""
    workspace = SandboxWorkspace(enforce_rates=False, redelivery=PATIENT)
    async with small_world("sqlite", tmp_path, workspace) as world, open_bot_processes() as processes:
        asked = Examination(workspace)
        bot = await processes.start(tmp_path, world.env)
        await bot.wait_until_ready()
        for reason in (None, "refresh_requested", None, "warning", None):
            for _ in range(5):
                await asked.ask(ADA, GENERAL)
            await workspace.disconnect(reason)
            await asked.ask(ADA, DIRECT)
            await workspace.wait_until(lambda: workspace.socket_count > 0, 30)
        assert await asked.wait_until_answered() == CLEAN, bot.text
        assert await bot.stop() == 0
