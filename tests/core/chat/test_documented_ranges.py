"""Exactly the documented ranges are accepted: `docs/prompts.md` and the code agree about any value.

The page is read here as a person reads it, apart from the code that checks, and both must agree about any
value, above all about those beside a bound.
"""

import math
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import settings as checked
from hypothesis import strategies as st

from bot.core.chat.parameters import PARAMETERS, check

PAGE = (Path(__file__).parents[3] / "docs" / "prompts.md").read_text()
DOCUMENTED = dict(re.findall(r"^\| `(\w+)` \| (.+?) \| .* \|$", PAGE, re.MULTILINE))
"""What each parameter may be, by its name."""


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def may_be(said: str, value: Any) -> bool:
    """Whether a value is what the page says."""
    low, high = ([*map(float, re.findall(r"-?\d+", said)), 0.0, 0.0])[:2]
    match said.split():
        case ["a", "number", *_]:
            return is_number(value) and low <= value <= high
        case ["a", "whole", "number", *_]:
            return is_whole(value) and low <= value <= high
        case ["one", "of", *_]:
            return value in re.findall(r"\w+", said.removeprefix("one of").replace(" and ", " "))
        case ["one", "line", *_]:
            return isinstance(value, str) and 1 <= len(value) <= high and is_one_line(value)
        case ["1", "to", *_]:
            least, most, shortest, longest = map(int, re.findall(r"\d+", said))
            is_list = isinstance(value, list) and least <= len(value) <= most
            return is_list and all(isinstance(text, str) and shortest <= len(text) <= longest for text in value)
        case ["token", "ids,", *_]:
            is_some = isinstance(value, dict) and bool(value)
            return is_some and all(
                re.fullmatch("[0-9]{1,9}", token) and is_whole(bias) and low <= bias <= high
                for token, bias in value.items()
            )
        case _:
            pytest.fail(f"The page says what this test cannot read: {said}")


def is_one_line(value: str) -> bool:
    return value == value.strip() and value.isprintable()


def beside(said: str) -> st.SearchStrategy[Any]:
    """Return values at the bounds that a sentence names, and just beside them."""
    bounds = [float(number) for number in re.findall(r"-?\d+", said)] or [0.0]
    near = [
        value
        for bound in bounds
        for value in (
            bound,
            int(bound),
            int(bound) - 1,
            int(bound) + 1,
            math.nextafter(bound, math.inf),
            math.nextafter(bound, -math.inf),
        )
    ]
    return st.sampled_from(near)


lengths = st.sampled_from([0, 1, 2, 199, 200, 201])
texts = st.builds(lambda length, letter: letter * length, lengths, st.sampled_from("aé ☃\n"))
words = st.sampled_from(sorted(set(re.findall(r"\w+", " ".join(DOCUMENTED.values())))))
odd: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, False, math.nan, math.inf, -math.inf, "", " a", "a\tb", [], {}, {"1": True}]
)


def values(said: str) -> st.SearchStrategy[Any]:
    numbers = beside(said)
    tokens = st.sampled_from(["0", "50256", "1" * 9, "1" * 10, "", "-1", "a", "\u0661"])
    return (
        numbers
        | odd
        | words
        | texts
        | st.lists(texts | odd | words, max_size=6)
        | st.dictionaries(tokens, numbers | odd, max_size=3)
    )


@given(st.sampled_from(sorted(DOCUMENTED.items())).flatmap(lambda row: st.tuples(st.just(row[0]), values(row[1]))))
@example(("temperature", 2.0000000000000004))
@example(("temperature", -0.0))
@example(("n", 8.0))
@example(("stop", ["a"] * 5))
@example(("logit_bias", {"1": 101}))
@checked(max_examples=1_500, deadline=None)
def test_a_value_is_taken_exactly_if_the_page_says_so(given_: tuple[str, Any]) -> None:
    name, value = given_
    try:
        check(name, value)
    except ValueError:
        is_taken = False
    else:
        is_taken = True
    assert is_taken == may_be(DOCUMENTED[name], value), (name, value, DOCUMENTED[name])


def test_every_parameter_is_on_the_page() -> None:
    assert DOCUMENTED.keys() == PARAMETERS.keys()
