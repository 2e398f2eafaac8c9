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

from bot.core.domain import ChatMessage, Turn

Count: TypeAlias = Callable[[str], int]
"""How many tokens a message of that text is: `estimate`, or somebody's tokenizer."""

KEEP = 0.5
"""Share of the room that is left filled when turns are left out; the rest is room for growth."""
MOST = 800
"""Turns in view at most. Fewer than are ever read, so that what is read tells when it came to this."""
RESERVE = 4_096
"""Tokens kept free for an answer without a limit, as far as they are not over a quarter of the window."""
LARGEST_RESERVE = 0.5
"""Share of the window that is kept free at most: a limit for answers may be far above the window."""
DENSE = 64
"""Characters of a run without a space that is no word, but base64, a key, an address."""
DENSE_BYTES, BYTES = 2, 3.5
"""Bytes a token, in such runs and elsewhere; this, and 4 tokens a message: facts/model-api.md 5."""
PICTURE = 1_000
"""Tokens that are kept free for a picture; services count it by its size, each in another way."""
STEP = 1.25
"""By which factor the correction of an estimate changes at least."""
NEWS = 0.3
"""Weight of the newest count in it."""
SMALLEST = 2_048
"""Tokens below which no window is guessed to be."""
WINDOW, FACTOR = "window", "factor"
"""Subjects of what is learnt of a model."""
LEAST = 256
"""Tokens of a prompt that is counted; in a shorter one a template's own words outweigh ours."""


def estimate(text: str) -> int:
    """Estimate the tokens of one message."""
    size = len(text.encode(errors="replace"))
    dense = sum(len(run) for run in text.split() if len(run) >= DENSE and run.isascii())
    return math.ceil((size - dense) / BYTES + dense / DENSE_BYTES) + 4


def size(turn: Turn, count: Count = estimate) -> int:
    """Return the tokens of a whole turn, what was read of its files included."""
    return sum(_pieces(turn, count))


def weight(messages: Iterable[ChatMessage], count: Count = estimate) -> int:
    """Return the tokens of a whole request, pictures apart."""
    return 3 + sum(count(message.content) for message in messages)


def asked(question: Turn, *, pictures: int = 0, count: Count = estimate) -> tuple[int, ...]:
    """Return the tokens of what comes with a question and its number of pictures, piece by piece."""
    return (pictures * PICTURE, *_pieces(question, count))


def begin(
    history: Sequence[Turn],
    question: Sequence[float],
    room: float,
    *,
    is_all: bool = True,
    count: Count = estimate,
) -> int:
    """Return the index of the first turn that a model gets to see with a question that is so long.

    `room` is what the turns in view and the question may take together. `is_all` denies that `history`
    begins where the conversation does: its first turns then change from question to question.

    The story is told again from its beginning, each time. So each question finds the front where the one
    before it left it, and nobody has to remember where that was.
    """
    first = 0 if is_all else _anchor(history)
    sizes = [*(tuple(_pieces(turn, count)) for turn in history[first:]), tuple(question)]
    front, total = 0, 0.0
    for end, pieces in enumerate(sizes):
        for tokens in pieces:
            total += tokens
            if total > room or end - front > MOST:
                while front < end and (total > KEEP * room or end - front > KEEP * MOST):
                    total -= sum(sizes[front])
                    front += 1
    return first + front


def _pieces(turn: Turn, count: Count) -> Iterator[int]:
    """Yield the tokens of what was said, one after the other: a question is asked before it is answered."""
    reading = turn.made_with.reading if turn.made_with else ""
    yield count(turn.question + reading)
    if turn.answer:
        yield count(turn.answer)


def _anchor(history: Sequence[Turn]) -> int:
    """Return the index of a turn to begin with that stays the same turn while the oldest ones change.

    It is the one of the highest rank of those that are too many; ranks depend on nothing but the turn.
    """
    spare = range(max(1, len(history) - MOST))
    return max(spare, key=lambda index: hashlib.sha256(history[index].message_id.encode()).digest())


@dataclass(slots=True)
class Gauge:
    """How many tokens of a model one token of our estimate is.

    A moving average of what was counted, rounded up to whole steps, and slow to step down: if it
    changed with each answer, so would the front of the messages.
    """

    factor: float = 1.0
    average: float = 1.0

    def feed(self, estimated: float, counted: float, *, news: float = NEWS) -> None:
        """Take what a service counted where we estimated."""
        if estimated < LEAST or counted <= 0:
            return
        ratio = min(max(counted / estimated, 0.5), 3.0)
        self.average += news * (ratio - self.average)
        exact, step = (math.log(value, STEP) for value in (self.average, self.factor))
        if not step - 1.5 < exact < step + 0.1:
            self.factor = STEP ** math.ceil(exact)


@dataclass(slots=True)
class Windows:
    """What is known of the windows of models; it is told, and asks nobody."""

    cap: float
    """Tokens of a prompt at most, whatever would fit."""
    _listed: Mapping[str, int] = field(default_factory=dict)
    _learnt: dict[str, float] = field(default_factory=dict)
    _recalled: dict[str, float] = field(default_factory=dict)
    _gauges: dict[str, Gauge] = field(default_factory=dict)

    def lessons(self, model: str) -> Mapping[str, float]:
        """Return what was learnt of a model, to be recalled another time."""
        window, gauge = self._learnt.get(model), self._gauges.get(model)
        known = {WINDOW: window, FACTOR: gauge.factor if gauge else None}
        return {subject: value for subject, value in known.items() if value is not None}

    def recall(self, model: str, lessons: Mapping[str, Any]) -> None:
        """Take what was learnt of a model before; what its list says by now counts more."""
        window, factor = lessons.get(WINDOW), lessons.get(FACTOR)
        if isinstance(window, int | float):
            self._recalled[model] = window
        if isinstance(factor, int | float):
            self._gauges[model] = Gauge(factor, factor / math.sqrt(STEP))

    def listed(self, windows: Mapping[str, int]) -> None:
        """Take what the service's list of models says, in tokens."""
        self._listed = windows

    def counted(self, model: str, estimated: float, counted: float) -> None:
        """Take how many tokens the service counted in a prompt."""
        self._gauge(model).feed(estimated, counted)

    def refused(self, model: str, estimated: float, *, window: int | None, tokens: int | None) -> None:
        """Take that a prompt was too long, and what the service said of the window and of the prompt.

        Where it said nothing, half of the prompt will fit, or the next refusal halves it again.
        """
        if tokens:
            self._gauge(model).feed(estimated, tokens, news=1.0)
        self._learnt[model] = window or max(SMALLEST, estimated * self._gauge(model).factor / 2)

    def room(self, model: str, answer: float | None = None) -> float:
        """Return how long, by our estimate, a prompt may be; `answer` is the limit for answers, if any."""
        prompt = self.cap
        window = self._learnt.get(model) or self._listed.get(model) or self._recalled.get(model)
        if window:
            reserve = min(RESERVE, window / 4) if answer is None else min(answer, LARGEST_RESERVE * window)
            prompt = min(prompt, window - reserve)
        return prompt / self._gauge(model).factor

    def _gauge(self, model: str) -> Gauge:
        return self._gauges.setdefault(model, Gauge())
