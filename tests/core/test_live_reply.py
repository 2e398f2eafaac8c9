"""What people in a thread see while an answer grows, and when."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.core.growth import added
from bot.core.live_reply import HOLD, LiveReply
from bot.core.writes import Done, Edit, Idle, Post, Wait, Way

UNTIMED = settings(deadline=None)  # the machine may be busy, and time is not what these tests are about
TEXTS = st.text(max_size=80) | st.sampled_from(
    [
        "Some words. ",
        "\n\n",
        "```py\nx = 1\n",
        "```\n",
        "| a | b |\n|---|---|\n| 1 | 2 |\n",
        "[a](https://x.example)",
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    fits: Callable[[str], bool]
    page_size: int = 100
    interval: float = 3.0
    append_interval: float = 1.0


def limits(size: int = 100, interval: float = 3.0) -> Limits:
    return Limits(fits=lambda page: len(page) <= size, page_size=size, interval=interval)


class Thread:
    """A thread, and a person who looks at it; holds a reply to the rules of writing into one."""

    def __init__(self, limits: Limits, *, posted: int = 0, way: Way = Way.EDITS) -> None:
        self.limits = limits
        self.way = way
        self.live = LiveReply(limits, posted=posted, way=way)
        self.screen = ["left from before"] * posted
        self.now = 0.0
        self.writes = 0
        self.not_before = 0.0
        self.last_accepted = -max(limits.interval, limits.append_interval)
        self.complete = 0
        self.is_open = False
        self.lost: dict[int, bool] = {}
        """Pages whose messages can't be changed any more, and whether they stay."""
        self.known = [False] * posted
        """Of which messages we know what they show."""

    def lose(self, *, stays: bool) -> None:
        """Let the newest message take no change any more."""
        if self.screen:
            self.lost[len(self.screen) - 1] = stays

    def write(self, command: Post | Edit) -> None:
        """Check a write against the rules, and show it."""
        assert self.limits.fits(command.text)
        assert command.text.strip()
        assert self.now >= self.not_before
        is_stream = self.way is Way.STREAM
        interval = self.limits.append_interval if is_stream else self.limits.interval
        assert command.last or self.now >= self.last_accepted + interval
        assert command.last or self.way is not Way.WHOLE
        assert command.page == self.complete, (
            "a page changed after a later one, or before an earlier was done"
        )
        if isinstance(command, Post):
            assert command.page == len(self.screen)
            assert not self.is_open, "what grew before can still be stopped, or takes more"
            self.screen.append(command.text)
            self.known.append(True)
        elif command.page in self.lost:
            self.refuse(command)
            return
        else:
            self.screen[command.page] = command.text
            self.known[command.page] = True
        self.complete += command.last
        self.is_open = not command.last and (is_stream or isinstance(command, Edit))
        self.last_accepted = self.now
        self.writes += 1
        self.live.accepted(command, self.now)

    def refuse(self, command: Edit) -> None:
        """Refuse a change, as whoever writes would report it."""
        stays = self.lost[command.page]
        self.is_open = False
        if stays and self.live.fixed(command):
            assert self.known[command.page]
            self.complete = command.page + 1
            return
        assert not (stays and self.known[command.page]), "what is known to be on screen stays there"
        self.live.gone(command)
        del self.screen[command.page :], self.known[command.page :]
        self.lost = {page: stays for page, stays in self.lost.items() if page < command.page}

    def step(self) -> bool:
        """Do one thing; tell whether there is more to do now."""
        match self.live.next(self.now):
            case Done() | Idle():
                return False
            case Wait(until):
                assert until > self.now
                self.now = until
            case (Post() | Edit()) as command:
                is_news = self.screen[command.page :][:1] != [command.text]
                assert is_news or (self.is_open and command.last), "a write that changes nothing"
                self.complete = max(self.complete, command.page)  # a page may become complete as it stands
                self.write(command)
        return True

    def settle(self) -> list[str]:
        """Write until nothing is left to write; return what the thread shows."""
        for _ in range(100_000):
            if not self.step():
                return self.screen
        pytest.fail("It does not come to an end.")


