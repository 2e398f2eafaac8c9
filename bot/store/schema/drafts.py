"""What admins try before they save it, one row a thread."""

from sqlalchemy import Column, Double, Index, Integer, Table, Text

from bot.store.schema.base import Prose, metadata, now

drafts = Table(
    "drafts",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("workspace", Text, primary_key=True),
    Column("channel", Text, primary_key=True),  # of the thread in which it is tried
    Column("root", Text, primary_key=True),
    Column("level", Text, nullable=False),  # its name, see `core.steering.place`
    Column("based_on", Integer, nullable=False),
    Column("author_id", Text, nullable=False),
    Column("note", Prose, nullable=False),
    Column("content", Prose, nullable=False),  # JSON, as in `steering_versions`
    Column("created_at", Double, nullable=False, default=now()),
    Column("expires_at", Double, nullable=False),
    Index("ix_drafts_expires_at", "expires_at"),
)
