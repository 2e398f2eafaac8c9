"""The lease: when a process may still write, by its heartbeats and by what it hears of its session."""

import asyncio
from collections.abc import Callable

from bot.conversation.lease import SESSION_MARGIN_SECONDS, Lease
from bot.ports.work_queue import TAKEOVER_DELAY_SECONDS
from tests.virtual_time import on_virtual_time

SESSION_SECONDS = TAKEOVER_DELAY_SECONDS - SESSION_MARGIN_SECONDS


@on_virtual_time
async def test_without_a_session_only_heartbeats_count() -> None:
    lease = Lease(30)
    await asyncio.sleep(28.9)
    assert await lease.confirm()
    await asyncio.sleep(0.2)
    assert not await lease.confirm()


@on_virtual_time
async def test_a_session_that_answered_a_moment_ago_is_enough() -> None:
    lease = Lease(30)
    lease.confirm_session(lease.now())
    await asyncio.sleep(SESSION_SECONDS - 0.01)
    began = lease.now()
    assert await lease.confirm()
    assert lease.now() == began


@on_virtual_time
async def test_nothing_is_confirmed_after_others_may_take_over() -> None:
    """Whatever moment it is asked at: it says yes only if the session was open less than the delay before."""
    lease = Lease(30)
    opened = lease.now()
    lease.confirm_session(opened)
    asked = [asyncio.create_task(ask_after(lease, seconds / 10)) for seconds in range(100)]
    await asyncio.sleep(10)
    lease.revoke()
    answers = [await each for each in asked]
    assert [is_ours for is_ours, _ in answers] == [True] * 4 + [False] * 96
    assert all(at - opened < TAKEOVER_DELAY_SECONDS for is_ours, at in answers if is_ours)


async def ask_after(lease: Lease, seconds: float) -> tuple[bool, float]:
    await asyncio.sleep(seconds)
    return await lease.confirm(), lease.now()


SETTLEMENTS: list[tuple[Callable[[Lease], None], bool]] = [
    (lambda lease: lease.confirm_session(lease.now()), True),
    (Lease.end_session, True),
    (Lease.revoke, False),
]


@on_virtual_time
async def test_a_write_waits_until_the_loss_of_the_session_is_settled() -> None:
    for settle, is_ours in SETTLEMENTS:
        lease = Lease(30)
        lease.confirm_session(lease.now())
        lease.doubt_session()
        asked = asyncio.create_task(lease.confirm())
        await asyncio.sleep(5)
        assert not asked.done()
        settle(lease)
        assert await asked is is_ours
        assert lease.is_certain() is is_ours, "a process that lost its turns registers anew at once"


@on_virtual_time
async def test_a_doubt_that_is_never_settled_ends_with_the_lease() -> None:
    lease = Lease(30)
    lease.confirm_session(lease.now())
    lease.doubt_session()
    assert not await lease.confirm()
    assert 29 <= lease.now() < 30


@on_virtual_time
async def test_who_is_being_cancelled_does_not_wait() -> None:
    lease = Lease(30)
    lease.confirm_session(lease.now())
    lease.doubt_session()
    answers = []

    async def write() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            answers.append(await lease.confirm())

    writing = asyncio.create_task(write())
    await asyncio.sleep(1)
    writing.cancel()
    await asyncio.sleep(0.01)
    assert answers == [False]


@on_virtual_time
async def test_a_heartbeat_under_way_does_not_hide_that_the_turns_are_lost() -> None:
    """Only one that is sent after all turns were let go of counts."""
    lease = Lease(30)
    lease.revoke()
    lease.renew(lease.now())
    assert not lease.is_certain()
    lease.renew(lease.now(), anew=True)
    assert lease.is_certain()
