"""The nouns of the bot: threads, people, questions and turns, as plain immutable values.

Separate from everything else because every layer speaks these words. Rules: no behaviour that
waits, no database types, no word of any platform.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from bot.core.calls import ModelCall
from bot.core.kinds import ParameterValue
from bot.core.seen import ContextCoverage


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadKey:
    """Where a conversation lives: one thread of one channel of one workspace of one platform."""

    platform: str
    workspace: str
    channel: str
    root: str
    """Message id of the thread's first message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who wrote a message: the platform's user id, and the name that people see."""

    id: str
    name: str = ""


class AddressingKind(StrEnum):
    """Why a message concerns the bot."""

    MENTION = "mention"  # it names the bot
    DIRECT = "direct"  # it is a direct message
    REPLY = "reply"  # it continues a thread; counts only where the bot has been asked before
    OVERHEARD = "overheard"  # likewise, but said to others: the model should know it, nobody asked


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """What a message says of a file attached to it; the file itself stays on the platform."""

    name: str
    type: str = ""
    """MIME type, as the platform sees it."""
    size: int = 0
    """In bytes; 0 where the platform does not say."""
    url: str = ""
    """Where the platform's surface finds it; empty if there is nothing to be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingMessage:
    """A message somebody wrote to us, as any platform would put it."""

    thread: ThreadKey
    message_id: str
    """Unique in its channel; with workspace and channel it is the deduplication key."""
    author: Author
    text: str
    """Readable Markdown: names instead of ids, our own mention removed. May be empty."""
    addressed: AddressingKind
    sent_at: float = 0.0
    """When it was written, in seconds since 1970 by the platform's clock; orders the thread."""
    delivery: str = ""
    """The platform's id of this delivery, where it has one; a delivery counts once."""
    files: tuple[File, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageKey:
    """One message of a platform."""

    platform: str
    workspace: str
    channel: str
    message_id: str


class Action(StrEnum):
    """What a person may do about an answer, by a button below it."""

    RETRY = "retry"  # it failed: try again
    CONTINUE = "continue"  # it is not complete: go on where it ends
    AGAIN = "again"  # its question was edited: answer again
    PREVIOUS = "previous"  # there are several: show the one before
    NEXT = "next"  # likewise, the one after
    CHOOSE = "choose"  # the one that is shown is to stay
    JUDGE = "judge"  # it is complete: say whether it is good, see `core.feedback`
    STOP = "stop"  # it grows: let it end here


class TurnStatus(StrEnum):
    """The states of a turn; `TRANSITIONS` says which may follow which."""

    WAITING = "waiting"  # recorded, nobody works on it
    ANSWERING = "answering"  # claimed by one process; the model may be talking
    ANSWERED = "answered"  # the text is saved; the thread may still show less
    DONE = "done"  # the thread shows the saved text
    STOPPED = "stopped"  # a person stopped it; what was said is kept
    FAILED = "failed"  # given up; the thread says so in a sentence
    NOTED = "noted"  # said in the thread without a question to the bot; needs no answer
    FORGOTTEN = "forgotten"  # deleted by its author; only the key is kept, so that it stays so


TRANSITIONS: Mapping[TurnStatus, frozenset[TurnStatus]] = MappingProxyType(
    {
        TurnStatus.WAITING: frozenset({TurnStatus.ANSWERING, TurnStatus.FORGOTTEN}),
        TurnStatus.ANSWERING: frozenset(
            {
                TurnStatus.WAITING,
                TurnStatus.ANSWERED,
                TurnStatus.STOPPED,
                TurnStatus.FAILED,
                TurnStatus.FORGOTTEN,
            }
        ),
        TurnStatus.ANSWERED: frozenset(
            {TurnStatus.DONE, TurnStatus.STOPPED, TurnStatus.FAILED, TurnStatus.FORGOTTEN}
        ),
        TurnStatus.DONE: frozenset({TurnStatus.WAITING, TurnStatus.ANSWERED, TurnStatus.FORGOTTEN}),
        TurnStatus.STOPPED: frozenset({TurnStatus.WAITING, TurnStatus.FORGOTTEN}),
        TurnStatus.FAILED: frozenset({TurnStatus.WAITING, TurnStatus.FORGOTTEN}),
        TurnStatus.NOTED: frozenset({TurnStatus.WAITING, TurnStatus.FORGOTTEN}),
        TurnStatus.FORGOTTEN: frozenset(),
    }
)

OPEN_STATUSES = frozenset({TurnStatus.WAITING, TurnStatus.ANSWERING, TurnStatus.ANSWERED})
"""States in which a turn still has work to do."""


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


@dataclass(frozen=True, slots=True)
class VariantPosition:
    """Which of the variants of its answer a turn shows."""

    number: int = 0
    """1, 2, ...; 0 if none of them, since it is being answered again."""
    count: int = 0
    """How many are kept; 0 where there never was more than one."""
    is_chosen: bool = False
    """Whether a person has decided for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One question and what became of it."""

    id: int
    thread: ThreadKey
    message_id: str
    author: Author
    question: str
    status: TurnStatus
    token: int
    """Fencing token: grows with each claim; a write under an older one is refused."""
    attempt: int = 1
    """How often it was claimed since a person last asked for it; 0 while it waits for the first time."""
    answer: str = ""
    model: str = ""
    finish_reason: str = ""
    error: str = ""
    """Code of the error that ended it (`BotError.code`), or empty."""
    made_with: Provenance | None = None
    """What the answer was asked for with, as far as there is one."""
    variant_position: VariantPosition = VariantPosition()
    """Where `answer` stands among its variants."""
    pages: tuple[str, ...] = ()
    """Ids of the messages that show the answer, first page first."""
    files: tuple[File, ...] = ()
    stopped_by: str = ""
    """Platform's id of who wants it stopped, whoever works on it then; or empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A level at which admins steer: an empty part means "any"; all empty is the deployment itself."""

    platform: str = ""
    workspace: str = ""
    channel: str = ""
    """A channel's id, or `DIRECT` for all direct messages of the workspace."""
    root: str = ""


DIRECT_MESSAGES = "direct"
"""Stands for the channel in the key of the level above all direct messages of a workspace."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A system prompt as one level writes it; placeholders are not filled in yet."""

    text: str
    appends: bool = False
    """Whether it follows what the levels above say, and does not replace it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeConfig:
    """What one level sets; whatever it does not set is inherited from the level above."""

    prompt: Prompt | None = None
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    """By their names in `core.parameters`, the model among them; only those that are set."""
    locks: frozenset[str] = frozenset()
    """Fields that levels below may not set: `prompt`, or names of parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigVersion:
    """What somebody saved for a level; never changed, only followed by a newer one."""

    id: int
    scope: Scope
    number: int
    """1, 2, ... for each key."""
    config: ScopeConfig
    author: Author
    note: str
    """Why, in the author's words; may be empty."""
    created_at: float
    """In seconds since 1970 by the store's clock."""


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
