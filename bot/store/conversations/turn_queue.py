"""The turn queue: recording questions, claiming turns, saving answers and ending turns.

Each public function is one transaction of `SqlStore`; `owner` is the process that calls. A turn is its own queue
entry: its row says who owns it, and under which fencing token. Example of two processes, a and b:

    a: accept_question   turn 7: ANSWERING, owner a, token 1
    a: freezes; its lease ends
    b: record_heartbeat  turn 7: WAITING, no owner
    b: claim_turns       turn 7: ANSWERING, owner b, token 2
    a: save_answer       WHERE owner = 'a' AND token = 1 finds no row: `ClaimLost`, rolled back
    b: save_answer, settle_turn

Rules: a transaction locks the conversation before its turns; a write of an owner that lost its turn raises
`ClaimLost`, which rolls the transaction back.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, Row
from sqlalchemy.sql.dml import ReturningUpdate

from bot.core.errors import ClaimLost
from bot.core.requests import Answer, ModelCall
from bot.core.turns import AddressingKind, Author, IncomingMessage, ThreadKey, Turn, TurnStatus, VariantPosition
from bot.ports import ClaimRules
from bot.store.conversations import answer_columns, person_limits, variants
from bot.store.conversations import statements as sql
from bot.store.schema import LOCK_OWN_TURN, pages
from bot.store.spending import model_calls

NOTE_VALUES: Final = {"status": TurnStatus.NOTED, "token": 0, "attempt": 0}
"""The state of a turn that is not answered, because its message was only read in the thread."""


@dataclass(frozen=True, slots=True)
class Claimant:
    """A process that claims turns."""

    owner: str
    rules: ClaimRules


def accept_question(
    connection: Connection, claimant: Claimant, incoming: IncomingMessage, *, claim: bool
) -> Turn | None:
    """Insert a turn unless its message or delivery is recorded already; return it if it was claimed.

    With `claim` it is claimed if no other turn of the thread is open. Returns None for an overheard message, which
    is only noted, and for a message in a thread where the bot was never asked.
    """
    message = _message_values(incoming.thread, incoming.message_id)
    limits = person_limits.limit_values(claimant.rules, incoming.thread, incoming.author)
    before = connection.execute(sql.IS_KNOWN_OF_PERSON, message | limits | {"delivery": incoming.delivery}).one()
    if before.is_known:
        return None
    conversation = _lock_conversation(connection, incoming)
    if conversation is None or not is_first_delivery(connection, message, incoming.delivery):
        return None
    row = _turn_values(conversation, incoming.thread, incoming)
    if incoming.addressed is AddressingKind.OVERHEARD:
        connection.execute(sql.INSERT_NOTES, row | NOTE_VALUES)
        return None
    person_limits.require_few_questions(connection, claimant.rules, limits, before.recent_questions)
    taken = {"conversation": conversation, "new_owner": claimant.owner if claim else None}
    added = connection.execute(sql.INSERT_TURN, row | taken | limits).one_or_none()
    if added is None:  # the same message came twice at once, and the other delivery was first
        return None
    if not claim:
        notify_if_work(connection, conversation)
    return turn_from(added, incoming.thread.root)


def _lock_conversation(connection: Connection, incoming: IncomingMessage) -> int | None:
    """Return the conversation, locked so that its turns are numbered in the order of their commits.

    Returns None if the bot was never asked there, and this message does not ask it either.
    """
    thread = _channel_values(incoming.thread) | {"root": incoming.thread.root}
    asks = incoming.addressed not in {AddressingKind.REPLY, AddressingKind.OVERHEARD}
    begins = asks and incoming.message_id == incoming.thread.root  # it starts a thread, which has no conversation yet
    found: int | None = None if begins else connection.scalar(sql.LOCK_CONVERSATION, thread)
    if found is None and asks:
        found = connection.scalar(sql.LOCK_OR_INSERT_CONVERSATION, thread)
    return found


def record_overheard(connection: Connection, thread: ThreadKey, messages: Sequence[IncomingMessage]) -> None:
    """Insert the messages that are not recorded yet, if there is a conversation, and save when it was read."""
    conversation = connection.scalar(sql.LOCK_CONVERSATION, asdict(thread))
    if conversation is None:
        return
    connection.execute(sql.SAVE_READ_TIME, {"conversation": conversation})
    ids = [message.message_id for message in messages]
    known = set(connection.scalars(sql.SELECT_KNOWN_MESSAGES, _channel_values(thread) | {"message_ids": ids}))
    rows: dict[str, dict[str, Any]] = {}
    for message in messages:
        if message.message_id not in known:
            rows.setdefault(message.message_id, _turn_values(conversation, thread, message) | NOTE_VALUES)
    if rows:
        connection.execute(sql.INSERT_NOTES, list(rows.values()))


def claim_turns(connection: Connection, claimant: Claimant, limit: int) -> Sequence[Turn]:
    """Claim the oldest open turn of threads that this process serves and in which no turn has an owner.

    Where another transaction claims for the same person at the moment, the turn is left to the next poll.
    """
    rules = claimant.rules
    where = {"serves_all": rules.served is None, "served": list(rules.served or ())}
    values = {"limit": limit} | where | person_limits.running_values(rules)
    chosen = connection.execute(sql.LOCK_CLAIMABLE_CONVERSATIONS, values).all()
    certain = (row for row in chosen if row.has_person_lock or not rules.answers_per_person)
    taken = (_claim_next(connection, claimant, row.id, row.root) for row in certain)
    return [turn for turn in taken if turn]


def record_page(connection: Connection, owner: str, turn: Turn, page: int, message_id: str) -> None:
    """Save which message shows a page, in place of an earlier one."""
    shown = {"shown": page, "message": message_id}
    if connection.scalar(sql.SAVE_PAGE, _fence_values(owner, turn) | shown) is None:
        raise ClaimLost


def forget_pages(connection: Connection, owner: str, turn: Turn, page: int) -> None:
    """Forget which messages showed a page and those after it."""
    if connection.scalar(LOCK_OWN_TURN, _fence_values(owner, turn)) is None:
        raise ClaimLost
    connection.execute(sql.DELETE_PAGES.where(pages.c.page >= page), {"turn": turn.id})


def save_answer(
    connection: Connection, owner: str, turn: Turn, answer: Answer, others: Sequence[Answer]
) -> VariantPosition:
    """Save the complete answer; add variants if there are several answers, or this turn was claimed before."""
    saved = _update_own_turn(connection, sql.SAVE_ANSWER, owner, turn, answer_columns.answer_values(answer))
    _charge_call(connection, saved, turn, answer.call)
    if turn.token == 1 and not others:
        return VariantPosition()
    return variants.add_variants(
        connection, turn.id, [answer_columns.answer_values(each) for each in (answer, *others)]
    )


def settle_turn(
    connection: Connection,
    claimant: Claimant,
    turn: Turn,
    status: TurnStatus,
    *,
    error: str,
    answer: Answer | None,
    claim: bool,
) -> Turn | None:
    """End a turn, and claim the thread's next one."""
    changes = {"error": error} | (answer_columns.answer_values(answer) if answer else {})
    ended = _update_own_turn(connection, sql.END_TURN[status], claimant.owner, turn, changes)
    _charge_call(connection, ended, turn, answer.call if answer else None)
    if (
        status is TurnStatus.DONE
        and turn.variant_position.number
        and variants.read_position(connection, turn.id) != turn.variant_position
    ):
        connection.execute(variants.SHOW_AGAIN, {"turn": turn.id})  # another variant was chosen meanwhile
    if claim:
        return _claim_next(connection, claimant, ended.conversation_id, turn.thread.root)
    notify_if_work(connection, ended.conversation_id)
    return None


