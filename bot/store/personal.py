"""`PersonalData` in SQL: what is stored of people, found by who they are.

Separate because no turn is answered with it. Rules: a person's rows are found by index, since everybody may
ask at any time; whatever is erased goes through `erasing`.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    String,
    bindparam,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    update,
)

from bot.core.domain import ThreadKey, TurnStatus
from bot.core.ledger import Dimension
from bot.core.personal import ERASED, Beside, Held, Person, Spent, StoredTurn
from bot.store import calls as ledger
from bot.store import erasing, expiring, feedback, unnaming, versions
from bot.store.database import Database
from bot.store.schema import (
    calls,
    conversations,
    is_open,
    is_said,
    pages,
    steering_versions,
    tallies,
    turns,
    variants,
    votes,
)
from bot.store.transactions import turn_from


def _is_there(table: Any) -> tuple[ColumnElement[bool], ...]:
    """Return the condition that a row is of the person's platform and workspace, where these are given."""
    return tuple(bindparam(f"of_{part}").in_(["", table.c[part]]) for part in ("platform", "workspace"))


_SAID = turns.c.status != TurnStatus.FORGOTTEN
_BY_PERSON = (turns.c.author_id == bindparam("of_user"), *_is_there(turns), _SAID)
_IN_THREAD = (
    *(
        conversations.c[part] == bindparam(f"of_{part}")
        for part in ("platform", "workspace", "channel", "root")
    ),
    or_(is_said(turns), is_open(turns)),  # the words of the indexes that find a conversation's turns
)
_VOTED = votes.c.voter_id == bindparam("of_user")

HELD = select(func.count(turns.c.id).label("messages"), func.min(turns.c.sent_at).label("since")).where(
    *_BY_PERSON
)

VOTES = (
    select(func.count(votes.c.id))
    .join_from(votes, turns, votes.c.turn_id == turns.c.id)
    .where(_VOTED, *_is_there(turns))
)


def _turns(*conditions: ColumnElement[bool]) -> Select[Any]:
    return (
        select(turns, conversations.c.root)
        .join_from(turns, conversations, turns.c.conversation_id == conversations.c.id)
        .where(turns.c.id > bindparam("after"), *conditions)
        .order_by(turns.c.id)
        .limit(bindparam("limit"))
    )


TURNS = {Person: _turns(*_BY_PERSON), ThreadKey: _turns(*_IN_THREAD)}

PAGES = (
    select(pages)
    .where(pages.c.turn_id.in_(bindparam("turns", expanding=True)))
    .order_by(pages.c.turn_id, pages.c.page)
)

ANSWERS = (
    select(variants.c.turn_id, variants.c.answer)
    .where(variants.c.turn_id.in_(bindparam("turns", expanding=True)))
    .order_by(variants.c.turn_id, variants.c.number)
)

OPINIONS = feedback.OPINIONS.where(_VOTED, *_is_there(turns)).order_by(None).order_by(votes.c.id)

VERSIONS = (
    select(steering_versions)
    .where(steering_versions.c.author_id == bindparam("of_user"), *_is_there(steering_versions))
    .order_by(steering_versions.c.id)
)

UNNAME_VOTES = (
    update(votes)
    .where(
        votes.c.id.in_(
            select(votes.c.id)
            .join_from(votes, turns, votes.c.turn_id == turns.c.id)
            .where(_VOTED, *_is_there(turns))
        )
    )
    .values(voter_id=literal(f"{ERASED}:") + cast(votes.c.id, String), note="")
)

UNNAME_CALLS = (
    update(calls).where(calls.c.author_id == bindparam("of_user"), *_is_there(calls)).values(author_id="")
)

UNNAME_STOPS = (
    update(turns)
    .where(turns.c.stopped_by == bindparam("of_user"), turns.c.owner.is_(None), *_is_there(turns))
    .values(stopped_by=null())
)

SUMS = unnaming.NAMED.where(tallies.c.subject == bindparam("of_user"), *_is_there(tallies))


SPENT = select(tallies).where(
    tallies.c.dimension == Dimension.PERSON, tallies.c.subject == bindparam("of_user"), *_is_there(tallies)
)


