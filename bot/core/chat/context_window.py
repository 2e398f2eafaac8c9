"""What a model's window holds of a conversation: how long texts are, what fits, what is left out.

Separate from `transcript`, which writes the messages: here is decided which turns they are made of. Pure;
sizes are tokens, estimated unless there is a tokenizer, and corrected by what services count. Rules: what is
left out is left out in whole turns, oldest first, in coarse steps that depend on the conversation alone. The
front of the messages then stays the same for many questions, on which services' prompt caches live.
"""

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from bot.core.requests import ChatMessage
from bot.core.turns import Turn

TokenCounter: TypeAlias = Callable[[str], int]
"""How many tokens a message of that text is: `estimate`, or somebody's tokenizer."""

KEPT_SHARE = 0.5
"""Share of the room that is left filled when turns are left out; the rest is room for growth."""
MAX_TURNS_IN_VIEW = 800
"""Turns in view at most. Fewer than are ever read, so that what is read tells when it came to this."""
ANSWER_RESERVE_TOKENS = 4_096
"""Tokens kept free for an answer without a limit, as far as they are not over a quarter of the window."""
MAX_ANSWER_RESERVE_SHARE = 0.5
"""Share of the window that is kept free at most: a limit for answers may be far above the window."""
MIN_DENSE_RUN_CHARACTERS = 64
"""Characters of a run without a space that is no word, but base64, a key, an address."""
DENSE_BYTES_PER_TOKEN, BYTES_PER_TOKEN = 2, 3.5
"""Bytes a token, in such runs and elsewhere; this, and 4 tokens a message: facts/model-api.md 5."""
TOKENS_PER_PICTURE = 1_000
"""Tokens that are kept free for a picture; services count it by its size, each in another way."""
CORRECTION_STEP = 1.25
"""By which factor the correction of an estimate changes at least."""
NEWEST_COUNT_WEIGHT = 0.3
"""Weight of the newest count in it."""
MIN_WINDOW_TOKENS = 2_048
"""Tokens below which no window is guessed to be."""
WINDOW_SUBJECT, FACTOR_SUBJECT = "window", "factor"
"""Subjects of what is learnt of a model."""
MIN_COUNTED_TOKENS = 256
"""Tokens of a prompt that is counted; in a shorter one a template's own words outweigh ours."""


def estimate_tokens(text: str) -> int:
    """Estimate the tokens of one message."""
    size = len(text.encode(errors="replace"))
    dense = sum(len(run) for run in text.split() if len(run) >= MIN_DENSE_RUN_CHARACTERS and run.isascii())
    return math.ceil((size - dense) / BYTES_PER_TOKEN + dense / DENSE_BYTES_PER_TOKEN) + 4


def count_turn_tokens(turn: Turn, count: TokenCounter = estimate_tokens) -> int:
    """Return the tokens of a whole turn, what was read of its files included."""
    return sum(_count_pieces(turn, count))


def count_request_tokens(messages: Iterable[ChatMessage], count: TokenCounter = estimate_tokens) -> int:
    """Return the tokens of a whole request, pictures apart."""
    return 3 + sum(count(message.content) for message in messages)


def count_question_tokens(
    question: Turn, *, pictures: int = 0, count: TokenCounter = estimate_tokens
) -> tuple[int, ...]:
    """Return the tokens of what comes with a question and its number of pictures, piece by piece."""
    return (pictures * TOKENS_PER_PICTURE, *_count_pieces(question, count))


def find_first_turn(
    history: Sequence[Turn],
    question: Sequence[float],
    room: float,
    *,
    is_all: bool = True,
    count: TokenCounter = estimate_tokens,
) -> int:
    """Return the index of the first turn that a model gets to see with a question that is so long.

    `room` is what the turns in view and the question may take together. `is_all` denies that `history`
    begins where the conversation does: its first turns then change from question to question.

    The story is told again from its beginning, each time. So each question finds the front where the one
    before it left it, and nobody has to remember where that was.
    """
    first = 0 if is_all else _find_anchor(history)
    sizes = [*(tuple(_count_pieces(turn, count)) for turn in history[first:]), tuple(question)]
    front, total = 0, 0.0
    for end, pieces in enumerate(sizes):
        for tokens in pieces:
            total += tokens
            if total > room or end - front > MAX_TURNS_IN_VIEW:
                while front < end and (
                    total > KEPT_SHARE * room or end - front > KEPT_SHARE * MAX_TURNS_IN_VIEW
                ):
                    total -= sum(sizes[front])
                    front += 1
    return first + front


