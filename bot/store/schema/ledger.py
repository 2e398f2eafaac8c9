"""Model calls, their running sums, reservations, and budgets.

No row here holds any text that people or models wrote. A call outlives its turn: see `model_calls.detach_calls`.
"""

from sqlalchemy import BigInteger, Boolean, Column, Double, ForeignKey, Index, Table, Text

from bot.store.schema.base import Prose, RowId, metadata, now
from bot.store.schema.turns import turns

calls = Table(
    "calls",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("turn_id", RowId, ForeignKey(turns.c.id, ondelete="SET NULL")),  # NULL once it is forgotten
    Column("platform", Text, nullable=False),
    Column("workspace", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("root", Text, nullable=False),  # empty once the turn is forgotten
    Column("author_id", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("day", Text, nullable=False),  # 2026-11-21, UTC
    Column("model", Prose, nullable=False),
    Column("versions", Text, nullable=False),  # ids with commas between them
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("completion_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    Column("is_estimated", Boolean, nullable=False),
    Column("cost", BigInteger),  # in nano-units of a currency; NULL if the price is unknown
    Index("ix_calls_turn_id", "turn_id"),
    Index("ix_calls_day", "day"),
)

# Running sums of `calls`: one row for each subject and period, so that a sum is one lookup.
tallies = Table(
    "tallies",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("workspace", Text, primary_key=True),
    Column("dimension", Text, primary_key=True),
    Column("span", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("subject", Prose, primary_key=True),
    Column("calls", BigInteger, nullable=False),
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("completion_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    Column("cost", BigInteger, nullable=False),  # of calls whose price is known
    Column("unpriced", BigInteger, nullable=False),
    Column("estimated", BigInteger, nullable=False),
    Column("is_warned", Boolean, nullable=False),  # of a person: they were told that a budget is nearly spent
)

# What running calls may need; a turn has at most one reservation.
reservations = Table(
    "reservations",
    metadata,
    Column("turn_id", RowId, ForeignKey(turns.c.id, ondelete="CASCADE"), primary_key=True),
    Column("platform", Text, nullable=False),
    Column("workspace", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("author_id", Text, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("cost", BigInteger),
    Index("ix_reservations_workspace", "workspace"),
)

# The newest row of each budget counts; older rows are its history.
budgets = Table(
    "budgets",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("platform", Text, nullable=False),
    Column("workspace", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("subject", Text, nullable=False),  # empty: the budget of each person or each channel
    Column("span", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("amount", BigInteger),  # tokens, or nano-units; NULL removes the budget
    Column("author_id", Text, nullable=False),
    Column("author_name", Prose, nullable=False),
    Column("note", Prose, nullable=False),
    Column("created_at", Double, nullable=False, default=now()),
    Index("ix_budgets_scope", "platform", "workspace", "scope", "subject"),
)
