"""Decides which turns of a conversation fit the model's context window.

Sizes are tokens. They are estimated from the length of a text (or counted, if a tokenizer is installed) and
corrected by what the service counts: `EstimateCorrection` learns how many real tokens one estimated token is,
and `ContextWindows` keeps that, and the window's size, for each model.

`find_first_turn` returns the index of the oldest turn that is still sent. When the conversation grows too
long, turns are dropped from the front until only half of the room is filled. The next questions then find the
same front, and the service's prompt cache stays valid:

    question    1   2   3   4   5   6   7   8
    first turn  0   0   0   0   2   2   2   5     whole turns only; moves rarely, and then by several turns

The front depends on the conversation and the room alone, so no state has to be stored to find it again.
"""

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from bot.core.requests import ChatMessage
from bot.core.turns import Turn

TokenCounter: TypeAlias = Callable[[str], int]
"""Returns how many tokens a message with that text is: `estimate_tokens`, or a tokenizer."""

KEPT_SHARE = 0.5
"""Share of the room that stays filled after turns were dropped; the rest is room for growth."""
MAX_TURNS_IN_VIEW = 800
"""Turns that are sent at most. Reading always fetches more turns than this, so it shows whether the limit was
reached.
"""
ANSWER_RESERVE_TOKENS = 4_096
"""Reserved for the answer if no limit is set, but at most a quarter of the window."""
MAX_ANSWER_RESERVE_SHARE = 0.5
"""Share of the window that is reserved at most: a limit for answers may be larger than the window."""
MIN_DENSE_RUN_CHARACTERS = 64
"""A run of so many characters without a space is not a word but base64, a key or an address."""
DENSE_BYTES_PER_TOKEN, BYTES_PER_TOKEN = 2, 3.5
"""Measured with the tokenizer o200k_base; the 4 tokens for each message are from
https://github.com/openai/openai-cookbook/blob/main/examples/How_to_format_inputs_to_ChatGPT_models.ipynb
"""
TOKENS_PER_PICTURE = 1_000
"""Reserved for each picture; services count pictures by size, each in its own way."""
CORRECTION_STEP = 1.25
"""The correction of an estimate changes by this factor or not at all."""
NEWEST_COUNT_WEIGHT = 0.3
"""Weight of the newest count in the moving average."""
MIN_WINDOW_TOKENS = 2_048
"""A guess for a window's size is never below this."""
WINDOW_SUBJECT, FACTOR_SUBJECT = "window", "factor"
"""Subjects under which learned facts of a model are stored."""
MIN_COUNTED_TOKENS = 256
"""Shorter prompts are not used to learn: there the service's own template outweighs the text."""


def estimate_tokens(text: str) -> int:
    """Estimate the tokens of one message."""
    size = len(text.encode(errors="replace"))
    dense = sum(len(run) for run in text.split() if len(run) >= MIN_DENSE_RUN_CHARACTERS and run.isascii())
    return math.ceil((size - dense) / BYTES_PER_TOKEN + dense / DENSE_BYTES_PER_TOKEN) + 4


def count_turn_tokens(turn: Turn, count: TokenCounter = estimate_tokens) -> int:
    """Return the tokens of a whole turn, what was read of its files included."""
    return sum(_count_pieces(turn, count))


def count_request_tokens(messages: Iterable[ChatMessage], count: TokenCounter = estimate_tokens) -> int:
    """Return the tokens of a whole request, without its pictures."""
    return 3 + sum(count(message.content) for message in messages)


def count_question_tokens(
    question: Turn, *, pictures: int = 0, count: TokenCounter = estimate_tokens
) -> tuple[int, ...]:
    """Return the tokens of a question, piece by piece: its pictures, its text."""
    return (pictures * TOKENS_PER_PICTURE, *_count_pieces(question, count))


def find_first_turn(
    history: Sequence[Turn],
    question: Sequence[float],
    room: float,
    *,
    is_all: bool = True,
    count: TokenCounter = estimate_tokens,
) -> int:
    """Return the index of the first turn that is sent to the model together with a question.

    `question` holds the sizes of the question's pieces. `room` is how many tokens the turns and the question
    may take together. `is_all` is False if `history` does not begin where the conversation does; its first
    turns then differ from question to question.

    The whole conversation is replayed from its beginning on each call. So each question finds the front where
    the one before left it, without any stored state.
    """
    first = 0 if is_all else _find_anchor(history)
    sizes = [*(tuple(_count_pieces(turn, count)) for turn in history[first:]), tuple(question)]
    front, total = 0, 0.0
    for end, pieces in enumerate(sizes):
        for tokens in pieces:
            total += tokens
            if total > room or end - front > MAX_TURNS_IN_VIEW:
                while front < end and (total > KEPT_SHARE * room or end - front > KEPT_SHARE * MAX_TURNS_IN_VIEW):
                    total -= sum(sizes[front])
                    front += 1
    return first + front


