"""Threads, people, questions and turns, as plain immutable values."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from bot.core.requests import Provenance


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
