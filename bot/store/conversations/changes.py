"""What people do about recorded turns: they edit and delete questions, retry, and flip between answers.

These transactions are not the owner's, so they check no fencing token. They lock the conversation before the turn,
as `turn_queue` does. Erasing a turn takes away its owner: the owner's next write raises `ClaimLost`. Whatever
changes what was said in a thread deletes, in the same transaction, the summaries that cover it.
"""

from dataclasses import asdict
from typing import Any

from sqlalchemy import Boolean, Connection, bindparam, case, exists, null, select, update

from bot.core.turns import RETRYABLE_STATUSES, Action, MessageKey, ThreadKey, Turn, TurnStatus
from bot.store.conversations import feedback, summaries, variants
from bot.store.conversations.person_limits import person_of, try_lock_person
from bot.store.conversations.requester import MAY_DECIDE, Requester
from bot.store.conversations.statements import DELETE_PAGES, IS_THIS_MESSAGE, LOCK_CONVERSATION, THIS_CONVERSATION
from bot.store.conversations.turn_queue import (
    Claimant,
    claim_if_alone,
    is_first_delivery,
    notify_if_work,
    turn_from,
    turn_with_pages,
)
from bot.store.schema import conversations, now, status_in, turns
from bot.store.spending import model_calls

LOCK_CONVERSATION_OF_MESSAGE = (
    select(conversations.c.id, conversations.c.root, turns.c.id.label("turn"))
    .join_from(turns, conversations)
    .where(IS_THIS_MESSAGE)
    .with_for_update(of=conversations)
)

UPDATE_QUESTION = (
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

ERASE_TURN = (
    update(turns)
    .where(turns.c.id == bindparam("turn"), turns.c.status != TurnStatus.FORGOTTEN)
    .values(_NO_ANSWER | {"files": null(), "stopped_by": null()})
    .values(status=TurnStatus.FORGOTTEN, owner=null(), author_id="", author_name="", question="", ended_at=now())
    .returning(*turns.c)
)

IS_KEPT = select(exists().where(turns.c.id == bindparam("turn"), turns.c.status != TurnStatus.FORGOTTEN))

RESET_TURN = (
    update(turns)
    .where(
        turns.c.id == bindparam("turn"),
        turns.c.conversation_id == THIS_CONVERSATION,
        MAY_DECIDE,
        status_in(turns.c.status, RETRYABLE_STATUSES),
    )
    .values(_NO_ANSWER)
    .values(answer=case((bindparam("goes_on", type_=Boolean), turns.c.answer), else_=""))
    .values(status=TurnStatus.WAITING, attempt=0, claimed_at=null(), ended_at=null(), stopped_by=null())
    .returning(*turns.c, try_lock_person(person_of(turns)).label("has_person_lock"))
)


def edit_question(connection: Connection, message: MessageKey, text: str, delivery: str) -> Turn | None:
    """Replace a question's text; return its turn if the text changed and the turn has ended."""
    found = connection.execute(LOCK_CONVERSATION_OF_MESSAGE, asdict(message)).one_or_none()
    if found is None or not is_first_delivery(connection, asdict(message), delivery):
        return None
    row = connection.execute(UPDATE_QUESTION, {"turn": found.turn, "wording": text}).one_or_none()
    if row is None:
        return None
    summaries.delete_outdated(connection, row.id)
    return turn_with_pages(connection, row, found.root) if row.status in RETRYABLE_STATUSES else None


def forget_message(connection: Connection, message: MessageKey, delivery: str) -> Turn | None:
    """Erase a turn, even if a process owns it, and wake other processes for the rest of its thread."""
    found = connection.execute(LOCK_CONVERSATION_OF_MESSAGE, asdict(message)).one_or_none()
    if found is None or not is_first_delivery(connection, asdict(message), delivery):
        return None
    row = connection.execute(ERASE_TURN, {"turn": found.turn}).one_or_none()
    if row is None:
        return None
    erased = sorted(connection.execute(DELETE_PAGES, {"turn": row.id}), key=lambda page: page.page)
    connection.execute(variants.DELETE_VARIANTS, {"turn": row.id})
    connection.execute(feedback.DELETE_VOTES, {"turn": row.id})
    model_calls.detach_calls(connection, row.id)
    summaries.delete_outdated(connection, row.id)
    notify_if_work(connection, found.id)
    return turn_from(row, found.root, tuple(page.message_id for page in erased))


def is_forgotten(connection: Connection, turn: int) -> bool:
    """Return whether a turn was erased, or its row deleted."""
    return not connection.scalar(IS_KEPT, {"turn": turn})


def retry_turn(
    connection: Connection,
    claimant: Claimant,
    turn: int,
    thread: ThreadKey,
    requester: Requester,
    *,
    claim: bool,
    goes_on: bool,
) -> Turn | None:
    """Let an ended turn wait for another answer, or with `goes_on` for the rest.

    With `claim`, claim it if no other turn of the thread is open.
    """
    conversation = connection.scalar(LOCK_CONVERSATION, asdict(thread))
    values = {"turn": turn, "conversation": conversation, "goes_on": goes_on} | asdict(requester)
    if not goes_on:
        connection.execute(variants.INSERT_CURRENT_ANSWER, values)
    row = connection.execute(RESET_TURN, values).one_or_none()
    if row is None:
        return None
    summaries.delete_outdated(connection, turn)
    if not goes_on:
        connection.execute(variants.HIDE_VARIANTS, {"turn": turn})
    is_certain = row.has_person_lock or not claimant.rules.answers_per_person
    return claim_if_alone(connection, claimant, row, thread.root, claim=claim and is_certain)


def flip_variant(connection: Connection, turn: int, thread: ThreadKey, action: Action, requester: Requester) -> bool:
    """Replace a turn's answer by another variant, and let a process show it."""
    conversation = connection.scalar(LOCK_CONVERSATION, asdict(thread))
    values = {"turn": turn, "conversation": conversation} | asdict(requester)
    if conversation is None or not variants.flip_variant(connection, values, action):
        return False
    summaries.delete_outdated(connection, turn)
    notify_if_work(connection, conversation)
    return True
