"""Measures whether work on a text takes time in proportion to the text's length.

    is_linear(pattern.search, "[")     # is compared: 3,000 and 6,000 characters of "["

An alarm ends work that would take minutes, so that a catastrophic pattern fails its test within seconds.
"""

import gc
import signal
import time
from collections.abc import Callable, Iterable
from math import inf
from typing import Any

RUNS = (
    *(" ", "\t", "\n", " \n", "\t\n", "0", "9.", "1,", "1: ", "a", "a ", "a-", "a.", "a_", "é", ".", "-", "- ", "1. "),
    *(">", "> ", "[", "![", "![[[", "[[]", "]", "](", "[](", "[a](", "[a](b ", "[a]", "[a]: b\n", "("),
    *(
        "|",
        "| ",
        "|-",
        "|-|\n",
        "`",
        "` ",
        "`a``b",
        "``` ",
        "~",
        "~~a~",
        "*",
        "**",
        "* ",
        "*a",
        "**a*b",
        "*a_",
        "_",
        "_a",
    ),
    *("<", "<@", "<@U1 ", "<!", "<a", "<http://a", "&", "&#", "&lt;", "@", "@here", "#", "# ", "!", "\\", "'", '"'),
    *("$", "{", "{{", ":", "=", "+", "a\n", "a\n\n", "- a\n", "1. a\n", "- a\n\n", "  - a\n", "> a\n", "> - "),
    *("| a |\n", "```\n", "```\na\n\n", "a:\n- b\n\n", "loc:[", "image", "not support ", "sk-", "retry in 1s"),
)
"""What people, models and servers may repeat."""
BASIC_RUNS = (
    *(" ", "\t", "\n", "0", ">", "[", "![", "|", "`", "*", "_", "<", "a "),
    *("- a\n", "| a |\n", "```\na\n\n", "1. a\n\n"),
)
"""Those for work that takes longer."""
SHORT, LONG = 3_000, 6_000
"""Characters."""
MAX_RATIO = 3.0
"""Of the time that the long text takes to that of the short one: proportional work takes 2, quadratic work 4."""
NEGLIGIBLE_SECONDS = 0.005
"""Below this a busy machine's own noise decides; quadratic work on so many characters takes ten times as long."""
STALL_SECONDS = 0.05
"""By so much a text may lengthen the longest stall of the loop; memory alone costs a whole page some of it."""
MAX_SECONDS = 1.0
"""No work on so few characters takes as long."""


def find_superlinear(
    work: Callable[[str], Any], runs: Iterable[str] = RUNS, *, negligible: float = NEGLIGIBLE_SECONDS
) -> list[str]:
    """Return the runs on which work takes more than time in proportion, each with its two times."""
    found = []
    for run in runs:
        for rounds in (1, 5, 15):  # most need no second look; the machine may have been busy with something else
            long, short = (_measure(work, run * (size // len(run)), rounds) for size in (LONG, SHORT))
            if long <= negligible or long <= MAX_RATIO * short < inf:
                break
        else:
            found.append(f"{run!r}: {short * 1000:.1f} ms, then {long * 1000:.1f} ms")
    return found


def _measure(work: Callable[[str], Any], text: str, rounds: int) -> float:
    """Return the CPU seconds of the best of some rounds; infinity if it takes too long."""
    best = inf
    before = signal.signal(signal.SIGVTALRM, _give_up)
    gc.disable()  # a collection looks at all that the tests have imported, whatever the text
    try:
        for _ in range(rounds):
            if rounds > 1:
                gc.collect()  # what earlier rounds left makes memory dear for a large text
            signal.setitimer(signal.ITIMER_VIRTUAL, MAX_SECONDS)
            start = time.thread_time()
            work(text)
            best = min(best, time.thread_time() - start)
            if best <= NEGLIGIBLE_SECONDS:
                break
    except TimeoutError:
        return inf
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
        gc.enable()
    return best


def _give_up(*_: object) -> None:
    raise TimeoutError
