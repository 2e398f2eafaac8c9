"""What is done from time to time, by one process at a time."""

from sqlalchemy import Column, Double, Table, Text

from bot.store.schema.base import RowId, metadata

chores = Table(
    "chores",
    metadata,
    Column("name", Text, primary_key=True),
    Column("position", RowId, nullable=False),  # up to which row it is done in this round
    Column("due_at", Double, nullable=False),
)