class Answering(RuleBasedStateMachine):
    """Any order of words, refusals and waiting ends with the whole answer in the thread."""

    @initialize(
        size=st.integers(40, 300),
        interval=st.floats(0, 60),
        posted=st.integers(0, 3),
        way=st.sampled_from(Way),
    )
    def begin(self, size: int, interval: float, posted: int, way: Way) -> None:
        self.thread = Thread(limits(size, interval), posted=posted, way=way)
        self.said = ""
        self.finished = False
        self.most_pages: int | None = None
        self.has_lost = False

    @precondition(lambda self: not self.finished)
    @rule(text=TEXTS)
    def the_model_speaks(self, text: str) -> None:
        self.thread.live.feed(text)
        self.said += text

    @precondition(lambda self: not self.finished)
    @rule()
    def the_model_ends(self) -> None:
        self.thread.live.finish()
        self.finished = True

    @precondition(lambda self: self.most_pages is None)
    @rule()
    def somebody_stops(self) -> None:
        """No further message is begun, but perhaps one for the note, and one for a row that it displaces."""
        pages = max(len(self.thread.screen), 1)
        stays = self.thread.live.stop("_Stopped._")
        if self.finished and stays is None:
            return  # it was too late
        self.said = self.said[:stays] + "_Stopped._"
        self.finished = True
        self.most_pages = pages + 2
        self.thread.complete = min(self.thread.complete, pages - 1)

    @rule(is_slow=st.booleans())
    def edits_are_slow_or_not(self, is_slow: bool) -> None:
        self.thread.live.press(self.thread.now, is_slow=is_slow)

    @rule()
    def something_is_written(self) -> None:
        self.thread.step()

    @rule(stays=st.booleans())
    def the_newest_message_takes_no_change(self, stays: bool) -> None:
        """Let it be deleted, or the time be over in which it is edited."""
        self.thread.lose(stays=stays)
        self.has_lost = True

    @rule(retry_after=st.floats(min_value=0, max_value=100))
    def the_platform_refuses(self, retry_after: float) -> None:
        self.thread.live.refused(self.thread.now, retry_after)
        self.thread.not_before = max(self.thread.not_before, self.thread.now + retry_after)

    @rule(seconds=st.floats(min_value=0, max_value=100))
    def time_passes(self, seconds: float) -> None:
        self.thread.now += seconds

    @invariant()
    def asking_changes_nothing(self) -> None:
        if hasattr(self, "thread"):
            assert self.thread.live.next(self.thread.now) == self.thread.live.next(self.thread.now)

    def teardown(self) -> None:
        if not hasattr(self, "thread"):
            return
        if not self.finished:
            self.thread.live.finish()
        shown = self.thread.settle()
        assert not self.thread.is_open
        assert self.most_pages is None or self.has_lost or len(shown) <= self.most_pages
        surplus = self.thread.live.surplus()
        assert [*surplus] == [*range(len(shown))][surplus.start :]
        seen = iter("".join("".join(shown[: surplus.start]).split()))
        assert all(character in seen for character in "".join(self.said.split()))
        assert "left from before" not in "".join(shown[: surplus.start])


TestAnswering = Answering.TestCase
TestAnswering.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


@UNTIMED
@given(TEXTS, st.integers(min_value=40, max_value=300))
def test_a_complete_answer_is_written_page_by_page_and_each_page_once(text: str, size: int) -> None:
    thread = Thread(limits(size))
    thread.live.feed(text * 9)
    thread.live.finish()
    screen = thread.settle()
    assert thread.writes == len(screen)


def test_the_first_text_is_shown_at_once() -> None:
    thread = Thread(limits())
    thread.live.feed("Hel")
    assert thread.live.next(0.0) == Post(0, "Hel", last=False)


def test_a_growing_answer_is_edited_no_sooner_than_the_interval() -> None:
    live = LiveReply(limits(interval=3.0))
    live.feed("One")
    live.accepted(Post(0, "One", last=False), 10.0)
    live.feed(" two")
    assert live.next(12.9) == Wait(13.0)
    live.feed(" three")
    assert live.next(13.0) == Edit(0, "One two three", last=False)


