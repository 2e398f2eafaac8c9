"""Starts the programs that are compared: the bot, a minimal bot ("floor"), and perhaps another bot.

Each runs in its own process, between a Slack server and a model server in this one. CPU time (of all threads)
and peak memory of a process are read from the kernel. With `OTHER_BOT` in the environment, the bot in that
directory takes part, under the directory's name: see `docs/performance.md`.
"""

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sqlalchemy import URL

from tests.bench import words
from tests.bench.model_server import FastModelServer, SpokenAnswer
from tests.bench.thread_recorder import ObservedThread, ThreadRecorder
from tests.databases import Kind, migrated_database
from tests.program import NO_PERSON_LIMITS

ROOT = Path(__file__).parent.parent.parent
START_TIMEOUT_SECONDS = 60.0
SETTLE_SECONDS = 1.5
"""Seconds to wait after the start before the first question."""
NAMES = ("floor", "sqlite", "postgres")
OTHER = Path(os.environ["OTHER_BOT"]).resolve() if "OTHER_BOT" in os.environ else None
OTHERS = (OTHER.name,) if OTHER else ()


class BenchSlack(Protocol):
    """A workspace that a contestant can run in."""

    screen: ThreadRecorder
    bot_token: str
    app_token: str

    @property
    def api_url(self) -> str: ...

    @property
    def connected(self) -> int: ...

    async def say(self, text: str) -> str: ...


@dataclass
class Contestant:
    """A running contestant."""

    name: str
    slack: BenchSlack
    model: FastModelServer
    process: asyncio.subprocess.Process

    def shows(self, thread: ObservedThread, said: SpokenAnswer) -> bool:
        """Whether a thread shows a whole answer; for another bot only the words are compared."""
        same = words.same if self.name in NAMES else words.alike
        return bool(said.last_at) and same(thread.text, said.text)

    async def ask(self, seed: int, *, tokens: int, rate: float, delay: float) -> ObservedThread:
        """Ask a question, and return its thread."""
        question = f"<@U0BOT> seed={seed} tokens={tokens} rate={rate} delay={delay}"
        return self.slack.screen.threads[await self.slack.say(question)]

    def cpu(self) -> float:
        """Return the CPU time so far in seconds: all threads, user and kernel mode."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self, what: str = "VmHWM") -> float:
        """Return the peak resident memory in megabytes; with `VmRSS`, the present one."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.findall(rf"{what}:\s+(\d+)", status)[0]) / 1024


@asynccontextmanager
async def start_contestant(name: str, slack: BenchSlack, *, unlimited: bool = True) -> AsyncIterator[Contestant]:
    """Start a contestant, wait until it is connected, and stop it at the end."""
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        async with FastModelServer() as model:
            env = {
                "SLACK_BOT_TOKEN": slack.bot_token,
                "SLACK_APP_TOKEN": slack.app_token,
                "SLACK_API_URL": slack.api_url,
                "OPENAI_BASE_URL": model.base_url,
            }
            if name in OTHERS:
                env = _surroundings(env)
            elif name != "floor":
                env |= _settings(opened.enter_context(_database(name, folder)))
            async with _process(_command(name, unlimited), env, folder) as process:
                async with asyncio.timeout(START_TIMEOUT_SECONDS):
                    while not slack.connected:
                        assert process.returncode is None, (folder / "log").read_text()
                        await asyncio.sleep(0.05)
                await asyncio.sleep(SETTLE_SECONDS)
                yield Contestant(name, slack, model, process)


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
        **NO_PERSON_LIMITS,
    }


def _surroundings(env: Mapping[str, str]) -> dict[str, str]:
    """Return the other bot's environment: this process's (it may hold its settings), and the addresses."""
    model = {"OPENAI_API_KEY": "sk-bench", "OPENAI_API_BASE": env["OPENAI_BASE_URL"]}  # its old name, too
    return {**os.environ, "PYTHONPATH": "", **env, **model}


def _command(name: str, unlimited: bool) -> list[str]:
    if OTHER and name in OTHERS:
        python = os.environ.get("OTHER_PYTHON", str(OTHER / ".venv" / "bin" / "python"))
        return [python, str(ROOT / "tests" / "bench" / "other_bot.py"), str(OTHER / "main.py")]
    if name == "floor":
        return [sys.executable, "-m", "tests.bench.floor"]
    return [sys.executable, "-m", "tests.bench.unlimited" if unlimited else "bot", "run"]


@asynccontextmanager
async def _process(
    command: Sequence[str], env: Mapping[str, str], folder: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *command,
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
