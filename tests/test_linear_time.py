"""No text of others takes more than time in proportion: a pattern that does freezes the bot for everybody.

These are the only tests that measure time. They compare one text with another that is twice as long, in CPU time,
and look again before they complain.
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests import entry_points
from tests.linear_time import BASIC_RUNS, RUNS, STALL_SECONDS, find_superlinear
from tests.program import ROOT

MIN_PATTERNS = 60
"""Fewer were not all."""
HEADS = (
    "<!date^",
    "<@UBOT|",
    "<https://a|",
    "| a |\n|",
    "```",
    "[a](",
    "bearer ",
    "retry in ",
    "loc: (",
    "did you mean ",
    "1: ",
)
"""What a long repetition may follow, so that a pattern has begun to match."""


def test_every_pattern_is_linear() -> None:
    """Also those that are made at run time, and wherever in a text a pattern begins to match."""
    command = [sys.executable, "-m", "tests.program_patterns"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    patterns = {place: re.compile(pattern, flags) for place, pattern, flags in json.loads(printed)}
    assert len(patterns) >= MIN_PATTERNS
    assert any(place.startswith("bot.slack.message_text") and "UBOT" in one.pattern for place, one in patterns.items())
    slow = {}
    for place, pattern in patterns.items():
        words = re.findall("[A-Za-z]{4,}", pattern.pattern)  # a text may repeat what the pattern looks for
        found = find_superlinear(pattern.fullmatch, (*RUNS, *words))
        found += find_superlinear(partial(find_all, pattern, ""), (*RUNS, *words))
        for head in HEADS:
            found += find_superlinear(partial(find_all, pattern, head), BASIC_RUNS)
        if found:
            slow[place] = (pattern.pattern, found)
    assert not slow


def find_all(pattern: re.Pattern[str], head: str, text: str) -> None:
    """Find all matches in a text that begins with a head."""
    for _ in pattern.finditer(head + text):
        pass


@pytest.mark.parametrize("enter", entry_points.QUICK.values(), ids=entry_points.QUICK)
def test_every_entry_point_is_linear(enter: Callable[[str], Any]) -> None:
    """What calls the patterns, the libraries, and our own loops."""
    assert not find_superlinear(enter, negligible=STALL_SECONDS)


@pytest.mark.parametrize("grow", entry_points.GROWING.values(), ids=entry_points.GROWING)
def test_a_growing_answer_is_linear(grow: Callable[[str], Any]) -> None:
    """It is looked at after every hundred characters."""
    assert not find_superlinear(grow, BASIC_RUNS, negligible=STALL_SECONDS)
