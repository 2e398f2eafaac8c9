"""Killed at any point of a turn's life: after a restart every question has one complete answer, in order."""

import asyncio
import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.databases import KINDS, Kind, migrated_database
from tests.e2e.conftest import ADA, GENERAL, new_world
from tests.e2e.killable import POINTS
from tests.e2e.nursery import Nursery, open_nursery
from tests.e2e.questions import CLEAN, Examination

DIRECT = "D0ADA"
AT_ONCE = 6
"""Deaths under way at a time: most of each is waiting, for a lease or for a stream."""

POSTED = "the first page is posted, not noted"
SAVED = "the answer is saved"
NOTED = "the first page is noted"

IN_RECOVERY = {
    "a turn is claimed again": POSTED,
    "its messages are looked for": POSTED,
    "it is shown again": NOTED,
    "it is settled at last": SAVED,
}
"""Points that only a second life can reach, and where the first one ends."""

DEATHS: dict[str, tuple[str, ...]] = {
    **{point: (point,) for point in POINTS if point not in IN_RECOVERY},
    **{point: (before, point) for point, before in IN_RECOVERY.items()},
    "posted, not noted, three times": (POSTED, POSTED, POSTED),
    "saved, then lost again and again": (SAVED, "it is settled at last", "a turn is claimed again"),
}


async def outcome(nursery: Nursery, kind: Kind, folder: Path, points: Sequence[str]) -> str:
    """Let one life after the other end at its point, then live normally; return what is wrong, if anything.

    The first question's answer is long: it grows for some seconds, over two messages.
    """
    with migrated_database(kind, folder) as url:
        address = url.render_as_string(hide_password=False)
        async with new_world(folder, DATABASE_URL=address, BOT_LEASE_SECONDS="3") as world:
            asked = Examination(world.workspace)
            root = await asked.ask(ADA, GENERAL, words=700, seconds=3.0)
            for _ in range(2):
                await asked.ask(ADA, GENERAL, root=root)
            await asked.ask(ADA, DIRECT)
            for point in points:
                doomed = await nursery.bear(folder, world.env, point=point)
                if await doomed.died() != -9:
                    return f"did not come to {point}: {doomed.text[-2000:]}"
            bot = await nursery.bear(folder, world.env)
            verdict = await asked.answered()
            code = await bot.stop()
            verdict = dataclasses.replace(asked.verdict(), stuck=verdict.stuck)
            return "" if (verdict, code) == (CLEAN, 0) else f"{verdict}, exit {code}: {bot.text[-2000:]}"


@pytest.mark.parametrize("kind", KINDS)
async def test_killed_at_every_point(kind: Kind, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Lost, doubled, stuck: 0, 0, 0, wherever it died."""
    turnstile = asyncio.Semaphore(AT_ONCE)
    outcomes: dict[str, str] = {}

    async def die(number: int, name: str) -> None:
        folder = tmp_path_factory.mktemp(f"death{number}-")
        async with turnstile:
            try:
                outcomes[name] = await outcome(nursery, kind, folder, DEATHS[name])
            except AssertionError as error:
                outcomes[name] = str(error)

    async with open_nursery() as nursery:
        await asyncio.gather(*(die(number, name) for number, name in enumerate(DEATHS)))
    wrong = "\n\n".join(f"{name}: {what}" for name, what in outcomes.items() if what)
    assert not wrong, wrong
