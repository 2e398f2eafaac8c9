"""What people think of answers."""

from sqlalchemy import Boolean, Column, Double, ForeignKey, Index, Integer, Table, Text, UniqueConstraint

from bot.store.schema.base import Prose, RowId, metadata, now
from bot.store.schema.turns import turns

votes = Table(
    "votes",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("turn_id", RowId, ForeignKey(turns.c.id, ondelete="CASCADE"), nullable=False),
    Column("variant", Integer, nullable=False),  # which of the turn's answers; 1 where there is only one
    Column("voter_id", Text, nullable=False),
    Column("is_good", Boolean, nullable=False),
    Column("reasons", Text, nullable=False, default=""),  # `core.feedback.Reason`s with spaces between them
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
