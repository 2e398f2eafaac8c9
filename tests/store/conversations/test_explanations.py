"""`SqlExplanations` finds how an answer came about by any of its messages, on SQLite and PostgreSQL."""

from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.dialects import sqlite

from bot.core.config import Prompt, Scope, ScopeConfig
from bot.core.requests import Answer, ModelCall, Provenance, Usage
from bot.core.turns import AddressingKind, Author, IncomingMessage, ThreadKey, Turn, TurnStatus
from bot.store.config.versions import SqlConfigVersions
from bot.store.conversations.explanations import SELECT_TURN_OF_MESSAGE, SqlExplanations
from bot.store.conversations.sql_store import SqlStore
from tests.databases import KINDS, migrated_database, open_database

THREAD = ThreadKey(platform="slack", workspace="T1", channel="C1", root="1.0")
ADA = Author(id="U0ADA", name="Ada")


@dataclass
class ExplanationWorld:
    """The stores on one database."""

    store: SqlStore
    versions: SqlConfigVersions
    explanations: SqlExplanations


@pytest.fixture(params=KINDS)
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ExplanationWorld]:
    with migrated_database(request.param, tmp_path) as url:
        async with open_database(url) as database:
            store = SqlStore(database, owner="test")
            await store.open()
            yield ExplanationWorld(store, SqlConfigVersions(database), SqlExplanations(database))


async def ask_question(world: ExplanationWorld, message_id: str, thread: ThreadKey = THREAD) -> Turn:
    incoming = IncomingMessage(
        thread=thread, message_id=message_id, author=ADA, text="why?", addressed=AddressingKind.MENTION
    )
    turn = await world.store.accept(incoming, claim=True)
    assert turn
    return turn


async def test_an_answer_is_explained_by_each_of_its_messages(world: ExplanationWorld) -> None:
    """By its pages and by its question; the versions are in the order in which they applied."""
    workspace = Scope(platform="slack", workspace="T1")
    versions = [
        await world.versions.save(key, ScopeConfig(prompt=Prompt("Be kind.")), based_on=0, by=ADA)
        for key in (Scope(platform="slack", workspace="T1", channel="C1"), workspace)
    ]
    ids = tuple(version.id for version in reversed(versions))
    made_with = Provenance(versions=ids, parameters={"model": "m", "n": 2})
    turn = await ask_question(world, "1.0")
    for page, message_id in enumerate(("1.1", "1.2")):
        await world.store.record_page(turn, page, message_id)
    usage = Usage(prompt_tokens=3, completion_tokens=4, cached_tokens=1)
    call = ModelCall(model="m-1", prompt_tokens=3, completion_tokens=4, cost=7)
    answer = Answer(text="So.", model="m-1", finish_reason="stop", usage=usage, made_with=made_with, call=call)
    await world.store.save_answer(turn, answer)
    await world.store.settle(turn, TurnStatus.DONE)

    found = await world.explanations.explain(THREAD, "1.1")
    assert found
    assert (found.thread, found.author, found.status) == (THREAD, ADA, TurnStatus.DONE)
    assert (found.model, found.finish_reason, found.error, found.attempt) == ("m-1", "stop", "", 1)
    assert (found.usage, found.made_with) == (usage, made_with)
    assert (found.spent.calls, found.spent.cost, found.spent.unpriced) == (1, 7, 0)
    assert found.versions == tuple(reversed(versions))
    assert found.begun_at is not None
    assert found.answered_at is not None
    assert found.asked_at <= found.begun_at <= found.answered_at
    for message_id in ("1.0", "1.2"):
        assert await world.explanations.explain(THREAD, message_id) == found


async def test_a_failure_is_explained_as_far_as_it_came(world: ExplanationWorld) -> None:
    turn = await ask_question(world, "1.0")
    await world.store.settle(turn, TurnStatus.FAILED, error="model_busy")
    found = await world.explanations.explain(THREAD, "1.0")
    assert found
    assert (found.error, found.usage, found.made_with, found.versions) == ("model_busy", None, None, ())
    assert found.answered_at is None


async def test_there_is_nothing_to_explain_of_other_messages(world: ExplanationWorld) -> None:
    """Of overheard messages, of messages of another thread, and of questions that wait for an answer."""
    turn = await ask_question(world, "1.0")
    assert await world.explanations.explain(THREAD, "1.0") is None
    await world.store.settle(turn, TurnStatus.FAILED, error="model_busy")
    heard = IncomingMessage(
        thread=THREAD,
        message_id="1.5",
        author=ADA,
        text="hm",
        addressed=AddressingKind.OVERHEARD,
        sent_at=1.5,
    )
    await world.store.accept(heard, claim=False)
    elsewhere = ThreadKey(platform="slack", workspace="T2", channel="C1", root="1.0")
    for thread, message_id in ((THREAD, "1.5"), (THREAD, "9.9"), (elsewhere, "1.0")):
        assert await world.explanations.explain(thread, message_id) is None


async def test_it_is_found_by_index_however_many_turns_there_are(tmp_path: Path) -> None:
    """A view must be open within three seconds."""

    def plan(connection: Connection) -> str:
        compiled = SELECT_TURN_OF_MESSAGE.compile(dialect=sqlite.dialect(paramstyle="named"))
        values = compiled.params | asdict(THREAD) | {"message": "1.0"}
        rows = connection.execute(text(f"EXPLAIN QUERY PLAN {compiled}"), values)
        return "\n".join(row.detail for row in rows)

    with migrated_database("sqlite", tmp_path) as url:
        async with open_database(url) as database:
            found = await database.tx(plan)
    assert "ix_turns_said" in found
    assert "SCAN" not in found
