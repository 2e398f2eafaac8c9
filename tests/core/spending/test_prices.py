"""Prices and sums of money are exact, to the last digit."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.requests import Usage
from bot.core.spending.prices import (
    NANO_PER_UNIT,
    Price,
    PriceTable,
    format_amount,
    parse_amount,
    parse_prices,
)

COUNTS = st.integers(0, 10**7)


def test_prices_are_read_as_they_are_written() -> None:
    found = parse_prices(" gpt-6-luna=1.25/10/0.125, llama3:8b=0/0,openai/gpt-6*=0.000001/10000 ,")
    assert found == {
        "gpt-6-luna": Price(1_250_000, 10_000_000, 125_000),
        "llama3:8b": Price(0, 0, 0),
        "openai/gpt-6*": Price(1, 10**10, 1),
    }


@pytest.mark.parametrize(
    "text",
    [
        "gpt",
        "gpt=1",
        "gpt=1/2/3/4",
        "=1/2",
        "gpt=1/-2",
        "gpt=1/x",
        "gpt=1/10001",
        "gpt=0.0000001/1",
        "gpt=1e3/1",
        "gpt=1/\u0663",
        "gpt=1/",
        "gpt=nan/1",
        "a=1/2, a=1/2",
    ],
)
def test_a_wrong_price_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be written as|has two prices"):
        parse_prices(text)


def test_the_exact_name_wins_then_the_longest_pattern() -> None:
    table = PriceTable(by_name=parse_prices("gpt-6=1/1, gpt-*=2/2, gpt-6-*=3/3, odd[1]*=4/4"))
    priced = {name: table.find_price(name) for name in ("gpt-6", "gpt-5", "gpt-6-luna", "odd[1]x", "odd1x", "")}
    assert [price and price.input // 10**6 for price in priced.values()] == [1, 2, 3, 4, None, None]


@given(st.tuples(*[COUNTS] * 3, *[st.integers(0, 10**10)] * 3))
def test_a_call_costs_what_its_tokens_cost_rounded_up_once(numbers: tuple[int, ...]) -> None:
    prompt, completion, cached, of_input, of_output, of_cached = numbers
    usage = Usage(prompt_tokens=prompt, completion_tokens=completion, cached_tokens=cached)
    cached = min(cached, prompt)  # whatever a server says
    exact = Fraction((prompt - cached) * of_input + cached * of_cached + completion * of_output, 1_000)
    assert 0 <= Price(of_input, of_output, of_cached).cost_of(usage) - exact < 1


@pytest.mark.parametrize(
    ("nano", "text"),
    [
        (0, "0.00 USD"),
        (2_310_000_000, "2.31 USD"),
        (1_234_567 * NANO_PER_UNIT, "1,234,567.00 USD"),
        (NANO_PER_UNIT // 100, "0.01 USD"),
        (4_219_000, "0.0042 USD"),
        (999, "0.00000100 USD"),
        (1, "0.000000001 USD"),
    ],
)
def test_money_is_shown_as_people_write_it(nano: int, text: str) -> None:
    assert format_amount(nano, "USD") == text


@given(st.integers(1, 10**15))
def test_a_sum_above_zero_is_not_shown_as_zero(nano: int) -> None:
    assert set(format_amount(nano, "").strip()) - set("0.,")


@pytest.mark.parametrize("text", ["", "-1", "1,5", "1e3", "2.0000000001", "1234567890123", "NaN"])
def test_a_wrong_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be a number such as"):
        parse_amount(text)


def test_an_amount_is_exact() -> None:
    assert parse_amount(" 2.50 ") == 2_500_000_000
    assert parse_amount("0.000000001") == 1
