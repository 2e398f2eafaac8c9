"""Calls of models as rows, and what they cost together.

Separate from the turns because a call outlives its turn, and from `ledger`, which decides what may still be
spent. Rules: a call is written in the transaction that ends it for the turn; the first row that is touched
is the tally of the workspace's month, so that who holds it knows that nothing is spent meanwhile, and no two
wait for each other in a circle.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, exists, func, insert, null, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.core.calls import Call
from bot.core.domain import ThreadKey, Turn, TurnStatus
from bot.core.ledger import Dimension, Spending, spent, versions_key
from bot.core.periods import Span, period
from bot.store.schema import calls, now, reservations, tallies, turns

NOW = select(now())

ADD_CALL = insert(calls)

END_RESERVATION = delete(reservations).where(reservations.c.turn_id == bindparam("turn"))

FORGET = update(calls).where(calls.c.turn_id == bindparam("turn")).values(turn_id=null(), root="")

FORGET_OF_FORGOTTEN = FORGET.where(
    exists().where(turns.c.id == bindparam("turn"), turns.c.status == TurnStatus.FORGOTTEN)
)

SUMS: Final = (
    "calls",
    "prompt_tokens",
    "completion_tokens",
    "cached_tokens",
    "cost",
    "unpriced",
    "estimated",
)
"""Columns of a tally: the fields of a `Spending`."""

_add = upsert(tallies)
ADD_TALLY = _add.on_conflict_do_update(
    index_elements=[column.name for column in tallies.primary_key],
    set_={name: tallies.c[name] + _add.excluded[name] for name in SUMS}
    | {"is_warned": or_(tallies.c.is_warned, _add.excluded.is_warned)},
)

COST_OF_TURN = select(
    func.count(calls.c.id).label("calls"),
    *(
        func.coalesce(func.sum(calls.c[name]), 0).label(name)
        for name in ("prompt_tokens", "completion_tokens", "cached_tokens", "cost")
    ),
    (func.count(calls.c.id) - func.count(calls.c.cost)).label("unpriced"),
    func.count(calls.c.id).filter(calls.c.is_estimated).label("estimated"),
).where(calls.c.turn_id == bindparam("turn"))


def charge(connection: Connection, turn: Turn, call: Call | None) -> None:
    """Write the call that a turn made, if it made one, in place of what was kept for it."""
    if call:
        at = connection.execute(NOW).scalar_one()
        connection.execute(ADD_TALLY, list(_tallied(turn, call, at)))
        connection.execute(ADD_CALL, _row(turn, call, at))
    connection.execute(END_RESERVATION, {"turn": turn.id})


def charge_beside(connection: Connection, turn: Turn, call: Call) -> None:
    """Write a call that was made beside the one that answered a turn, which may be forgotten by now."""
    at = connection.execute(NOW).scalar_one()
    connection.execute(ADD_TALLY, list(_tallied(turn, call, at)))
    connection.execute(ADD_CALL, _row(turn, call, at))
    connection.execute(FORGET_OF_FORGOTTEN, {"turn": turn.id})


def forget(connection: Connection, turn: int) -> None:
    """Keep the figures of a turn's calls, and nothing that leads to its message."""
    connection.execute(FORGET, {"turn": turn})
    connection.execute(END_RESERVATION, {"turn": turn})


def lock(connection: Connection, thread: ThreadKey, at: float) -> None:
    """Let no other transaction spend anything in the thread's workspace until this one ends."""
    here = _tally(thread, Dimension.WORKSPACE, "", Span.MONTH, at)
    connection.execute(ADD_TALLY, here | asdict(Spending()) | {"is_warned": False})


def of_turn(connection: Connection, turn: int) -> Spending:
    """Read what all calls of a turn cost together."""
    return spending(connection.execute(COST_OF_TURN, {"turn": turn}).one())


def spending(row: Any) -> Spending:
    """Return the sums in a row; PostgreSQL's are decimals."""
    return Spending(**{name: int(getattr(row, name)) for name in SUMS})


def _tallied(turn: Turn, call: Call, at: float) -> Iterator[dict[str, Any]]:
    """Yield what a call adds, and to which tallies; in one order for all."""
    added = asdict(spent(call))
    for dimension, subject in _subjects(turn, call):
        for span in (Span.MONTH, Span.DAY):
            warns = dimension is Dimension.PERSON and span in call.warns
            yield _tally(turn.thread, dimension, subject, span, at) | added | {"is_warned": warns}


def _subjects(turn: Turn, call: Call) -> Iterable[tuple[Dimension, str]]:
    return (
        (Dimension.WORKSPACE, ""),
        (Dimension.CHANNEL, turn.thread.channel),
        (Dimension.MODEL, call.model),
        (Dimension.PERSON, turn.author.id),
        (Dimension.VERSIONS, versions_key(call.versions)),
    )


def _tally(thread: ThreadKey, dimension: Dimension, subject: str, span: Span, at: float) -> dict[str, Any]:
    return {
        "platform": thread.platform,
        "workspace": thread.workspace,
        "dimension": dimension,
        "span": span,
        "period": period(span, at),
        "subject": subject,
    }


def _row(turn: Turn, call: Call, at: float) -> dict[str, Any]:
    return {
        **asdict(turn.thread),
        "turn_id": turn.id,
        "author_id": turn.author.id,
        "at": at,
        "day": period(Span.DAY, at),
        "model": call.model,
        "versions": versions_key(call.versions),
        "prompt_tokens": call.prompt_tokens,
        "completion_tokens": call.completion_tokens,
        "cached_tokens": call.cached_tokens,
        "is_estimated": call.is_estimated,
        "cost": call.cost,
    }