def test_a_rest_may_be_longer_than_the_interval_but_the_last_text_does_not_wait_for_it() -> None:
    live = LiveReply(limits(interval=3.0))
    live.feed("One")
    live.accepted(Post(0, "One", last=False), 10.0, rest=5.0)
    live.feed(" two")
    assert live.next(13.0) == Wait(15.0)
    live.finish()
    assert live.next(13.0) == Edit(0, "One two", last=True, end=True)


def test_where_edits_are_slow_a_first_page_is_posted_with_its_first_paragraph() -> None:
    """Half a sentence would have to be edited once more, and stand there for as long as that takes."""
    live = LiveReply(limits(1_000))
    live.feed("One.")
    live.press(0.0, is_slow=True)
    assert live.next(0.0) == Idle(until=HOLD)
    live.feed("\n\nTwo")
    live.press(5.0, is_slow=True)
    assert live.next(5.0) == Post(0, "One.", last=True)


def test_where_edits_are_slow_a_first_paragraph_that_takes_long_is_shown_while_it_grows() -> None:
    live = LiveReply(limits(1_000))
    live.feed("One,")
    live.press(0.0, is_slow=True)
    live.feed(" two,")
    live.press(HOLD, is_slow=True)
    assert live.next(HOLD) == Post(0, "One, two,", last=False)


def test_where_edits_are_slow_a_short_answer_is_posted_once() -> None:
    live = LiveReply(limits(1_000))
    live.feed("One.")
    live.press(0.0, is_slow=True)
    live.finish()
    assert live.next(0.0) == Post(0, "One.", last=True, end=True)


def test_the_last_text_does_not_wait_for_the_interval() -> None:
    live = LiveReply(limits(interval=3.0))
    live.feed("One")
    live.accepted(Post(0, "One", last=False), 10.0)
    live.feed(" two.")
    live.finish()
    assert live.next(10.1) == Edit(0, "One two.", last=True, end=True)


def test_a_full_page_is_completed_at_once_and_the_next_one_waits() -> None:
    live = LiveReply(limits(20, interval=3.0))
    live.feed("One two")
    live.accepted(Post(0, "One two", last=False), 10.0)
    live.feed(" three four five six")
    assert live.next(10.1) == Edit(0, "One two three four", last=True)
    live.accepted(Edit(0, "One two three four", last=True), 10.1)
    assert live.next(10.2) == Wait(13.1)
    assert live.next(13.1) == Post(1, "five six", last=False)


def test_a_refusal_holds_back_even_the_last_text() -> None:
    live = LiveReply(limits())
    live.feed("One.")
    live.finish()
    live.refused(10.0, 30.0)
    live.refused(11.0, 5.0)
    assert live.next(39.9) == Wait(40.0)
    assert live.next(40.0) == Post(0, "One.", last=True, end=True)


def test_nothing_more_is_written_when_everything_is_shown() -> None:
    live = LiveReply(limits())
    live.feed("One.")
    live.accepted(Post(0, "One.", last=False), 0.0)
    assert live.next(10.0) == Idle()
    live.finish()
    assert live.next(10.0) == Done()


def test_after_a_restart_old_messages_are_edited_before_new_ones_are_posted() -> None:
    thread = Thread(limits(20), posted=2)
    thread.live.feed("one two three four. " * 3)
    thread.live.finish()
    assert thread.settle() == ["one two three four."] * 3
    assert [*thread.live.surplus()] == []


def test_messages_that_a_shorter_answer_does_not_need_are_named() -> None:
    thread = Thread(limits(), posted=3)
    thread.live.feed("Short.")
    thread.live.finish()
    thread.settle()
    assert [*thread.live.surplus()] == [1, 2]


@pytest.mark.parametrize("text", ["", " \n\n "])
def test_an_answer_without_words_posts_nothing(text: str) -> None:
    live = LiveReply(limits())
    live.feed(text)
    assert live.next(0.0) == Idle()
    live.finish()
    assert live.next(0.0) == Done()


