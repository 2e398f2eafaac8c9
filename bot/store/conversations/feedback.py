"""`Votes` in SQL: a row for each person's vote on an answer, and one for each configuration version behind it.

A vote is saved while its conversation is locked, so it is on the answer that the thread shows. The model and the
versions that the answer was made with are copied to the vote, because the turn may be answered again later.
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

from bot.core.config import Scope
from bot.core.history.feedback import MAX_NOTE_CHARACTERS, Verdict, Vote, VoteCounts, VoteReason, VoteRecord
from bot.core.turns import VOTABLE_STATUSES, Author, ThreadKey
from bot.store.conversations import answer_columns, variants
from bot.store.conversations import statements as sql
from bot.store.database import Database
from bot.store.schema import conversations, now, pages, status_in, turns, vote_versions, votes

SELECT_ANSWER = select(turns).where(
    turns.c.id == bindparam("turn"),
    turns.c.conversation_id == bindparam("conversation"),
    turns.c.answer != "",
    status_in(turns.c.status, VOTABLE_STATUSES),
)

_NEW_VERDICT: Any = literal_column("excluded.is_good")
_IS_SAME_VERDICT = votes.c.is_good == _NEW_VERDICT

SAVE_VOTE = (
    upsert(votes)
    .on_conflict_do_update(
        index_elements=["turn_id", "variant", "voter_id"],
        set_={
            "is_good": _NEW_VERDICT,
            "reasons": case((_IS_SAME_VERDICT, votes.c.reasons), else_=""),
            "note": case((_IS_SAME_VERDICT, votes.c.note), else_=""),
            "at": now(),
        },
    )
    .returning(*votes.c)
)

ADD_VERSIONS = upsert(vote_versions).on_conflict_do_nothing()

ADD_REASONS = (
    update(votes)
    .where(
        votes.c.id == bindparam("vote"),
        votes.c.voter_id == bindparam("by"),
        votes.c.is_good == bindparam("verdict", type_=Boolean),
    )
    .values(reasons=bindparam("chosen"), note=bindparam("words"))
)

DELETE_VOTES = delete(votes).where(votes.c.turn_id == bindparam("turn"))

_GOOD_COUNT = func.sum(case((votes.c.is_good, 1), else_=0))
_BAD_COUNT = func.sum(case((votes.c.is_good, 0), else_=1))

SELECT_SCORES = (
    select(vote_versions.c.version_id, _GOOD_COUNT.label("good"), _BAD_COUNT.label("bad"))
    .join_from(vote_versions, votes)
    .where(vote_versions.c.version_id.in_(bindparam("versions", expanding=True)))
    .group_by(vote_versions.c.version_id)
)

_IS_IN_WORKSPACE = (turns.c.platform == bindparam("platform"), turns.c.workspace == bindparam("workspace"))

SELECT_TOTAL_SCORE = (
    select(_GOOD_COUNT.label("good"), _BAD_COUNT.label("bad"))
    .join_from(votes, turns)
    .where(votes.c.at > bindparam("since"), *_IS_IN_WORKSPACE)
)

_FIRST_PAGE = select(pages.c.message_id).where(pages.c.turn_id == turns.c.id, pages.c.page == 0).scalar_subquery()

SELECT_OPINIONS = (
    select(
        votes,
        turns.c.platform,
        turns.c.workspace,
        turns.c.channel,
        turns.c.author_id,
        turns.c.author_name,
        conversations.c.root,
        func.coalesce(_FIRST_PAGE, conversations.c.root).label("message_id"),
    )
    .join_from(votes, turns)
    .join(conversations, conversations.c.id == turns.c.conversation_id)
    .order_by(votes.c.at.desc(), votes.c.id.desc())
)

SELECT_COMPLAINTS = SELECT_OPINIONS.where(votes.c.is_good == false(), *_IS_IN_WORKSPACE).limit(bindparam("limit"))

SELECT_VERSIONS = (
    select(vote_versions)
    .where(vote_versions.c.vote_id.in_(bindparam("votes", expanding=True)))
    .order_by(vote_versions.c.version_id)
)


class SqlVotes:
    """`Votes` on SQLite or PostgreSQL."""

    def __init__(self, database: Database) -> None:
        """`database` may be shared with other stores."""
        self._database = database

    async def cast_vote(self, turn: int, thread: ThreadKey, verdict: Verdict, *, by: str) -> Vote | None:
        """Save a person's vote on the answer that a turn shows."""
        return await self._database.tx(cast_vote, turn, thread, verdict, by=by)

    async def add_reasons(
        self, vote: int, verdict: Verdict, *, by: str, reasons: Collection[VoteReason], note: str
    ) -> bool:
        """Save the reasons of a vote."""
        return await self._database.tx(add_reasons, vote, verdict, by=by, reasons=reasons, note=note)

    async def count_votes_by_version(self, versions: Collection[int]) -> Mapping[int, VoteCounts]:
        """Return the votes on answers that were made with each of these versions."""
        return await self._database.tx(count_votes_by_version, versions)

    async def count_votes(self, within: Scope, *, since: float) -> VoteCounts:
        """Return the votes on answers in a workspace after `since`."""
        return await self._database.tx(count_votes, within, since)

    async def list_complaints(self, within: Scope, *, limit: int) -> Sequence[VoteRecord]:
        """Return the newest votes against answers in a workspace."""
        return await self._database.tx(list_complaints, within, limit)


