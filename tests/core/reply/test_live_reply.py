"""What people in a thread see while an answer grows, and when."""

import pytest

from bot.core.reply.commands import Done, Edit, Idle, Post, Wait
from bot.core.reply.live_reply import LiveReply
from tests.core.reply.simulated_thread import Limits, Thread, limits


def test_the_first_text_is_shown_at_once() -> None:
    thread = Thread(limits())
    thread.live.feed("Hel")
    assert thread.live.next(0.0) == Post(0, "Hel", last=False)


def test_a_growing_answer_is_edited_no_sooner_than_the_interval() -> None:
    live = LiveReply(limits(interval=3.0))
    live.feed("One")
    live.note_accepted(Post(0, "One", last=False), 10.0)
    live.feed(" two")
    assert live.next(12.9) == Wait(13.0)
    live.feed(" three")
    assert live.next(13.0) == Edit(0, "One two three", last=False)


def test_a_rest_may_be_longer_than_the_interval_but_the_last_text_does_not_wait_for_it() -> None:
    live = LiveReply(limits(interval=3.0))
    live.feed("One")
    live.note_accepted(Post(0, "One", last=False), 10.0, rest=5.0)
    live.feed(" two")
    assert live.next(13.0) == Wait(15.0)
    live.finish()
    assert live.next(13.0) == Edit(0, "One two", last=True, end=True)


def test_the_last_text_does_not_wait_for_the_interval() -> None:
    live = LiveReply(limits(interval=3.0))
    live.feed("One")
    live.note_accepted(Post(0, "One", last=False), 10.0)
    live.feed(" two.")
    live.finish()
    assert live.next(10.1) == Edit(0, "One two.", last=True, end=True)


def test_a_full_page_is_completed_at_once_and_the_next_one_waits() -> None:
    live = LiveReply(limits(20, interval=3.0))
    live.feed("One two")
    live.note_accepted(Post(0, "One two", last=False), 10.0)
    live.feed(" three four five six")
    assert live.next(10.1) == Edit(0, "One two three four", last=True)
    live.note_accepted(Edit(0, "One two three four", last=True), 10.1)
    assert live.next(10.2) == Wait(13.1)
    assert live.next(13.1) == Post(1, "five six", last=False)


def test_a_refusal_holds_back_even_the_last_text() -> None:
    live = LiveReply(limits())
    live.feed("One.")
    live.finish()
    live.note_refused(10.0, 30.0)
    live.note_refused(11.0, 5.0)
    assert live.next(39.9) == Wait(40.0)
    assert live.next(40.0) == Post(0, "One.", last=True, end=True)


def test_nothing_more_is_written_when_everything_is_shown() -> None:
    live = LiveReply(limits())
    live.feed("One.")
    live.note_accepted(Post(0, "One.", last=False), 0.0)
    assert live.next(10.0) == Idle()
    live.finish()
    assert live.next(10.0) == Done()


def test_after_a_restart_old_messages_are_edited_before_new_ones_are_posted() -> None:
    thread = Thread(limits(20), posted=2)
    thread.live.feed("one two three four. " * 3)
    thread.live.finish()
    assert thread.settle() == ["one two three four."] * 3
    assert [*thread.live.list_surplus_pages()] == []


def test_messages_that_a_shorter_answer_does_not_need_are_listed() -> None:
    thread = Thread(limits(), posted=3)
    thread.live.feed("Short.")
    thread.live.finish()
    thread.settle()
    assert [*thread.live.list_surplus_pages()] == [1, 2]


@pytest.mark.parametrize("text", ["", " \n\n "])
def test_an_answer_without_words_posts_nothing(text: str) -> None:
    live = LiveReply(limits())
    live.feed(text)
    assert live.next(0.0) == Idle()
    live.finish()
    assert live.next(0.0) == Done()


def test_a_stopped_answer_ends_on_the_messages_there_are() -> None:
    """They show all text that fits, including text that was not shown before."""
    thread = Thread(limits(40))
    thread.live.feed("The first page")
    thread.step()
    thread.live.feed(" of an answer. ")
    thread.live.feed("And more of it, which needs a second. And a third one.")
    stays = thread.live.stop("_Stopped._")
    assert stays == len("The first page of an answer. ")
    assert thread.settle() == ["The first page of an answer.\n\n_Stopped._"]


