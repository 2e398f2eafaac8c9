"""The tables, as SQLAlchemy Core sees them; `migrations/` must lead to exactly these.

Alembic compares the migrations with these tables, in a test. A turn is its own queue entry: the row that recognises
a repeated message also orders it in its thread, names the process that owns it, and holds the answer.

Rules that the database itself enforces:
- one message is one turn (`uq_turns_platform`), whatever thread a delivery claims it belongs to;
- at most one turn of a conversation has an owner (`uq_turns_owned`), so no thread is answered twice at once;
- a turn has an owner exactly while a process works on it (`ck_turns_owner`);
- times are seconds since 1970 by the database's clock, the only one that all processes share; only `sent_at`, which
  orders a thread, is by the platform's clock.
"""

from bot.store.schema.base import Prose, RowId, metadata, now
from bot.store.schema.config import drafts, grants_versions, lessons, steering_versions
from bot.store.schema.installation import chores, loads, refusals, secrets, workers
from bot.store.schema.ledger import budgets, calls, reservations, tallies
from bot.store.schema.turns import (
    FENCE,
    LOCK_OWN_TURN,
    conversations,
    deliveries,
    is_in_history,
    is_open,
    pages,
    status_in,
    summaries,
    turns,
    variants,
    vote_versions,
    votes,
)

__all__ = [
    "FENCE",
    "LOCK_OWN_TURN",
    "Prose",
    "RowId",
    "budgets",
    "calls",
    "chores",
    "conversations",
    "deliveries",
    "drafts",
    "grants_versions",
    "is_in_history",
    "is_open",
    "lessons",
    "loads",
    "metadata",
    "now",
    "pages",
    "refusals",
    "reservations",
    "secrets",
    "status_in",
    "steering_versions",
    "summaries",
    "tallies",
    "turns",
    "variants",
    "vote_versions",
    "votes",
    "workers",
]
