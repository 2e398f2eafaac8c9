"""`Votes` in SQL: a row for each person's opinion of an answer, and one for each version behind it.

Separate because no turn needs it. Rules: a vote is cast under the lock of its conversation, so it is for what
the thread shows; what the answer was made with is copied, since a turn may be answered again.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import (
    Boolean,
    Connection,
    Row,
    Select,
    bindparam,
    case,
    delete,
    false,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.core.domain import Author, PromptKey, ThreadKey
from bot.core.feedback import LONGEST_NOTE, Opinion, Reason, Score, Verdict, Vote
from bot.store import answers, variants
from bot.store import statements as sql
from bot.store.database import Database
from bot.store.schema import conversations, now, pages, status_in, turns, vote_versions, votes
from bot.store.states import JUDGED

ANSWER = select(turns).where(
    turns.c.id == bindparam("turn"),
    turns.c.conversation_id == bindparam("conversation"),
    turns.c.answer != "",
    status_in(turns.c.status, JUDGED),
)

_VERDICT: Any = literal_column("excluded.is_good")
_IS_THE_SAME = votes.c.is_good == _VERDICT

VOTE = (
    upsert(votes)
    .on_conflict_do_update(
        index_elements=["turn_id", "variant", "voter_id"],
        set_={
            "is_good": _VERDICT,
            "reasons": case((_IS_THE_SAME, votes.c.reasons), else_=""),
            "note": case((_IS_THE_SAME, votes.c.note), else_=""),
            "at": now(),
        },
    )
    .returning(*votes.c)
)

ADD_VERSIONS = upsert(vote_versions).on_conflict_do_nothing()

EXPLAIN = (
    update(votes)
    .where(
        votes.c.id == bindparam("vote"),
        votes.c.voter_id == bindparam("by"),
        votes.c.is_good == bindparam("verdict", type_=Boolean),
    )
    .values(reasons=bindparam("chosen"), note=bindparam("words"))
)

ERASE = delete(votes).where(votes.c.turn_id == bindparam("turn"))

_good = func.sum(case((votes.c.is_good, 1), else_=0))
_bad = func.sum(case((votes.c.is_good, 0), else_=1))

SCORES = (
    select(vote_versions.c.version_id, _good.label("good"), _bad.label("bad"))
    .join_from(vote_versions, votes)
    .where(vote_versions.c.version_id.in_(bindparam("versions", expanding=True)))
    .group_by(vote_versions.c.version_id)
)

_IS_WITHIN = (turns.c.platform == bindparam("platform"), turns.c.workspace == bindparam("workspace"))

TOTAL = (
    select(_good.label("good"), _bad.label("bad"))
    .join_from(votes, turns)
    .where(votes.c.at > bindparam("since"), *_IS_WITHIN)
)

_first_page = (
    select(pages.c.message_id).where(pages.c.turn_id == turns.c.id, pages.c.page == 0).scalar_subquery()
)

OPINIONS = (
    select(
        votes,
        turns.c.platform,
        turns.c.workspace,
        turns.c.channel,
        turns.c.author_id,
        turns.c.author_name,
        conversations.c.root,
        func.coalesce(_first_page, conversations.c.root).label("message_id"),
    )
    .join_from(votes, turns)
    .join(conversations, conversations.c.id == turns.c.conversation_id)
    .order_by(votes.c.at.desc(), votes.c.id.desc())
)

COMPLAINTS = OPINIONS.where(votes.c.is_good == false(), *_IS_WITHIN).limit(bindparam("limit"))

VERSIONS = (
    select(vote_versions)
    .where(vote_versions.c.vote_id.in_(bindparam("votes", expanding=True)))
    .order_by(vote_versions.c.version_id)
)


class SqlVotes:
    """`Votes` on SQLite or PostgreSQL."""

    def __init__(self, database: Database) -> None:
        """`database` may be one that a store uses too."""
        self._database = database

    async def vote(self, turn: int, thread: ThreadKey, verdict: Verdict, *, by: str) -> Vote | None:
        """Count a person's vote for the answer that a turn shows."""
        return await self._database.tx(vote, turn, thread, verdict, by=by)

    async def explain(
        self, vote: int, verdict: Verdict, *, by: str, reasons: Collection[Reason], note: str
    ) -> bool:
        """Add the reasons to a vote."""
        return await self._database.tx(explain, vote, verdict, by=by, reasons=reasons, note=note)

    async def scores(self, versions: Collection[int]) -> Mapping[int, Score]:
        """Return how answers were judged that were made with these versions."""
        return await self._database.tx(scores, versions)

    async def total(self, within: PromptKey, *, since: float) -> Score:
        """Return how answers in a workspace were judged after `since`."""
        return await self._database.tx(total, within, since)

    async def complaints(self, within: PromptKey, *, limit: int) -> Sequence[Opinion]:
        """Return the newest votes against answers in a workspace."""
        return await self._database.tx(complaints, within, limit)