def release_turn(connection: Connection, owner: str, turn: Turn) -> None:
    """Give a turn back, and wake other processes."""
    conversation = connection.scalar(sql.RELEASE_TURN, _fence_values(owner, turn))
    if conversation is None:
        raise ClaimLost
    notify_if_work(connection, conversation)


def is_first_delivery(connection: Connection, channel: dict[str, str], delivery: str) -> bool:
    """Record a delivery, if it has an id; return whether it is the first one with this id."""
    if not delivery:
        return True
    row = {"platform": channel["platform"], "workspace": channel["workspace"], "id": delivery}
    return connection.scalar(sql.INSERT_DELIVERY, row) is not None


def claim_if_alone(connection: Connection, claimant: Claimant, row: Row[Any], root: str, *, claim: bool) -> Turn:
    """Return a waiting turn of a locked conversation; with `claim` it is claimed if no other turn is open."""
    taken = None
    if claim:
        taken = connection.execute(sql.CLAIM_IF_ALONE, {"turn": row.id} | _claim_values(claimant)).one_or_none()
    else:
        notify_if_work(connection, row.conversation_id)
    return turn_with_pages(connection, taken or row, root)


def _claim_next(connection: Connection, claimant: Claimant, conversation: int, root: str) -> Turn | None:
    """Claim the oldest open turn of a locked conversation, if no turn there has an owner."""
    values = {"conversation": conversation} | _claim_values(claimant)
    row = connection.execute(sql.CLAIM_NEXT, values).one_or_none()
    return turn_with_pages(connection, row, root) if row else None


