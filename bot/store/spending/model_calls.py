"""Model calls as rows of `calls`, and their running sums in `tallies`.

Each call adds to ten sums at once: by workspace, channel, person, model and versions, each for its month and its day.
Reading a sum is then one index lookup, however many calls there were.

A call is written in the transaction that saves the answer or ends the turn. It outlives its turn: when the turn is
erased, the call stays without its turn id and root. Every transaction that writes sums touches that of the
workspace's month first. So its row lock is the lock for spending in that workspace, and transactions never deadlock.
"""

from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Select,
    Text,
    bindparam,
    delete,
    exists,
    false,
    func,
    insert,
    literal_column,
    null,
    or_,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.core.periods import Span, name_period
from bot.core.requests import ModelCall
from bot.core.spending.budgets import Spending, SpendingDimension, spending_of, versions_key
from bot.core.turns import ThreadKey, Turn, TurnStatus
from bot.store.schema import Prose, calls, now, reservations, tallies, turns

SELECT_NOW = select(now())

ADD_CALL = insert(calls).inline()  # its id is not needed

END_RESERVATION = delete(reservations).where(reservations.c.turn_id == bindparam("turn"))

DETACH_CALLS = update(calls).where(calls.c.turn_id == bindparam("turn")).values(turn_id=null(), root="")

DETACH_CALLS_IF_FORGOTTEN = DETACH_CALLS.where(
    exists().where(turns.c.id == bindparam("turn"), turns.c.status == TurnStatus.FORGOTTEN)
)

SUM_COLUMNS: Final = ("calls", "prompt_tokens", "completion_tokens", "cached_tokens", "cost", "unpriced", "estimated")
"""The columns of a running sum: the fields of a `Spending`."""


def _add_to_existing(insertion: Insert) -> Insert:
    """Make an insertion add to rows of `tallies` that exist already."""
    return insertion.on_conflict_do_update(
        index_elements=[column.name for column in tallies.primary_key],
        set_={name: tallies.c[name] + insertion.excluded[name] for name in SUM_COLUMNS}
        | {"is_warned": or_(tallies.c.is_warned, insertion.excluded.is_warned)},
    )


def _tally_row(dimension: SpendingDimension, span: Span) -> Select[Any]:
    """Return the key of one sum as a row; its parameters are those of `_tally_values`."""
    warns = bindparam(f"warns_{span}", type_=Boolean) if dimension is SpendingDimension.PERSON else false()
    row: dict[str, ColumnElement[Any]] = {
        "dimension": literal_column(f"'{dimension}'"),
        "span": literal_column(f"'{span}'"),
        "period": bindparam(span.value, type_=Text),
        "subject": bindparam(f"of_{dimension}", type_=Prose),
        "is_warned": warns,
    }
    return select(*(value.label(name) for name, value in row.items()))


def _select_tallies_of_call() -> Select[Any]:
    """Return the rows that a call adds, always in the same order; the workspace's month comes first."""
    each = union_all(*(_tally_row(of, span) for of in SpendingDimension for span in (Span.MONTH, Span.DAY))).subquery()
    columns = (each.c.get(one.name, bindparam(one.name, type_=one.type)) for one in tallies.c)
    # Without a WHERE, SQLite reads the ON of ON CONFLICT as that of a join.
    return select(*columns).select_from(each).where(true())


ADD_TALLY = _add_to_existing(upsert(tallies))
ADD_TALLIES = _add_to_existing(upsert(tallies).from_select(list(tallies.c.keys()), _select_tallies_of_call()))

SELECT_TURN_SPENDING = select(
    func.count(calls.c.id).label("calls"),
    *(
        func.coalesce(func.sum(calls.c[name]), 0).label(name)
        for name in ("prompt_tokens", "completion_tokens", "cached_tokens", "cost")
    ),
    (func.count(calls.c.id) - func.count(calls.c.cost)).label("unpriced"),
    func.count(calls.c.id).filter(calls.c.is_estimated).label("estimated"),
).where(calls.c.turn_id == bindparam("turn"))


def charge(connection: Connection, turn: Turn, call: ModelCall, at: float) -> None:
    """Write the call of a turn that ended at `at`, and add it to the sums."""
    connection.execute(ADD_TALLIES, _tally_values(turn, call, at))
    connection.execute(ADD_CALL, _call_values(turn, call, at))


def release_reservation(connection: Connection, turn: int) -> None:
    """Delete a turn's reservation."""
    connection.execute(END_RESERVATION, {"turn": turn})


def charge_extra_call(connection: Connection, turn: Turn, call: ModelCall) -> None:
    """Write a call that did not answer its turn; the turn may be forgotten by now."""
    charge(connection, turn, call, connection.execute(SELECT_NOW).scalar_one())
    connection.execute(DETACH_CALLS_IF_FORGOTTEN, {"turn": turn.id})


def detach_calls(connection: Connection, turn: int) -> None:
    """Keep the figures of a turn's calls, but remove what leads to its message."""
    connection.execute(DETACH_CALLS, {"turn": turn})
    release_reservation(connection, turn)


def lock_spending(connection: Connection, thread: ThreadKey, at: float) -> None:
    """Lock spending in the thread's workspace until this transaction ends."""
    month = {"dimension": SpendingDimension.WORKSPACE, "span": Span.MONTH, "period": name_period(Span.MONTH, at)}
    nothing = asdict(Spending()) | {"is_warned": False}
    connection.execute(ADD_TALLY, _workspace_values(thread) | month | {"subject": ""} | nothing)


def read_turn_spending(connection: Connection, turn: int) -> Spending:
    """Read what all calls of a turn cost together."""
    return spending_from(connection.execute(SELECT_TURN_SPENDING, {"turn": turn}).one())


def spending_from(row: Any) -> Spending:
    """Return the sums in a row; PostgreSQL returns them as decimals."""
    return Spending(**{name: int(getattr(row, name)) for name in SUM_COLUMNS})


def _tally_values(turn: Turn, call: ModelCall, at: float) -> dict[str, Any]:
    """Return the parameters of `ADD_TALLIES`: what a call adds, and to which sums."""
    spans = (Span.MONTH, Span.DAY)
    return (
        _workspace_values(turn.thread)
        | asdict(spending_of(call))
        | {span.value: name_period(span, at) for span in spans}
        | {f"warns_{span}": span in call.warns for span in spans}
        | {
            f"of_{SpendingDimension.WORKSPACE}": "",
            f"of_{SpendingDimension.CHANNEL}": turn.thread.channel,
            f"of_{SpendingDimension.PERSON}": turn.author.id,
            f"of_{SpendingDimension.MODEL}": call.model,
            f"of_{SpendingDimension.VERSIONS}": versions_key(call.versions),
        }
    )


def _workspace_values(thread: ThreadKey) -> dict[str, str]:
    return {"platform": thread.platform, "workspace": thread.workspace}


def _call_values(turn: Turn, call: ModelCall, at: float) -> dict[str, Any]:
    return {
        **asdict(turn.thread),
        "turn_id": turn.id,
        "author_id": turn.author.id,
        "at": at,
        "day": name_period(Span.DAY, at),
        "model": call.model,
        "versions": versions_key(call.versions),
        "prompt_tokens": call.prompt_tokens,
        "completion_tokens": call.completion_tokens,
        "cached_tokens": call.cached_tokens,
        "is_estimated": call.is_estimated,
        "cost": call.cost,
    }
