"""A stall of the event loop is logged once, with its length and what ran."""

import asyncio
import time

import pytest
from structlog.testing import capture_logs

from bot.app import stall_watch
from bot.app.stall_watch import BEAT_SECONDS, STALL_SECONDS, Stall, StallDetector, watch_event_loop
from bot.slack import message_text


async def test_a_stall_is_logged_once_with_its_length_and_what_ran(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here a function of the bot sleeps, as a search of a pattern that is not linear would compute."""

    def sleep_for(_: str) -> bool:
        time.sleep(0.6)
        return False

    monkeypatch.setattr(message_text, "_read_label", sleep_for)
    with capture_logs() as logs:
        async with watch_event_loop():
            await asyncio.sleep(2 * BEAT_SECONDS)
            message_text.find_unnamed_ids("<@U1>")
            await asyncio.sleep(2 * BEAT_SECONDS)
    (ours,) = [line for line in logs if "find_unnamed_ids" in line["ran"]]  # the machine may have stalled us, too
    assert ours["action"] == "loop_stalled"
    assert ours["seconds"] > STALL_SECONDS
    assert "at bot.slack.message_text:" in ours["ran"]
    assert "U1" not in str(ours)


async def test_a_stall_that_ends_with_the_process_is_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop has no time for another beat then."""
    monkeypatch.setattr(message_text, "_read_label", lambda _: time.sleep(0.6))
    with capture_logs() as logs:
        async with watch_event_loop():
            await asyncio.sleep(2 * BEAT_SECONDS)
            message_text.find_unnamed_ids("<@U1>")
    assert any("find_unnamed_ids" in line["ran"] for line in logs)


def test_nothing_is_looked_at_while_nothing_stalls() -> None:
    """A beat that is a little late is none."""
    detector = StallDetector(0.0)
    for beat in range(1, 100):
        late = 0.2 * (beat % 2)
        detector.look(beat * BEAT_SECONDS, lambda: pytest.fail("looked"))
        assert detector.beat(beat * BEAT_SECONDS + late) is None


def test_a_stall_that_nobody_saw_is_logged_too() -> None:
    """The whole process may have been suspended, together with the thread."""
    detector = StallDetector(0.0)
    assert detector.beat(3.0 + BEAT_SECONDS) == Stall(3.0, "nothing of the bot")


def test_what_was_seen_first_is_what_ran() -> None:
    """And the next stall begins afresh."""
    detector = StallDetector(0.0)
    for now, place in ((0.2, "early"), (0.3, ""), (0.4, "slow"), (0.5, "later")):
        detector.look(now, str(place).strip)
    assert detector.beat(0.5 + BEAT_SECONDS) == Stall(0.5, "slow")
    assert (after := detector.beat(1.2))
    assert after.ran == "nothing of the bot"


def test_a_stack_without_the_bot_has_no_name() -> None:
    """For example, while the loop waits for the network."""
    assert stall_watch.describe_frame(None) == ""
