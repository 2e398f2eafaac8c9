"""How many answers each process writes in which workspace now."""

from sqlalchemy import Column, Integer, Table, Text

from bot.store.schema.base import metadata

loads = Table(
    "loads",
    metadata,
    Column("worker", Text, primary_key=True),
    Column("platform", Text, primary_key=True),
    Column("workspace", Text, primary_key=True),
    Column("answers", Integer, nullable=False),
)
