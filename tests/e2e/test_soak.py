"""Minutes of work without leaks of memory, tasks or files: `uv run pytest -m soak`; see `SOAK_SECONDS`."""

import asyncio
import os
import re
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from bot.sandbox.server import SandboxWorkspace
from tests.databases import KINDS, Kind
from tests.e2e.bot_processes import BotProcess, open_bot_processes
from tests.e2e.cases import PATIENT, small_world
from tests.e2e.conftest import ADA, GENERAL, BotWorld
from tests.e2e.examination import CLEAN, Examination

pytestmark = pytest.mark.soak

SECONDS = float(os.environ.get("SOAK_SECONDS", "300"))
CHANNELS = (GENERAL, "C0RANDOM", "D0ADA")
MAX_MEMORY_RATIO = 1.10
"""Of the resident memory after the warm-up; caches fill, and the allocator keeps what it has."""


@dataclass(frozen=True)
class ProcessUsage:
    """The resources of an idle process."""

    kilobytes: int
    files: int
    threads: int
    tasks: int


async def usage(bot: BotProcess) -> ProcessUsage:
    """Measure a process: from /proc, and the tasks that it prints itself."""
    before = bot.text.count('"tasks"')
    bot.send(signal.SIGUSR1)
    async with asyncio.timeout(10):
        while bot.text.count('"tasks"') == before:  # noqa: ASYNC110 - no notification
            await asyncio.sleep(0.05)
    status = Path(f"/proc/{bot.pid}/status").read_text()  # noqa: ASYNC240 - the kernel answers at once
    found = dict(re.findall(r"^(VmRSS|Threads):\s+(\d+)", status, re.MULTILINE))
    tasks = int(re.findall(r'{"tasks": (\d+)}', bot.text)[-1])
    files = len(os.listdir(f"/proc/{bot.pid}/fd"))  # noqa: PTH208 - the kernel answers at once
    return ProcessUsage(int(found["VmRSS"]), files, int(found["Threads"]), tasks)


async def work(asked: Examination, seconds: float) -> None:
    """Ask about as much as Slack's limits let the bot answer, and break all sockets now and then."""
    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        await asked.ask(ADA, CHANNELS[number % 3], words=30, seconds=0.5)
        await asyncio.sleep(1.5)
        number += 1
        if number % 20 == 0:
            await asked.workspace.disconnect("refresh_requested" if number % 40 else None)
    assert await asked.wait_until_answered() == CLEAN
    asked.questions.clear()


def leases(world: BotWorld) -> list[str]:
    """Return the numbers of claimed turns and of recorded processes beyond the running one."""
    url = make_url(world.env["DATABASE_URL"]).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False)) as database:
        held = database.execute("SELECT id::text FROM turns WHERE owner IS NOT NULL").fetchall()
        return [row[0] for row in held + database.execute("SELECT id FROM workers OFFSET 1").fetchall()]


@pytest.mark.parametrize("kind", KINDS)
async def test_nothing_grows(kind: Kind, tmp_path: Path) -> None:
    """Memory stays flat; no task, connection, thread or lease is left behind."""
    workspace = SandboxWorkspace(redelivery=PATIENT)
    async with small_world(kind, tmp_path, workspace) as world, open_bot_processes() as processes:
        bot = await processes.start(tmp_path, world.env)
        await bot.wait_until_ready()
        asked = Examination(workspace)
        await work(asked, SECONDS / 3)
        await asyncio.sleep(5)
        first = await usage(bot)
        await work(asked, SECONDS * 2 / 3)
        await asyncio.sleep(5)
        last = await usage(bot)
        print(first, last, sep="\n")  # noqa: T201 - figures for the person who runs it
        assert last.kilobytes <= first.kilobytes * MAX_MEMORY_RATIO
        assert last.files <= first.files + 1, "a connection to the model or to Slack may rest or not"
        assert last.threads <= first.threads
        assert last.tasks <= first.tasks + 1
        assert kind == "sqlite" or leases(world) == []
        assert await bot.stop() == 0
