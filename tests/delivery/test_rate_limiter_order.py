"""Which of the waiting writes a rate limiter grants next, on virtual time."""

import asyncio

from bot.core.limits.token_bucket import TokenBucket
from bot.delivery.rate_limiter import RateLimiter, Urgency
from tests.virtual_time import on_virtual_time


@on_virtual_time
async def test_ends_go_first_then_beginnings_then_pages_then_the_longest_not_shown() -> None:
    limiter = RateLimiter(TokenBucket(per_minute=60, burst=1))
    went: list[str] = []

    async def write(name: str, urgency: Urgency, since: float) -> None:
        await limiter.enqueue(urgency, since).granted
        went.append(name)

    names = [
        ("first in line", Urgency.PARTIAL, 5.0),
        ("fresh", Urgency.PARTIAL, 9.0),
        ("stale", Urgency.PARTIAL, 1.0),
        ("page", Urgency.PAGE, 9.0),
        ("beginning", Urgency.FIRST, 9.0),
        ("end", Urgency.LAST, 9.0),
    ]
    await asyncio.gather(*(write(*each) for each in names))
    assert went == ["first in line", "end", "beginning", "page", "stale", "fresh"]


@on_virtual_time
async def test_a_withdrawn_request_costs_no_permission() -> None:
    limiter = RateLimiter(TokenBucket(per_minute=60, burst=1))
    await limiter.enqueue(Urgency.PARTIAL, 0).granted
    gone = limiter.enqueue(Urgency.PARTIAL, 0)
    stays = limiter.enqueue(Urgency.PARTIAL, 1)
    gone.granted.cancel()
    limiter.withdraw(gone)
    await asyncio.wait_for(stays.granted, 1.1)


@on_virtual_time
async def test_a_waiting_write_that_becomes_the_last_one_goes_first() -> None:
    limiter = RateLimiter(TokenBucket(per_minute=60, burst=1))
    await limiter.enqueue(Urgency.PARTIAL, 0).granted
    partial = limiter.enqueue(Urgency.PARTIAL, 0)
    late = limiter.enqueue(Urgency.PARTIAL, 9)
    limiter.raise_urgency(late, Urgency.LAST)
    await asyncio.wait_for(late.granted, 1.1)
    assert not partial.granted.done()


@on_virtual_time
async def test_a_refusal_blocks_all_requests_until_its_time_has_passed() -> None:
    limiter = RateLimiter(TokenBucket(per_minute=60, burst=4))
    limiter.handle_refusal(30)
    await limiter.enqueue(Urgency.LAST, 0).granted
    assert asyncio.get_running_loop().time() >= 30
