"""What the model is asked, what it answers, and what that cost, as plain values.

A `ChatRequest` goes to the model. What comes back is an `Answer`, stored with its `Provenance` (the config
and the part of the conversation that it was made with) and its `ModelCall` (what it cost).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.core.parameter_types import ParameterValue
from bot.core.periods import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCall:
    """One call of a model, as the ledger stores it; the turn tells who asked, and where."""

    model: str
    """The name that the server answered under, else the one that was asked for."""
    prompt_tokens: int
    completion_tokens: int
    """Of all choices together."""
    cached_tokens: int = 0
    is_estimated: bool = False
    """Whether the token counts, or the choice of the price, are our guess."""
    cost: int | None = None
    """In nano-units of the currency, at the prices of that time; None if unknown."""
    versions: tuple[int, ...] = ()
    """Ids of the config versions that applied."""
    warns: frozenset[Span] = frozenset()
    """Periods for which the answer warns that a budget is nearly used up."""

    @property
    def tokens(self) -> int:
        """The tokens that a budget counts."""
        return self.prompt_tokens + self.completion_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextCoverage:
    """How much of the conversation the model saw with one question."""

    turns: int
    """How many earlier turns of the thread were sent."""
    first: str = ""
    """Id of the message that begins the first of them; empty if there were none."""
    last: str = ""
    left_out: int = 0
    """How many older turns were left out."""
    is_all_counted: bool = True
    """Whether `left_out` is exact; a very long thread is not read back to its beginning."""
    is_summarised: bool = False
    """Whether a summary was sent in place of those that were left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one answer, as the server counted them."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What an answer was made with, stored so that the answer can be explained and judged later."""

    versions: tuple[int, ...] = ()
    """Ids of the config versions that applied, highest scope first."""
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    """All parameters that were set, including the model."""
    reading: str = ""
    """The text that told the model about the question's files. It is part of the conversation, so it is
    stored.
    """
    remarks: str = ""
    """Remarks shown below the answer, as Markdown."""
    draft: str = ""
    """Name of the scope (`name_scope`) whose draft applied instead of its saved config, or empty."""
    seen: ContextCoverage | None = None
    """How much of the conversation the model saw; None for answers from before this was stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the model said."""

    text: str
    model: str = ""
    """The name that the server answered under; it may differ from the one that was asked for."""
    finish_reason: str = ""
    """`stop`, `length`, `content_filter`, ...; empty if the server gave none."""
    usage: Usage | None = None
    made_with: Provenance | None = None
    call: ModelCall | None = None
    """What it cost, including all variants that came with it; None if nothing was spent."""


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
    """One call of the model: the messages, and how to answer them."""

    model: str
    messages: tuple[ChatMessage, ...]
    user: str = ""
    """Opaque identifier of the person who asks, at most 64 characters; never a platform's id."""
    conversation: str = ""
    """Opaque identifier of the thread, at most 64 characters; helps a service find its cached prompt."""
    parameters: Mapping[str, object] = field(default_factory=dict)
    """Further request fields; only those that are set."""
