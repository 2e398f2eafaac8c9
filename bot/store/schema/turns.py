"""Conversations, their turns, and what belongs to a turn: pages, variants, summaries and votes."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    Double,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    and_,
    bindparam,
    literal_column,
    select,
)

from bot.core.turns import HISTORY_STATUSES, OPEN_STATUSES, TurnStatus
from bot.store.schema.base import Prose, RowId, metadata, now


def status_in(column: ColumnElement[str], statuses: Iterable[TurnStatus]) -> ColumnElement[bool]:
    """Return `column IN (...)`.

    The values are literals because SQLite uses a partial index only where it reads that index's very words.
    """
    return column.in_([literal_column(f"'{status}'") for status in sorted(statuses)])


conversations = Table(
    "conversations",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("platform", Text, nullable=False),
    Column("workspace", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("root", Text, nullable=False),
    Column("created_at", Double, nullable=False, default=now()),
    Column("read_at", Double),  # when the thread was last read from the platform; NULL if never
    Column("revision", Integer, nullable=False, server_default="0"),  # see `core.chat.summaries.ThreadSummaries`
    UniqueConstraint("platform", "workspace", "channel", "root"),
)

turns = Table(
    "turns",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("conversation_id", RowId, ForeignKey(conversations.c.id, ondelete="CASCADE"), nullable=False),
    # The conversation has these three, too; a unique constraint cannot reach them there.
    Column("platform", Text, nullable=False),
    Column("workspace", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("author_id", Text, nullable=False),
    Column("author_name", Prose, nullable=False),
    Column("question", Prose, nullable=False),
    Column("files", Prose),  # JSON of the `File`s attached to it
    Column("sent_at", Double, nullable=False),
    Column("status", Text, nullable=False),
    Column("owner", Text),
    Column("token", Integer, nullable=False),  # the fencing token: claims in all; it only grows
    Column("attempt", Integer, nullable=False),  # claims since a person last asked
    Column("answer", Prose, nullable=False, default=""),
    Column("model", Prose, nullable=False, default=""),
    Column("finish_reason", Prose, nullable=False, default=""),
    Column("made_with", Prose),  # JSON of a `Provenance`
    Column("error", Text, nullable=False, default=""),
    Column("stopped_by", Text),  # the person who wants it stopped; its owner ends it
    Column("prompt_tokens", Integer),  # tokens are NULL if the server did not count them
    Column("completion_tokens", Integer),
    Column("cached_tokens", Integer),
    Column("created_at", Double, nullable=False, default=now()),
    Column("claimed_at", Double),
    Column("answered_at", Double),
    Column("ended_at", Double),
    UniqueConstraint("platform", "workspace", "channel", "message_id"),
    CheckConstraint(status_in(literal_column("status"), TurnStatus), name="status"),
    CheckConstraint(
        "CASE status WHEN 'answering' THEN owner IS NOT NULL WHEN 'answered' THEN true ELSE owner IS NULL END",
        name="owner",
    ),
    sqlite_autoincrement=True,  # an id is never given twice, so (id, token) fences for ever
)


def is_open(row: Any) -> ColumnElement[bool]:
    """Return the condition that a row of `turns`, or of an alias of it, still needs work."""
    return status_in(row.c.status, OPEN_STATUSES)


def is_in_history(row: Any) -> ColumnElement[bool]:
    """Return the condition that a row of `turns`, or of an alias of it, is history for later questions."""
    return status_in(row.c.status, HISTORY_STATUSES)


def _add_partial_index(name: str, *columns: Column[Any], where: ColumnElement[bool], unique: bool = False) -> None:
    Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


_THREAD_ORDER = (turns.c.conversation_id, turns.c.sent_at, turns.c.id)
"""The order of a thread: when its messages were written, then when they were recorded."""

Index("ix_turns_author_id", turns.c.author_id, turns.c.id)
_add_partial_index("ix_turns_said", *_THREAD_ORDER, where=is_in_history(turns))
_add_partial_index("ix_turns_open", *_THREAD_ORDER, where=is_open(turns))
_add_partial_index("uq_turns_owned", turns.c.conversation_id, where=turns.c.owner.is_not(None), unique=True)
_add_partial_index("ix_turns_running", turns.c.author_id, where=turns.c.owner.is_not(None))
_add_partial_index(
    "ix_turns_stopping", turns.c.owner, where=and_(turns.c.owner.is_not(None), turns.c.stopped_by.is_not(None))
)

pages = Table(
    "pages",
    metadata,
    Column("turn_id", RowId, ForeignKey(turns.c.id, ondelete="CASCADE"), primary_key=True),
    Column("page", Integer, primary_key=True, autoincrement=False),
    Column("message_id", Text, nullable=False),
)

variants = Table(
    "variants",
    metadata,
    Column("turn_id", RowId, ForeignKey(turns.c.id, ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),  # 1, 2, ... for each turn
    Column("answer", Prose, nullable=False),  # this and the next six as in `turns`
    Column("model", Prose, nullable=False),
    Column("finish_reason", Prose, nullable=False),
    Column("made_with", Prose),
    Column("prompt_tokens", Integer),  # of the call, which may have made several variants
    Column("completion_tokens", Integer),
    Column("cached_tokens", Integer),
    Column("is_shown", Boolean, nullable=False),
    Column("is_chosen", Boolean, nullable=False),
)

summaries = Table(
    "summaries",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("conversation_id", RowId, ForeignKey(conversations.c.id, ondelete="CASCADE"), nullable=False),
    Column("until_turn", RowId, ForeignKey(turns.c.id, ondelete="CASCADE"), nullable=False),
    Column("content", Prose, nullable=False),
    Column("created_at", Double, nullable=False, default=now()),
    UniqueConstraint("until_turn"),
    Index("ix_summaries_conversation_id", "conversation_id"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("workspace", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("at", Double, nullable=False, default=now()),
    Index("ix_deliveries_at", "at"),
)

votes = Table(
    "votes",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("turn_id", RowId, ForeignKey(turns.c.id, ondelete="CASCADE"), nullable=False),
    Column("variant", Integer, nullable=False),  # which of the turn's answers; 1 if there is only one
    Column("voter_id", Text, nullable=False),
    Column("is_good", Boolean, nullable=False),
    Column("reasons", Text, nullable=False, default=""),  # `VoteReason`s separated by spaces
    Column("note", Prose, nullable=False, default=""),
    Column("model", Prose, nullable=False),  # of the answer, which may be another one later
    Column("at", Double, nullable=False, default=now()),
    UniqueConstraint("turn_id", "variant", "voter_id"),
    Index("ix_votes_at", "at"),
    Index("ix_votes_voter_id", "voter_id"),
)

vote_versions = Table(
    "vote_versions",
    metadata,
    Column("vote_id", RowId, ForeignKey(votes.c.id, ondelete="CASCADE"), primary_key=True),
    Column("version_id", RowId, primary_key=True, autoincrement=False),  # of `steering_versions`
    Index("ix_vote_versions_version_id", "version_id"),
)

FENCE = and_(
    turns.c.id == bindparam("turn"),
    turns.c.token == bindparam("claim_token"),
    turns.c.owner == bindparam("current_owner"),
)
"""True for a turn that this process owns. No row matches once another process has claimed or freed the turn."""
LOCK_OWN_TURN = select(turns.c.id).where(FENCE).with_for_update(read=True)
"""Returns no row if this process does not own the turn; else no other process can claim it until the commit."""
