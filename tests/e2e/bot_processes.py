"""Starts bots that may be killed, frozen and born again by the hundred: the test's side of `killable`.

Separate from `tests.program`, which starts the program as an operator would, because here starts must be
cheap and each life has a death that the test wants to know.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.program import ROOT, START_TIMEOUT_SECONDS


class BotProcess:
    """One process of the bot."""

    def __init__(self, pid: int, output: Path, death: asyncio.Future[int]) -> None:
        self.pid = pid
        self._output = output
        self._death = death

    @property
    def is_alive(self) -> bool:
        return not self._death.done()

    @property
    def text(self) -> str:
        """What it printed so far."""
        return self._output.read_text(errors="replace") if self._output.exists() else ""

    async def wait_until_ready(self) -> None:
        """Wait until it receives events."""
        async with asyncio.timeout(START_TIMEOUT_SECONDS):
            while '"action": "ready"' not in self.text:
                assert self.is_alive, self.text
                await asyncio.sleep(0.02)

    def send(self, number: signal.Signals) -> None:
        """Send a signal, if it still lives."""
        if self.is_alive:
            os.kill(self.pid, number)

    async def wait_until_dead(self, timeout: float = START_TIMEOUT_SECONDS) -> int:  # noqa: ASYNC109 - says what it printed instead
        """Wait for its end and return the exit code, negative for a signal."""
        try:
            return await asyncio.wait_for(asyncio.shield(self._death), timeout)
        except TimeoutError:
            raise AssertionError(f"It lives on after {timeout} s and printed:\n{self.text}") from None

    async def kill(self) -> None:
        """End it as a machine that loses its power does."""
        self.send(signal.SIGKILL)
        await self.wait_until_dead()

    async def stop(self) -> int:
        """Ask it to end, and return the exit code."""
        self.send(signal.SIGTERM)
        return await self.wait_until_dead()


class BotProcesses:
    """The parent of all lives."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._births: asyncio.Queue[int] = asyncio.Queue()
        self._deaths: dict[int, asyncio.Future[int]] = {}
        self._one_at_a_time = asyncio.Lock()

    async def start(
        self,
        folder: Path,
        env: Mapping[str, str],
        *,
        point: str = "",
        by: signal.Signals = signal.SIGKILL,
        most_attempts: int = 0,
    ) -> BotProcess:
        """Start a bot that dies at `point`, if one is named, or gets another signal there.

        `most_attempts`, unless it is 0, replaces the worker's own limit.
        """
        output = folder / "output.txt"
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        order: dict[str, Any] = {
            "folder": str(folder),
            "env": kept | dict(env),
            "output": str(output),
            "point": point,
            "signal": by,
            "most_attempts": most_attempts,
        }
        output.unlink(missing_ok=True)
        assert self._process.stdin is not None
        async with self._one_at_a_time:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            pid = await self._births.get()
        return BotProcess(pid, output, self._deaths[pid])

    async def listen(self) -> None:
        """Take the news of births and deaths."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            news = json.loads(line)
            if "born" in news:
                self._deaths[news["born"]] = asyncio.get_running_loop().create_future()
                self._births.put_nowait(news["born"])
            else:
                self._deaths[news["died"]].set_result(news["code"])


@asynccontextmanager
async def open_bot_processes() -> AsyncIterator[BotProcesses]:
    """Give a nursery; whoever lives at its end is killed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.e2e.killable",
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    nursery = BotProcesses(process)
    listening = asyncio.create_task(nursery.listen())
    try:
        yield nursery
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
        await listening