def test_what_is_stopped_ends_on_the_messages_there_are() -> None:
    """With all that fits there, also of what was said and not shown yet."""
    thread = Thread(limits(40))
    thread.live.feed("The first page")
    thread.step()
    thread.live.feed(" of an answer. ")
    thread.live.feed("And more of it, which needs a second. And a third one.")
    stays = thread.live.stop("_Stopped._")
    assert stays == len("The first page of an answer. ")
    assert thread.settle() == ["The first page of an answer.\n\n_Stopped._"]


def test_what_is_stopped_before_its_first_word_is_shown_shows_one_message() -> None:
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


def test_what_was_offered_below_a_growing_page_goes_with_its_last_write() -> None:
    """Although the text is all there already; what was only posted offered nothing."""
    live = LiveReply(limits())
    live.feed("One.")
    live.accepted(Post(0, "One.", last=False), 0.0)
    live.feed(" Two.")
    live.accepted(Edit(0, "One. Two.", last=False), 3.0)
    assert live.next(10.0) == Idle()
    live.finish()
    assert live.next(10.0) == Edit(0, "One. Two.", last=True, end=True)
    live.accepted(Edit(0, "One. Two.", last=True, end=True), 10.0)
    assert live.next(11.0) == Done()


def test_a_note_stands_in_a_paragraph_of_its_own() -> None:
    thread = Thread(limits())
    thread.live.feed("```py\nx = 1")
    thread.live.finish("_The model broke off._")
    assert thread.settle() == ["```py\nx = 1\n```\n\n_The model broke off._"]


def test_a_note_may_be_all_there_is() -> None:
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
    """Written as they come, in pieces of any size, on pages of Slack's size."""
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


PROSE = """# Trains

They run on *rails*, which is `why` they **cannot** steer; see [the timetable](https://x.example/a_b).

```python
def depart(train):
    return train.leave("platform", 9)
```

| from | to |
|---|---|
| Bern | Rome |
| Rome | Bari |

1. first the doors
2. then the whistle

> 東京から大阪まで
"""


@pytest.mark.parametrize("size", [1, 3, 7, 40])
def test_what_is_streamed_of_usual_markdown_only_grows(size: int) -> None:
    """Also when it comes in crumbs; no word is cut, and no white space stands first in what is added."""
    thread, sent = Thread(limits(4_000), way=Way.STREAM), ""
    for start in range(0, len(PROSE), size):
        thread.live.feed(PROSE[start : start + size])
        thread.now += 10
        while thread.step():
            more = added(thread.screen[0], sent)
            assert more is not None
            assert not more or not more[0].isspace() or not sent
            sent += more
    thread.live.finish()
    assert thread.settle() == [PROSE.strip()]
    assert added(PROSE.strip(), sent) is not None
    assert thread.writes > len(PROSE) // max(size, 40)


@given(
    shown=st.text("a \n", max_size=8),
    more=st.text("ab \n", max_size=8),
)
def test_adding_never_loses_a_word(shown: str, more: str) -> None:
    """Only white space at the end of what is there may be too much."""
    text = shown.rstrip() + more
    grown = shown + (added(text, shown) or "")
    assert grown.split() == text.split() or added(text, shown) is None
    assert added(shown + more, shown) == more
    assert added("b" + text, "a") is None


def test_while_edits_are_slow_an_answer_goes_on_in_further_messages() -> None:
    """One edit ends the paragraph on screen; what follows is posted, whole paragraphs at a time."""
    thread = Thread(limits(600))
    for number in range(40):
        if number == 8:
            thread.settle()
        thread.now += 3
        thread.live.press(thread.now, is_slow=number >= 8)
        thread.live.feed(f"word{number} and more" + ("\n\n" if number % 5 == 4 else " "))
        command = thread.live.next(thread.now)
        if isinstance(command, Post | Edit) and command.last:
            thread.write(command)
    thread.live.finish()
    shown = thread.settle()
    assert len(shown) > 5
    assert all(text.endswith(("4 and more", "9 and more")) for text in shown)
    assert " ".join(shown).split() == [
        word for number in range(40) for word in (f"word{number}", "and", "more")
    ]
    assert thread.writes <= len(shown) + 2, "only the first page was edited"


