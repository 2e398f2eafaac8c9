"""How many answers each process writes in which workspace now, and what the platform refuses there."""

from sqlalchemy import Column, Double, Integer, Table, Text

from bot.store.schema.base import metadata

loads = Table(
    "loads",
    metadata,
    Column("worker", Text, primary_key=True),
    Column("platform", Text, primary_key=True),
    Column("workspace", Text, primary_key=True),
    Column("answers", Integer, nullable=False),
)

refusals = Table(
    "refusals",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("workspace", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("until", Double, nullable=False),
)
