"""What one transaction does, use case by use case, as plain functions of a Connection.

Separate from the statements, which are data, and from the database, which runs a function as a transaction.
`owner` is the process that asks. Rules: locks are taken in one order, the conversation before its turns; a
write that finds its turn lost raises `ClaimLost`, which undoes the transaction.
"""

import socket
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Connection, Row, Update

from bot.core.domain import (
    Addressed,
    Answer,
    Author,
    Context,
    Incoming,
    PromptKey,
    ThreadKey,
    Turn,
    TurnStatus,
    Usage,
)
from bot.core.errors import ClaimLost
from bot.store import statements as sql


def accept(connection: Connection, owner: str, incoming: Incoming, *, claim: bool) -> Turn | None:
    """Insert a turn unless its message is known; take it if it may run at once."""
    place = asdict(incoming.thread)
    message = {name: place[name] for name in ("platform", "workspace", "channel")}
    message["message_id"] = incoming.message_id
    if connection.scalar(sql.IS_KNOWN, message):
        return None
    conversation = _locked_conversation(connection, place, incoming.addressed)
    if conversation is None:
        return None
    is_free = claim and not connection.scalar(sql.IS_BUSY, {"conversation_id": conversation})
    row = message | {
        "conversation_id": conversation,
        "author_id": incoming.author.id,
        "author_name": incoming.author.name,
        "question": incoming.text,
        "status": TurnStatus.WAITING,
        "token": 0,
    }
    added = connection.execute(sql.ADD_TURN, row).one_or_none()
    if added is None:  # the same message came twice at once, and the other one was first
        return None
    return _take(connection, owner, added.id, place["root"]) if is_free else _turn(added, place["root"])


def _locked_conversation(connection: Connection, place: dict[str, str], addressed: Addressed) -> int | None:
    """Return the conversation, locked so that its turns are numbered in the order of their commits.

    There is None where nobody asked the bot before, and a reply does not begin one.
    """
    found: int | None = connection.scalar(sql.LOCK_CONVERSATION, place)
    if found is None and addressed is not Addressed.REPLY:
        found = connection.scalar(sql.ADD_CONVERSATION, place)
    return found


def claim(connection: Connection, owner: str, limit: int) -> Sequence[Turn]:
    """Take the oldest open turn of threads where nothing runs."""
    chosen = connection.execute(sql.CLAIMABLE, {"limit": limit}).all()
    return [_take(connection, owner, row.id, row.root) for row in chosen]


def context(connection: Connection, turn: Turn, limit: int) -> Context:
    """Read the newest turns before this one, and the prompts whose every part is the thread's or empty."""
    rows = connection.execute(sql.HISTORY, {"turn": turn.id, "limit": limit}).all()
    prompts = connection.execute(sql.PROMPTS_FOR, asdict(turn.thread)).all()
    return Context(
        history=tuple(_turn(row, turn.thread.root) for row in reversed(rows)),
        prompts={
            PromptKey(
                platform=row.platform, workspace=row.workspace, channel=row.channel, root=row.root
            ): row.text
            for row in prompts
        },
    )


def opened(connection: Connection, owner: str, turn: Turn, page: int, message_id: str) -> None:
    """Note which message shows a page, in place of an earlier one."""
    if connection.scalar(sql.HOLD, _fence(owner, turn)) is None:
        raise ClaimLost
    connection.execute(sql.SHOW_PAGE, {"turn_id": turn.id, "page": page, "message_id": message_id})


def answered(connection: Connection, owner: str, turn: Turn, answer: Answer) -> None:
    """Save the complete answer."""
    _change(connection, sql.SAVE_ANSWER, owner, turn, _columns(answer))


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
    # Without the lock, a question that is being accepted right now would be seen by neither side as runnable.
    conversation = connection.scalar(sql.LOCK_CONVERSATION_OF_TURN, {"id": turn.id})
    changes = {"error": error} | (_columns(answer) if answer else {})
    _change(connection, sql.END[status], owner, turn, changes)
    following = (
        connection.scalar(sql.NEXT_IN_CONVERSATION, {"conversation_id": conversation}) if claim else None
    )
    return None if following is None else _take(connection, owner, following, turn.thread.root)


