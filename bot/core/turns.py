"""Threads, people, questions and turns, as plain immutable values.

A turn is one question and its answer. It goes through these states (`TRANSITIONS` has all of them):

    WAITING -> ANSWERING -> ANSWERED -> DONE
                   |            |
                   +------------+--> STOPPED or FAILED

`ANSWERED` means that the text is stored, but the thread may still show less of it. A process that claims a
turn gets a fencing token, which grows with each claim; the store refuses writes with an older token. Storage
and platforms are elsewhere: nothing here waits, and no name belongs to a database or to Slack.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from bot.core.requests import Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadKey:
    """Identifies a conversation: one thread of one channel of one workspace of one platform."""

    platform: str
    workspace: str
    channel: str
    root: str
    """Message id of the thread's first message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """The person who wrote a message: the platform's user id and the displayed name."""

    id: str
    name: str = ""


class AddressingKind(StrEnum):
    """Why a message concerns the bot."""

    MENTION = "mention"  # it mentions the bot
    DIRECT = "direct"  # it is a direct message
    REPLY = "reply"  # it continues a thread; counts only where the bot has been asked before
    OVERHEARD = "overheard"  # a reply to others in such a thread; the model should know it


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """What a message says about an attached file; the file itself stays on the platform."""

    name: str
    type: str = ""
    """MIME type, as the platform reports it."""
    size: int = 0
    """In bytes; 0 if the platform does not say."""
    url: str = ""
    """Where the platform's adapter downloads it; empty if it cannot be downloaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingMessage:
    """A message that a person wrote, in the same form for every platform."""

    thread: ThreadKey
    message_id: str
    """Unique in its channel; with workspace and channel it is the deduplication key."""
    author: Author
    text: str
    """Readable Markdown: names instead of ids, the bot's own mention removed. May be empty."""
    addressed: AddressingKind
    sent_at: float = 0.0
    """When it was written, in seconds since 1970 by the platform's clock; orders the thread."""
    delivery: str = ""
    """The platform's id of this delivery, if it has one; each delivery is handled once."""
    files: tuple[File, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageKey:
    """Identifies one message of a platform."""

    platform: str
    workspace: str
    channel: str
    message_id: str


class Action(StrEnum):
    """What a person can do about an answer, with a button below it."""

    RETRY = "retry"  # the answer failed: try again
    CONTINUE = "continue"  # the answer is incomplete: continue where it ends
    AGAIN = "again"  # the question was edited: answer again
    PREVIOUS = "previous"  # show the previous variant
    NEXT = "next"  # show the next variant
    CHOOSE = "choose"  # keep the variant that is shown
    JUDGE = "judge"  # rate the answer, see `core.history.feedback`
    STOP = "stop"  # stop the answer while it is being written


class TurnStatus(StrEnum):
    """The states of a turn; `TRANSITIONS` says which may follow which."""

    WAITING = "waiting"  # recorded, not claimed by a process
    ANSWERING = "answering"  # claimed by one process, which asks the model
    ANSWERED = "answered"  # the text is saved; the thread may still show less
    DONE = "done"  # the thread shows the saved text
    STOPPED = "stopped"  # a person stopped it; the text so far is kept
    FAILED = "failed"  # given up; a sentence in the thread says so
    NOTED = "noted"  # a message in the thread that was not for the bot; needs no answer
    FORGOTTEN = "forgotten"  # without content: deleted, erased, or only a request to stop; the key stays


TRANSITIONS: Mapping[TurnStatus, frozenset[TurnStatus]] = MappingProxyType(
    {
        TurnStatus.WAITING: frozenset({TurnStatus.ANSWERING, TurnStatus.FORGOTTEN}),
        TurnStatus.ANSWERING: frozenset(
            {TurnStatus.WAITING, TurnStatus.ANSWERED, TurnStatus.STOPPED, TurnStatus.FAILED, TurnStatus.FORGOTTEN}
        ),
        TurnStatus.ANSWERED: frozenset({TurnStatus.DONE, TurnStatus.STOPPED, TurnStatus.FAILED, TurnStatus.FORGOTTEN}),
        TurnStatus.DONE: frozenset({TurnStatus.WAITING, TurnStatus.ANSWERED, TurnStatus.FORGOTTEN}),
        TurnStatus.STOPPED: frozenset({TurnStatus.WAITING, TurnStatus.FORGOTTEN}),
        TurnStatus.FAILED: frozenset({TurnStatus.WAITING, TurnStatus.FORGOTTEN}),
        TurnStatus.NOTED: frozenset({TurnStatus.WAITING, TurnStatus.FORGOTTEN}),
        TurnStatus.FORGOTTEN: frozenset(),
    }
)
OPEN_STATUSES = frozenset({TurnStatus.WAITING, TurnStatus.ANSWERING, TurnStatus.ANSWERED})
"""States in which a turn still needs work."""

HISTORY_STATUSES = frozenset(TurnStatus) - {TurnStatus.WAITING, TurnStatus.ANSWERING, TurnStatus.FORGOTTEN}
"""States in which a turn is history for later questions; an `ANSWERED` turn has all its text."""

VOTABLE_STATUSES = frozenset({TurnStatus.DONE, TurnStatus.STOPPED})
"""States in which a turn has an answer that people may vote on."""

RETRYABLE_STATUSES = frozenset({TurnStatus.DONE, TurnStatus.STOPPED, TurnStatus.FAILED})
"""States in which a turn has ended, with an answer or a failure, and may be answered again."""


@dataclass(frozen=True, slots=True)
class VariantPosition:
    """Which of the variants of its answer a turn shows."""

    number: int = 0
    """1, 2, ...; 0 if none is shown, because the question is being answered again."""
    count: int = 0
    """How many are stored; 0 if there was never more than one."""
    is_chosen: bool = False
    """Whether a person has chosen it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One question and its answer."""

    id: int
    thread: ThreadKey
    message_id: str
    author: Author
    question: str
    status: TurnStatus
    token: int
    """Fencing token: grows with each claim; a write under an older one is refused."""
    attempt: int = 1
    """How often it was claimed since a person last asked for it; 0 before the first time."""
    answer: str = ""
    model: str = ""
    finish_reason: str = ""
    error: str = ""
    """Code of the error that ended it (`BotError.code`), or empty."""
    made_with: Provenance | None = None
    """What the answer was made with; None while there is no answer."""
    variant_position: VariantPosition = VariantPosition()
    """Which variant `answer` is."""
    pages: tuple[str, ...] = ()
    """Ids of the messages that show the answer, first page first."""
    files: tuple[File, ...] = ()
    stopped_by: str = ""
    """The platform's id of the person who asked to stop it, or empty."""
