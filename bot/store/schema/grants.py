"""Who may use the bot where, and who may steer it, as admins set it: one row a version."""

from sqlalchemy import Column, Double, Integer, Table, Text, UniqueConstraint

from bot.store.schema.base import Prose, RowId, metadata, now

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
    Column("content", Text, nullable=False),  # JSON, see `core.granting.to_json`
    Column("created_at", Double, nullable=False, default=now()),
    UniqueConstraint("platform", "workspace", "channel", "number"),
)
