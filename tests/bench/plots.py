"""The plots of `docs/performance.md`, from what `tests.bench.live` measured.

Run it with `uv run --group bench python -m tests.bench.plots`; only this module needs a plotting library.
"""

import json
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from tests.bench.live import FIGURES_FILE

COLOURS = {"floor": "#9ca3af", "sqlite": "#7c3aed", "postgres": "#0e7490"}
NAMES = {"floor": "floor", "sqlite": "bot,\nSQLite", "postgres": "bot,\nPostgreSQL"}
OTHER = "#d97706"
"""The colour of a bot that is not ours."""
EDITS_PER_MINUTE = 50
"""Of `chat.update` in a workspace: what Slack guarantees."""
Measured = Mapping[str, Any]


def bars(axes: Axes, values: Mapping[str, Sequence[float]], unit: str) -> None:
    """Draw a bar for the median of each contestant, and a dot for each measurement."""
    for place, (name, each) in enumerate(values.items()):
        axes.bar(place, median(each), color=COLOURS.get(name, OTHER), width=0.6)
        axes.plot([place] * len(each), each, "o", color="black", markersize=2, alpha=0.3)
        height = median(each)
        axes.annotate(f"{height:,.{0 if height >= 100 else 1}f}", (place, height), ha="center", va="bottom")
    axes.set_xticks(range(len(values)), [NAMES.get(name, name.replace("-", "-\n", 1)) for name in values])
    axes.set_ylabel(unit)
    axes.set_ylim(0, 1.6 * max(median(each) for each in values.values()))


def alone(near: Measured, far: Measured) -> None:
    """Draw what is added to the model's own time, with a Slack that is near, and one that is far."""
    figure, panels = plt.subplots(1, 4, figsize=(12, 3.2), layout="constrained")
    cases = ((near, "Slack answers at once"), (far, "Slack takes 80 ms a call"))
    what = (("first", "to the first token"), ("last", "last token to complete"))
    for axes, (measured, case), (key, title) in zip(
        panels, [case for case in cases for _ in what], list(what) * 2, strict=True
    ):
        bars(axes, {name: [1000 * each for each in measured[name][key]] for name in NAMES}, "ms")
        axes.set_title(f"{title}\n{case}", fontsize=9)
    save(figure, "alone")


def crowd(crowds: Mapping[int, Measured]) -> None:
    """Draw what a token costs, and what all answers need in memory."""
    figure, panels = plt.subplots(1, 2 * len(crowds), figsize=(6 * len(crowds), 3.2), layout="constrained")
    for place, (count, measured) in enumerate(crowds.items()):
        costs = {name: [1e6 * run["cpu_per_delta"] for run in runs] for name, runs in measured.items()}
        memory = {name: [run["memory"] for run in runs] for name, runs in measured.items()}
        bars(panels[2 * place], costs, "µs of CPU per token")
        bars(panels[2 * place + 1], memory, "MB at most")
        panels[2 * place].set_title(f"{count:,} answers at once", fontsize=9)
        panels[2 * place + 1].set_title(f"{count:,} answers at once", fontsize=9)
    save(figure, "crowd")


def beside(far: Measured, twenty: Measured, rush: Measured) -> None:
    """Draw the same of another bot: one answer, twenty at once, and fifty under Slack's limits."""
    figure, (first, last, cost, whole) = plt.subplots(1, 4, figsize=(12, 3.2), layout="constrained")
    for axes, key, title in (
        (first, "first", "to the first token"),
        (last, "last", "last token to complete"),
    ):
        bars(axes, {name: [1000 * each for each in far[name][key]] for name in twenty if name in far}, "ms")
        axes.set_title(f"{title}\nSlack takes 80 ms a call", fontsize=9)
    costs = {name: [1e6 * run["cpu_per_delta"] for run in runs] for name, runs in twenty.items()}
    bars(cost, costs, "µs of CPU per token")
    cost.set_title("20 answers at once", fontsize=9)
    for name, measured in rush.items():
        times = sorted(measured["whole"])
        shares = [(place + 1) / measured["asked"] for place in range(len(times))]
        whole.step(times, shares, where="post", label=NAMES.get(name, name), color=COLOURS.get(name, OTHER))
    whole.set(xlabel="seconds from the question", ylabel="share of answers complete", ylim=(0, 1.02))
    whole.set_title("50 answers at once, Slack's limits", fontsize=9)
    whole.legend(fontsize=8)
    save(figure, "beside")


def limits(fifty: Measured, busy: Measured) -> None:
    """Draw how stale screens get under Slack's limits, and how late they are complete."""
    figure, (gaps, last) = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
    quiet = {"gaps": busy["gaps"][1:], "last": busy["last"][1:]}
    for name, measured, count, colour in (
        ("50 answers", fifty, len(fifty["gaps"]), "#7c3aed"),
        ("20 quiet answers beside a busy one", quiet, len(busy["gaps"]), "#0e7490"),
    ):
        staleness = sorted(gap for each in measured["gaps"] for gap in each)
        shares = [(place + 1) / len(staleness) for place in range(len(staleness))]
        gaps.step(staleness, shares, where="post", label=name, color=colour)
        gaps.axvline(1.25 * 60 * count / EDITS_PER_MINUTE, color=colour, linestyle=":")
        late = sorted(measured["last"])
        last.step(late, [(place + 1) / len(late) for place in range(len(late))], where="post", color=colour)
    gaps.set(xlabel="seconds between two texts (dotted: the goal)", ylabel="share", ylim=(0, 1.02))
    gaps.legend(fontsize=8)
    last.axvline(3.0, color="black", linestyle=":")
    last.set(xlabel="seconds from the last token to the complete text", ylabel="share", ylim=(0, 1.02))
    save(figure, "limits")


def growth(marks: Sequence[tuple[int, float]]) -> None:
    """Draw what a token costs while an answer grows."""
    figure, axes = plt.subplots(figsize=(9, 2.6), layout="constrained")
    axes.plot([said for said, _ in marks], [1e6 * cost for _, cost in marks], ".", color="#7c3aed")
    axes.set(xlabel="characters of the answer so far", ylabel="µs of CPU per token")
    axes.set_ylim(0, 2 * median(1e6 * cost for _, cost in marks))
    save(figure, "growth")


def save(figure: Any, name: str) -> None:
    """Write a plot beside the page that shows it."""
    figure.savefig(FIGURES_FILE.parent / f"performance-{name}.svg", metadata={"Date": None})


def main() -> None:
    """Draw all of them."""
    mpl.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
    mpl.rcParams["svg.hashsalt"] = "threadkeeper"  # the same numbers give the same file
    kept = {scenario: each["figures"] for scenario, each in json.loads(FIGURES_FILE.read_text()).items()}
    alone(kept["alone"], kept["far"])
    crowd({count: kept[name] for name, count in (("hundred", 100), ("swarm", 1_000)) if name in kept})
    if "rush" in kept:
        beside(kept["far"], kept["twenty"], kept["rush"])
    limits(kept["limits"]["postgres"], kept["busy"]["postgres"])
    growth(kept["growth"]["bot"])


if __name__ == "__main__":
    main()
