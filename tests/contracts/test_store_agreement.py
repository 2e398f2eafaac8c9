"""The store in memory and the stores in SQL return the same, for any steps of two processes in any order."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection, text

from bot.core.errors import BotError, ClaimLost, TooManyQuestions
from bot.core.reply.stopping import StopRequest
from bot.core.reply.variants import STEPS_BY_ACTION
from bot.core.requests import Answer, Provenance
from bot.core.turns import Action, AddressingKind, Author, IncomingMessage, ThreadKey, Turn, TurnStatus
from bot.ports import ClaimRules
from bot.ports.conversations import TurnContext
from bot.store.conversations.sql_store import SqlStore
from bot.store.database import Database
from bot.testing.data import MemoryData
from bot.testing.store import MemoryStore
from tests.contracts.conftest import FOR_EVER, emptied
from tests.contracts.questions import ADA, message_key, question, thread
from tests.contracts.stores import Store
from tests.core.chat.config_values import parameters
from tests.databases import KINDS, Kind, migrated_database

T = TypeVar("T")

PROCESSES = ("a", "b")
RULES = ClaimRules(served=frozenset({("slack", "T1")}), answers_per_person=2, questions_per_minute=8)

processes = st.sampled_from(PROCESSES)
messages = st.integers(0, 30).map(str)
threads = st.integers(0, 2).map(lambda root: thread(f"{root}"))
times = st.sampled_from([0.0, 1.0, 1.000001, 2.0])
deliveries = st.sampled_from(["", "", "first", "second"])
ends = st.sampled_from([TurnStatus.DONE, TurnStatus.STOPPED, TurnStatus.FAILED])
made_with = st.builds(Provenance, versions=st.tuples(st.integers(1, 9)), parameters=parameters)
answers = st.builds(
    Answer,
    text=st.text(max_size=20),
    finish_reason=st.sampled_from(["", "stop"]),
    made_with=st.none() | made_with,
)


def renumbered(connection: Connection) -> None:
    """Give back an id that was drawn for a turn that existed already, so that ids agree."""
    last = "SELECT coalesce(max(id), 0) FROM turns"
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT setval('turns_id_seq', ({last}) + 1, false)"))
    else:
        connection.execute(text(f"UPDATE sqlite_sequence SET seq = ({last}) WHERE name = 'turns'"))


class Agreement(RuleBasedStateMachine):
    """Does each step with the store in memory and with the store in SQL, and compares the results."""

    turns: Bundle[Turn] = Bundle("turns")

    def __init__(self, runner: asyncio.Runner, database: Database) -> None:
        super().__init__()
        self.runner = runner
        self.database = database
        runner.run(database.tx(emptied))
        self.data = MemoryData()
        self.stores: dict[str, tuple[Store, Store]] = {
            owner: (MemoryStore(owner, self.data, RULES), SqlStore(database, owner, RULES)) for owner in PROCESSES
        }
        for owner in PROCESSES:
            self.both(owner, lambda store: store.record_heartbeat(FOR_EVER))

    def both(self, owner: str, do: Callable[[Store], Awaitable[T]]) -> T | None:
        """Return what both stores return; None if both raise the same error."""

        async def outcome(store: Store) -> T | type[BotError]:
            try:
                return await do(store)
            except (ClaimLost, TooManyQuestions) as error:
                return type(error)

        expected, found = (self.runner.run(outcome(store)) for store in self.stores[owner])
        assert found == expected
        return None if isinstance(found, type) else found

    @rule(
        target=turns,
        owner=processes,
        asked=st.builds(
            question,
            messages,
            st.text(max_size=5),
            where=threads,
            addressed=st.sampled_from(AddressingKind),
            sent_at=times,
            author=st.sampled_from([ADA, ADA, Author(id="U0BOB", name="Bob")]),
            delivery=deliveries,
        ),
        claim=st.booleans(),
    )
    def ask(self, owner: str, asked: IncomingMessage, *, claim: bool) -> Turn | MultipleResults[Turn]:
        turn = self.both(owner, lambda store: store.accept(asked, claim=claim))
        self.runner.run(self.database.tx(renumbered))
        return turn or multiple()

    @rule(owner=processes, where=threads, said=st.lists(st.tuples(messages, times), max_size=5))
    def overhear(self, owner: str, where: ThreadKey, said: list[tuple[str, float]]) -> None:
        heard = [question(message, "Aha.", where=where, sent_at=at) for message, at in said]
        self.both(owner, lambda store: store.record_overheard(where, heard))

    @rule(owner=processes, message=messages, words=st.text(max_size=3), delivery=deliveries)
    def reword(self, owner: str, message: str, words: str, delivery: str) -> None:
        self.both(owner, lambda store: store.edit_question(message_key(message), words, delivery=delivery))

    @rule(owner=processes, message=messages, delivery=deliveries)
    def forget(self, owner: str, message: str, delivery: str) -> None:
        self.both(owner, lambda store: store.forget(message_key(message), delivery=delivery))

    @rule(
        target=turns,
        owner=processes,
        turn=turns,
        elsewhere=st.none() | threads,
        by=st.sampled_from([ADA.id, ADA.id, "", "U0BOB"]),
        how=st.fixed_dictionaries({"claim": st.booleans(), "goes_on": st.booleans(), "by_admin": st.booleans()}),
    )
    def retry(
        self, owner: str, turn: Turn, elsewhere: ThreadKey | None, by: str, how: dict[str, bool]
    ) -> Turn | MultipleResults[Turn]:
        where = elsewhere or turn.thread
        again = self.both(owner, lambda store: store.retry(turn.id, where, by=by, **how))
        return again or multiple()

    @rule(target=turns, owner=processes, limit=st.integers(0, 3))
    def claim(self, owner: str, limit: int) -> Turn | MultipleResults[Turn]:
        return multiple(*(self.both(owner, lambda store: store.claim(limit)) or ()))

    @rule(target=turns, owner=processes, turn=turns, status=ends, said=st.none() | answers, claim=st.booleans())
    def settle(
        self, owner: str, turn: Turn, status: TurnStatus, said: Answer | None, *, claim: bool
    ) -> Turn | MultipleResults[Turn]:
        following = self.both(owner, lambda store: store.settle(turn, status, error="model", answer=said, claim=claim))
        return following or multiple()

    @rule(owner=processes, turn=turns, said=answers, others=st.lists(answers, max_size=2))
    def answer(self, owner: str, turn: Turn, said: Answer, others: list[Answer]) -> None:
        self.both(owner, lambda store: store.save_answer(turn, said, others))

    @rule(
        owner=processes,
        turn=turns,
        elsewhere=st.none() | threads,
        by=st.sampled_from([ADA.id, ADA.id, "U0BOB"]),
        action=st.sampled_from(sorted(STEPS_BY_ACTION)),
    )
    def flip(self, owner: str, turn: Turn, elsewhere: ThreadKey | None, by: str, action: Action) -> None:
        where = elsewhere or turn.thread
        self.both(owner, lambda store: store.flip(turn.id, where, action, by=by))

    @rule(
        owner=processes,
        request=st.builds(
            StopRequest,
            thread=threads,
            requested_by=st.sampled_from([ADA.id, ADA.id, "U0BOB"]),
            is_by_admin=st.booleans(),
            turn=st.none() | st.integers(1, 9),
            message_id=st.just("") | messages,
            delivery=deliveries,
        ),
    )
    def stop(self, owner: str, request: StopRequest) -> None:
        self.both(owner, lambda store: store.stop(request))
        self.runner.run(self.database.tx(renumbered))

    @invariant()
    def the_same_turns_are_to_stop(self) -> None:
        for owner in PROCESSES:
            self.both(owner, lambda store: _sorted(store.list_turns_to_stop()))

    @rule(owner=processes, where=threads, message=messages | st.sampled_from("xyz"))
    def look_up(self, owner: str, where: ThreadKey, message: str) -> None:
        self.both(owner, lambda store: store.find_turn(where, message))

    @rule(owner=processes, turn=turns, page=st.integers(0, 2))
    def close_pages(self, owner: str, turn: Turn, page: int) -> None:
        self.both(owner, lambda store: store.forget_pages(turn, page))

    @rule(owner=processes, turn=turns, message=st.sampled_from("xyz"), back=st.integers(0, 1))
    def open_page(self, owner: str, turn: Turn, message: str, back: int) -> None:
        page = max(len(self.data.turns[turn.id].pages) - back, 0)
        self.both(owner, lambda store: store.record_page(turn, page, message))

    @rule(owner=processes, turn=turns)
    def release(self, owner: str, turn: Turn) -> None:
        self.both(owner, lambda store: store.release(turn))

    @rule(owner=processes, lease=st.sampled_from([0.0, FOR_EVER]))
    def beat(self, owner: str, lease: float) -> None:
        self.both(owner, lambda store: store.record_heartbeat(lease))

    @rule(owner=processes)
    def leave(self, owner: str) -> None:
        self.both(owner, lambda store: store.unregister())

    @rule(owner=processes, turn=turns, limit=st.integers(0, 4))
    def look_back(self, owner: str, turn: Turn, limit: int) -> None:
        async def look(store: Store) -> TurnContext:
            found = await store.read_context(turn, limit=limit)
            return replace(found, read_at=float(found.read_at > 0))  # each store has its own clock

        self.both(owner, look)

    @invariant()
    def one_at_a_time_in_a_thread(self) -> None:
        for ids in self.data.threads.values():
            assert len(set(ids) & self.data.owners.keys()) <= 1


async def _sorted(found: Awaitable[Sequence[int]]) -> list[int]:
    return sorted(await found)


@pytest.mark.parametrize("kind", KINDS)
def test_memory_and_sql_agree(kind: Kind, tmp_path: Path) -> None:
    """Asking, claiming, settling, releasing, dying, editing, deleting and reading, in any order."""
    with migrated_database(kind, tmp_path) as url, asyncio.Runner() as runner:
        database = Database(url)
        runner.run(database.open())
        try:
            run_state_machine_as_test(
                lambda: Agreement(runner, database),  # type: ignore[arg-type]  # its documentation allows a function
                settings=settings(max_examples=30, stateful_step_count=40, deadline=None),
            )
        finally:
            runner.run(database.close())
