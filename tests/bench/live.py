"""The live reply's figures against a floor: `uv run python -m tests.bench.live [scenario ...]`.

With `OTHER_BOT` in the environment also against another bot: see `tests.bench.contestants`.
It prints a line for each figure, and adds the numbers to `docs/performance.json`, from which
`tests.bench.plots` draws the plots. Scenarios: see `SCENARIOS`. It is no test, since times depend on the
machine.
"""

import json
import os
import platform
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import uvloop

from tests.bench import growth as growing
from tests.bench import scenarios
from tests.bench.contestants import NAMES, OTHERS

FIGURES_FILE = Path(__file__).parent.parent.parent / "docs" / "performance.json"
SLACK_LATENCY_SECONDS = 0.08
"""Seconds of a call; a write to Slack from a data centre takes about this long."""
REPETITIONS = 2


async def alone() -> Mapping[str, Any]:
    """Ask one question at a time; Slack answers at once."""
    return told(await scenarios.alone(rounds=30, latency=0.0, names=NAMES + OTHERS))


async def far() -> Mapping[str, Any]:
    """Ask one question at a time; a call of Slack takes as long as usual."""
    return told(await scenarios.alone(rounds=15, latency=SLACK_LATENCY_SECONDS, names=NAMES + OTHERS))


async def swarm() -> Mapping[str, Any]:
    """Ask for a thousand answers at once, floor and bot in turns."""
    return await crowd(1_000, NAMES)


async def hundred() -> Mapping[str, Any]:
    """Ask for a hundred answers at once, which leaves a core half idle."""
    return await crowd(100, NAMES)


async def twenty() -> Mapping[str, Any]:
    """Ask for twenty answers at once, of another bot, too."""
    return await crowd(20, ("floor", "sqlite", *OTHERS))


async def crowd(count: int, names: Sequence[str]) -> Mapping[str, Any]:
    """Ask for so many answers at once of each contestant, several times."""
    figures: dict[str, list[Any]] = {name: [] for name in names}
    for repetition in range(REPETITIONS):  # in turns, so that what else the machine does hits all alike
        for name in names[:: 1 if repetition % 2 else -1]:
            run = await scenarios.swarm(name, count)
            print(name, run, flush=True)  # noqa: T201 - a figure
            figures[name].append(run)
    return figures


async def limits() -> Mapping[str, Any]:
    """Ask for fifty answers at once under Slack's real limits."""
    plans = [(300 + 12 * number, 5.0) for number in range(50)]  # they last from one to three minutes
    return {"postgres": await scenarios.limited("postgres", plans)}


async def rush() -> Mapping[str, Any]:
    """Ask for fifty short answers at once under Slack's limits, of another bot, too; wait five minutes."""
    plans = [(75 + number, 5.0) for number in range(50)]  # they last from 15 to 25 seconds
    return {name: await scenarios.limited(name, plans, patience=275.0) for name in ("sqlite", *OTHERS)}


async def busy() -> Mapping[str, Any]:
    """Ask for a long, fast answer beside twenty slow ones."""
    return {"postgres": await scenarios.limited("postgres", [(6_000, 60.0), *[(500, 5.0)] * 20])}


async def growth() -> Mapping[str, Any]:
    """Let one answer grow to a hundred thousand characters."""
    return {"bot": growing.grow()}


SCENARIOS: Mapping[str, Callable[[], Awaitable[Mapping[str, Any]]]] = {
    each.__name__: each
    for each in (growth, alone, far, hundred, swarm, limits, busy, *((twenty, rush) if OTHERS else ()))
}


def told(figures: Mapping[str, scenarios.Figures]) -> Mapping[str, Any]:
    """Print the medians of each contestant, in ms and as a multiple of the floor."""
    for name, measured in figures.items():
        for figure, values in measured.items():
            ratio = median(values) / median(figures["floor"][figure])
            print(f"{name:9} {figure:6} {1000 * median(values):8.2f} ms  {ratio:5.2f} x")  # noqa: T201
    return figures


def keep(scenario: str, figures: Mapping[str, Any]) -> None:
    """Store the figures of a scenario in place of the earlier ones."""
    kept = json.loads(FIGURES_FILE.read_text()) if FIGURES_FILE.exists() else {}
    kept[scenario] = {
        "at": datetime.now(UTC).isoformat(timespec="minutes"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "figures": figures,
    }
    FIGURES_FILE.write_text(json.dumps(kept, indent=1) + "\n")


async def main() -> None:
    if unknown := set(sys.argv[1:]) - set(SCENARIOS):
        raise SystemExit(f"No scenario: {', '.join(sorted(unknown))}. There are {', '.join(SCENARIOS)}.")
    for scenario in sys.argv[1:] or SCENARIOS:
        print(f"\n{scenario}: {SCENARIOS[scenario].__doc__}", flush=True)  # noqa: T201
        keep(scenario, await SCENARIOS[scenario]())


if __name__ == "__main__":
    uvloop.run(main())
