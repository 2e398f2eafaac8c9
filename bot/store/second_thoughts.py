"""What people think of again: questions edited, deleted, asked once more, and other answers to them.

Separate from the other transactions because none of these is the owner's of a turn. Rules are as there.
"""

from dataclasses import asdict
from typing import Any

from sqlalchemy import Boolean, Connection, bindparam, case, null, select, update

from bot.core.domain import Action, MessageKey, ThreadKey, Turn, TurnStatus
from bot.store import calls, feedback, summaries, variants
from bot.store.rights import IS_THEIRS, Asker
from bot.store.schema import conversations, now, status_in, turns
from bot.store.statements import ERASE_PAGES, IS_THIS_MESSAGE, LOCK_CONVERSATION, THIS_CONVERSATION
from bot.store.states import CLOSED
from bot.store.transactions import begun, hand_over, is_first, turn_from, turn_with_pages

LOCK_CONVERSATION_OF_MESSAGE = (
    select(conversations.c.id, conversations.c.root, turns.c.id.label("turn"))
    .join_from(turns, conversations)
    .where(IS_THIS_MESSAGE)
    .with_for_update(of=conversations)
)

REWORD = (
    update(turns)
    .where(
        turns.c.id == bindparam("turn"),
        turns.c.question != bindparam("wording"),
        turns.c.status != TurnStatus.FORGOTTEN,
    )
    .values(question=bindparam("wording"))
    .returning(*turns.c)
)

_NO_ANSWER: dict[str, Any] = {
    **dict.fromkeys(("answer", "model", "finish_reason", "error"), ""),
    **dict.fromkeys(("made_with", "prompt_tokens", "completion_tokens", "cached_tokens"), null()),
    "answered_at": null(),
}

ERASE = (
    update(turns)
    .where(turns.c.id == bindparam("turn"), turns.c.status != TurnStatus.FORGOTTEN)
    .values(_NO_ANSWER | {"files": null(), "stopped_by": null()})
    .values(
        status=TurnStatus.FORGOTTEN, owner=null(), author_id="", author_name="", question="", ended_at=now()
    )
    .returning(*turns.c)
)

RETRY = (
    update(turns)
    .where(
        turns.c.id == bindparam("turn"),
        turns.c.conversation_id == THIS_CONVERSATION,
        IS_THEIRS,
        status_in(turns.c.status, CLOSED),
    )
    .values(_NO_ANSWER)
    .values(answer=case((bindparam("goes_on", type_=Boolean), turns.c.answer), else_=""))
    .values(status=TurnStatus.WAITING, attempt=0, claimed_at=null(), ended_at=null(), stopped_by=null())
    .returning(*turns.c)
)


def reworded(connection: Connection, message: MessageKey, text: str, delivery: str) -> Turn | None:
    """Replace a question's text; return its turn if that is news to an answer that has ended."""
    found = connection.execute(LOCK_CONVERSATION_OF_MESSAGE, asdict(message)).one_or_none()
    if found is None or not is_first(connection, asdict(message), delivery):
        return None
    row = connection.execute(REWORD, {"turn": found.turn, "wording": text}).one_or_none()
    if row is None:
        return None
    summaries.outdate(connection, row.id)
    return turn_with_pages(connection, row, found.root) if row.status in CLOSED else None


def forget(connection: Connection, message: MessageKey, delivery: str) -> Turn | None:
    """Erase a turn, whoever works on it, and hand its thread over."""
    found = connection.execute(LOCK_CONVERSATION_OF_MESSAGE, asdict(message)).one_or_none()
    if found is None or not is_first(connection, asdict(message), delivery):
        return None
    row = connection.execute(ERASE, {"turn": found.turn}).one_or_none()
    if row is None:
        return None
    erased = sorted(connection.execute(ERASE_PAGES, {"turn": row.id}), key=lambda page: page.page)
    connection.execute(variants.ERASE, {"turn": row.id})
    connection.execute(feedback.ERASE, {"turn": row.id})
    calls.forget(connection, row.id)
    summaries.outdate(connection, row.id)
    hand_over(connection, found.id)
    return turn_from(row, found.root, tuple(page.message_id for page in erased))


def retry(
    connection: Connection,
    owner: str,
    turn: int,
    thread: ThreadKey,
    asker: Asker,
    *,
    claim: bool,
    goes_on: bool,
) -> Turn | None:
    """Let an ended turn wait again for an answer, or for the rest; take it if it may run at once."""
    conversation = connection.scalar(LOCK_CONVERSATION, asdict(thread))
    wanted = {"turn": turn, "conversation": conversation, "goes_on": goes_on} | asdict(asker)
    if not goes_on:
        connection.execute(variants.KEEP, wanted)
    row = connection.execute(RETRY, wanted).one_or_none()
    if row is None:
        return None
    summaries.outdate(connection, turn)
    if not goes_on:
        connection.execute(variants.HIDE, {"turn": turn})
    return begun(connection, owner, row, thread.root, claim=claim)


def flip(connection: Connection, turn: int, thread: ThreadKey, action: Action, asker: Asker) -> bool:
    """Put another variant in the place of an answer, and let it wait to be shown."""
    conversation = connection.scalar(LOCK_CONVERSATION, asdict(thread))
    wanted = {"turn": turn, "conversation": conversation} | asdict(asker)
    if conversation is None or not variants.flip(connection, wanted, action):
        return False
    summaries.outdate(connection, turn)
    hand_over(connection, conversation)
    return True
