"""Whatever two processes do in whatever order, the store in memory and the stores in SQL say the same."""

import asyncio
from collections.abc import Awaitable, Callable
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

from bot.core.domain import OPEN, Addressed, Answer, PromptKey, Turn, TurnStatus
from bot.core.errors import ClaimLost
from bot.ports import Store
from bot.store.database import Database
from bot.store.memory import MemoryData, MemoryStore
from bot.store.schema import metadata
from bot.store.sql import SqlStore
from tests.contracts.questions import question, thread
from tests.databases import KINDS, Kind, migrated_database

T = TypeVar("T")

PROCESSES = ("a", "b")
FOR_EVER = 1e9

processes = st.sampled_from(PROCESSES)
ends = st.sampled_from([TurnStatus.DONE, TurnStatus.STOPPED, TurnStatus.FAILED])
answers = st.builds(Answer, text=st.text(max_size=20), finish_reason=st.sampled_from(["", "stop"]))
keys = st.builds(
    PromptKey,
    platform=st.sampled_from(["", "slack"]),
    workspace=st.sampled_from(["", "T1", "T2"]),
    root=st.sampled_from(["", "0", "1"]),
)


def emptied(connection: Connection) -> None:
    """Remove all rows and begin to count anew, so that ids agree too."""
    if connection.dialect.name == "postgresql":
        tables = ", ".join(metadata.tables)
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
        return
    for table in reversed(metadata.sorted_tables):
        connection.execute(table.delete())
    connection.execute(text("DELETE FROM sqlite_sequence"))


class Agreement(RuleBasedStateMachine):
    """Does each thing twice, to the twin and to the store in SQL, and compares what comes back."""

    turns: Bundle[Turn] = Bundle("turns")

    def __init__(self, runner: asyncio.Runner, database: Database) -> None:
        super().__init__()
        self.runner = runner
        runner.run(database.tx(emptied))
        self.data = MemoryData()
        self.stores: dict[str, tuple[Store, Store]] = {
            owner: (MemoryStore(owner, self.data), SqlStore(database, owner)) for owner in PROCESSES
        }
        for owner in PROCESSES:
            self.both(owner, lambda store: store.beat(FOR_EVER))

    def both(self, owner: str, do: Callable[[Store], Awaitable[T]]) -> T | None:
        """Return what both stores return; None if both raise `ClaimLost`."""

        async def outcome(store: Store) -> T | type[ClaimLost]:
            try:
                return await do(store)
            except ClaimLost:
                return ClaimLost

        expected, found = (self.runner.run(outcome(store)) for store in self.stores[owner])
        assert found == expected
        return None if isinstance(found, type) else found

    @rule(
        target=turns,
        owner=processes,
        message=st.integers(0, 30),
        root=st.integers(0, 2),
        addressed=st.sampled_from(Addressed),
        claim=st.booleans(),
    )
    def ask(
        self, owner: str, message: int, root: int, addressed: Addressed, *, claim: bool
    ) -> Turn | MultipleResults[Turn]:
        asked = question(f"{message}", where=thread(f"{root}"), addressed=addressed)
        turn = self.both(owner, lambda store: store.accept(asked, claim=claim))
        return turn or multiple()

    @rule(target=turns, owner=processes, limit=st.integers(0, 3))
    def claim(self, owner: str, limit: int) -> Turn | MultipleResults[Turn]:
        return multiple(*(self.both(owner, lambda store: store.claim(limit)) or ()))

    @rule(
        target=turns, owner=processes, turn=turns, status=ends, said=st.none() | answers, claim=st.booleans()
    )
    def settle(
        self, owner: str, turn: Turn, status: TurnStatus, said: Answer | None, *, claim: bool
    ) -> Turn | MultipleResults[Turn]:
        following = self.both(
            owner, lambda store: store.settle(turn, status, error="model", answer=said, claim=claim)
        )
        return following or multiple()

    @rule(owner=processes, turn=turns, said=answers)
    def answer(self, owner: str, turn: Turn, said: Answer) -> None:
        self.both(owner, lambda store: store.answered(turn, said))

    @rule(owner=processes, turn=turns, message=st.sampled_from("xyz"), back=st.integers(0, 1))
    def open_page(self, owner: str, turn: Turn, message: str, back: int) -> None:
        page = max(len(self.data.turns[turn.id].pages) - back, 0)
        self.both(owner, lambda store: store.opened(turn, page, message))

    @rule(owner=processes, turn=turns)
    def release(self, owner: str, turn: Turn) -> None:
        self.both(owner, lambda store: store.release(turn))

    @rule(owner=processes, lease=st.sampled_from([0.0, FOR_EVER]))
    def beat(self, owner: str, lease: float) -> None:
        self.both(owner, lambda store: store.beat(lease))

    @rule(owner=processes)
    def leave(self, owner: str) -> None:
        self.both(owner, lambda store: store.leave())

    @rule(owner=processes, key=keys, words=st.text(max_size=5))
    def set_prompt(self, owner: str, key: PromptKey, words: str) -> None:
        self.both(owner, lambda store: store.set_prompt(key, words))
        self.both(owner, lambda store: store.prompt(key))

    @rule(owner=processes, turn=turns, limit=st.integers(0, 4))
    def look_back(self, owner: str, turn: Turn, limit: int) -> None:
        self.both(owner, lambda store: store.context(turn, limit=limit))

    @invariant()
    def nothing_overtakes_in_a_thread(self) -> None:
        """Whatever is worked on is the oldest open turn of its thread, so there is at most one."""
        for ids in self.data.threads.values():
            still_open = [id_ for id_ in ids if self.data.turns[id_].status in OPEN]
            assert not set(still_open[1:]) & self.data.owners.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_memory_and_sql_agree(kind: Kind, tmp_path: Path) -> None:
    """Asking, claiming, ending, giving back, dying and looking back, in any order."""
    with migrated_database(kind, tmp_path) as url, asyncio.Runner() as runner:
        database = Database(url)
        runner.run(database.open())
        run_state_machine_as_test(
            lambda: Agreement(runner, database),  # type: ignore[arg-type]  # its documentation allows a function
            settings=settings(max_examples=30, stateful_step_count=40, deadline=None),
        )
        runner.run(database.close())