def _count_pieces(turn: Turn, count: TokenCounter) -> Iterator[int]:
    """Yield the tokens of what was said, one after the other: a question is asked before it is answered."""
    reading = turn.made_with.reading if turn.made_with else ""
    yield count(turn.question + reading)
    if turn.answer:
        yield count(turn.answer)


def _find_anchor(history: Sequence[Turn]) -> int:
    """Return the index of a turn to begin with that stays the same turn while the oldest ones change.

    It is the one of the highest rank of those that are too many; ranks depend on nothing but the turn.
    """
    spare = range(max(1, len(history) - MAX_TURNS_IN_VIEW))
    return max(spare, key=lambda index: hashlib.sha256(history[index].message_id.encode()).digest())


@dataclass(slots=True)
class EstimateCorrection:
    """How many tokens of a model one token of our estimate is.

    A moving average of what was counted, rounded up to whole steps, and slow to step down: if it
    changed with each answer, so would the front of the messages.
    """

    factor: float = 1.0
    average: float = 1.0

    def feed(self, estimated: float, counted: float, *, weight: float = NEWEST_COUNT_WEIGHT) -> None:
        """Take what a service counted where we estimated."""
        if estimated < MIN_COUNTED_TOKENS or counted <= 0:
            return
        ratio = min(max(counted / estimated, 0.5), 3.0)
        self.average += weight * (ratio - self.average)
        exact, step = (math.log(value, CORRECTION_STEP) for value in (self.average, self.factor))
        if not step - 1.5 < exact < step + 0.1:
            self.factor = CORRECTION_STEP ** math.ceil(exact)


@dataclass(slots=True)
class ContextWindows:
    """What is known of the windows of models; it is told, and asks nobody."""

    max_prompt_tokens: float
    """Tokens of a prompt at most, whatever would fit."""
    _listed: Mapping[str, int] = field(default_factory=dict)
    _learned: dict[str, float] = field(default_factory=dict)
    _recalled: dict[str, float] = field(default_factory=dict)
    _corrections: dict[str, EstimateCorrection] = field(default_factory=dict)

    def learned_facts(self, model: str) -> Mapping[str, float]:
        """Return what was learnt of a model, to be recalled another time."""
        window, gauge = self._learned.get(model), self._corrections.get(model)
        known = {WINDOW_SUBJECT: window, FACTOR_SUBJECT: gauge.factor if gauge else None}
        return {subject: value for subject, value in known.items() if value is not None}

    def recall(self, model: str, facts: Mapping[str, Any]) -> None:
        """Take what was learnt of a model before; what its list says by now counts more."""
        window, factor = facts.get(WINDOW_SUBJECT), facts.get(FACTOR_SUBJECT)
        if isinstance(window, int | float):
            self._recalled[model] = window
        if isinstance(factor, int | float):
            self._corrections[model] = EstimateCorrection(factor, factor / math.sqrt(CORRECTION_STEP))

    def set_listed(self, windows: Mapping[str, int]) -> None:
        """Take what the service's list of models says, in tokens."""
        self._listed = windows

    def note_counted(self, model: str, estimated: float, counted: float) -> None:
        """Take how many tokens the service counted in a prompt."""
        self._correction(model).feed(estimated, counted)

    def note_too_long(self, model: str, estimated: float, *, window: int | None, tokens: int | None) -> None:
        """Take that a prompt was too long, and what the service said of the window and of the prompt.

        Where it said nothing, half of the prompt will fit, or the next refusal halves it again.
        """
        if tokens:
            self._correction(model).feed(estimated, tokens, weight=1.0)
        self._learned[model] = window or max(
            MIN_WINDOW_TOKENS, estimated * self._correction(model).factor / 2
        )

    def prompt_limit(self, model: str, answer: float | None = None) -> float:
        """Return how long, by our estimate, a prompt may be; `answer` is the limit for answers, if any."""
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