def test_an_answer_stopped_before_its_first_word_shows_one_message() -> None:
    thread = Thread(limits(40))
    assert thread.live.stop("_Stopped._") is None
    assert thread.settle() == ["_Stopped._"]


def test_a_stop_is_too_late_where_only_the_last_write_is_left() -> None:
    thread = Thread(limits(40))
    thread.live.feed("One")
    thread.step()
    thread.live.feed(" two.")
    thread.live.finish("_A note._")
    assert thread.live.stop("_Stopped._") is None
    assert thread.settle() == ["One two.\n\n_A note._"]


def test_a_finished_answer_is_stopped_between_its_messages() -> None:
    thread = Thread(limits(24))
    thread.live.feed("one two three. " * 9)
    thread.live.finish("_A note._")
    for _ in range(2):
        thread.step()
    assert thread.live.stop("_S._") == len("one two three. " * 2)
    thread.complete = 1
    assert thread.settle() == ["one two three.", "one two three.\n\n_S._"]


def test_the_stop_button_goes_with_the_last_write_of_a_page() -> None:
    """The write is made although the text is complete; a page that was only posted has no button."""
    live = LiveReply(limits())
    live.feed("One.")
    live.note_accepted(Post(0, "One.", last=False), 0.0)
    live.feed(" Two.")
    live.note_accepted(Edit(0, "One. Two.", last=False), 3.0)
    assert live.next(10.0) == Idle()
    live.finish()
    assert live.next(10.0) == Edit(0, "One. Two.", last=True, end=True)
    live.note_accepted(Edit(0, "One. Two.", last=True, end=True), 10.0)
    assert live.next(11.0) == Done()


def test_a_note_stands_in_a_paragraph_of_its_own() -> None:
    thread = Thread(limits())
    thread.live.feed("```py\nx = 1")
    thread.live.finish("_The model broke off._")
    assert thread.settle() == ["```py\nx = 1\n```\n\n_The model broke off._"]


def test_an_answer_may_consist_of_a_note() -> None:
    thread = Thread(limits())
    thread.live.finish("_The model said nothing._")
    assert thread.settle() == ["_The model said nothing._"]


def test_nothing_can_be_said_after_the_end() -> None:
    live = LiveReply(limits())
    live.finish()
    with pytest.raises(ValueError, match="finished"):
        live.feed("more")


@pytest.mark.parametrize("step", [10, 1_000, 10_000, 200_000])
def test_a_hundred_thousand_characters_arrive_whole(step: int) -> None:
    """The pieces have any size, the pages Slack's size."""
    words = [f"word{number}" for number in range(12_000)]
    text = " ".join(words)
    thread = Thread(limits(3_800, interval=0.0))
    for start in range(0, len(text), step):
        thread.live.feed(text[start : start + step])
        thread.step()
    thread.live.finish()
    assert " ".join(thread.settle()).split() == words


def scanned_by(count: int, *, length: int = 10) -> int:
    """Return how many characters of pages are looked at while the last of `count` deltas is taken in."""
    scanned = 0

    def fits(page: str) -> bool:
        nonlocal scanned
        scanned += len(page)
        return len(page) <= 1_000

    thread = Thread(Limits(fits=fits, page_size=1_000, interval=0.0))
    peak = 0
    for number in range(count):
        scanned = 0
        thread.live.feed(f"{number:>{length - 1}} ")
        thread.step()
        peak = max(peak, scanned)
    return peak


def test_the_cost_of_a_delta_does_not_grow_with_the_answer() -> None:
    """Most is looked at when a page is broken off, and that is a matter of the page, not of the answer."""
    assert scanned_by(10_000) == scanned_by(1_000)


def test_taking_in_a_delta_does_not_look_at_pages_at_all() -> None:
    def fits(_page: str) -> bool:
        pytest.fail("Rendering is for writes.")

    live = LiveReply(Limits(fits=fits, page_size=1_000))
    for _ in range(100):
        live.feed("word word ")
