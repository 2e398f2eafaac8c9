"""Slack's rate limits: 429 and Retry-After beyond the calls of a minute; waiting that long is enough."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.server import SandboxWorkspace
from bot.sandbox.workspace.rate_limits import (
    CALLS_PER_WINDOW,
    MAX_POSTS_IN_BURST,
    WINDOW_SECONDS,
    MethodRateLimits,
)
from tests.sandbox.clients import SettableClock, web_client


@given(
    st.sampled_from(sorted(CALLS_PER_WINDOW)),
    st.lists(st.floats(0, 20, allow_nan=False), min_size=1, max_size=400),
)
def test_no_window_holds_more_than_the_limit_and_waiting_as_told_is_enough(method: str, pauses: list[float]) -> None:
    rates, now, taken = MethodRateLimits(), 1_790_000_000.0, list[float]()
    for pause in pauses:
        now += pause
        if wait := rates.admit(method, "C0GENERAL", now):
            now += wait
            assert rates.admit(method, "C0GENERAL", now) == 0
        taken.append(now)
    for end, at in enumerate(taken):
        assert sum(at - WINDOW_SECONDS < one <= at for one in taken[: end + 1]) <= CALLS_PER_WINDOW[method]


def test_a_channel_takes_a_burst_and_then_one_post_a_second() -> None:
    rates, now = MethodRateLimits(), 1_790_000_000.0
    assert [rates.admit("chat.postMessage", "C1", now) for _ in range(MAX_POSTS_IN_BURST)] == [0] * MAX_POSTS_IN_BURST
    assert rates.admit("chat.postMessage", "C1", now) > 0
    assert rates.admit("chat.postMessage", "C2", now) == 0
    taken = sum(not rates.admit("chat.postMessage", "C1", now + second / 10) for second in range(600))
    assert 58 <= taken <= 60


@pytest.fixture
async def limited() -> AsyncIterator[tuple[SandboxWorkspace, AsyncWebClient, SettableClock]]:
    clock = SettableClock()
    async with SandboxWorkspace(clock=clock) as workspace, web_client(workspace) as client:
        yield workspace, client, clock


async def test_the_51st_update_in_a_minute_is_answered_with_429(
    limited: tuple[SandboxWorkspace, AsyncWebClient, SettableClock],
) -> None:
    workspace, client, clock = limited
    ts = (await client.chat_postMessage(channel="C0GENERAL", text="0"))["ts"]
    for number in range(50):
        await client.chat_update(channel="C0GENERAL", ts=ts, text=str(number))
        clock.now += 0.5
    with pytest.raises(SlackApiError) as refused:
        await client.chat_update(channel="C0GENERAL", ts=ts, text="too early")
    response = refused.value.response
    assert (response.status_code, response["error"]) == (429, "ratelimited")
    assert response.headers["Retry-After"] == "36"
    clock.now += 36
    await client.chat_update(channel="C0GENERAL", ts=ts, text="in time")
    assert workspace.thread("C0GENERAL", ts)[0].text == "in time"
    assert workspace.trace[-1].name != "chat.update" or workspace.trace[-1].status == "ok"


async def test_other_methods_go_on_while_one_is_limited(
    limited: tuple[SandboxWorkspace, AsyncWebClient, SettableClock],
) -> None:
    _workspace, client, _clock = limited
    for _ in range(20):
        await client.users_list()
    with pytest.raises(SlackApiError, match="ratelimited"):
        await client.users_list()
    await client.users_info(user="U0ADA")


async def test_limits_can_be_switched_off() -> None:
    async with SandboxWorkspace(enforce_rates=False) as workspace, web_client(workspace) as client:
        for _ in range(60):
            await client.users_list()
