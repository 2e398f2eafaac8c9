"""What models cost: prices as somebody wrote them, and sums of money without a rounding error.

Separate because nothing else may reckon with money. Pure. Rules: money is a whole number of nano-units of a
currency, never a float; the currency's name is only a label; a price that nobody wrote is unknown, which is
not zero.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from fnmatch import fnmatchcase
from typing import Final

from bot.core.requests import Usage

NANO_PER_UNIT: Final = 10**9
"""Of these a unit of a currency has; the unit of every sum here."""
_PICO_PER_NANO: Final = 1_000
"""Of these a nano-unit has. A price a million tokens, in millionths, is one of pico-units a token."""
MAX_PRICE_PER_MILLION_TOKENS: Final = 10_000
"""Units of a currency a million tokens: whoever writes more has mistaken the unit."""
_MAX_PRICE_DECIMALS: Final = 6
_AMOUNT_PATTERN = re.compile(r"\d{1,12}(\.\d{1,9})?", re.ASCII)
_NANO_PER_CENT: Final = NANO_PER_UNIT // 100


@dataclass(frozen=True, slots=True)
class Price:
    """What a model's tokens cost, in pico-units a token."""

    input: int
    output: int
    cached: int
    """Of a token of the prompt that the service had in its cache."""

    def cost_of(self, usage: Usage) -> int:
        """Return what a call costs, in nano-units; a part of one counts as a whole."""
        cached = min(usage.cached_tokens, usage.prompt_tokens)
        fresh = usage.prompt_tokens - cached
        pico = fresh * self.input + cached * self.cached + usage.completion_tokens * self.output
        return -(-pico // _PICO_PER_NANO)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTable:
    """The table of a deployment."""

    currency: str = "USD"
    by_name: Mapping[str, Price] = field(default_factory=dict)
    """By names of models, in which `*` stands for anything."""

    def find_price(self, model: str) -> Price | None:
        """Return a model's price: that of its very name, or of the longest pattern; None if unknown."""
        if model in self.by_name:
            return self.by_name[model]
        fitting = [name for name in self.by_name if fnmatchcase(model, name.replace("[", "[[]"))]
        return self.by_name[max(fitting, key=len)] if fitting else None


def parse_prices(text: str) -> Mapping[str, Price]:
    """Return what `name=input/output/cached, ...` says, in units a million tokens.

    The price of cached tokens may be left out, and is that of others then. Raises ValueError, a sentence.
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
    """Return the nano-units of an amount such as `2.50`. Raises ValueError, a sentence."""
    if not _AMOUNT_PATTERN.fullmatch(text.strip()):
        raise ValueError("An amount of money must be a number such as 2.50")
    return int(Decimal(text.strip()) * NANO_PER_UNIT)


def format_amount(nano: int, currency: str) -> str:
    """Return a sum for people: two decimals, and of less than a cent the first two digits that tell."""
    value = Decimal(nano) / NANO_PER_UNIT
    places = 2
    if 0 < nano < _NANO_PER_CENT:
        places = min(9, 1 - value.adjusted())
    return f"{value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN):,f} {currency}"


def _parse_price(text: str) -> int | None:
    """Return a price in pico-units a token; None if it is none."""
    decimals = text.partition(".")[2]
    if (
        not _AMOUNT_PATTERN.fullmatch(text)
        or len(decimals) > _MAX_PRICE_DECIMALS
        or Decimal(text) > MAX_PRICE_PER_MILLION_TOKENS
    ):
        return None
    return int(Decimal(text) * 10**_MAX_PRICE_DECIMALS)
