"""The figures of `docs/performance.md` in a few lines: `uv run python -m tests.bench.summary`.

It prints medians, and multiples of the floor.
"""

import json
from collections.abc import Iterator, Mapping
from statistics import median
from typing import Any

from tests.bench.live import FIGURES_FILE

Measured = Mapping[str, Any]


def alone(measured: Measured) -> Iterator[str]:
    """Yield what was added to the model's own time."""
    for figure in ("first", "last"):
        floor = median(measured["floor"][figure])
        for name, values in measured.items():
            middle = median(values[figure])
            yield f"{figure} {name}: {1000 * middle:.1f} ms, {middle / floor:.2f} x"


def crowd(count: int, measured: Measured) -> Iterator[str]:
    """Yield what a token costs, and what an answer does."""
    floor = median(run["cpu_per_delta"] for run in measured["floor"])
    for name, runs in measured.items():
        cost = median(run["cpu_per_delta"] for run in runs)
        memory, resting = (max(run[key] for run in runs) for key in ("memory", "resting"))
        yield f"{name}: {1e6 * cost:.0f} µs of CPU per token, {cost / floor:.2f} x"
        yield f"  an answer: {1000 * median(run['cpu'] for run in runs) / count:.1f} ms of CPU"
        yield f"  {memory:.0f} MB at most, {1000 * (memory - resting) / count:.0f} KB an answer"
        if "first" in runs[0]:
            yield f"  first text {median(run['first'] for run in runs):.2f} s after the model's"
        yield f"  complete {median(run['late'] for run in runs):.2f} s after the last token"
        yield f"  {runs[-1]['writes']}"


def limited(measured: Measured) -> Iterator[str]:
    """Yield how stale screens got, and how late they were complete."""
    longest, last = [max(gaps) for gaps in measured["gaps"]], measured["last"]
    yield f"{len(last)} complete, {measured['refused']} calls refused"
    if "whole" in measured:
        for what in ("first", "whole"):
            since = measured[what]
            yield f"{what} text {median(since):.1f} s after the question, at most {max(since):.1f} s"
    yield f"longest time without a new text: {median(longest):.1f} s, at most {max(longest):.1f} s"
    yield f"complete {median(last):.1f} s after the last token, at most {max(last):.1f} s"


def main() -> None:
    """Print what there is."""
    for scenario, kept in json.loads(FIGURES_FILE.read_text()).items():
        print(f"\n{scenario}, {kept['at']}, {kept['machine']}")  # noqa: T201 - figures
        figures = kept["figures"]
        match scenario:
            case "alone" | "far":
                lines = alone(figures)
            case "twenty" | "hundred" | "swarm":
                lines = crowd({"twenty": 20, "hundred": 100, "swarm": 1_000}[scenario], figures)
            case "limits" | "busy" | "rush":
                lines = (f"{name}: {line}" for name in figures for line in limited(figures[name]))
            case _:
                lines = iter(())
        print("\n".join(lines))  # noqa: T201


if __name__ == "__main__":
    main()
