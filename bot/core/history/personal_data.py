"""What is stored about one person or one thread: how it is counted, and how it is exported.

An export has one JSON object a line. Empty fields are left out. Times are in seconds since 1970, as they are
stored. For example:

    {"kind": "vote", "platform": "slack", "workspace": "T1", "channel": "C1", "thread": "9.1",
     "message": "9.2", "at": 1795305600.0, "verdict": "bad", "reasons": ["wrong"]}
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bot.core.chat.scoped_config import name_scope, to_json
from bot.core.config import ConfigVersion
from bot.core.history.feedback import VoteRecord
from bot.core.spending.budgets import Spending
from bot.core.turns import ThreadKey, Turn

ERASED_PERSON = "erased"
"""Stands for a person whose data was erased, in figures that are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonKey:
    """A person on a platform."""

    user: str
    """The platform's user id; never empty."""
    platform: str = ""
    workspace: str = ""
    """Empty matches every workspace; an empty platform matches every platform."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCounts:
    """How much is stored about a person."""

    messages: int = 0
    """Questions, and messages in threads where the bot was asked."""
    since: float = 0.0
    """When the oldest of them was written, in seconds since 1970."""
    votes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTurn:
    """Everything that is stored about a message and its answers."""

    turn: Turn
    sent_at: float
    answers: tuple[str, ...] = ()
    """All variants, if there are several, including the one in `turn`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodSpending:
    """What the model's calls for a person cost in a day or a month."""

    platform: str
    workspace: str
    period: str
    """As `core.periods` names it."""
    spending: Spending


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherPersonalData:
    """What is stored about a person apart from messages."""

    votes: Sequence[VoteRecord] = ()
    versions: Sequence[ConfigVersion] = ()
    """Config versions that the person saved."""
    spent: Sequence[PeriodSpending] = ()
    """Ordered by workspace and period."""


def to_json_lines(records: Iterable[Mapping[str, Any]]) -> str:
    """Return records as JSON lines, each with its line break."""
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def turn_to_record(stored: StoredTurn) -> Mapping[str, Any]:
    """Return the record of a message and its answers."""
    turn = stored.turn
    made_with = asdict(turn.made_with) if turn.made_with else {}
    return _make_record(
        "message",
        turn.thread,
        message=turn.message_id,
        author=asdict(turn.author),
        at=stored.sent_at,
        text=turn.question,
        files=[{"name": file.name, "type": file.type, "size": file.size} for file in turn.files],
        status=str(turn.status),
        answer=turn.answer,
        answers=list(stored.answers),
        model=turn.model,
        finish_reason=turn.finish_reason,
        error=turn.error,
        made_with={name: value for name, value in made_with.items() if value},
        shown_in=list(turn.pages),
    )


def vote_to_record(vote: VoteRecord) -> Mapping[str, Any]:
    """Return the record of a vote, without the person who asked: that is somebody else."""
    return _make_record(
        "vote",
        vote.thread,
        message=vote.message_id,
        at=vote.cast_at,
        verdict=str(vote.vote.verdict),
        reasons=[str(reason) for reason in vote.vote.reasons],
        note=vote.vote.note,
        model=vote.model,
    )


def version_to_record(version: ConfigVersion) -> Mapping[str, Any]:
    """Return the record of a config that an admin saved."""
    return {
        "kind": "version",
        "level": name_scope(version.scope),
        "number": version.number,
        "at": version.created_at,
        "author": asdict(version.author),
        "note": version.note,
        "content": json.loads(to_json(version.config)),
    }


def spending_to_record(spent: PeriodSpending) -> Mapping[str, Any]:
    """Return the record of what was spent; money in nano-units."""
    where = {"platform": spent.platform, "workspace": spent.workspace, "period": spent.period}
    sums = {name: number for name, number in asdict(spent.spending).items() if number}
    return {"kind": "usage", **where, **sums}


def other_data_to_records(data: OtherPersonalData) -> Iterable[Mapping[str, Any]]:
    """Return the records of everything that is stored apart from messages."""
    return [
        *map(vote_to_record, data.votes),
        *map(version_to_record, data.versions),
        *map(spending_to_record, data.spent),
    ]


def _make_record(kind: str, thread: ThreadKey, **fields: Any) -> Mapping[str, Any]:
    where = {"platform": thread.platform, "workspace": thread.workspace, "channel": thread.channel}
    filled = {name: value for name, value in fields.items() if value}
    return {"kind": kind, **where, "thread": thread.root, **filled}
