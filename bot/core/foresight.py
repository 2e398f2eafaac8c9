"""What a call of a model may need, before it is made.

Separate from `ledger`, which is exact. Pure. Rules: rather too much than too little, since what is kept and
not spent is free again when the call ends; an answer without a limit of its own is taken to be a little
longer than the longest one that the model gave lately.
"""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from bot.core.context import PICTURE, RESERVE, Gauge, weight
from bot.core.domain import ChatRequest, Usage
from bot.core.ledger import Need
from bot.core.money import Price

LATELY: Final = 50
"""Answers."""
SPARE: Final = 1.25
SHORTEST: Final = 256
"""Tokens of an answer at least."""


@dataclass(slots=True)
class Foresight:
    """What is known of the calls of each model."""

    _gauges: dict[str, Gauge] = field(default_factory=dict)
    _answers: dict[str, deque[int]] = field(default_factory=dict)

    def need(self, request: ChatRequest, price: Price | None) -> Need:
        """Return what a call may need; its cost is None where there is no price."""
        prompt = self._prompt(request)
        completion = self._answer(request) * _count(request.parameters, "n", 1)
        usage = Usage(prompt_tokens=prompt, completion_tokens=completion)
        return Need(tokens=prompt + completion, cost=price.of(usage) if price else None)

    def learn(self, request: ChatRequest, usage: Usage) -> None:
        """Take what a service counted of a call."""
        if not any(message.images for message in request.messages):
            gauge = self._gauges.setdefault(request.model, Gauge())
            gauge.feed(weight(request.messages), usage.prompt_tokens)
        answers = self._answers.setdefault(request.model, deque(maxlen=LATELY))
        answers.append(math.ceil(usage.completion_tokens / _count(request.parameters, "n", 1)))

    def _prompt(self, request: ChatRequest) -> int:
        gauge = self._gauges.get(request.model)
        pictures = sum(len(message.images) for message in request.messages)
        factor = max(gauge.factor, 1.0) if gauge else 1.0
        return math.ceil(weight(request.messages) * factor) + pictures * PICTURE

    def _answer(self, request: ChatRequest) -> int:
        lately = self._answers.get(request.model)
        usual = max(math.ceil(max(lately) * SPARE), SHORTEST) if lately else RESERVE
        return _count(request.parameters, "max_tokens", usual)


def _count(parameters: Mapping[str, object], name: str, unset: int) -> int:
    value = parameters.get(name)
    return value if isinstance(value, int) and value > 0 else unset