def cast_vote(connection: Connection, turn: int, thread: ThreadKey, verdict: Verdict, *, by: str) -> Vote | None:
    """Insert or change a vote on the answer that is shown."""
    conversation = connection.scalar(sql.LOCK_CONVERSATION, asdict(thread))
    answer = connection.execute(SELECT_ANSWER, {"turn": turn, "conversation": conversation}).one_or_none()
    if answer is None:
        return None
    position = variants.read_position(connection, turn)
    row = {
        "turn_id": turn,
        "variant": position.number or position.count + 1,
        "voter_id": by,
        "is_good": verdict is Verdict.GOOD,
        "model": answer.model,
    }
    cast = connection.execute(SAVE_VOTE, row).one()
    made_with = answer_columns.provenance_from(answer)
    if made_with and made_with.versions:
        behind = [{"vote_id": cast.id, "version_id": version} for version in made_with.versions]
        connection.execute(ADD_VERSIONS, behind)
    return _vote_from(cast)


def add_reasons(
    connection: Connection, vote: int, verdict: Verdict, *, by: str, reasons: Collection[VoteReason], note: str
) -> bool:
    """Update the reasons of a vote."""
    target = {"vote": vote, "by": by, "verdict": verdict is Verdict.GOOD}
    given = {"chosen": " ".join(sorted(set(reasons))), "words": note[:MAX_NOTE_CHARACTERS]}
    return connection.execute(ADD_REASONS, target | given).rowcount > 0


def count_votes_by_version(connection: Connection, versions: Collection[int]) -> Mapping[int, VoteCounts]:
    """Count the votes on answers of each version."""
    found = connection.execute(SELECT_SCORES, {"versions": list(versions)})
    return {row.version_id: VoteCounts(row.good, row.bad) for row in found}


def count_votes(connection: Connection, within: Scope, since: float) -> VoteCounts:
    """Count the votes of a workspace."""
    row = connection.execute(SELECT_TOTAL_SCORE, asdict(within) | {"since": since}).one()
    return VoteCounts(row.good or 0, row.bad or 0)


def list_complaints(connection: Connection, within: Scope, limit: int) -> Sequence[VoteRecord]:
    """Read the newest votes against answers."""
    return read_opinions(connection, SELECT_COMPLAINTS, asdict(within) | {"limit": limit})


def read_opinions(connection: Connection, chosen: Select[Any], values: Mapping[str, Any]) -> Sequence[VoteRecord]:
    """Read the votes that `chosen`, a narrowed `SELECT_OPINIONS`, returns, with the versions behind the answers."""
    rows = connection.execute(chosen, values).all()
    behind: dict[int, list[int]] = {row.id: [] for row in rows}
    for row in connection.execute(SELECT_VERSIONS, {"votes": list(behind)}):
        behind[row.vote_id].append(row.version_id)
    return [_opinion_from(row, tuple(behind[row.id])) for row in rows]


def _vote_from(row: Row[Any]) -> Vote:
    return Vote(
        id=row.id,
        verdict=Verdict.GOOD if row.is_good else Verdict.BAD,
        reasons=tuple(map(VoteReason, row.reasons.split())),
        note=row.note,
    )


def _opinion_from(row: Row[Any], versions: tuple[int, ...]) -> VoteRecord:
    return VoteRecord(
        vote=_vote_from(row),
        voter=row.voter_id,
        author=Author(id=row.author_id, name=row.author_name),
        thread=ThreadKey(platform=row.platform, workspace=row.workspace, channel=row.channel, root=row.root),
        message_id=row.message_id,
        model=row.model,
        versions=versions,
        cast_at=row.at,
    )
