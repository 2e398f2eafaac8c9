"""How an answer continues after one of its messages was deleted or can no longer be edited."""

import pytest

from bot.core.reply.commands import DisplayMode
from tests.core.reply.simulated_thread import Thread, limits


def say(thread: Thread, text: str, *, now: float) -> None:
    """Let the model speak, and the thread show it."""
    thread.now = max(thread.now, now)
    thread.live.feed(text)
    thread.settle()


@pytest.mark.parametrize(
    ("way", "screen"),
    [
        (DisplayMode.EDITS, ["One, two, th", "ree, four."]),
        (DisplayMode.STREAM, ["One, two,", "three, four."]),
    ],
)
def test_the_answer_continues_below_a_message_that_cannot_be_edited(way: DisplayMode, screen: list[str]) -> None:
    thread = Thread(limits(), way=way)
    say(thread, "One, t", now=0)
    say(thread, "wo, th", now=10)
    thread.lose(stays=True)
    say(thread, "ree, f", now=20)
    say(thread, "our.", now=30)
    assert len(thread.screen) == 2
    thread.live.finish()
    assert [text.strip() for text in thread.settle()] == screen


@pytest.mark.parametrize(
    ("way", "screen"),
    [
        (DisplayMode.EDITS, ["One, t", "wo, three, four."]),
        (DisplayMode.STREAM, ["One,", "two, three, four."]),
    ],
)
def test_if_no_message_can_be_edited_the_rest_is_one_post(way: DisplayMode, screen: list[str]) -> None:
    """Otherwise every few words would become a message."""
    thread = Thread(limits(), way=way)
    say(thread, "One, t", now=0)
    for number, word in enumerate(("wo, th", "ree, f", "our.")):
        thread.lose(stays=True)
        say(thread, word, now=10.0 * number + 10)
    thread.live.finish()
    assert [text.strip() for text in thread.settle()] == screen
    assert thread.writes == 2


@pytest.mark.parametrize(
    ("shown", "more", "screen"),
    [
        ("```py\nx = 1\ny", " = 2\n```\nSo.", ["```py\nx = 1\ny\n```", "```py\n = 2\n```\nSo."]),
        ("```py\nx = 1\n```", "\nSo.", ["```py\nx = 1\n```", "So."]),
        ("```py\nx = 1\n", "```", ["```py\nx = 1\n```"]),
        (
            "| a |\n|---|\n| 1 |\n",
            "| 2 |\n",
            ["| a |\n|---|\n| 1 |", "| a |\n|---|\n| 2 |"],
        ),
        ("One **two** thr", "ee four", ["One **two** thr", "ee four"]),
        ("One.", "", ["One."]),
    ],
)
def test_a_fence_that_an_uneditable_message_cuts_is_closed_and_opened_again(
    shown: str, more: str, screen: list[str]
) -> None:
    thread = Thread(limits())
    say(thread, shown, now=0)
    thread.lose(stays=True)
    thread.live.feed(more)
    thread.live.finish()
    assert thread.settle() == screen


def test_a_full_page_that_cannot_be_edited_ends_with_what_it_shows() -> None:
    thread = Thread(limits(24))
    say(thread, "one two three", now=0)
    thread.lose(stays=True)
    thread.live.feed(" four five six. seven eight nine. ten eleven twelve.")
    thread.live.finish()
    shown = thread.settle()
    assert shown[0] == "one two three"
    assert " ".join(" ".join(shown).split()) == "one two three four five six. seven eight nine. ten eleven twelve."


def test_the_note_about_a_stop_stands_below_a_message_that_cannot_be_edited() -> None:
    """Also when all of the page was on screen."""
    thread = Thread(limits(24))
    say(thread, "one two three. one two three. ", now=0)
    thread.live.feed("one")
    for _ in range(9):
        thread.lose(stays=True)
        thread.step()
    assert thread.live.stop("_S._") is not None
    thread.complete = len(thread.screen) - 1
    shown = thread.settle()
    assert shown[-1].endswith("_S._")
    assert shown[0] == "one two three."


def test_a_deleted_message_is_posted_again_with_all_it_showed() -> None:
    thread = Thread(limits(24))
    say(thread, "one two three. one two", now=0)
    thread.lose(stays=False)
    say(thread, " three. and four", now=10)
    thread.live.finish()
    assert thread.settle() == ["one two three.", "one two three. and four"]


def test_an_uneditable_message_of_an_earlier_attempt_is_posted_again() -> None:
    """Its text is unknown, so it cannot count as part of the answer."""
    thread = Thread(limits(), posted=1)
    thread.lose(stays=True)
    say(thread, "One.", now=0)
    thread.live.finish()
    assert thread.settle() == ["One."]
