"""Plans an answer: a valid request in, every token with its time out.

`write_script` composes the text, cuts it at stop sequences, at the token limit and at a fault in the middle
of the answer, and returns an `AnswerScript`. The server then only has to send `AnswerScript.deltas()`, each
at its time:

    >>> [(due, choice["delta"]) for due, choice in script.deltas()]
    [(0.0, {"content": "Hello"}), (0.5, {"content": " Ada"})]     # at a rate of two tokens a second

The module is pure: it needs neither a clock nor a socket.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.sandbox.model.api import CompletionRequest, Json, build_delta, build_usage
from bot.sandbox.model.composer import (
    ComposerInput,
    compose_answer,
    fill_to_token_count,
    read_conversation,
    split_tokens,
)
from bot.sandbox.model.directives import Directives, ModelFault

FINISH_REASONS = {
    ModelFault.ANSWER_FILTERED: "content_filter",
    ModelFault.LENGTH: "length",
    ModelFault.LENGTH_BEFORE_TEXT: "length",
}
MID_ANSWER_FAULTS = {
    ModelFault.DISCONNECT,
    ModelFault.STALL,
    ModelFault.MALFORMED,
    ModelFault.ERROR,
    ModelFault.ANSWER_FILTERED,
    ModelFault.LENGTH,
}
TEXTLESS_FAULTS = {ModelFault.EMPTY, ModelFault.LENGTH_BEFORE_TEXT}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedAnswer:
    """One choice of an answer: its tokens and its finish reason."""

    tokens: tuple[str, ...]
    finish_reason: str

    @property
    def text(self) -> str:
        """The tokens, joined."""
        return "".join(self.tokens)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerScript:
    """Everything to send; with a fault in the middle of the answer, everything before the fault."""

    answers: tuple[ScriptedAnswer, ...]
    usage: Json
    rate: float
    """Tokens per second."""
    delay: float
    """Seconds before the first token."""
    fault: ModelFault | None

    @property
    def text_field(self) -> str:
        """The field of a message that holds the text."""
        return "refusal" if self.fault is ModelFault.REFUSAL else "content"

    @property
    def seconds(self) -> float:
        """Seconds from the start to the last token."""
        return self.delay + max(len(answer.tokens) for answer in self.answers) / self.rate

    def deltas(self) -> Iterator[tuple[float, Json]]:
        """Yield each token as seconds after the start and a choice; several answers grow together."""
        for place in range(max(len(answer.tokens) for answer in self.answers)):
            for index, answer in enumerate(self.answers):
                if place < len(answer.tokens):
                    yield (
                        self.delay + place / self.rate,
                        build_delta(index, **{self.text_field: answer.tokens[place]}),
                    )


def last_question(request: CompletionRequest) -> str:
    """Return the text of the last user message."""
    return next((message.text for message in reversed(request.messages) if message.role == "user"), "")


def write_script(
    request: CompletionRequest, directives: Directives, *, rate: float, fault: ModelFault | None
) -> AnswerScript:
    """Return the script; `fault` is the one to apply now, `rate` the server's default."""
    conversation = read_conversation(request.messages)
    answers = tuple(
        _write_answer(request, directives, conversation, index, fault) for index in range(request.choice_count)
    )
    prompt_tokens = sum(len(split_tokens(message.text)) + 4 for message in request.messages)
    return AnswerScript(
        answers=answers,
        usage=build_usage(prompt_tokens, sum(len(answer.tokens) for answer in answers)),
        rate=directives.rate or rate,
        delay=directives.delay,
        fault=fault,
    )


def _write_answer(
    request: CompletionRequest,
    directives: Directives,
    conversation: ComposerInput,
    index: int,
    fault: ModelFault | None,
) -> ScriptedAnswer:
    text = directives.say if directives.say is not None else compose_answer(conversation, variant=index)
    if directives.tokens is not None:
        text = fill_to_token_count(text, directives.tokens, conversation)
    if fault in TEXTLESS_FAULTS:
        text = ""
    pieces = split_tokens(_cut_at_stop(text, request.stops))
    if fault in MID_ANSWER_FAULTS:
        pieces = pieces[: max(1, len(pieces) // 2)]
    reason = FINISH_REASONS.get(fault, "stop") if fault else "stop"
    if request.max_tokens is not None and request.max_tokens < len(pieces):
        pieces, reason = pieces[: request.max_tokens], "length"
    return ScriptedAnswer(tokens=tuple(pieces), finish_reason=reason)


def _cut_at_stop(text: str, stops: tuple[str, ...]) -> str:
    """Return the text before the first of the stop sequences."""
    return text[: min((text.find(stop) for stop in stops if stop in text), default=len(text))]
