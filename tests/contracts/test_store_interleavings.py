"""Processes that work, die and take each other for dead never answer twice or out of order, in any interleaving.

Told from outside: what a reader would see of each thread is compared with what was asked in it. The store
is asked nothing that the program does not ask it.
"""

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from bot.core.errors import ClaimLost
from bot.core.turns import ThreadKey, Turn, TurnStatus
from bot.store.conversations.sql_store import SqlStore
from bot.store.database import Database
from bot.testing.data import MemoryData
from bot.testing.store import MemoryStore
from tests.contracts.conftest import FOR_EVER, emptied
from tests.contracts.questions import ADA, ANSWER, message_key, question, thread
from tests.contracts.stores import Store
from tests.databases import KINDS, Kind, migrated_database

T = TypeVar("T")

workers = st.sampled_from(["a", "b"])
which = st.integers(0, 99)


class Interleavings(RuleBasedStateMachine):
    """Two workers on some threads. `hands` is what a worker believes it owns, `held` what it does own."""

    def __init__(self, runner: asyncio.Runner, database: Database | None) -> None:
        super().__init__()
        self.runner = runner
        self.database = database
        if database:
            runner.run(database.tx(emptied))
        self.data = MemoryData()
        self.stores: dict[str, Store] = {}
        self.hands: dict[str, list[Turn]] = {}
        self.held: dict[ThreadKey, tuple[str, Turn]] = {}
        self.sent: dict[int, float] = {}
        self.turns: dict[int, Turn] = {}
        self.unanswered: set[int] = set()
        self.saved: set[int] = set()
        self.born = 0
        for worker in ("a", "b"):
            self._begin(worker)

    def _run(self, call: Awaitable[T]) -> T:
        async def wait() -> T:
            return await call

        return self.runner.run(wait())

    def _begin(self, worker: str) -> None:
        """Start a process as this worker; no two processes ever have the same name."""
        self.born += 1
        owner = f"{worker}{self.born}"
        self.stores[worker] = SqlStore(self.database, owner) if self.database else MemoryStore(owner, self.data)
        self.hands[worker] = []
        self._run(self.stores[worker].record_heartbeat(FOR_EVER))

    def _position(self, turn: Turn) -> tuple[float, int]:
        return self.sent[turn.id], turn.id

    def _obtained(self, worker: str, turn: Turn | None) -> None:
        """Check that a claimed turn is the oldest unanswered one of its thread, and has no other owner."""
        if turn is None or turn.status is TurnStatus.WAITING:
            return
        assert turn.thread not in self.held, "two at work in one thread"
        waiting = [self.turns[id_] for id_ in self.unanswered if self.turns[id_].thread == turn.thread]
        assert turn.id == min(waiting, key=self._position).id, "out of order, or answered before"
        assert (turn.status is TurnStatus.ANSWERED) == (turn.id in self.saved)
        self.held[turn.thread] = worker, turn
        self.hands[worker].append(turn)

    def _picked(self, worker: str, number: int) -> tuple[Turn, bool]:
        """Return a turn that a worker believes it owns, and whether it does."""
        turn = self.hands[worker][number % len(self.hands[worker])]
        return turn, self.held.get(turn.thread) == (worker, turn)

    def _tried(self, call: Awaitable[T], *, succeeds: bool) -> T | None:
        """Await a write, which must be refused exactly unless it `succeeds`."""
        try:
            result = self._run(call)
        except ClaimLost:
            assert not succeeds, "an owner was refused"
            return None
        assert succeeds, "somebody wrote who had lost the turn"
        return result

    @rule(worker=workers, root=st.integers(0, 1), sent_at=st.sampled_from([0.0, 1.0, 2.0]), claim=st.booleans())
    def ask(self, worker: str, root: int, sent_at: float, *, claim: bool) -> None:
        asked = question(f"{len(self.sent)}", where=thread(f"{root}"), sent_at=sent_at)
        turn = self._run(self.stores[worker].accept(asked, claim=claim))
        assert turn is not None
        self.turns[turn.id] = turn
        self.sent[turn.id] = sent_at
        was_idle = not any(self.turns[id_].thread == turn.thread for id_ in self.unanswered)
        assert (turn.status is TurnStatus.ANSWERING) == (claim and was_idle)
        self.unanswered.add(turn.id)
        self._obtained(worker, turn)

    @rule(worker=workers, limit=st.integers(1, 3))
    def claim(self, worker: str, limit: int) -> None:
        for turn in self._run(self.stores[worker].claim(limit)):
            self._obtained(worker, turn)

    @rule(worker=workers, number=which)
    def save(self, worker: str, number: int) -> None:
        if not self.hands[worker]:
            return
        turn, holds = self._picked(worker, number)
        self._tried(self.stores[worker].save_answer(turn, ANSWER), succeeds=holds and turn.id not in self.saved)
        if holds:
            self.saved.add(turn.id)

    @rule(worker=workers, number=which, claim=st.booleans(), fails=st.booleans())
    def end(self, worker: str, number: int, *, claim: bool, fails: bool) -> None:
        if not self.hands[worker]:
            return
        turn, holds = self._picked(worker, number)
        succeeds = holds and (fails or turn.id in self.saved)
        status = TurnStatus.FAILED if fails else TurnStatus.DONE
        following = self._tried(self.stores[worker].settle(turn, status, claim=claim), succeeds=succeeds)
        if succeeds:
            self.unanswered.remove(turn.id)
            del self.held[turn.thread]
            self._obtained(worker, following)

    @rule(worker=workers, number=which)
    def release(self, worker: str, number: int) -> None:
        if not self.hands[worker]:
            return
        turn, holds = self._picked(worker, number)
        self._tried(self.stores[worker].release(turn), succeeds=holds)
        if holds:
            del self.held[turn.thread]

    @rule(worker=workers)
    def takes_the_other_for_dead(self, worker: str) -> None:
        """Take the other worker for dead. It may only be frozen, and go on with what it believes it owns."""
        self._run(self.stores[worker].record_heartbeat(0))
        self.held = {where: held for where, held in self.held.items() if held[0] == worker}

    @rule(worker=workers)
    def dies(self, worker: str) -> None:
        """Let the worker die silently, and the other one notice it at once."""
        other = "b" if worker == "a" else "a"
        self.takes_the_other_for_dead(other)
        self._begin(worker)

    @rule(worker=workers, number=which, claim=st.booleans())
    def ask_again(self, worker: str, number: int, *, claim: bool) -> None:
        ended = [id_ for id_ in self.turns if id_ not in self.unanswered]
        if not ended:
            return
        turn = self.turns[ended[number % len(ended)]]
        was_idle = not any(self.turns[id_].thread == turn.thread for id_ in self.unanswered)
        again = self._run(self.stores[worker].retry(turn.id, turn.thread, by=ADA.id, claim=claim))
        assert again is not None
        assert (again.status is TurnStatus.ANSWERING) == (claim and was_idle)
        self.unanswered.add(turn.id)
        self.saved.discard(turn.id)
        self._obtained(worker, again)

    @precondition(lambda self: self.turns)
    @rule(worker=workers, number=which)
    def delete(self, worker: str, number: int) -> None:
        turn = self.turns.pop(list(self.turns)[number % len(self.turns)])
        assert self._run(self.stores[worker].forget(message_key(turn.message_id))) is not None
        self.unanswered.discard(turn.id)
        if turn.thread in self.held and self.held[turn.thread][1].id == turn.id:
            del self.held[turn.thread]

    def teardown(self) -> None:
        """Whatever happened before, one remaining process answers everything that is open."""
        self.takes_the_other_for_dead("a")
        for _worker, turn in list(self.held.values()):
            self._run(self.stores["a"].release(turn))
        self.held.clear()
        while self.unanswered:
            turns = self._run(self.stores["a"].claim(1))
            assert turns, "stuck"
            self._obtained("a", turns[0])
            if turns[0].status is TurnStatus.ANSWERING:
                self._run(self.stores["a"].save_answer(turns[0], ANSWER))
            self._run(self.stores["a"].settle(turns[0], TurnStatus.DONE, claim=False))
            self.unanswered.remove(turns[0].id)
            del self.held[turns[0].thread]


@contextmanager
def opened(kind: Kind | Literal["memory"], folder: Path, runner: asyncio.Runner) -> Iterator[Database | None]:
    if kind == "memory":
        yield None
        return
    with migrated_database(kind, folder) as url:
        database = Database(url)
        runner.run(database.open())
        try:
            yield database
        finally:
            runner.run(database.close())


@pytest.mark.parametrize("kind", ["memory", *KINDS])
def test_no_interleaving_answers_twice_or_out_of_order(kind: Kind | Literal["memory"], tmp_path: Path) -> None:
    """With late messages, retries, deletions, and processes that write after they were taken for dead."""
    with asyncio.Runner() as runner, opened(kind, tmp_path, runner) as database:
        run_state_machine_as_test(
            lambda: Interleavings(runner, database),  # type: ignore[arg-type]  # its documentation allows a function
            settings=settings(max_examples=30, stateful_step_count=50, deadline=None),
        )
