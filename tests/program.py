"""The real program as a child process, between a workspace and a model on loopback."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.sandbox.model.server import SandboxModel
from bot.sandbox.server import SandboxWorkspace

ROOT = Path(__file__).parent.parent
START_TIMEOUT_SECONDS = 120.0
"""How long a start may take on a busy machine."""
SLOW_CALLBACK_LINE = re.compile(r"^Executing .+ took [0-9.]+ seconds\n", re.MULTILINE)
"""In development mode asyncio prints it on a loaded machine; it says nothing about the program."""


NO_PERSON_LIMITS = {"BOT_ANSWERS_PER_PERSON": "0", "BOT_QUESTIONS_PER_MINUTE": "0"}
"""In most tests one person asks everything, and faster than a person can."""


@dataclass
class Program:
    """A running `bot <command>` with its output."""

    process: asyncio.subprocess.Process
    output: bytearray = field(default_factory=bytearray)

    async def wait_for_output(self, text: str) -> None:
        """Wait until the program has printed `text`."""
        async with asyncio.timeout(START_TIMEOUT_SECONDS):
            while text.encode() not in self.output:
                assert self.process.returncode is None, self.text
                await asyncio.sleep(0.01)

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        return await self.wait()

    async def wait(self) -> int:
        """Return the exit code."""
        async with asyncio.timeout(START_TIMEOUT_SECONDS):
            return await self.process.wait()

    @property
    def text(self) -> str:
        """What the program printed, without asyncio's word that this machine was slow."""
        return SLOW_CALLBACK_LINE.sub("", self.output.decode(errors="replace"))


@asynccontextmanager
async def program(*arguments: str, cwd: Path, env: Mapping[str, str]) -> AsyncIterator[Program]:
    """Start `python -m bot` with these arguments and only these settings; kill it at the end."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *arguments,
        cwd=cwd,
        env={**inherited, "PYTHONPATH": str(ROOT), "PYTHONDEVMODE": "1", **env},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    running = Program(process)
    reader = asyncio.create_task(_read(process, running.output))
    try:
        yield running
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await reader


@dataclass(frozen=True)
class RunningSandbox:
    """A running `bot try`."""

    url: str


@asynccontextmanager
async def running_sandbox(folder: Path, **env: str) -> AsyncIterator[RunningSandbox]:
    """Run `bot try` on a free port, as a person would."""
    async with program("try", "--port", "0", "--no-browser", cwd=folder, env=NO_PERSON_LIMITS | env) as running:
        await running.wait_for_output("Ctrl-C")
        yield RunningSandbox(re.findall(r"http://\S+", running.text)[0])
        assert await running.stop() == 0, running.text


async def _read(process: asyncio.subprocess.Process, output: bytearray) -> None:
    assert process.stdout is not None
    while chunk := await process.stdout.read(65536):
        output.extend(chunk)


def settings(workspace: SandboxWorkspace, model: SandboxModel, **more: str) -> dict[str, str]:
    """Return the environment variables that connect the program to a workspace and a model."""
    return {
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_APP_TOKEN": workspace.app_token,
        "SLACK_API_URL": workspace.api_url,
        "OPENAI_BASE_URL": model.base_url,
        "OPENAI_API_KEY": "sk-sandbox",
        "BOT_MODEL": "sandbox-small",
        **NO_PERSON_LIMITS,
        **more,
    }
