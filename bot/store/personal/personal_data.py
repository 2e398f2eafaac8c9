"""`PersonalData` in SQL: what is stored about a person, found by their id.

Everybody may ask for their data at any time, so each statement finds a person's rows by index. Messages are erased
some at a time by `erasing`. When none is left, `_anonymize` takes the name out of votes, calls and sums.
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

from bot.core.history.personal_data import (
    ERASED_PERSON,
    OtherPersonalData,
    PeriodSpending,
    PersonKey,
    StoredCounts,
    StoredTurn,
)
from bot.core.spending.budgets import SpendingDimension
from bot.core.turns import ThreadKey, TurnStatus
from bot.store.config import versions
from bot.store.conversations import feedback
from bot.store.conversations.turn_queue import turn_from
from bot.store.database import Database
from bot.store.personal import anonymize, erasing, retention
from bot.store.schema import (
    calls,
    conversations,
    is_in_history,
    is_open,
    pages,
    steering_versions,
    tallies,
    turns,
    variants,
    votes,
)
from bot.store.spending import model_calls


def _is_in_workspace(table: Any) -> tuple[ColumnElement[bool], ...]:
    """Return the condition that a row is of the given platform and workspace; empty parameters match all."""
    return tuple(bindparam(f"of_{part}").in_(["", table.c[part]]) for part in ("platform", "workspace"))


_IS_NOT_FORGOTTEN = turns.c.status != TurnStatus.FORGOTTEN
_IS_TURN_OF_PERSON = (turns.c.author_id == bindparam("of_user"), *_is_in_workspace(turns), _IS_NOT_FORGOTTEN)
_IS_TURN_OF_THREAD = (
    *(conversations.c[part] == bindparam(f"of_{part}") for part in ("platform", "workspace", "channel", "root")),
    or_(is_in_history(turns), is_open(turns)),  # the conditions of the partial indexes on a conversation's turns
)
_IS_VOTE_OF_PERSON = votes.c.voter_id == bindparam("of_user")

COUNT_MESSAGES = select(func.count(turns.c.id).label("messages"), func.min(turns.c.sent_at).label("since")).where(
    *_IS_TURN_OF_PERSON
)

COUNT_VOTES = (
    select(func.count(votes.c.id))
    .join_from(votes, turns, votes.c.turn_id == turns.c.id)
    .where(_IS_VOTE_OF_PERSON, *_is_in_workspace(turns))
)


def _select_turns(*conditions: ColumnElement[bool]) -> Select[Any]:
    return (
        select(turns, conversations.c.root)
        .join_from(turns, conversations, turns.c.conversation_id == conversations.c.id)
        .where(turns.c.id > bindparam("after"), *conditions)
        .order_by(turns.c.id)
        .limit(bindparam("limit"))
    )


SELECT_TURNS = {PersonKey: _select_turns(*_IS_TURN_OF_PERSON), ThreadKey: _select_turns(*_IS_TURN_OF_THREAD)}

SELECT_PAGES = (
    select(pages).where(pages.c.turn_id.in_(bindparam("turns", expanding=True))).order_by(pages.c.turn_id, pages.c.page)
)

SELECT_ANSWERS = (
    select(variants.c.turn_id, variants.c.answer)
    .where(variants.c.turn_id.in_(bindparam("turns", expanding=True)))
    .order_by(variants.c.turn_id, variants.c.number)
)

SELECT_OPINIONS = (
    feedback.SELECT_OPINIONS.where(_IS_VOTE_OF_PERSON, *_is_in_workspace(turns)).order_by(None).order_by(votes.c.id)
)

SELECT_VERSIONS = (
    select(steering_versions)
    .where(steering_versions.c.author_id == bindparam("of_user"), *_is_in_workspace(steering_versions))
    .order_by(steering_versions.c.id)
)

ANONYMIZE_VOTES = (
    update(votes)
    .where(
        votes.c.id.in_(
            select(votes.c.id)
            .join_from(votes, turns, votes.c.turn_id == turns.c.id)
            .where(_IS_VOTE_OF_PERSON, *_is_in_workspace(turns))
        )
    )
    .values(voter_id=literal(f"{ERASED_PERSON}:") + cast(votes.c.id, String), note="")
)

ANONYMIZE_CALLS = (
    update(calls).where(calls.c.author_id == bindparam("of_user"), *_is_in_workspace(calls)).values(author_id="")
)

ANONYMIZE_STOPS = (
    update(turns)
    .where(turns.c.stopped_by == bindparam("of_user"), turns.c.owner.is_(None), *_is_in_workspace(turns))
    .values(stopped_by=null())
)

SELECT_SUMS = anonymize.SELECT_NAMED_SUMS.where(tallies.c.subject == bindparam("of_user"), *_is_in_workspace(tallies))


SELECT_TALLIES = select(tallies).where(
    tallies.c.dimension == SpendingDimension.PERSON,
    tallies.c.subject == bindparam("of_user"),
    *_is_in_workspace(tallies),
)


class SqlPersonalData:
    """`PersonalData` on SQLite or PostgreSQL."""

    def __init__(self, database: Database) -> None:
        """`database` may be shared with other stores."""
        self._database = database

    async def count_stored(self, person: PersonKey) -> StoredCounts:
        """Return how much is stored about a person."""
        return await self._database.tx(count_stored, person)

    async def list_turns(self, of: PersonKey | ThreadKey, *, after: int, limit: int) -> Sequence[StoredTurn]:
        """Return messages of a person or in a thread, with ids greater than `after`."""
        return await self._database.tx(list_turns, of, after, limit)

    async def read_other_data(self, person: PersonKey) -> OtherPersonalData:
        """Return what is stored about a person besides their messages."""
        return await self._database.tx(read_other_data, person)

    async def erase(self, of: PersonKey | ThreadKey, *, limit: int) -> int:
        """Erase some messages of a person or in a thread; when none is left, anonymise the rest."""
        return await self._database.tx(erase_data, of, limit)

    async def expire(self, age: float, *, limit: int) -> bool:
        """Erase some conversations that were silent for `age` seconds; return whether to call again at once."""
        return await self._database.tx(retention.expire_conversations, age, limit)


def count_stored(connection: Connection, person: PersonKey) -> StoredCounts:
    """Count a person's messages and votes."""
    row = connection.execute(COUNT_MESSAGES, _key_values(person)).one()
    counted = connection.execute(COUNT_VOTES, _key_values(person)).scalar_one()
    return StoredCounts(messages=row.messages, since=row.since or 0.0, votes=counted)


