"""What one transaction does, use case by use case, as plain functions of a Connection.

Separate from the statements, which are data, and from the database, which runs a function as a transaction.
`owner` is the process that asks. Rules: locks are taken in one order, the conversation before its turns; a
write that finds its turn lost raises `ClaimLost`, which undoes the transaction.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any, Final

from sqlalchemy import Connection, Row
from sqlalchemy.sql.dml import ReturningUpdate

from bot.core.calls import Call
from bot.core.domain import (
    Addressed,
    Answer,
    Author,
    Incoming,
    Place,
    ThreadKey,
    Turn,
    TurnStatus,
)
from bot.core.errors import ClaimLost
from bot.store import answers, calls, variants
from bot.store import files as attached
from bot.store import statements as sql
from bot.store.schema import fencing, pages

NOTED: Final = {"status": TurnStatus.NOTED, "token": 0, "attempt": 0}
"""What a turn is that nobody is to answer."""


def accept(connection: Connection, owner: str, incoming: Incoming, *, claim: bool) -> Turn | None:
    """Insert a turn unless its message or delivery is known; take it if it may run at once."""
    message = _message(incoming.thread, incoming.message_id)
    if connection.scalar(sql.IS_KNOWN, message | {"delivery": incoming.delivery}):
        return None
    conversation = _locked_conversation(connection, incoming)
    if conversation is None or not is_first(connection, message, incoming.delivery):
        return None
    row = _row(conversation, incoming.thread, incoming)
    if incoming.addressed is Addressed.OVERHEARD:
        connection.execute(sql.ADD_NOTES, row | NOTED)
        return None
    taken = {"conversation": conversation, "taker": owner if claim else None}
    added = connection.execute(sql.ADD_TURN, row | taken).one_or_none()
    if added is None:  # the same message came twice at once, and the other one was first
        return None
    if not claim:
        hand_over(connection, conversation)
    return turn_from(added, incoming.thread.root)


def _locked_conversation(connection: Connection, incoming: Incoming) -> int | None:
    """Return the conversation, locked so that its turns are numbered in the order of their commits.

    There is None where nobody asked the bot before, and this message does not begin one.
    """
    place = _channel(incoming.thread) | {"root": incoming.thread.root}
    asks = incoming.addressed not in {Addressed.REPLY, Addressed.OVERHEARD}
    begins = asks and incoming.message_id == incoming.thread.root  # a thread: nobody asked in it yet
    found: int | None = None if begins else connection.scalar(sql.LOCK_CONVERSATION, place)
    if found is None and asks:
        found = connection.scalar(sql.ADD_CONVERSATION, place)
    return found


def overheard(connection: Connection, thread: ThreadKey, messages: Sequence[Incoming]) -> None:
    """Insert the messages that are not known, if there is a conversation, and note when it was read."""
    conversation = connection.scalar(sql.LOCK_CONVERSATION, asdict(thread))
    if conversation is None:
        return
    connection.execute(sql.NOTE_READING, {"conversation": conversation})
    ids = [message.message_id for message in messages]
    known = set(connection.scalars(sql.KNOWN_AMONG, _channel(thread) | {"message_ids": ids}))
    rows: dict[str, dict[str, Any]] = {}
    for message in messages:
        if message.message_id not in known:
            rows.setdefault(message.message_id, _row(conversation, thread, message) | NOTED)
    if rows:
        connection.execute(sql.ADD_NOTES, list(rows.values()))


def claim(connection: Connection, owner: str, limit: int) -> Sequence[Turn]:
    """Take the oldest open turn of threads where nothing runs."""
    chosen = connection.execute(sql.CLAIMABLE, {"limit": limit}).all()
    taken = (_take_next(connection, owner, row.id, row.root) for row in chosen)
    return [turn for turn in taken if turn]


def opened(connection: Connection, owner: str, turn: Turn, page: int, message_id: str) -> None:
    """Note which message shows a page, in place of an earlier one."""
    shown = {"shown": page, "message": message_id}
    if connection.scalar(sql.SHOW_PAGE, _fence(owner, turn) | shown) is None:
        raise ClaimLost


def closed(connection: Connection, owner: str, turn: Turn, page: int) -> None:
    """Forget which messages showed a page and those after it."""
    if connection.scalar(fencing.HOLD, _fence(owner, turn)) is None:
        raise ClaimLost
    connection.execute(sql.ERASE_PAGES.where(pages.c.page >= page), {"turn": turn.id})


def answered(
    connection: Connection, owner: str, turn: Turn, answer: Answer, others: Sequence[Answer]
) -> Place:
    """Save the complete answer; with the variants, where there are some, or may have been."""
    saved = _change(connection, sql.SAVE_ANSWER, owner, turn, answers.columns(answer))
    _charge(connection, saved, turn, answer.call)
    if turn.token == 1 and not others:
        return Place()
    return variants.add(connection, turn.id, [answers.columns(each) for each in (answer, *others)])


def settle(
    connection: Connection,
    owner: str,
    turn: Turn,
    status: TurnStatus,
    *,
    error: str,
    answer: Answer | None,
    claim: bool,
) -> Turn | None:
    """End a turn, and take the thread's next one."""
    changes = {"error": error} | (answers.columns(answer) if answer else {})
    ended = _change(connection, sql.END[status], owner, turn, changes)
    _charge(connection, ended, turn, answer.call if answer else None)
    if status is TurnStatus.DONE and turn.place.number and variants.place(connection, turn.id) != turn.place:
        connection.execute(variants.SHOW, {"turn": turn.id})  # somebody flipped meanwhile
    if claim:
        return _take_next(connection, owner, ended.conversation_id, turn.thread.root)
    hand_over(connection, ended.conversation_id)
    return None


