"""In any order of events, the whole answer ends up in the thread, each word once."""

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.core.reply.commands import DisplayMode
from tests.core.reply.simulated_thread import Thread, limits

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


class GrowingAnswer(RuleBasedStateMachine):
    """Any order of words, refusals and waiting ends with the whole answer in the thread."""

    @initialize(
        size=st.integers(40, 300),
        interval=st.floats(0, 60),
        posted=st.integers(0, 3),
        way=st.sampled_from(DisplayMode),
    )
    def begin(self, size: int, interval: float, posted: int, way: DisplayMode) -> None:
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
        """No further message is begun, except for the note or a row that it displaces."""
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
        self.thread.live.note_pressure(self.thread.now, is_slow=is_slow)

    @rule()
    def something_is_written(self) -> None:
        self.thread.step()

    @rule(stays=st.booleans())
    def the_newest_message_takes_no_change(self, stays: bool) -> None:
        """Delete the newest message, or make it uneditable."""
        self.thread.lose(stays=stays)
        self.has_lost = True

    @rule(retry_after=st.floats(min_value=0, max_value=100))
    def the_platform_refuses(self, retry_after: float) -> None:
        self.thread.live.note_refused(self.thread.now, retry_after)
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
        surplus = self.thread.live.list_surplus_pages()
        assert [*surplus] == [*range(len(shown))][surplus.start :]
        seen = iter("".join("".join(shown[: surplus.start]).split()))
        assert all(character in seen for character in "".join(self.said.split()))
        assert "left from before" not in "".join(shown[: surplus.start])


TestGrowingAnswer = GrowingAnswer.TestCase
TestGrowingAnswer.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


@UNTIMED
@given(TEXTS, st.integers(min_value=40, max_value=300))
def test_a_complete_answer_is_written_page_by_page_and_each_page_once(text: str, size: int) -> None:
    thread = Thread(limits(size))
    thread.live.feed(text * 9)
    thread.live.finish()
    screen = thread.settle()
    assert thread.writes == len(screen)


@UNTIMED
@given(
    said=st.lists(st.tuples(st.text("ab.\n ", max_size=30), st.sampled_from([None, None, True, False])), max_size=20),
    size=st.integers(8, 40),
    way=st.sampled_from(DisplayMode),
)
def test_no_character_is_lost_or_repeated_if_messages_are_lost(
    said: list[tuple[str, bool | None]], size: int, way: DisplayMode
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