class SqlPersonalData:
    """`PersonalData` on SQLite or PostgreSQL."""

    def __init__(self, database: Database) -> None:
        """`database` may be one that a store uses too."""
        self._database = database

    async def held(self, person: Person) -> Held:
        """Return how much is stored of a person."""
        return await self._database.tx(held, person)

    async def turns(self, of: Person | ThreadKey, *, after: int, limit: int) -> Sequence[StoredTurn]:
        """Return messages of a person or in a thread, after one of that id."""
        return await self._database.tx(stored, of, after, limit)

    async def beside(self, person: Person) -> Beside:
        """Return what is stored of a person beside their messages."""
        return await self._database.tx(beside, person)

    async def erase(self, of: Person | ThreadKey, *, limit: int) -> int:
        """Erase some messages of a person or in a thread; when nothing is left, their name elsewhere."""
        return await self._database.tx(erase, of, limit)

    async def expire(self, age: float, *, limit: int) -> bool:
        """Erase some conversations in which nothing was said for `age` seconds; say whether to go on."""
        return await self._database.tx(expiring.expire, age, limit)


def held(connection: Connection, person: Person) -> Held:
    """Count what a person said, and their votes."""
    row = connection.execute(HELD, _values(person)).one()
    counted = connection.execute(VOTES, _values(person)).scalar_one()
    return Held(messages=row.messages, since=row.since or 0.0, votes=counted)


def stored(connection: Connection, of: Person | ThreadKey, after: int, limit: int) -> Sequence[StoredTurn]:
    """Read turns, with the messages that show their answers, and all answers."""
    rows = connection.execute(TURNS[type(of)], _values(of) | {"after": after, "limit": limit}).all()
    these = {"turns": [row.id for row in rows]}
    shown: dict[int, list[str]] = {row.id: [] for row in rows}
    answers: dict[int, list[str]] = {row.id: [] for row in rows}
    for page in connection.execute(PAGES, these):
        shown[page.turn_id].append(page.message_id)
    for variant in connection.execute(ANSWERS, these):
        answers[variant.turn_id].append(variant.answer)
    return [_stored(row, shown[row.id], answers[row.id]) for row in rows]


def beside(connection: Connection, person: Person) -> Beside:
    """Read a person's votes, the versions they saved, and what they spent."""
    spent = [_spent(row) for row in connection.execute(SPENT, _values(person))]
    return Beside(
        opinions=feedback.opinions(connection, OPINIONS, _values(person)),
        versions=[versions.version_from(row) for row in connection.execute(VERSIONS, _values(person))],
        spent=sorted(
            spent, key=lambda each: (each.platform, each.workspace, each.period)
        ),  # not by collation
    )


def _spent(row: Row[Any]) -> Spent:
    spending = ledger.spending(row)
    return Spent(platform=row.platform, workspace=row.workspace, period=row.period, spending=spending)


def erase(connection: Connection, of: Person | ThreadKey, limit: int) -> int:
    """Erase turns; where there are none, take a person's name out of everything else."""
    rows = connection.execute(TURNS[type(of)], _values(of) | {"after": 0, "limit": limit}).all()
    if rows:
        return erasing.erase(connection, [row.id for row in rows])
    if isinstance(of, Person):
        _unname(connection, of)
    return 0


def _unname(connection: Connection, person: Person) -> None:
    for statement in (UNNAME_VOTES, UNNAME_CALLS, UNNAME_STOPS):
        connection.execute(statement, _values(person))
    this_month = unnaming.month(connection.execute(ledger.NOW).scalar_one())
    unnaming.unname(connection, SUMS, _values(person) | {"before": this_month})


def _values(of: Person | ThreadKey) -> dict[str, Any]:
    """Return the parameters that say whose or which; SQLAlchemy keeps columns' own names for SET."""
    return {f"of_{name}": value for name, value in asdict(of).items()}


def _stored(row: Row[Any], shown: Sequence[str], answers: Sequence[str]) -> StoredTurn:
    return StoredTurn(
        turn=turn_from(row, row.root, tuple(shown)), sent_at=row.sent_at, answers=tuple(answers)
    )
