"""Several processes under one platform's limits: each gets a fair share, and none is refused. On virtual time."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import pairwise

from bot.core.errors import StoreUnavailable
from bot.delivery.rate_sharing import EXCHANGE_INTERVAL_SECONDS, MAX_FAILED_EXCHANGES, RateSharing
from bot.ports.rate_shares import RateLimitKey, RateShare, WorkspaceKey
from bot.testing.data import MemoryData
from bot.testing.records import MemoryRateShares
from tests.delivery.rate_world import WRITES_PER_MINUTE, RateWorld, SpeakingModel, StrictPaper
from tests.virtual_time import on_virtual_time


class FragileShares(MemoryRateShares):
    """Fails or is slow on request."""

    trouble = False
    seconds = 0.0
    calls = 0

    async def exchange(self, answers: Mapping[WorkspaceKey, int], refused: Mapping[RateLimitKey, float]) -> RateShare:
        self.calls += 1
        await asyncio.sleep(self.seconds)
        if self.trouble:
            raise StoreUnavailable
        return await super().exchange(answers, refused)


@asynccontextmanager
async def rate_worlds(count: int) -> AsyncIterator[tuple[list[RateWorld], list[FragileShares], StrictPaper]]:
    """Give processes that write on one paper and share its limits."""
    paper, data = StrictPaper(), MemoryData(clock=asyncio.get_running_loop().time)
    data.heartbeats = {f"{number}": 0.0 for number in range(count)}
    shares = [FragileShares(f"{number}", data) for number in range(count)]
    found = [RateWorld(model=SpeakingModel(), surface=paper) for _ in range(count)]
    async with AsyncExitStack() as stack:
        for world, share in zip(found, shares, strict=True):
            await stack.enter_async_context(RateSharing(world.answering.rate_limiters, share).run())
        yield found, shares, paper


async def answer(world: RateWorld, names: list[str], words: int = 1_200) -> None:
    """Have a question answered for each name, over some minutes."""
    turns = [await world.ask(name, channel=f"C{name}", text=f"{name} {words} 0.5") for name in names]
    await asyncio.gather(*(world.answering.answer(turn) for turn in turns))


def longest_gap(paper: StrictPaper, prefix: str, *, after: float, until: float) -> float:
    """Return the longest time without an update of the threads whose names begin with `prefix`."""
    times = [
        [time for time, _ in message.versions if after <= time <= until]
        for message in paper.messages.values()
        if message.thread.root.startswith(prefix)
    ]
    return max(later - earlier for each in times for earlier, later in pairwise(each))


@on_virtual_time
async def test_processes_share_by_the_answers_that_they_write() -> None:
    """Nine answers here and three there: all are equally fresh, and nothing is refused."""
    async with rate_worlds(2) as (found, shares, paper):
        await asyncio.gather(
            answer(found[0], [f"a{n}" for n in range(9)]), answer(found[1], [f"b{n}" for n in range(3)])
        )
        assert paper.refused == []
        fair = 60 * 12 / WRITES_PER_MINUTE
        for prefix in "ab":
            assert longest_gap(paper, prefix, after=10.0, until=590.0) <= 1.25 * fair
        assert shares[0].calls < 600 / EXCHANGE_INTERVAL_SECONDS + 20, "seldom, whatever is written"


@on_virtual_time
async def test_a_new_process_gets_its_share_and_the_last_one_gets_all() -> None:
    """Within seconds, and without a refusal."""
    async with rate_worlds(2) as (found, _, paper):
        first = asyncio.create_task(answer(found[0], [f"a{n}" for n in range(4)], 2_400))
        await asyncio.sleep(120)
        await answer(found[1], [f"b{n}" for n in range(4)], 600)
        came, left = 120.0, asyncio.get_running_loop().time()
        await first
        assert paper.refused == []
        fair = 60 * 4 / WRITES_PER_MINUTE
        assert longest_gap(paper, "a", after=10, until=came - 5) <= 1.25 * fair
        assert longest_gap(paper, "b", after=came + 10, until=left - 5) <= 1.25 * 2 * fair
        assert longest_gap(paper, "a", after=left + 20, until=1_190) <= 1.25 * fair


@on_virtual_time
async def test_without_the_database_each_process_takes_an_even_share() -> None:
    async with rate_worlds(2) as (found, shares, paper):
        for share in shares:
            share.trouble = True
        await asyncio.gather(
            answer(found[0], [f"a{n}" for n in range(9)]), answer(found[1], [f"b{n}" for n in range(3)])
        )
        assert paper.refused == []
        assert longest_gap(paper, "a", after=60, until=590) <= 1.25 * 60 * 9 / (WRITES_PER_MINUTE / 2)


@on_virtual_time
async def test_a_slow_database_delays_no_write() -> None:
    async with rate_worlds(1) as ((world,), (share,), paper):
        share.seconds = 30.0
        await answer(world, ["a"])
        fair = 60 / WRITES_PER_MINUTE
        assert longest_gap(paper, "a", after=10, until=590) <= 1.25 * fair
        assert share.calls > MAX_FAILED_EXCHANGES


@on_virtual_time
async def test_processes_that_write_nothing_do_not_ask_the_database() -> None:
    async with rate_worlds(1) as ((world,), (share,), _):
        await answer(world, ["a"], 10)
        await asyncio.sleep(10)
        before = share.calls
        await asyncio.sleep(3_600)
        assert share.calls == before


def edit_times(world: RateWorld, prefix: str) -> list[float]:
    """Return when messages of threads whose names begin with `prefix` were edited."""
    return sorted(
        time
        for message in world.surface.messages.values()
        if message.thread.root.startswith(prefix)
        for time, _ in message.versions[1:]
    )


@on_virtual_time
async def test_a_refusal_of_one_process_blocks_all_until_its_time_is_over() -> None:
    """They learn of it at once, whether they write at that moment or not; and all are slower afterwards."""
    async with rate_worlds(3) as (found, _, paper):
        writing = [asyncio.create_task(answer(found[n], [f"{'ab'[n]}{i}" for i in range(3)])) for n in (0, 1)]
        await asyncio.sleep(60)
        paper.refuses("chat.update", 30.0)
        await asyncio.sleep(10)
        last = asyncio.create_task(answer(found[2], ["c0", "c1"], 100))
        await asyncio.gather(*writing, last)
        began = paper.refused[0]
        assert paper.refused[-1] < began + 0.1, "what was under way together"
        for prefix in "ab":
            times = edit_times(found[0], prefix)
            assert [time for time in times if began + 0.1 < time < began + 30] == []
            after = [time for time in times if began + 120 < time < began + 180]
            assert 0 < len(after) < 0.8 * WRITES_PER_MINUTE / 2


@on_virtual_time
async def test_without_a_notification_the_others_learn_of_a_refusal_with_the_next_exchange() -> None:
    async with rate_worlds(2) as (found, shares, paper):
        shares[0]._data.refusal_listeners.clear()
        writing = [asyncio.create_task(answer(found[n], [f"{'ab'[n]}{i}" for i in range(3)])) for n in (0, 1)]
        await asyncio.sleep(60)
        paper.refuses("chat.update", 30.0)
        await asyncio.gather(*writing)
        assert max(paper.refused) < paper.refused[0] + EXCHANGE_INTERVAL_SECONDS + 0.1


@on_virtual_time
async def test_a_refusal_that_could_not_be_shared_is_shared_when_the_database_is_back() -> None:
    async with rate_worlds(2) as (found, shares, paper):
        writing = [asyncio.create_task(answer(found[n], [f"{'ab'[n]}{i}" for i in range(3)])) for n in (0, 1)]
        await asyncio.sleep(60)
        shares[0].trouble = shares[1].trouble = True
        paper.refuses("chat.update", 60.0)
        await asyncio.sleep(5)
        shares[0].trouble = shares[1].trouble = False
        await asyncio.sleep(3)
        data = shares[0]._data
        assert 50 < data.refusals["paper", "T1", "edit"] - data.clock() < 60
        await asyncio.gather(*writing)
