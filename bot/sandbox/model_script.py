"""A request that was accepted -> what the server is going to send for it.

Separate from `model`, which sends it in time, because deciding needs neither clock nor socket. Pure.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.sandbox.composer import Conversation, compose, conversation, exactly, tokens
from bot.sandbox.directives import Directives, Fault
from bot.sandbox.model_api import Completion, Json, delta, usage

REASONS = {Fault.FILTER: "content_filter", Fault.LENGTH: "length", Fault.THOUGHT: "length"}
IN_MID_ANSWER = {Fault.CUT, Fault.STALL, Fault.MALFORMED, Fault.ERROR, Fault.FILTER, Fault.LENGTH}
WORDLESS = {Fault.EMPTY, Fault.THOUGHT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One choice: its tokens and its finish reason."""

    tokens: tuple[str, ...]
    reason: str

    @property
    def text(self) -> str:
        """What it says."""
        return "".join(self.tokens)


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """All that will be sent; with a fault in mid-answer, all that is sent before it."""

    answers: tuple[Answer, ...]
    usage: Json
    rate: float
    """Tokens per second."""
    delay: float
    """Seconds before the first token."""
    fault: Fault | None

    @property
    def said_as(self) -> str:
        """The field that holds the text."""
        return "refusal" if self.fault is Fault.REFUSAL else "content"

    @property
    def seconds(self) -> float:
        """How long it takes."""
        return self.delay + max(len(answer.tokens) for answer in self.answers) / self.rate

    def deltas(self) -> Iterator[tuple[float, Json]]:
        """Yield each token's time in seconds after the start, and its choice; answers advance together."""
        for place in range(max(len(answer.tokens) for answer in self.answers)):
            for index, answer in enumerate(self.answers):
                if place < len(answer.tokens):
                    yield self.delay + place / self.rate, delta(index, **{self.said_as: answer.tokens[place]})


def last_question(request: Completion) -> str:
    """Return the last thing a person said."""
    return next((said.text for said in reversed(request.messages) if said.role == "user"), "")


def write(request: Completion, directives: Directives, *, rate: float, fault: Fault | None) -> Script:
    """Return the script; `fault` is the one that strikes now, `rate` the server's own."""
    talk = conversation(request.messages)
    answers = tuple(_answer(request, directives, talk, index, fault) for index in range(request.choices))
    asked = sum(len(tokens(said.text)) + 4 for said in request.messages)
    return Script(
        answers=answers,
        usage=usage(asked, sum(len(answer.tokens) for answer in answers)),
        rate=directives.rate or rate,
        delay=directives.delay,
        fault=fault,
    )


def _answer(
    request: Completion, directives: Directives, talk: Conversation, index: int, fault: Fault | None
) -> Answer:
    text = directives.say if directives.say is not None else compose(talk, variant=index)
    if directives.tokens is not None:
        text = exactly(text, directives.tokens, talk)
    if fault in WORDLESS:
        text = ""
    pieces = tokens(_stopped(text, request.stops))
    if fault in IN_MID_ANSWER:
        pieces = pieces[: max(1, len(pieces) // 2)]
    reason = REASONS.get(fault, "stop") if fault else "stop"
    if request.most_tokens is not None and request.most_tokens < len(pieces):
        pieces, reason = pieces[: request.most_tokens], "length"
    return Answer(tokens=tuple(pieces), reason=reason)


def _stopped(text: str, stops: tuple[str, ...]) -> str:
    """Return the text before the first of the stop sequences."""
    return text[: min((text.find(stop) for stop in stops if stop in text), default=len(text))]
