"""Many answers at once under one rate limit: fair, fresh, and complete at the end. On virtual time."""

import asyncio
from dataclasses import replace
from itertools import pairwise

from bot.answering import Answering
from bot.asking import Asking
from bot.core.budget import Budget
from bot.core.domain import Addressed, Author, Incoming, Steering, ThreadKey, Turn
from bot.pacing import Desk, Urgency
from bot.plugins import Plugins
from bot.store.memory import MemoryStore
from tests.fakes import PaperSurface, Script, ScriptedModel
from tests.virtual_time import on_virtual_time

WRITES_PER_MINUTE = 45
KEY = ThreadKey(platform="paper", workspace="T1", channel="C1", root="")


class Office:
    """Answers to many threads of one workspace, all by the same script."""

    def __init__(self, script: Script) -> None:
        self.surface = PaperSurface(page=100_000, takes=0.02)
        self.store = MemoryStore()
        self.answering = Answering(
            store=self.store,
            model=ScriptedModel(script),
            surfaces={"paper": self.surface},
            asking=Asking(steering=Steering(parameters={"model": "m"}), user_key=b"k"),
            plugins=Plugins(),
        )

    async def ask(self, thread: str, message: str = "q") -> Turn:
        turn = await self.store.accept(
            Incoming(
                thread=replace(KEY, root=thread),
                message_id=f"{thread} {message}",
                author=Author(id="U1"),
                text="Why?",
                addressed=Addressed.MENTION,
            ),
            claim=True,
        )
        assert turn is not None
        return turn

    async def answer(self, threads: int) -> None:
        turns = [await self.ask(f"{number}") for number in range(threads)]
        await asyncio.gather(*(self.answering.answer(turn) for turn in turns))


@on_virtual_time
async def test_fifty_answers_share_the_limit_evenly_and_all_end_complete() -> None:
    answers = 50
    office = Office([word for n in range(3_000) for word in (f"{n} ", 0.1)])
    await office.answer(answers)
    fair = 60 * answers / WRITES_PER_MINUTE
    writes = sorted(time for message in office.surface.messages.values() for time, _ in message.versions[1:])
    assert max(sum(start <= time < start + 60 for time in writes) for start in writes) <= 49
    for message in office.surface.messages.values():
        assert message.text.split() == [str(n) for n in range(3_000)]
        times = [time for time, _ in message.versions if time < 300]
        assert max(later - earlier for earlier, later in pairwise(times)) <= 1.25 * fair


@on_virtual_time
async def test_one_answer_alone_is_as_fresh_as_the_limit_allows() -> None:
    office = Office([word for n in range(600) for word in (f"{n} ", 0.1)])
    await office.answer(1)
    (message,) = office.surface.messages.values()
    times = [time for time, _ in message.versions]
    assert max(later - earlier for earlier, later in pairwise(times)) <= 1.25 * 60 / WRITES_PER_MINUTE


@on_virtual_time
async def test_last_writes_go_before_partial_ones_and_the_stalest_screen_first() -> None:
    desk = Desk(Budget(per_minute=60, burst=1))
    went: list[str] = []

    async def write(name: str, urgency: Urgency, since: float) -> None:
        await desk.line_up(urgency, since).granted
        went.append(name)

    names = [
        ("first in line", Urgency.PARTIAL, 5.0),
        ("fresh", Urgency.PARTIAL, 9.0),
        ("stale", Urgency.PARTIAL, 1.0),
        ("last", Urgency.LAST, 9.0),
    ]
    await asyncio.gather(*(write(*each) for each in names))
    assert went == ["first in line", "last", "stale", "fresh"]


@on_virtual_time
async def test_who_leaves_the_line_costs_nobody_a_write() -> None:
    desk = Desk(Budget(per_minute=60, burst=1))
    await desk.line_up(Urgency.PARTIAL, 0).granted
    gone = desk.line_up(Urgency.PARTIAL, 0)
    stays = desk.line_up(Urgency.PARTIAL, 1)
    gone.granted.cancel()
    desk.leave(gone)
    await asyncio.wait_for(stays.granted, 1.1)


@on_virtual_time
async def test_a_waiting_write_that_becomes_the_last_one_goes_first() -> None:
    desk = Desk(Budget(per_minute=60, burst=1))
    await desk.line_up(Urgency.PARTIAL, 0).granted
    partial = desk.line_up(Urgency.PARTIAL, 0)
    late = desk.line_up(Urgency.PARTIAL, 9)
    desk.hurry(late)
    await asyncio.wait_for(late.granted, 1.1)
    assert not partial.granted.done()


@on_virtual_time
async def test_a_refusal_holds_everybody_until_its_time_has_passed() -> None:
    desk = Desk(Budget(per_minute=60, burst=4))
    desk.refused(30)
    await desk.line_up(Urgency.LAST, 0).granted
    assert asyncio.get_running_loop().time() >= 30
