"""The worker: order within a thread, many threads at once, recovery, and shutdown."""

import asyncio
from collections.abc import Callable

from bot.conversation.answering import Answerer
from bot.conversation.intake import Intake
from bot.conversation.lease import Lease
from bot.conversation.worker import MAX_ATTEMPTS, Worker
from bot.core.errors import BotError, StoreUnavailable
from bot.core.turns import AddressingKind, Author, IncomingMessage, ThreadKey, Turn, TurnStatus
from bot.ports import ClaimRules
from bot.testing.data import MemoryData
from bot.testing.store import MemoryStore
from tests.virtual_time import on_virtual_time


def said(question: str, thread: str = "1") -> IncomingMessage:
    return IncomingMessage(
        thread=ThreadKey(platform="paper", workspace="T1", channel="C1", root=thread),
        message_id=question,
        author=Author(id="U1"),
        text=question,
        addressed=AddressingKind.MENTION,
    )


class IdleAnswerer(Answerer):
    """Changes nothing: no question is edited or deleted here, so it needs neither model nor surface."""

    def __init__(self) -> None:
        pass


class QueueWorld:
    """A worker with its store and intake; it answers in ten seconds, and records what it does."""

    def __init__(
        self,
        data: MemoryData | None = None,
        *,
        limit: int = 100,
        owner: str = "me",
        dies: bool = False,
        rules: ClaimRules | None = None,
    ) -> None:
        self.store = MemoryStore(owner, data, rules)
        self.begun: list[tuple[float, str]] = []
        self.given_up: list[str] = []
        self.stopped: list[tuple[float, int]] = []
        self.finishing = 0
        self.trouble: Callable[[Turn], None] = lambda _turn: None
        self.trouble_giving_up: Callable[[Turn], None] = lambda _turn: None
        self.worker = Worker(self.store, self, lease=Lease(30), max_threads=limit)
        if dies:
            self.worker.start = lambda turn: None  # type: ignore[method-assign]  # it dies before it begins
        self.intake = Intake(self.store, self.worker, IdleAnswerer())

    async def ask(self, question: str, thread: str = "1") -> Turn | None:
        return await self.intake.accept(said(question, thread))

    async def answer(self, turn: Turn) -> Turn | None:
        self.begun.append((asyncio.get_running_loop().time(), turn.question))
        self.trouble(turn)
        await asyncio.sleep(10)
        return await self.store.settle(turn, TurnStatus.STOPPED)

    async def give_up(self, turn: Turn, error: type[BotError]) -> Turn | None:
        self.trouble_giving_up(turn)
        self.given_up.append(turn.question)
        return await self.store.settle(turn, TurnStatus.FAILED, error=error.code)

    def stop(self, turn: int) -> None:
        self.stopped.append((asyncio.get_running_loop().time(), turn))

    @property
    def questions(self) -> list[str]:
        return [question for _, question in self.begun]


@on_virtual_time
async def test_five_messages_in_a_second_are_answered_in_order() -> None:
    world = QueueWorld()
    for number in range(5):
        await world.ask(str(number))
    await asyncio.sleep(60)
    assert world.begun == [(10.0 * number, str(number)) for number in range(5)]


@on_virtual_time
async def test_threads_run_in_parallel() -> None:
    world = QueueWorld()
    for number in range(5):
        await world.ask(str(number), thread=str(number))
    await asyncio.sleep(1)
    assert world.begun == [(0.0, str(number)) for number in range(5)]
    await asyncio.sleep(20)


@on_virtual_time
async def test_a_message_that_comes_twice_is_answered_once() -> None:
    world = QueueWorld()
    assert await world.ask("one") is not None
    assert await world.ask("one") is None
    await asyncio.sleep(60)
    assert world.questions == ["one"]


@on_virtual_time
async def test_beyond_the_limit_questions_wait_and_none_is_lost() -> None:
    world = QueueWorld(limit=2)
    async with world.worker.run():
        for number in range(5):
            await world.ask(str(number), thread=str(number))
        await asyncio.sleep(60)
    assert sorted(world.questions) == ["0", "1", "2", "3", "4"]
    assert max(sum(t <= start < t + 10 for t, _ in world.begun) for start, _ in world.begun) == 2


@on_virtual_time
async def test_the_turns_of_a_dead_process_are_taken_over() -> None:
    data = MemoryData(clock=asyncio.get_running_loop().time)
    dead, alive = QueueWorld(data, owner="dead", dies=True), QueueWorld(data, owner="alive")
    await dead.store.record_heartbeat(30)
    await dead.ask("one")
    async with alive.worker.run():
        await asyncio.sleep(60)
    assert alive.questions == ["one"]


@on_virtual_time
async def test_a_bug_in_one_turn_ends_neither_the_thread_nor_the_process() -> None:
    world = QueueWorld()

    def trouble(turn: Turn) -> None:
        if turn.question == "bad":
            raise ZeroDivisionError

    world.trouble = trouble
    await world.ask("bad")
    await world.ask("good")
    await asyncio.sleep(60)
    assert world.given_up == ["bad"]
    assert world.questions == ["bad", "good"]


@on_virtual_time
async def test_a_turn_that_cannot_even_be_given_up_ends_after_its_attempts() -> None:
    """As one whose platform this process has no surface for: nothing can be shown, so only the store ends it."""
    world = QueueWorld()

    def raise_key_error(_turn: Turn) -> None:
        raise KeyError

    world.trouble = world.trouble_giving_up = raise_key_error
    async with world.worker.run():
        await world.ask("lost")
        await world.ask("next")
        await asyncio.sleep(60)
    lost, following = world.store.data.turns.values()
    assert (lost.status, lost.error) == (TurnStatus.FAILED, "error")
    assert following.status is TurnStatus.FAILED, "the thread goes on"
    assert lost.attempt + following.attempt <= 2 * (MAX_ATTEMPTS + 1)


@on_virtual_time
async def test_a_turn_that_is_not_served_costs_nothing() -> None:
    world = QueueWorld(rules=ClaimRules(served=frozenset({("paper", "T2"), ("slack", "T1")})))
    async with world.worker.run():
        await world.store.accept(said("one"), claim=False)
        await asyncio.sleep(10)
    (turn,) = world.store.data.turns.values()
    assert (turn.status, turn.attempt) == (TurnStatus.WAITING, 0)


@on_virtual_time
async def test_a_turn_whose_database_fails_is_tried_again_and_given_up_in_the_end() -> None:
    world = QueueWorld()

    def trouble(_turn: Turn) -> None:
        raise StoreUnavailable

    world.trouble = trouble
    async with world.worker.run():
        await world.ask("one")
        await asyncio.sleep(60)
    assert world.questions == ["one"] * MAX_ATTEMPTS
    assert world.given_up == ["one"]


@on_virtual_time
async def test_shutdown_waits_for_answers_and_gives_the_rest_back() -> None:
    data = MemoryData(clock=asyncio.get_running_loop().time)
    first, second = QueueWorld(data, owner="first"), QueueWorld(data, owner="second")
    await first.ask("short", thread="1")
    await asyncio.sleep(8)
    await first.ask("long", thread="2")
    await first.ask("after", thread="1")
    async with first.worker.run():
        await asyncio.sleep(1)
        await first.worker.drain(5)
        assert not first.worker.has_capacity()
    async with second.worker.run():
        await asyncio.sleep(60)
    assert first.questions == ["short", "long"], "nothing new was begun"
    assert sorted(second.questions) == ["after", "long"]
