"""Estimates what a call of a model may cost, before the call is made.

The estimate reserves room in a budget, and the rest is released when the call ends; so it is rather too high
than too low. The prompt is estimated from its texts and corrected by what the service counted for earlier
prompts. The answer is taken to be as long as its limit (`max_tokens`), or, without one, a quarter longer than
the longest recent answer of that model.
"""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from bot.core.chat.context_window import (
    ANSWER_RESERVE_TOKENS,
    TOKENS_PER_PICTURE,
    EstimateCorrection,
    count_request_tokens,
)
from bot.core.requests import ChatRequest, Usage
from bot.core.spending.budgets import CallEstimate
from bot.core.spending.prices import Price

RECENT_ANSWERS: Final = 50
"""Answers."""
ANSWER_MARGIN_FACTOR: Final = 1.25
MIN_ANSWER_TOKENS: Final = 256
"""Tokens of an answer at least."""


@dataclass(slots=True)
class CallEstimator:
    """Remembers what each model's recent calls needed."""

    _corrections: dict[str, EstimateCorrection] = field(default_factory=dict)
    _answer_tokens: dict[str, deque[int]] = field(default_factory=dict)

    def estimate_call(self, request: ChatRequest, price: Price | None) -> CallEstimate:
        """Return an estimate for a call; its cost is None if the price is unknown."""
        prompt = self._estimate_prompt(request)
        completion = self._estimate_answer(request) * _positive_parameter(request.parameters, "n", 1)
        usage = Usage(prompt_tokens=prompt, completion_tokens=completion)
        return CallEstimate(tokens=prompt + completion, cost=price.cost_of(usage) if price else None)

    def learn_usage(self, request: ChatRequest, usage: Usage) -> None:
        """Learn from the tokens that the service counted for a call."""
        if not any(message.images for message in request.messages):
            correction = self._corrections.setdefault(request.model, EstimateCorrection())
            correction.feed(count_request_tokens(request.messages), usage.prompt_tokens)
        answers = self._answer_tokens.setdefault(request.model, deque(maxlen=RECENT_ANSWERS))
        answers.append(math.ceil(usage.completion_tokens / _positive_parameter(request.parameters, "n", 1)))

    def _estimate_prompt(self, request: ChatRequest) -> int:
        correction = self._corrections.get(request.model)
        pictures = sum(len(message.images) for message in request.messages)
        factor = max(correction.factor, 1.0) if correction else 1.0
        return math.ceil(count_request_tokens(request.messages) * factor) + pictures * TOKENS_PER_PICTURE

    def _estimate_answer(self, request: ChatRequest) -> int:
        lately = self._answer_tokens.get(request.model)
        usual = (
            max(math.ceil(max(lately) * ANSWER_MARGIN_FACTOR), MIN_ANSWER_TOKENS) if lately else ANSWER_RESERVE_TOKENS
        )
        return _positive_parameter(request.parameters, "max_tokens", usual)


def _positive_parameter(parameters: Mapping[str, object], name: str, unset: int) -> int:
    value = parameters.get(name)
    return value if isinstance(value, int) and value > 0 else unset
