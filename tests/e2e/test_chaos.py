"""The program is killed hundreds of times at random moments, while people ask."""

import asyncio
import random
from pathlib import Path

import pytest

from bot.sandbox.server import SandboxWorkspace
from tests.databases import Kind
from tests.e2e.bot_processes import BotProcesses, open_bot_processes
from tests.e2e.cases import PATIENT, run_all, small_world
from tests.e2e.conftest import ADA, GENERAL, GRACE
from tests.e2e.examination import CLEAN, Examination

PROCESSES: dict[str, Kind] = {"one process on SQLite": "sqlite", "three processes on PostgreSQL": "postgres"}
MAX_LIFETIME_SECONDS = 1.2
"""Seconds; the shortest ends before the process is ready."""
QUESTIONS = 60
"""So few, and most answered in one write, because the bot keeps to Slack's limits: 45 edits a minute."""


async def ask_on(asked: Examination, rng: random.Random, pause: float) -> None:
    """Ask questions with short and long answers, in new and in old threads."""
    for _ in range(QUESTIONS):
        channel = rng.choice((GENERAL, "C0RANDOM", "D0ADA"))
        user = ADA if channel == "D0ADA" else rng.choice((ADA, GRACE))
        old = [question.root for question in asked.questions if question.channel == channel]
        root = rng.choice(old) if old and rng.random() < 0.5 else None
        await asked.ask(user, channel, root=root, words=rng.randint(3, 12), seconds=rng.choice((0.0, 0.0, 0.5)))
        await asyncio.sleep(rng.uniform(0, 2 * pause))


async def die_often(processes: BotProcesses, folder: Path, env: dict[str, str], kills: int, seed: str) -> None:
    """Start a bot and kill it after a moment, many times."""
    rng = random.Random(seed)
    for _ in range(kills):
        process = await processes.start(folder, env, most_attempts=10_000)
        await asyncio.sleep(rng.uniform(0.0, MAX_LIFETIME_SECONDS))
        await process.kill()


@pytest.mark.postgres
@pytest.mark.parametrize("kills", [100, pytest.param(2_000, marks=pytest.mark.soak)])
async def test_killed_at_random_moments(kills: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Lost, doubled, stuck: 0, 0, 0. Order is not checked: Slack redelivers a question that was not recorded."""
    seed = random.randrange(10**6)

    async def suffer(name: str, folder: Path) -> None:
        workspace = SandboxWorkspace(enforce_rates=False, redelivery=PATIENT)
        places = [folder / str(number) for number in range(1 if PROCESSES[name] == "sqlite" else 3)]
        for place in places:
            place.mkdir()
        each = -(-kills // len(places))
        async with small_world(PROCESSES[name], folder, workspace) as world:
            asked = Examination(world.workspace, in_order=False)
            people = asyncio.create_task(
                ask_on(asked, random.Random(seed), each * MAX_LIFETIME_SECONDS / 2 / QUESTIONS)
            )
            deaths = (die_often(processes, place, world.env, each, f"{seed}{place}") for place in places)
            await asyncio.gather(*deaths)
            await people
            bots = [await processes.start(place, world.env, most_attempts=10_000) for place in places]
            for bot in bots:
                await bot.wait_until_ready()
            verdict = await asked.wait_until_answered()
            assert verdict == CLEAN, f"{verdict}, seed {seed}: {asked.describe_calls()}"
            assert [await bot.stop() for bot in bots] == [0] * len(bots)
            assert asked.check() == CLEAN, "it stays so"

    async with open_bot_processes() as processes:
        await run_all(PROCESSES, suffer, tmp_path_factory)
