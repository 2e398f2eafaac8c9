"""Reads what to answer a question with: the history of its thread, configuration, draft and budgets.

It takes three queries: one for the turn's position, which also finds a draft and whether the workspace has budgets;
one for the history; one for the versions of the configuration. Only a workspace with budgets costs a fourth. Nothing
is locked.
"""

from typing import Final

from sqlalchemy import Connection, and_, bindparam, exists, select, tuple_

from bot.core.turns import Turn
from bot.ports.conversations import TurnContext
from bot.store.config import drafts, versions
from bot.store.conversations.statements import THIS_CONVERSATION, TURN_COLUMNS
from bot.store.conversations.turn_queue import turn_from
from bot.store.schema import budgets, conversations, is_in_history, turns
from bot.store.schema import drafts as drafts_table
from bot.store.spending import ledger

_IS_DRAFT_OF_THREAD = and_(drafts.IS_UNEXPIRED, *(conversations.c[key.name] == key for key in drafts_table.primary_key))

_IS_LIMITED = exists().where(
    budgets.c.platform == conversations.c.platform, budgets.c.workspace == conversations.c.workspace
)

SELECT_POSITION: Final = (
    select(
        turns.c.conversation_id,
        turns.c.sent_at,
        conversations.c.read_at,
        _IS_LIMITED.label("is_limited"),
        *drafts.DRAFT_COLUMNS,
    )
    .join_from(turns, conversations)
    .outerjoin(drafts_table, _IS_DRAFT_OF_THREAD)
    .where(turns.c.id == bindparam("turn"))
)

SELECT_HISTORY: Final = (
    select(*TURN_COLUMNS)
    .where(
        turns.c.conversation_id == THIS_CONVERSATION,
        tuple_(turns.c.sent_at, turns.c.id) < tuple_(bindparam("sent_at"), bindparam("turn")),
        is_in_history(turns),
    )
    .order_by(turns.c.sent_at.desc(), turns.c.id.desc())
    .limit(bindparam("limit"))
)


def read_context(connection: Connection, turn: Turn, limit: int) -> TurnContext:
    """Read the newest turns before this one, and what admins set that may apply to its thread."""
    here = connection.execute(SELECT_POSITION, {"turn": turn.id}).one()
    before = {"conversation": here.conversation_id, "sent_at": here.sent_at, "turn": turn.id}
    rows = connection.execute(SELECT_HISTORY, before | {"limit": limit}).all()
    draft = drafts.draft_from(here, turn.thread) if here.level is not None else None
    where = draft.target if draft else turn.thread
    return TurnContext(
        history=tuple(turn_from(row, turn.thread.root) for row in reversed(rows)),
        config_versions=tuple(versions.list_applying(connection, where)),
        draft=draft,
        budgets=ledger.read_applying_budgets(connection, turn.thread, turn.author.id) if here.is_limited else (),
        read_at=here.read_at or 0.0,
    )
