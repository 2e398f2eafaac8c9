"""The programs that are measured, each a process of its own between two servers in this one.

Separate because every scenario starts them alike. What a process costs is what the kernel says of it: CPU
time of all its threads, and the most memory it ever held.
"""

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sqlalchemy import URL

from tests.bench.model_server import ModelServer
from tests.bench.screen import Screen, Thread
from tests.databases import Kind, migrated_database

ROOT = Path(__file__).parent.parent.parent
START = 60.0
SETTLE = 1.5
"""Seconds after the start, in which nothing is asked."""
NAMES = ("floor", "sqlite", "postgres")


class Slack(Protocol):
    """A workspace to be measured in."""

    screen: Screen
    bot_token: str
    app_token: str

    @property
    def api_url(self) -> str: ...

    @property
    def connected(self) -> int: ...

    async def say(self, text: str) -> str: ...


@dataclass
class Stand:
    """A contestant at work."""

    name: str
    slack: Slack
    model: ModelServer
    process: asyncio.subprocess.Process

    async def ask(self, seed: int, *, tokens: int, rate: float, delay: float) -> Thread:
        """Ask for an answer, and return the thread in which it will appear."""
        question = f"<@U0BOT> seed={seed} tokens={tokens} rate={rate} delay={delay}"
        return self.slack.screen.threads[await self.slack.say(question)]

    def cpu(self) -> float:
        """Return the seconds of CPU time so far, of all threads, in user and kernel mode."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self, what: str = "VmHWM") -> float:
        """Return the megabytes of RAM that it held at most; now, if asked for `VmRSS`."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.findall(rf"{what}:\s+(\d+)", status)[0]) / 1024


@asynccontextmanager
async def stand(name: str, slack: Slack, *, unlimited: bool = True) -> AsyncIterator[Stand]:
    """Start a contestant, wait until it receives events, and end it afterwards."""
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        async with ModelServer() as model:
            env = {
                "SLACK_BOT_TOKEN": slack.bot_token,
                "SLACK_APP_TOKEN": slack.app_token,
                "SLACK_API_URL": slack.api_url,
                "OPENAI_BASE_URL": model.base_url,
            }
            module = "tests.bench.floor"
            if name != "floor":
                module = "tests.bench.unlimited" if unlimited else "bot"
                env |= _settings(opened.enter_context(_database(name, folder)))
            arguments = [] if name == "floor" else ["run"]
            async with _process(module, arguments, env, folder) as process:
                async with asyncio.timeout(START):
                    while not slack.connected:
                        assert process.returncode is None, (folder / "log").read_text()
                        await asyncio.sleep(0.05)
                await asyncio.sleep(SETTLE)
                yield Stand(name, slack, model, process)


@contextmanager
def _database(name: str, folder: Path) -> Iterator[URL]:
    kind: Kind = "postgres" if name == "postgres" else "sqlite"
    with migrated_database(kind, folder) as url:
        yield url


def _settings(url: URL) -> dict[str, str]:
    return {
        "DATABASE_URL": url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False),
        "BOT_MODEL": "bench",
        "BOT_LOG_FORMAT": "json",
    }


@asynccontextmanager
async def _process(
    module: str, arguments: list[str], env: Mapping[str, str], folder: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            *arguments,
            cwd=folder,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **env},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            yield process
            assert process.returncode is None, (folder / "log").read_text()
        finally:
            if process.returncode is None:
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 30)
            except TimeoutError:
                process.kill()
                await process.wait()