def release(connection: Connection, owner: str, turn: Turn) -> None:
    """Give a turn back."""
    _change(connection, sql.RELEASE, owner, turn, {})


def enter(connection: Connection, owner: str, *, alone: bool) -> None:
    """Put this process among the living, as the only one if it is `alone`."""
    if alone:
        connection.execute(sql.FORGET_ALL)
    connection.execute(sql.BEAT, {"id": owner, "host": socket.gethostname()})


def beat(connection: Connection, owner: str, lease: float) -> None:
    """Renew the heartbeat, forget processes silent for `lease` seconds, and free what they held."""
    connection.execute(sql.BEAT, {"id": owner, "host": socket.gethostname()})
    connection.execute(sql.FORGET_SILENT, {"me": owner, "lease": lease})
    connection.execute(sql.FREE_OF_THE_DEAD)


def leave(connection: Connection, owner: str) -> None:
    """Forget this process, and free its turns."""
    connection.execute(sql.FORGET, {"me": owner})
    connection.execute(sql.FREE_MINE, {"me": owner})


def prompt(connection: Connection, key: PromptKey) -> str:
    """Read the prompt of exactly this key."""
    found: str | None = connection.scalar(sql.PROMPT, _prompt_key(key))
    return found or ""


def set_prompt(connection: Connection, key: PromptKey, text: str) -> None:
    """Write or remove the prompt of exactly this key."""
    if text:
        connection.execute(sql.SET_PROMPT, asdict(key) | {"text": text})
    else:
        connection.execute(sql.UNSET_PROMPT, _prompt_key(key))


def secret(connection: Connection, name: str, make: Callable[[], str]) -> str:
    """Read a secret; where there is none, make it, and read whose was first."""
    found: str | None = connection.scalar(sql.SECRET, {"name": name})
    if found is None:
        connection.execute(sql.ADD_SECRET, {"name": name, "value": make()})
        found = connection.execute(sql.SECRET, {"name": name}).scalar_one()
    return found


def _take(connection: Connection, owner: str, turn: int, root: str) -> Turn:
    """Make a turn that this transaction has locked, or has made, the process's own."""
    row = connection.execute(sql.TAKE, {"turn": turn, "taker": owner}).one()
    was_taken_before = row.token > 1
    pages = connection.scalars(sql.PAGES, {"id": turn}).all() if was_taken_before else ()
    return _turn(row, root, tuple(pages))


def _change(
    connection: Connection, statement: Update, owner: str, turn: Turn, values: dict[str, Any]
) -> None:
    if connection.execute(statement, _fence(owner, turn) | values).rowcount == 0:
        raise ClaimLost


def _fence(owner: str, turn: Turn) -> dict[str, Any]:
    return {"turn": turn.id, "fence": turn.token, "holder": owner}


def _prompt_key(key: PromptKey) -> dict[str, str]:
    return {f"this_{part}": value for part, value in asdict(key).items()}


def _columns(answer: Answer) -> dict[str, Any]:
    usage = asdict(answer.usage) if answer.usage else {field.name: None for field in fields(Usage)}
    return {"answer": answer.text, "model": answer.model, "finish_reason": answer.finish_reason} | usage


def _turn(row: Row[Any], root: str, pages: tuple[str, ...] = ()) -> Turn:
    return Turn(
        id=row.id,
        thread=ThreadKey(platform=row.platform, workspace=row.workspace, channel=row.channel, root=root),
        message_id=row.message_id,
        author=Author(id=row.author_id, name=row.author_name),
        question=row.question,
        status=TurnStatus(row.status),
        token=row.token,
        answer=row.answer,
        finish_reason=row.finish_reason,
        error=row.error,
        pages=pages,
    )
