"""Prices of models and sums of money, without rounding errors.

Money is a whole number of nano-units of a currency (a billionth of a dollar), never a float. The currency's
name is only a label. Prices are parsed from text such as

    gpt-6-luna=0.1/0.5/0.01, claude-*=3/15

which gives the price of a million tokens of prompt, answer and cached prompt. A model without a price has an
unknown price, which is not zero.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from fnmatch import fnmatchcase
from typing import Final

from bot.core.requests import Usage

NANO_PER_UNIT: Final = 10**9
"""Nano-units in one unit of the currency."""
_PICO_PER_NANO: Final = 1_000
"""Pico-units in one nano-unit. A price of a millionth of a unit for a million tokens is one pico-unit a
token.
"""
MAX_PRICE_PER_MILLION_TOKENS: Final = 10_000
"""Units of the currency; a higher price means that its author mistook the unit."""
_MAX_PRICE_DECIMALS: Final = 6
_AMOUNT_PATTERN = re.compile(r"\d{1,12}(\.\d{1,9})?", re.ASCII)
_NANO_PER_CENT: Final = NANO_PER_UNIT // 100


@dataclass(frozen=True, slots=True)
class Price:
    """What a model's tokens cost, in pico-units a token."""

    input: int
    output: int
    cached: int
    """For a token of the prompt that the service had in its cache."""

    def cost_of(self, usage: Usage) -> int:
        """Return what a call costs, in nano-units, rounded up."""
        cached = min(usage.cached_tokens, usage.prompt_tokens)
        fresh = usage.prompt_tokens - cached
        pico = fresh * self.input + cached * self.cached + usage.completion_tokens * self.output
        return -(-pico // _PICO_PER_NANO)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTable:
    """The prices of a deployment."""

    currency: str = "USD"
    by_name: Mapping[str, Price] = field(default_factory=dict)
    """By model names, in which `*` stands for any text."""

    def find_price(self, model: str) -> Price | None:
        """Return the price by exact name, else by the longest pattern that matches; None if unknown."""
        if model in self.by_name:
            return self.by_name[model]
        fitting = [name for name in self.by_name if fnmatchcase(model, name.replace("[", "[[]"))]
        return self.by_name[max(fitting, key=len)] if fitting else None


def parse_prices(text: str) -> Mapping[str, Price]:
    """Return what `name=input/output/cached, ...` says, in units for a million tokens.

    The price of cached tokens may be left out; then it is the price of input. Raises ValueError with a
    sentence.
    """
    found: dict[str, Price] = {}
    for entry in filter(None, (each.strip() for each in text.split(","))):
        name, equals, numbers = entry.rpartition("=")
        name = name.strip()
        parts = [_parse_price(number.strip()) for number in numbers.split("/")]
        if not equals or not name or len(parts) not in {2, 3} or None in parts:
            raise ValueError(
                f"`{entry}` must be written as model=input/output/cached, each a price of a million tokens "
                f"from 0 to {MAX_PRICE_PER_MILLION_TOKENS:,} with at most {_MAX_PRICE_DECIMALS} decimals"
            )
        if name in found:
            raise ValueError(f"`{name}` has two prices")
        known = [part for part in parts if part is not None]
        found[name] = Price(known[0], known[1], known[2] if known[2:] else known[0])
    return found


def parse_amount(text: str) -> int:
    """Return the nano-units of an amount such as `2.50`. Raises ValueError with a sentence."""
    if not _AMOUNT_PATTERN.fullmatch(text.strip()):
        raise ValueError("An amount of money must be a number such as 2.50")
    return int(Decimal(text.strip()) * NANO_PER_UNIT)


def format_amount(nano: int, currency: str) -> str:
    """Return a sum for people: with two decimals, or below a cent with its first two significant digits."""
    value = Decimal(nano) / NANO_PER_UNIT
    places = 2
    if 0 < nano < _NANO_PER_CENT:
        places = min(9, 1 - value.adjusted())
    return f"{value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN):,f} {currency}"


def _parse_price(text: str) -> int | None:
    """Return a price in pico-units a token; None if the text is not a price."""
    decimals = text.partition(".")[2]
    if (
        not _AMOUNT_PATTERN.fullmatch(text)
        or len(decimals) > _MAX_PRICE_DECIMALS
        or Decimal(text) > MAX_PRICE_PER_MILLION_TOKENS
    ):
        return None
    return int(Decimal(text) * 10**_MAX_PRICE_DECIMALS)