def notify_if_work(connection: Connection, conversation: int) -> None:
    """Wake other processes if the conversation has an open turn, and no turn there has an owner."""
    if connection.dialect.name == "postgresql":
        connection.execute(sql.NOTIFY_IF_WORK, {"conversation": conversation})


def _update_own_turn(
    connection: Connection, statement: ReturningUpdate[Any], owner: str, turn: Turn, values: dict[str, Any]
) -> Row[Any]:
    changed = connection.execute(statement, _fence_values(owner, turn) | values).one_or_none()
    if changed is None:
        raise ClaimLost
    return changed


def _charge_call(connection: Connection, changed: Row[Any], turn: Turn, call: ModelCall | None) -> None:
    """Write the call that a turn made, if it made one, in place of its reservation."""
    if call:
        model_calls.charge(connection, turn, call, changed.at)
    if changed.has_reservation:
        model_calls.release_reservation(connection, turn.id)


def _claim_values(claimant: Claimant) -> dict[str, Any]:
    return {"new_owner": claimant.owner} | person_limits.running_values(claimant.rules)


def _fence_values(owner: str, turn: Turn) -> dict[str, Any]:
    return {"turn": turn.id, "claim_token": turn.token, "current_owner": owner}


def _channel_values(thread: ThreadKey) -> dict[str, str]:
    return {"platform": thread.platform, "workspace": thread.workspace, "channel": thread.channel}


def _message_values(thread: ThreadKey, message_id: str) -> dict[str, str]:
    return _channel_values(thread) | {"message_id": message_id}


def _turn_values(conversation: int, thread: ThreadKey, incoming: IncomingMessage) -> dict[str, Any]:
    return _message_values(thread, incoming.message_id) | {
        "conversation_id": conversation,
        "author_id": incoming.author.id,
        "author_name": incoming.author.name,
        "question": incoming.text,
        "files": answer_columns.files_to_json(incoming.files),
        "sent_at": incoming.sent_at,
    }


def turn_with_pages(connection: Connection, row: Row[Any], root: str) -> Turn:
    """Return a turn with its pages; a turn that was never claimed before has none."""
    if row.token - (row.owner is not None) == 0:
        return turn_from(row, root)
    shown = connection.scalars(sql.SELECT_PAGES, {"turn": row.id}).all()
    return replace(turn_from(row, root, tuple(shown)), variant_position=variants.read_position(connection, row.id))


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
        made_with=answer_columns.provenance_from(row),
        pages=pages,
        files=answer_columns.files_from_json(row.files),
        stopped_by=row.stopped_by or "",
    )
