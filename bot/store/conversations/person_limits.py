"""Limits for each person: how many of their turns run at once, and how many questions they ask in a minute.

A person is a platform, a workspace and a user id. On SQLite one transaction runs at a time, so what it counts is
certain. On PostgreSQL two transactions that claim for the same person at the same moment would not count each other.
So each takes an advisory lock of that person, which the commit frees: a new question waits for it, and whoever locks
conversations already only tries, so that no two transactions wait for each other. Both come with statements that an
answer needs anyway.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Integer, Text, bindparam, func, literal_column, select, type_coerce
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from bot.core.errors import TooManyQuestions
from bot.core.turns import Author, ThreadKey, TurnStatus
from bot.ports import ClaimRules
from bot.store.schema import now, turns

NO_LIMIT: Final = 2**31 - 1
"""Stands for a limit that is not set: the largest `Integer`."""

TURNS_READ_PER_QUESTION: Final = 5
"""For each question that a minute allows, so many of a person's newest messages are looked at; most are questions."""

MAX_WAITING: Final = 10
"""How many questions of a person may wait for the lock at the same time: as many as a process has connections."""

_running = turns.alias("running")
_newest = turns.alias("newest")


class lock_person(FunctionElement[str]):  # noqa: N801 - reads as the SQL function that it is
    """Waits for the advisory lock of a person; NULL locks nothing."""

    type = Text()
    inherit_cache = True


class try_lock_person(FunctionElement[bool]):  # noqa: N801 - reads as the SQL function that it is
    """Whether this transaction holds the advisory lock of a person now."""

    inherit_cache = True


@compiles(lock_person, "postgresql")
def _lock_in_postgresql(element: lock_person, compiler: SQLCompiler, **options: Any) -> str:
    person = compiler.process(element.clauses, **options)
    return f"CAST(pg_advisory_xact_lock(hashtextextended(CAST({person} AS text), 0)) AS text)"


@compiles(try_lock_person, "postgresql")
def _try_lock_in_postgresql(element: try_lock_person, compiler: SQLCompiler, **options: Any) -> str:
    return f"pg_try_advisory_xact_lock(hashtextextended({compiler.process(element.clauses, **options)}, 0))"


@compiles(lock_person, "sqlite")
@compiles(try_lock_person, "sqlite")
def _lock_in_sqlite(_element: FunctionElement[Any], _compiler: SQLCompiler, **_options: Any) -> str:
    return "1"


def person_of(row: Any) -> ColumnElement[str]:
    """Return the name of the lock of a row's author, as `limit_values` has it."""
    name = row.c.platform + " " + row.c.workspace + " " + row.c.author_id
    return type_coerce(name, Text)  # else SQLAlchemy would write commas for `||` in PARTITION BY


def count_running(row: Any) -> ColumnElement[int]:
    """Return how many turns of a row's author have an owner."""
    return _count_running(row.c.platform, row.c.workspace, row.c.author_id)


def _count_running(
    platform: ColumnElement[str], workspace: ColumnElement[str], author: ColumnElement[str]
) -> ColumnElement[int]:
    return (
        select(func.count())
        .where(
            _running.c.owner.is_not(None),
            _running.c.author_id == author,
            _running.c.platform == platform,
            _running.c.workspace == workspace,
        )
        .scalar_subquery()
    )


_ASKER: Final = (
    bindparam("of_platform", type_=Text),
    bindparam("of_workspace", type_=Text),
    bindparam("of_person", type_=Text),
)

MAX_RUNNING: ColumnElement[int] = bindparam("max_running", type_=Integer)

ASKER_MAY_RUN = _count_running(*_ASKER) < MAX_RUNNING
"""Whether one more turn of the person who asks may run."""

_newest_of_asker = (
    select(_newest.c.created_at, _newest.c.status)
    .where(_newest.c.author_id == _ASKER[2], _newest.c.platform == _ASKER[0], _newest.c.workspace == _ASKER[1])
    .order_by(_newest.c.id.desc())
    .limit(bindparam("turns_read", type_=Integer))
    .subquery("newest_of_asker")
)

COUNT_RECENT_QUESTIONS = select(func.count().label("recent_questions")).where(
    _newest_of_asker.c.status != TurnStatus.NOTED, _newest_of_asker.c.created_at > now() - literal_column("60.0")
)
"""How many questions of the person who asks were recorded within the last minute."""


def require_few_questions(
    connection: Connection, rules: ClaimRules, values: Mapping[str, Any], recent_questions: int
) -> None:
    """Raise `TooManyQuestions` if the person who asks may not ask now.

    `recent_questions` was read before the person was locked. Near the limit they are counted again, since others
    may have committed while this transaction waited.
    """
    limit = rules.questions_per_minute or NO_LIMIT
    if recent_questions + MAX_WAITING < limit:
        return
    if connection.execute(COUNT_RECENT_QUESTIONS, values).scalar_one() >= limit:
        raise TooManyQuestions


def limit_values(rules: ClaimRules, thread: ThreadKey, author: Author) -> dict[str, Any]:
    """Return the parameters for a question of this person."""
    is_limited = rules.answers_per_person or rules.questions_per_minute
    return running_values(rules) | {
        "of_platform": thread.platform,
        "of_workspace": thread.workspace,
        "of_person": author.id,
        "person_lock": f"{thread.platform} {thread.workspace} {author.id}" if is_limited else None,
        "turns_read": rules.questions_per_minute * TURNS_READ_PER_QUESTION,
    }


def running_values(rules: ClaimRules) -> dict[str, int]:
    """Return the parameter of statements that claim."""
    return {"max_running": rules.answers_per_person or NO_LIMIT}