def release(connection: Connection, owner: str, turn: Turn) -> None:
    """Give a turn back, and hand its thread over."""
    conversation = connection.scalar(sql.RELEASE, _fence(owner, turn))
    if conversation is None:
        raise ClaimLost
    hand_over(connection, conversation)


def is_first(connection: Connection, place: dict[str, str], delivery: str) -> bool:
    """Note a delivery, if it has a name; return whether it is the first one of that name."""
    if not delivery:
        return True
    row = {"platform": place["platform"], "workspace": place["workspace"], "id": delivery}
    return connection.scalar(sql.ADD_DELIVERY, row) is not None


def begun(connection: Connection, owner: str, row: Row[Any], root: str, *, claim: bool) -> Turn:
    """Return a turn that waits in a conversation this transaction has locked, taken if it may run."""
    taken = None
    if claim:
        taken = connection.execute(sql.TAKE_IF_ALONE, {"turn": row.id, "taker": owner}).one_or_none()
    else:
        hand_over(connection, row.conversation_id)
    return turn_with_pages(connection, taken or row, root)


def _take_next(connection: Connection, owner: str, conversation: int, root: str) -> Turn | None:
    """Take the oldest open turn of a conversation that this transaction has locked, if nothing runs there."""
    row = connection.execute(sql.TAKE_NEXT, {"conversation": conversation, "taker": owner}).one_or_none()
    return turn_with_pages(connection, row, root) if row else None


def hand_over(connection: Connection, conversation: int) -> None:
    """Wake other processes if the conversation has work that nobody does."""
    if connection.dialect.name == "postgresql":
        connection.execute(sql.HAND_OVER, {"conversation": conversation})


def _change(
    connection: Connection,
    statement: ReturningUpdate[Any],
    owner: str,
    turn: Turn,
    values: dict[str, Any],
) -> Row[Any]:
    changed = connection.execute(statement, _fence(owner, turn) | values).one_or_none()
    if changed is None:
        raise ClaimLost
    return changed


def _charge(connection: Connection, changed: Row[Any], turn: Turn, call: Call | None) -> None:
    """Write the call that a turn made, if it made one, in place of what was kept for it."""
    if call:
        calls.charge(connection, turn, call, changed.at)
    if changed.is_kept_for:
        calls.free(connection, turn.id)


def _fence(owner: str, turn: Turn) -> dict[str, Any]:
    return {"turn": turn.id, "fence": turn.token, "holder": owner}


def _channel(place: ThreadKey) -> dict[str, str]:
    return {"platform": place.platform, "workspace": place.workspace, "channel": place.channel}


def _message(place: ThreadKey, message_id: str) -> dict[str, str]:
    return _channel(place) | {"message_id": message_id}


def _row(conversation: int, place: ThreadKey, incoming: Incoming) -> dict[str, Any]:
    return _message(place, incoming.message_id) | {
        "conversation_id": conversation,
        "author_id": incoming.author.id,
        "author_name": incoming.author.name,
        "question": incoming.text,
        "files": attached.to_json(incoming.files),
        "sent_at": incoming.sent_at,
    }


def turn_with_pages(connection: Connection, row: Row[Any], root: str) -> Turn:
    """Return a turn with its pages; one that nobody claimed before has none."""
    if row.token - (row.owner is not None) == 0:
        return turn_from(row, root)
    shown = connection.scalars(sql.PAGES, {"turn": row.id}).all()
    return replace(turn_from(row, root, tuple(shown)), place=variants.place(connection, row.id))


def turn_from(row: Row[Any], root: str, pages: tuple[str, ...] = ()) -> Turn:
    """Return the turn in a row, with these pages."""
    return Turn(
        id=row.id,
        thread=ThreadKey(platform=row.platform, workspace=row.workspace, channel=row.channel, root=root),
        message_id=row.message_id,
        author=Author(id=row.author_id, name=row.author_name),
        question=row.question,
        status=TurnStatus(row.status),
        token=row.token,
        attempt=row.attempt,
        answer=row.answer,
        model=row.model,
        finish_reason=row.finish_reason,
        error=row.error,
        made_with=answers.made_with(row),
        pages=pages,
        files=attached.from_json(row.files),
        stopped_by=row.stopped_by or "",
    )
