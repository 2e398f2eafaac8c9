"""Many answers at once under one rate limit: fair, fresh, and complete at the end. On virtual time."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from statistics import median
from typing import Any

from bot.core.chat.stream import ChoiceFinished, StreamEvent, TextDelta
from bot.core.reply.live_reply import MAX_HOLD_SECONDS
from bot.core.requests import ChatRequest
from bot.ports import NeededAt
from bot.testing.model import ScriptedModel
from tests.delivery.rate_world import WRITES_PER_MINUTE, RateWorld, SpeakingModel, StrictPaper
from tests.virtual_time import VirtualTimeLoop, on_virtual_time


class WaitingModel(ScriptedModel):
    """Writes ten words a second, and yields them when they are needed."""

    def __init__(self) -> None:
        super().__init__()
        self.lumps = 0

    @asynccontextmanager
    async def stream(self, request: ChatRequest, **hints: Any) -> AsyncIterator[AsyncIterator[StreamEvent]]:
        yield self._said(hints["needed_at"])

    async def _said(self, needed_at: NeededAt) -> AsyncIterator[StreamEvent]:
        clock, left = asyncio.get_running_loop().time, ""
        for number in range(100):
            left += f"{number} "
            await asyncio.sleep(0.1)
            if needed_at() <= clock():
                self.lumps += 1
                yield TextDelta(left)
                left = ""
        yield TextDelta(left or " ")
        yield ChoiceFinished("stop")


@on_virtual_time
async def test_fifty_answers_share_the_limit_evenly_and_all_end_complete() -> None:
    answers = 50
    world = RateWorld([word for n in range(3_000) for word in (f"{n} ", 0.1)])
    await world.answer(answers)
    fair = 60 * answers / WRITES_PER_MINUTE
    writes = sorted(time for message in world.surface.messages.values() for time, _ in message.versions[1:])
    assert max(sum(start <= time < start + 60 for time in writes) for start in writes) <= 49
    for message in world.surface.messages.values():
        assert message.text.split() == [str(n) for n in range(3_000)]
        times = [time for time, _ in message.versions if time < 300]
        assert max(later - earlier for earlier, later in pairwise(times)) <= 1.25 * fair


@on_virtual_time
async def test_fifty_answers_at_once_for_half_an_hour_under_slacks_limits() -> None:
    """Some end while others begin: nothing is refused, and the ends are shown at once."""
    model, paper, rng = SpeakingModel(), StrictPaper(), random.Random(0)
    world, began = RateWorld(model=model, surface=paper), asyncio.get_running_loop().time()

    async def keep_asking(limiter: int) -> None:
        number = 0
        while asyncio.get_running_loop().time() < began + 1_800:
            text = f"{limiter}-{number} {rng.randrange(200, 800)} 0.5"
            turn = await world.ask(f"{limiter}-{number}", channel=f"C{limiter % 10}", text=text)
            await world.answering.answer(turn)
            number += 1

    await asyncio.gather(*(keep_asking(limiter) for limiter in range(50)))
    lags = sorted(
        message.versions[-1][0] - model.ended[question]
        for question in model.ended
        for message in paper.messages.values()
        if message.thread.root == question.split()[0]
    )
    assert len(lags) > 300
    assert median(lags) <= 3.0
    assert lags[int(0.95 * len(lags))] <= 10.0
    assert len(paper.refused) == 0
    last_writes = 60 * len(lags) / (asyncio.get_running_loop().time() - began)
    fair = 60 * 50 / (WRITES_PER_MINUTE - last_writes)
    gaps = [
        later - earlier
        for message in paper.messages.values()
        for (earlier, _), (later, _) in pairwise(message.versions)
    ]
    assert max(gaps) <= 1.25 * fair


@on_virtual_time
async def test_under_pressure_answers_go_on_in_further_messages() -> None:
    """Fifty answers show each paragraph soon after it is written, rather than at their next edit."""
    paper = StrictPaper(page=4_000)
    paragraph = [piece for number in range(80) for piece in (f"w{number} ", 0.1)]
    model = ScriptedModel([step for _ in range(12) for step in (*paragraph, "\n\n")])
    world = RateWorld(model=model, surface=paper)
    turns = [await world.ask(f"{number}", channel=f"C{number}") for number in range(50)]
    await asyncio.gather(*(world.answering.answer(turn) for turn in turns))
    assert paper.refused == []
    edited = 0
    for thread in {message.thread for message in paper.messages.values()}:
        words = " ".join(paper.list_texts(thread)).split()
        assert words == [f"w{number}" for number in range(80)] * 12
        messages = [message.versions for message in paper.messages.values() if message.thread == thread]
        first, *further = messages
        edited += len(first) > 1
        assert len(further) >= 3 or len(first) > 10
        assert [len(versions) for versions in further] == [1] * len(further)
        times = [time for versions in messages for time, _ in versions]
        assert max(later - earlier for earlier, later in pairwise(times)) <= 20, "two paragraphs take 16"
    assert edited <= 12, "those that began before there were many"


@on_virtual_time
async def test_under_pressure_text_before_a_silence_is_shown_within_seconds() -> None:
    world = RateWorld(model=ScriptedModel(["Let me look. ", 60.0, "It works."]))
    turns = [await world.ask(f"{number}", channel=f"C{number}") for number in range(20)]
    await asyncio.gather(*(world.answering.answer(turn) for turn in turns))
    seen = [message.versions[0] for message in world.surface.messages.values()]
    assert {text for _, text in seen} == {"Let me look."}
    assert max(time for time, _ in seen) < MAX_HOLD_SECONDS + 1


@on_virtual_time
async def test_a_busy_thread_takes_nothing_from_quiet_ones() -> None:
    """Its answer has a thousand words, those of the twenty others one each."""
    model, paper = SpeakingModel(), StrictPaper()
    world = RateWorld(model=model, surface=paper)
    turns = [await world.ask(f"{n}", channel=f"C{n % 5}", text=f"{n} 300 1.0") for n in range(20)]
    turns.append(await world.ask("busy", text="busy 30000 0.01"))
    await asyncio.gather(*(world.answering.answer(turn) for turn in turns))
    fair = 60 * len(turns) / WRITES_PER_MINUTE
    for message in paper.messages.values():
        times = [time for time, _ in message.versions]
        assert max(later - earlier for earlier, later in pairwise(times)) <= 1.25 * fair
    assert paper.refused == []


@on_virtual_time
async def test_the_limiter_learns_what_a_platform_does_not_grant() -> None:
    """It grants 20 edits a minute instead of the promised 50: after a while nothing is refused."""
    paper = StrictPaper()
    paper.rates.set_allowance("chat.update", 20)
    world = RateWorld([word for n in range(9_000) for word in (f"{n} ", 0.1)], surface=paper)
    await world.answer(10)
    assert len([time for time in paper.refused if time < 300]) >= 1
    assert len([time for time in paper.refused if time >= 300]) <= 3
    for message in paper.messages.values():
        assert message.text.split() == [str(n) for n in range(9_000)]


@on_virtual_time
async def test_a_single_answer_is_edited_as_often_as_the_limit_allows() -> None:
    world = RateWorld([word for n in range(600) for word in (f"{n} ", 0.1)])
    await world.answer(1)
    (message,) = world.surface.messages.values()
    times = [time for time, _ in message.versions]
    assert max(later - earlier for earlier, later in pairwise(times)) <= 1.25 * 60 / WRITES_PER_MINUTE


@on_virtual_time
async def test_a_process_with_too_much_to_do_writes_less_often() -> None:
    """Each turn of its event loop takes 0.4 seconds, as with a thousand answers; the end is shown at once."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)

    async def work(seconds: float) -> None:
        while True:
            loop.now += seconds
            await asyncio.sleep(0)

    async def writes_per_second() -> float:
        model = SpeakingModel()
        world = RateWorld(model=model)
        began = loop.time()
        await world.answering.answer(await world.ask("0", text="0 600 0.1"))
        (message,) = world.surface.messages.values()
        (ended,) = model.ended.values()
        assert message.text.split()[-1] == "599"
        assert message.versions[-1][0] - ended < 3
        return len(message.versions) / (ended - began)

    usual = await writes_per_second()
    busy = asyncio.create_task(work(0.4))
    slow = await writes_per_second()
    busy.cancel()
    await asyncio.gather(busy, return_exceptions=True)
    assert slow < 0.2 * usual, (slow, usual)


@on_virtual_time
async def test_the_text_of_a_write_is_read_right_before_it() -> None:
    """And hardly any text is read between two writes."""
    model = WaitingModel()
    world = RateWorld(model=model)
    turn = await world.ask("hello")
    began = asyncio.get_running_loop().time()
    await world.answering.answer(turn)
    (message,) = world.surface.messages.values()
    assert message.versions[-1][1].split() == [f"{number}" for number in range(100)]
    for at, text in message.versions:
        assert len(text.split()) >= 10 * (at - began) - 2, "as new as what is read word by word"
    assert model.lumps <= 3 * len(message.versions)
