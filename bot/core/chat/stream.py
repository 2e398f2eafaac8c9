"""The events of a model's stream, and `AnswerBuilder`, which folds them into answers.

Every model API is translated into these few events. Several choices (`n` above 1) may be interleaved:

    TextDelta("Hel"), TextDelta("Yo", index=1), TextDelta("lo"), ChoiceFinished("stop"), ...

becomes the answer "Hello" for choice 0 and "Yo" for choice 1.
"""

from dataclasses import dataclass, field

from bot.core.requests import Answer, Usage


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More text of choice `index`."""

    text: str
    index: int = 0


@dataclass(frozen=True, slots=True)
class ChoiceFinished:
    """Choice `index` is complete; `reason` as the API names it (`stop`, `length`, `content_filter`, ...).

    `refusal` is our own: the text is the model's refusal to answer.
    """

    reason: str
    index: int = 0


@dataclass(frozen=True, slots=True)
class ModelName:
    """The name under which the server answers."""

    name: str


@dataclass(frozen=True, slots=True)
class PicturesLeftOut:
    """The question's pictures were left out, because the model cannot see."""


StreamEvent = TextDelta | ChoiceFinished | ModelName | PicturesLeftOut | Usage


@dataclass(slots=True)
class AnswerBuilder:
    """Folds stream events into answers, one for each choice index."""

    _texts: dict[int, list[str]] = field(default_factory=dict)
    _reasons: dict[int, str] = field(default_factory=dict)
    _model: str = ""
    _usage: Usage | None = None
    are_pictures_left_out: bool = False
    """Whether the model was not shown the pictures of the question."""

    def feed(self, event: StreamEvent) -> None:
        """Take one event; the last usage and the last reason win."""
        match event:
            case TextDelta():
                self._texts.setdefault(event.index, []).append(event.text)
            case ChoiceFinished(reason, index):
                self._reasons[index] = reason
            case ModelName(name):
                self._model = name
            case PicturesLeftOut():
                self.are_pictures_left_out = True
            case Usage():
                self._usage = event

    @property
    def first_choice(self) -> int:
        """The first choice that has any text; 0 if none has."""
        return next((index for index in sorted(self._texts) if self.answer(index).text.strip()), 0)

    def other_answers(self, beside: int = 0) -> tuple[Answer, ...]:
        """Return the other choices that have any text, in their order."""
        answers = (self.answer(index) for index in sorted(self._texts) if index != beside)
        return tuple(answer for answer in answers if answer.text.strip())

    def answer(self, index: int = 0) -> Answer:
        """Return choice `index` as far as it has come."""
        return Answer(
            text="".join(self._texts.get(index, ())),
            model=self._model,
            finish_reason=self._reasons.get(index, ""),
            usage=self._usage,
        )
