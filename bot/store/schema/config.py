"""What admins set, and what the bot learned of model servers.

Versions and grants are rows that are only added: the unique number of a version within its scope decides who saved
first. A draft is one row a thread, and goes when it expires.
"""

from sqlalchemy import Column, Double, Index, Integer, Table, Text, UniqueConstraint

from bot.store.schema.base import Prose, RowId, metadata, now

steering_versions = Table(
    "steering_versions",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("platform", Text, nullable=False),  # an empty part means "any"
    Column("workspace", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("root", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("author_id", Text, nullable=False),
    Column("author_name", Prose, nullable=False),
    Column("note", Prose, nullable=False),
    Column("content", Prose, nullable=False),  # JSON, see `scoped_config.to_json`
    Column("created_at", Double, nullable=False, default=now()),
    UniqueConstraint("platform", "workspace", "channel", "root", "number"),
)

drafts = Table(
    "drafts",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("workspace", Text, primary_key=True),
    Column("channel", Text, primary_key=True),  # of the thread in which it is tried
    Column("root", Text, primary_key=True),
    Column("level", Text, nullable=False),  # the name of its scope, see `scoped_config.name_scope`
    Column("based_on", Integer, nullable=False),
    Column("author_id", Text, nullable=False),
    Column("note", Prose, nullable=False),
    Column("content", Prose, nullable=False),  # JSON, as in `steering_versions`
    Column("created_at", Double, nullable=False, default=now()),
    Column("expires_at", Double, nullable=False),
    Index("ix_drafts_expires_at", "expires_at"),
)

grants_versions = Table(
    "grants_versions",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("platform", Text, nullable=False),
    Column("workspace", Text, nullable=False),
    Column("channel", Text, nullable=False),  # empty for the workspace itself
    Column("number", Integer, nullable=False),
    Column("author_id", Text, nullable=False),
    Column("author_name", Prose, nullable=False),
    Column("note", Prose, nullable=False),
    Column("content", Text, nullable=False),  # JSON, see `core.access.grants.to_json`
    Column("created_at", Double, nullable=False, default=now()),
    UniqueConstraint("platform", "workspace", "channel", "number"),
)

lessons = Table(
    "lessons",
    metadata,
    Column("server", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("content", Prose, nullable=False),  # JSON
    Column("learnt_at", Double, nullable=False, default=now()),
)
