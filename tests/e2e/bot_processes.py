"""Starts, kills and restarts bots by the hundred: the test's side of `killable`.

`tests.program` starts the program as an operator would, which takes a second. Here one `killable` process
forks each bot, which takes milliseconds, and the test learns its exit code.
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

    def __init__(self, pid: int, output: Path, exit_code: asyncio.Future[int]) -> None:
        self.pid = pid
        self._output = output
        self._exit_code = exit_code

    @property
    def is_alive(self) -> bool:
        return not self._exit_code.done()

    @property
    def text(self) -> str:
        """The output so far."""
        return self._output.read_text(errors="replace") if self._output.exists() else ""

    async def wait_until_ready(self) -> None:
        """Wait until it receives events."""
        async with asyncio.timeout(START_TIMEOUT_SECONDS):
            while '"action": "ready"' not in self.text:
                assert self.is_alive, self.text
                await asyncio.sleep(0.02)

    def send(self, number: signal.Signals) -> None:
        """Send a signal, if the process is alive."""
        if self.is_alive:
            os.kill(self.pid, number)

    async def wait_until_dead(self, timeout: float = START_TIMEOUT_SECONDS) -> int:  # noqa: ASYNC109 - says what it printed instead
        """Wait for the end and return the exit code, negative for a signal."""
        try:
            return await asyncio.wait_for(asyncio.shield(self._exit_code), timeout)
        except TimeoutError:
            raise AssertionError(f"The process is alive after {timeout} s and printed:\n{self.text}") from None

    async def kill(self) -> None:
        """Kill it, as a power failure would."""
        self.send(signal.SIGKILL)
        await self.wait_until_dead()

    async def stop(self) -> int:
        """Ask it to end, and return the exit code."""
        self.send(signal.SIGTERM)
        return await self.wait_until_dead()


class BotProcesses:
    """The process that forks all bots."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._started: asyncio.Queue[int] = asyncio.Queue()
        self._exit_codes: dict[int, asyncio.Future[int]] = {}
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
        """Start a bot. With `point` it sends itself the signal `by` there.

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
            pid = await self._started.get()
        return BotProcess(pid, output, self._exit_codes[pid])

    async def listen(self) -> None:
        """Read the reports of started and ended processes."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            news = json.loads(line)
            if "started" in news:
                self._exit_codes[news["started"]] = asyncio.get_running_loop().create_future()
                self._started.put_nowait(news["started"])
            else:
                self._exit_codes[news["ended"]].set_result(news["code"])


@asynccontextmanager
async def open_bot_processes() -> AsyncIterator[BotProcesses]:
    """Start the forking process; at the end all bots that still run are killed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.e2e.killable",
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    processes = BotProcesses(process)
    listening = asyncio.create_task(processes.listen())
    try:
        yield processes
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
        await listening
