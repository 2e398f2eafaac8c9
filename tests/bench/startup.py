"""What `bot run` costs before it answers anybody, beside another checkout of the program.

    uv run python -m tests.bench.startup /path/to/another/checkout

Each checkout needs its own `.venv` (`uv sync`). A round starts fresh interpreters for each checkout in turn,
so that a busy moment of the machine meets both. A round before them writes the bytecode, and is not counted.
Printed are the medians of the other checkout and of this one, and this one's share. Time is the processor's:
a start waits for nothing else, and other work on the machine changes it least.

- `imports`: importing the command as `bot run` does, and the memory that is resident then.
- `ready`: the whole program, between the sandbox's workspace and model, from its start until it receives
  events; on an SQLite file that is up to date, or on `DATABASE_URL`. Whatever is needed after all, and was
  not imported at first, counts here. The extra `tokens` counts as not installed: its tables take 140 MB.
"""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bot.sandbox.model.server import SandboxModel
from bot.sandbox.server import SandboxWorkspace
from tests.program import ROOT, settings

ROUNDS = 15

IMPORTS = """
import time
started = time.process_time()
import click
from bot import cli
cli.commands.get_command(click.Context(cli.commands), "run")
seconds = time.process_time() - started
import json
print(json.dumps(seconds), flush=True)
input()
"""
PROGRAM = "import sys; sys.modules['bpe_openai'] = None; from bot.cli import main; main()"

Measured = tuple[float, float]
"""Seconds of a processor, and megabytes of resident memory."""


@dataclass
class Checkout:
    """A version of the program, with the libraries that are installed for it."""

    folder: Path
    env: Mapping[str, str]
    imports: list[Measured] = field(default_factory=list)
    ready: list[Measured] = field(default_factory=list)

    async def import_command(self) -> Measured:
        """Import what `bot run` imports."""
        process = await self._start(IMPORTS)
        assert process.stdout is not None
        measured = json.loads(await process.stdout.readline()), resident(process.pid)
        await process.communicate(b"\n")
        return measured

    async def run(self) -> Measured:
        """Run the bot until it receives events, and end it."""
        process = await self._start(PROGRAM, "run")
        assert process.stderr is not None
        printed = b""
        while b'"action": "ready"' not in printed:
            line = await process.stderr.readline()
            assert line, printed.decode()
            printed += line
        measured = seconds_of(process.pid), resident(process.pid)
        process.terminate()
        await process.communicate()
        return measured

    async def migrate(self) -> None:
        """Bring the database up to date."""
        process = await self._start(PROGRAM, "migrate")
        _, printed = await process.communicate()
        assert process.returncode == 0, printed.decode()

    async def _start(self, code: str, *arguments: str) -> asyncio.subprocess.Process:
        python = self.folder / ".venv" / "bin" / "python"
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(
            python,
            "-c",
            code,
            *arguments,
            cwd=self.folder,
            env=self.env,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
        )


def seconds_of(pid: int) -> float:
    """Return how long a process has had a processor, in all its threads."""
    _, _, fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    user, system = fields.split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> float:
    """Return how many megabytes of a process are in memory."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (kilobytes,) = (line.split()[1] for line in lines if line.startswith("VmRSS:"))
    return int(kilobytes) / 1024


async def measure(other: Path, folder: Path) -> tuple[Checkout, Checkout]:
    """Measure the other checkout and this one by turns; `folder` takes the bytecode and the database."""
    async with SandboxModel() as model, SandboxWorkspace(enforce_rates=False) as workspace:
        database = os.environ.get("DATABASE_URL", f"sqlite:///{folder}/startup.db")
        env = {"PATH": os.environ["PATH"], **settings(workspace, model, DATABASE_URL=database)}
        both = (
            Checkout(other, env | {"PYTHONPYCACHEPREFIX": str(folder / "other")}),
            Checkout(ROOT, env | {"PYTHONPYCACHEPREFIX": str(folder / "this")}),
        )
        for checkout in both:
            await checkout.migrate()
            await checkout.import_command()
            await checkout.run()
        for _ in range(ROUNDS):
            for checkout in both:
                checkout.imports.append(await checkout.import_command())
                checkout.ready.append(await checkout.run())
        return both


def table(before: Checkout, now: Checkout) -> str:
    """Return the medians, a line for each thing that was measured."""
    lines = []
    for name, old, new in (("imports", before.imports, now.imports), ("ready", before.ready, now.ready)):
        for unit, scale, index in (("ms", 1_000, 0), ("MB", 1, 1)):
            was, is_now = (median(each[index] for each in measured) for measured in (old, new))
            lines.append(f"{name:8}{was * scale:8.0f} {unit}{is_now * scale:8.0f} {unit}   {is_now / was:.2f}")
    return "\n".join(lines)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        measured = asyncio.run(measure(Path(sys.argv[1]).resolve(), Path(scratch)))
    print(table(*measured))  # noqa: T201 - the figures
