"""What the model is asked, what it answers, and what that cost."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.core.parameter_types import ParameterValue
from bot.core.periods import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCall:
    """One call of a model; who asked, and where, is known of its turn."""

    model: str
    """The name under which it was answered, else the one that was asked for."""
    prompt_tokens: int
    completion_tokens: int
    """Of all choices together."""
    cached_tokens: int = 0
    is_estimated: bool = False
    """Whether the tokens, or which model's price it is, are our guess."""
    cost: int | None = None
    """In nano-units, at the prices of that time; None if unknown."""
    versions: tuple[int, ...] = ()
    """Ids of the versions of steering that applied."""
    warns: frozenset[Span] = frozenset()
    """Periods for which its answer tells the person that a budget is nearly used up."""

    @property
    def tokens(self) -> int:
        """What a budget of tokens counts."""
        return self.prompt_tokens + self.completion_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextCoverage:
    """What stood before a question."""

    turns: int
    """How many earlier turns of the thread."""
    first: str = ""
    """Id of the message that begins the first of them; empty if there is none."""
    last: str = ""
    left_out: int = 0
    """How many older ones were left out."""
    is_all_counted: bool = True
    """Whether there are no more of those than `left_out`; a very long thread is not read to its beginning."""
    is_summarised: bool = False
    """Whether a summary stood in place of those that were left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one answer, as the server counted them."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What an answer was asked for with, so that it can be explained, and judged, later."""

    versions: tuple[int, ...] = ()
    """Ids of the versions of steering that applied, highest level first."""
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    """All that were set, the model among them."""
    reading: str = ""
    """What the model was told of the files of the question; part of what was said, so it stays the same."""
    remarks: str = ""
    """What people are told below the answer of how it came about; Markdown."""
    draft: str = ""
    """Name of the level (`steering.place`) of which a draft applied in place of what is saved, or empty."""
    seen: ContextCoverage | None = None
    """How much of the conversation the model got to see; None where that was not kept yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the model said, complete."""

    text: str
    model: str = ""
    """The name the server answered under; may differ from the one asked for."""
    finish_reason: str = ""
    """`stop`, `length`, `content_filter`, ... or empty where the server gave none."""
    usage: Usage | None = None
    made_with: Provenance | None = None
    call: ModelCall | None = None
    """What it cost, and all variants that came with it; None where nothing was spent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage:
    """One element of the chat-completions `messages` array."""

    role: str
    content: str
    name: str = ""
    images: tuple[str, ...] = field(default=(), repr=False)
    """Pictures that belong to it, as data URLs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """One call of the model: what to say to it, for whom, and how."""

    model: str
    messages: tuple[ChatMessage, ...]
    user: str = ""
    """Opaque identifier of the person who asks, at most 64 characters; never a platform's id."""
    conversation: str = ""
    """Opaque identifier of the thread, at most 64 characters; finds a service's cached prompt again."""
    parameters: Mapping[str, object] = field(default_factory=dict)
    """Further request fields, only those that somebody set."""
