"""How an answer grows if edits are slow: few edits, and more messages."""

from bot.core.reply.commands import Edit, Idle, Post
from bot.core.reply.live_reply import MAX_HOLD_SECONDS, LiveReply
from tests.core.reply.simulated_thread import Thread, limits


def test_if_edits_are_slow_the_first_page_is_posted_with_its_first_paragraph() -> None:
    """Half a sentence would need another edit, and stay incomplete until then."""
    live = LiveReply(limits(1_000))
    live.feed("One.")
    live.note_pressure(0.0, is_slow=True)
    assert live.next(0.0) == Idle(until=MAX_HOLD_SECONDS)
    live.feed("\n\nTwo")
    live.note_pressure(5.0, is_slow=True)
    assert live.next(5.0) == Post(0, "One.", last=True)


def test_if_edits_are_slow_a_long_first_paragraph_is_shown_while_it_grows() -> None:
    live = LiveReply(limits(1_000))
    live.feed("One,")
    live.note_pressure(0.0, is_slow=True)
    live.feed(" two,")
    live.note_pressure(MAX_HOLD_SECONDS, is_slow=True)
    assert live.next(MAX_HOLD_SECONDS) == Post(0, "One, two,", last=False)


def test_if_edits_are_slow_a_short_answer_is_posted_once() -> None:
    live = LiveReply(limits(1_000))
    live.feed("One.")
    live.note_pressure(0.0, is_slow=True)
    live.finish()
    assert live.next(0.0) == Post(0, "One.", last=True, end=True)


def test_while_edits_are_slow_an_answer_goes_on_in_further_messages() -> None:
    """One edit ends the paragraph on screen; what follows is posted, whole paragraphs at a time."""
    thread = Thread(limits(600))
    for number in range(40):
        if number == 8:
            thread.settle()
        thread.now += 3
        thread.live.note_pressure(thread.now, is_slow=number >= 8)
        thread.live.feed(f"word{number} and more" + ("\n\n" if number % 5 == 4 else " "))
        command = thread.live.next(thread.now)
        if isinstance(command, Post | Edit) and command.last:
            thread.write(command)
    thread.live.finish()
    shown = thread.settle()
    assert len(shown) > 5
    assert all(text.endswith(("4 and more", "9 and more")) for text in shown)
    assert " ".join(shown).split() == [word for number in range(40) for word in (f"word{number}", "and", "more")]
    assert thread.writes <= len(shown) + 2, "only the first page was edited"


def test_if_edits_are_slow_messages_keep_the_maximum_hold_apart() -> None:
    """A paragraph a second makes one message for ten paragraphs, not one for each."""
    thread = Thread(limits(600))
    for number in range(100):
        thread.now += 1
        thread.live.note_pressure(thread.now, is_slow=True)
        thread.live.feed(f"w{number}\n\n")
        command = thread.live.next(thread.now)
        if isinstance(command, Post | Edit) and command.last:
            thread.write(command)
    thread.live.finish()
    shown = thread.settle()
    assert " ".join(shown).split() == [f"w{number}" for number in range(100)]
    assert 9 <= len(shown) <= 12
