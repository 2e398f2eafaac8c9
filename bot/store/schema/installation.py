"""What is kept beside conversations: what admins set, which processes live, our secrets, what was learnt."""

from sqlalchemy import Column, Double, Integer, Table, Text, UniqueConstraint

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
    Column("content", Prose, nullable=False),  # JSON, see `core.steering.to_json`
    Column("created_at", Double, nullable=False, default=now()),
    UniqueConstraint("platform", "workspace", "channel", "root", "number"),
)

workers = Table(
    "workers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("host", Text, nullable=False),
    Column("beat_at", Double, nullable=False, default=now()),
)

secrets = Table("secrets", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))

lessons = Table(
    "lessons",
    metadata,
    Column("server", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("content", Prose, nullable=False),  # JSON
    Column("learnt_at", Double, nullable=False, default=now()),
)
