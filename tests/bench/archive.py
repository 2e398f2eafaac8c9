"""Fills the tables with a workspace that has used the bot for months.

The test that counts statements (`test_views`) and the benchmark that measures time (`views`) use the same
tables. Times are seconds since 1970; ids look like Slack's.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, insert

from bot.core.chat import scoped_config
from bot.core.config import Prompt, ScopeConfig
from bot.core.periods import SECONDS_PER_DAY, Span, name_days
from bot.core.requests import Answer, Provenance, Usage
from bot.core.spending.budgets import SpendingDimension
from bot.core.turns import TurnStatus
from bot.store.conversations.answer_columns import answer_values
from bot.store.schema import conversations, pages, steering_versions, tallies, turns, vote_versions, votes

TEAM, CHANNEL, ADA = "T0SANDBOX", "C0GENERAL", "U0ADA"
HERE = {"platform": "slack", "workspace": TEAM}
DAYS = 90
BATCH_ROWS = 5_000
PROMPT = "Answer the people of this channel as briefly as they ask, and name your sources. " * 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveSize:
    """How many rows of each kind to write."""

    turns: int = 100_000
    per_thread: int = 20
    longest: int = 5_000
    """Turns of the last thread."""
    levels: int = 1_000
    """Channels in which something is set."""
    versions: int = 200
    """Of the channel that is looked at."""
    people: int = 200


def fill(connection: Connection, size: ArchiveSize, root: str = "0.000001", *, now: float | None = None) -> None:
    """Write all rows; the longest thread has the root `root`, the others 1.000000 and so on.

    It goes on until `now`; without, until this moment.
    """
    now = time.time() if now is None else now
    start = now - DAYS * SECONDS_PER_DAY
    _add(connection, steering_versions, _levels(size))
    threads = max(1, (size.turns - size.longest) // size.per_thread) + 1
    _add(connection, conversations, (_thread(number, start, root) for number in range(threads)))
    conversation_ids = [row.id for row in connection.execute(conversations.select().order_by(conversations.c.id))]
    _add(connection, turns, (_turn(number, conversation_ids, start, size) for number in range(size.turns)))
    ids = [row.id for row in connection.execute(turns.select().with_only_columns(turns.c.id))]
    _add(connection, pages, ({"turn_id": id_, "page": 0, "message_id": f"answer {id_}"} for id_ in ids))
    voted = ids[::10]
    _add(connection, votes, (_vote(id_, start) for id_ in voted))
    _add(connection, vote_versions, ({"vote_id": n + 1, "version_id": 1} for n in range(len(voted))))
    _add(connection, tallies, _tallies(size, now))


def _levels(size: ArchiveSize) -> Iterable[dict[str, Any]]:
    content = scoped_config.to_json(ScopeConfig(prompt=Prompt(PROMPT), parameters={"temperature": 0.5}))
    common = {
        **HERE,
        "root": "",
        "author_id": ADA,
        "author_name": "Ada",
        "note": "Why not?",
        "created_at": 0.0,
    }
    for number in range(size.versions):
        yield common | {"channel": CHANNEL, "number": number + 1, "content": content}
    for number in range(size.levels):
        yield common | {"channel": f"C{number:05}", "number": 1, "content": content}


def _thread(number: int, start: float, longest: str) -> dict[str, Any]:
    root = f"{number}.000000" if number else longest
    return {**HERE, "channel": CHANNEL, "root": root, "created_at": start + number}


def _turn(number: int, conversation_ids: list[int], start: float, size: ArchiveSize) -> dict[str, Any]:
    is_last = number >= size.turns - size.longest
    conversation = (
        conversation_ids[0]
        if is_last
        else conversation_ids[1 + number // size.per_thread % (len(conversation_ids) - 1)]
    )
    usage = Usage(prompt_tokens=900, completion_tokens=90)
    answer = Answer(
        text="An answer that is somewhat longer than that, as models give them. " * 6,
        model="m",
        finish_reason="stop",
        usage=usage,
        made_with=Provenance(versions=(1,), parameters={"model": "m"}),
    )
    return {
        "conversation_id": conversation,
        **HERE,
        "channel": CHANNEL,
        "message_id": f"asked {number}",
        "author_id": f"U{number % size.people}",
        "author_name": "Ada",
        "question": "A question of a usual length, as people write them in a thread.",
        "status": TurnStatus.DONE,
        "sent_at": start + number,
        "token": 1,
        "attempt": 1,
        **answer_values(answer),
    }


def _vote(turn: int, start: float) -> dict[str, Any]:
    is_good = turn % 3 != 0
    at = start + turn * 70
    return {"turn_id": turn, "variant": 1, "voter_id": ADA, "is_good": is_good, "model": "m", "at": at}


def _tallies(size: ArchiveSize, now: float) -> Iterable[dict[str, Any]]:
    names = ("calls", "prompt_tokens", "completion_tokens", "cached_tokens", "cost", "unpriced", "estimated")
    counts: dict[str, Any] = dict.fromkeys(names, 7) | {"is_warned": False}
    subjects = [
        (SpendingDimension.WORKSPACE, ""),
        *((SpendingDimension.PERSON, f"U{number}") for number in range(size.people)),
        *((SpendingDimension.CHANNEL, f"C{number:05}") for number in range(size.people)),
        *((SpendingDimension.VERSIONS, str(number)) for number in range(size.people)),
    ]
    for period in name_days(now, DAYS):
        for dimension, subject in subjects:
            yield {
                **HERE,
                "dimension": dimension,
                "span": Span.DAY,
                "period": period,
                "subject": subject,
                **counts,
            }


def _add(connection: Connection, table: Table, rows: Iterable[dict[str, Any]]) -> None:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH_ROWS:
            connection.execute(insert(table), batch)
            batch = []
    if batch:
        connection.execute(insert(table), batch)