def list_turns(connection: Connection, of: PersonKey | ThreadKey, after: int, limit: int) -> Sequence[StoredTurn]:
    """Read turns, with the messages that show their answers, and all variants."""
    rows = connection.execute(SELECT_TURNS[type(of)], _key_values(of) | {"after": after, "limit": limit}).all()
    turn_ids = {"turns": [row.id for row in rows]}
    shown: dict[int, list[str]] = {row.id: [] for row in rows}
    answers: dict[int, list[str]] = {row.id: [] for row in rows}
    for page in connection.execute(SELECT_PAGES, turn_ids):
        shown[page.turn_id].append(page.message_id)
    for variant in connection.execute(SELECT_ANSWERS, turn_ids):
        answers[variant.turn_id].append(variant.answer)
    return [_stored_turn_from(row, shown[row.id], answers[row.id]) for row in rows]


def read_other_data(connection: Connection, person: PersonKey) -> OtherPersonalData:
    """Read a person's votes, the versions they saved, and what they spent."""
    spent = [_spent_from(row) for row in connection.execute(SELECT_TALLIES, _key_values(person))]
    return OtherPersonalData(
        votes=feedback.read_opinions(connection, SELECT_OPINIONS, _key_values(person)),
        versions=[versions.version_from(row) for row in connection.execute(SELECT_VERSIONS, _key_values(person))],
        spent=sorted(
            spent, key=lambda each: (each.platform, each.workspace, each.period)
        ),  # not in SQL: collations differ
    )


def _spent_from(row: Row[Any]) -> PeriodSpending:
    spending = model_calls.spending_from(row)
    return PeriodSpending(platform=row.platform, workspace=row.workspace, period=row.period, spending=spending)


def erase_data(connection: Connection, of: PersonKey | ThreadKey, limit: int) -> int:
    """Erase turns; if there are none, anonymise everything else of a person."""
    rows = connection.execute(SELECT_TURNS[type(of)], _key_values(of) | {"after": 0, "limit": limit}).all()
    if rows:
        return erasing.erase_turns(connection, [row.id for row in rows])
    if isinstance(of, PersonKey):
        _anonymize(connection, of)
    return 0


def _anonymize(connection: Connection, person: PersonKey) -> None:
    for statement in (ANONYMIZE_VOTES, ANONYMIZE_CALLS, ANONYMIZE_STOPS):
        connection.execute(statement, _key_values(person))
    this_month = anonymize.month_of(connection.execute(model_calls.SELECT_NOW).scalar_one())
    anonymize.anonymize_sums(connection, SELECT_SUMS, _key_values(person) | {"before": this_month})


def _key_values(of: PersonKey | ThreadKey) -> dict[str, Any]:
    """Return the parameters that name a person or a thread; SQLAlchemy reserves the columns' own names for SET."""
    return {f"of_{name}": value for name, value in asdict(of).items()}


def _stored_turn_from(row: Row[Any], shown: Sequence[str], answers: Sequence[str]) -> StoredTurn:
    return StoredTurn(turn=turn_from(row, row.root, tuple(shown)), sent_at=row.sent_at, answers=tuple(answers))