def test_where_edits_are_slow_messages_follow_each_other_no_faster_than_people_would_wait() -> None:
    """Who says a paragraph a second gets a message for ten of them, not one for each."""
    thread = Thread(limits(600))
    for number in range(100):
        thread.now += 1
        thread.live.press(thread.now, is_slow=True)
        thread.live.feed(f"w{number}\n\n")
        command = thread.live.next(thread.now)
        if isinstance(command, Post | Edit) and command.last:
            thread.write(command)
    thread.live.finish()
    shown = thread.settle()
    assert " ".join(shown).split() == [f"w{number}" for number in range(100)]
    assert 9 <= len(shown) <= 12


def say(thread: Thread, text: str, *, now: float) -> None:
    """Let the model speak, and the thread show it."""
    thread.now = max(thread.now, now)
    thread.live.feed(text)
    thread.settle()


@pytest.mark.parametrize(
    ("way", "screen"),
    [(Way.EDITS, ["One, two, th", "ree, four."]), (Way.STREAM, ["One, two,", "three, four."])],
)
def test_below_a_message_that_takes_no_change_the_answer_grows_on(way: Way, screen: list[str]) -> None:
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
    [(Way.EDITS, ["One, t", "wo, three, four."]), (Way.STREAM, ["One,", "two, three, four."])],
)
def test_where_no_message_takes_a_change_the_rest_is_one_post(way: Way, screen: list[str]) -> None:
    """A message for every few words nobody wants."""
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
def test_what_is_cut_open_where_a_message_takes_no_change_is_closed_and_opened_again(
    shown: str, more: str, screen: list[str]
) -> None:
    thread = Thread(limits())
    say(thread, shown, now=0)
    thread.lose(stays=True)
    thread.live.feed(more)
    thread.live.finish()
    assert thread.settle() == screen


def test_a_full_page_that_takes_no_change_is_broken_where_it_stands() -> None:
    thread = Thread(limits(24))
    say(thread, "one two three", now=0)
    thread.lose(stays=True)
    thread.live.feed(" four five six. seven eight nine. ten eleven twelve.")
    thread.live.finish()
    shown = thread.settle()
    assert shown[0] == "one two three"
    assert (
        " ".join(" ".join(shown).split())
        == "one two three four five six. seven eight nine. ten eleven twelve."
    )


def test_a_note_on_a_stop_stands_below_a_message_that_takes_no_change() -> None:
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


def test_a_deleted_message_is_posted_anew_with_all_it_showed() -> None:
    thread = Thread(limits(24))
    say(thread, "one two three. one two", now=0)
    thread.lose(stays=False)
    say(thread, " three. and four", now=10)
    thread.live.finish()
    assert thread.settle() == ["one two three.", "one two three. and four"]


def test_what_an_earlier_attempt_left_and_takes_no_change_is_posted_anew() -> None:
    """Nobody knows what it shows, so nothing of the answer can be taken to be there."""
    thread = Thread(limits(), posted=1)
    thread.lose(stays=True)
    say(thread, "One.", now=0)
    thread.live.finish()
    assert thread.settle() == ["One."]


@UNTIMED
@given(
    said=st.lists(
        st.tuples(st.text("ab.\n ", max_size=30), st.sampled_from([None, None, True, False])), max_size=20
    ),
    size=st.integers(8, 40),
    way=st.sampled_from(Way),
)
def test_no_character_is_lost_or_repeated_whatever_becomes_of_messages(
    said: list[tuple[str, bool | None]], size: int, way: Way
) -> None:
    """White space aside, at which pages break."""
    thread = Thread(limits(size, interval=0.0), way=way)
    for text, lost in said:
        if lost is not None:
            thread.lose(stays=lost)
        thread.live.feed(text)
        thread.now += 10
        thread.settle()
    thread.live.finish()
    assert "".join("".join(thread.settle()).split()) == "".join("".join(text for text, _ in said).split())