def _count_pieces(turn: Turn, count: TokenCounter) -> Iterator[int]:
    """Yield the tokens of a turn's question, then of its answer, which comes after it."""
    reading = turn.made_with.reading if turn.made_with else ""
    yield count(turn.question + reading)
    if turn.answer:
        yield count(turn.answer)


def _find_anchor(history: Sequence[Turn]) -> int:
    """Return the index of a turn to begin with that stays the same turn while the oldest ones fall away.

    Of the turns that are too many, it is the one with the highest rank; a rank depends on the id of
    the turn's message alone.
    """
    spare = range(max(1, len(history) - MAX_TURNS_IN_VIEW))
    return max(spare, key=lambda index: hashlib.sha256(history[index].message_id.encode()).digest())


@dataclass(slots=True)
class EstimateCorrection:
    """How many tokens of a model one estimated token is.

    A moving average of what was counted, rounded up to whole steps, and slow to step down: if it changed with
    each answer, the front of the messages would change too.
    """

    factor: float = 1.0
    average: float = 1.0

    def feed(self, estimated: float, counted: float, *, weight: float = NEWEST_COUNT_WEIGHT) -> None:
        """Learn from a prompt that we estimated at `estimated` tokens and the service counted as `counted`."""
        if estimated < MIN_COUNTED_TOKENS or counted <= 0:
            return
        ratio = min(max(counted / estimated, 0.5), 3.0)
        self.average += weight * (ratio - self.average)
        exact, step = (math.log(value, CORRECTION_STEP) for value in (self.average, self.factor))
        if not step - 1.5 < exact < step + 0.1:
            self.factor = CORRECTION_STEP ** math.ceil(exact)


@dataclass(slots=True)
class ContextWindows:
    """What is known about the context windows of models."""

    max_prompt_tokens: float
    """Limit for the tokens of a prompt, even if more would fit."""
    _listed: Mapping[str, int] = field(default_factory=dict)
    _learned: dict[str, float] = field(default_factory=dict)
    _recalled: dict[str, float] = field(default_factory=dict)
    _corrections: dict[str, EstimateCorrection] = field(default_factory=dict)

    def learned_facts(self, model: str) -> Mapping[str, float]:
        """Return what was learned about a model, to be stored."""
        window, correction = self._learned.get(model), self._corrections.get(model)
        known = {WINDOW_SUBJECT: window, FACTOR_SUBJECT: correction.factor if correction else None}
        return {subject: value for subject, value in known.items() if value is not None}

    def recall(self, model: str, facts: Mapping[str, Any]) -> None:
        """Restore what was stored about a model; the server's list of models overrides a stored window."""
        window, factor = facts.get(WINDOW_SUBJECT), facts.get(FACTOR_SUBJECT)
        if isinstance(window, int | float):
            self._recalled[model] = window
        if isinstance(factor, int | float):
            self._corrections[model] = EstimateCorrection(factor, factor / math.sqrt(CORRECTION_STEP))

    def set_listed(self, windows: Mapping[str, int]) -> None:
        """Note the windows, in tokens, that the service's list of models states."""
        self._listed = windows

    def note_counted(self, model: str, estimated: float, counted: float) -> None:
        """Note how many tokens the service counted in a prompt that we estimated at `estimated`."""
        self._correction(model).feed(estimated, counted)

    def note_too_long(self, model: str, estimated: float, *, window: int | None, tokens: int | None) -> None:
        """Note that a prompt was too long, and what the service said about the window and the prompt.

        If it named no window, half of the prompt is assumed to fit; the next refusal halves it again.
        """
        if tokens:
            self._correction(model).feed(estimated, tokens, weight=1.0)
        self._learned[model] = window or max(MIN_WINDOW_TOKENS, estimated * self._correction(model).factor / 2)

    def prompt_limit(self, model: str, answer: float | None = None) -> float:
        """Return how many estimated tokens a prompt may have; `answer` is the limit for answers."""
        prompt = self.max_prompt_tokens
        window = self._learned.get(model) or self._listed.get(model) or self._recalled.get(model)
        if window:
            reserve = (
                min(ANSWER_RESERVE_TOKENS, window / 4)
                if answer is None
                else min(answer, MAX_ANSWER_RESERVE_SHARE * window)
            )
            prompt = min(prompt, window - reserve)
        return prompt / self._correction(model).factor

    def _correction(self, model: str) -> EstimateCorrection:
        return self._corrections.setdefault(model, EstimateCorrection())