def vote(connection: Connection, turn: int, thread: ThreadKey, verdict: Verdict, *, by: str) -> Vote | None:
    """Insert a vote, or change it, for the answer that is shown."""
    conversation = connection.scalar(sql.LOCK_CONVERSATION, asdict(thread))
    answer = connection.execute(ANSWER, {"turn": turn, "conversation": conversation}).one_or_none()
    if answer is None:
        return None
    place = variants.place(connection, turn)
    row = {
        "turn_id": turn,
        "variant": place.number or place.count + 1,
        "voter_id": by,
        "is_good": verdict is Verdict.GOOD,
        "model": answer.model,
    }
    cast = connection.execute(VOTE, row).one()
    made_with = answers.made_with(answer)
    if made_with and made_with.versions:
        behind = [{"vote_id": cast.id, "version_id": version} for version in made_with.versions]
        connection.execute(ADD_VERSIONS, behind)
    return _vote(cast)


def explain(
    connection: Connection, vote: int, verdict: Verdict, *, by: str, reasons: Collection[Reason], note: str
) -> bool:
    """Write the reasons into a vote."""
    meant = {"vote": vote, "by": by, "verdict": verdict is Verdict.GOOD}
    given = {"chosen": " ".join(sorted(set(reasons))), "words": note[:LONGEST_NOTE]}
    return connection.execute(EXPLAIN, meant | given).rowcount > 0


def scores(connection: Connection, versions: Collection[int]) -> Mapping[int, Score]:
    """Count the votes behind which each version stands."""
    found = connection.execute(SCORES, {"versions": list(versions)})
    return {row.version_id: Score(row.good, row.bad) for row in found}


def total(connection: Connection, within: PromptKey, since: float) -> Score:
    """Count the votes of a workspace."""
    row = connection.execute(TOTAL, asdict(within) | {"since": since}).one()
    return Score(row.good or 0, row.bad or 0)


def complaints(connection: Connection, within: PromptKey, limit: int) -> Sequence[Opinion]:
    """Read the newest votes against answers."""
    return opinions(connection, COMPLAINTS, asdict(within) | {"limit": limit})


def opinions(connection: Connection, chosen: Select[Any], values: Mapping[str, Any]) -> Sequence[Opinion]:
    """Read the votes that a narrower `OPINIONS` chooses, and what the answers were made with."""
    rows = connection.execute(chosen, values).all()
    behind: dict[int, list[int]] = {row.id: [] for row in rows}
    for row in connection.execute(VERSIONS, {"votes": list(behind)}):
        behind[row.vote_id].append(row.version_id)
    return [_opinion(row, tuple(behind[row.id])) for row in rows]


def _vote(row: Row[Any]) -> Vote:
    return Vote(
        id=row.id,
        verdict=Verdict.GOOD if row.is_good else Verdict.BAD,
        reasons=tuple(map(Reason, row.reasons.split())),
        note=row.note,
    )


def _opinion(row: Row[Any], versions: tuple[int, ...]) -> Opinion:
    return Opinion(
        vote=_vote(row),
        voter=row.voter_id,
        author=Author(id=row.author_id, name=row.author_name),
        thread=ThreadKey(platform=row.platform, workspace=row.workspace, channel=row.channel, root=row.root),
        message_id=row.message_id,
        model=row.model,
        versions=versions,
        at=row.at,
    )
