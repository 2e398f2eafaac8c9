"""A simulated thread that checks each write of a growing answer against the rules."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from bot.core.reply.commands import DisplayMode, Done, Edit, Idle, Post, Wait
from bot.core.reply.live_reply import LiveReply


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    fits: Callable[[str], bool]
    page_size: int = 100
    interval: float = 3.0
    append_interval: float = 1.0


def limits(size: int = 100, interval: float = 3.0) -> Limits:
    return Limits(fits=lambda page: len(page) <= size, page_size=size, interval=interval)


class Thread:
    """A simulated thread; it fails the test if a reply breaks a rule of writing into one."""

    def __init__(self, limits: Limits, *, posted: int = 0, way: DisplayMode = DisplayMode.EDITS) -> None:
        self.limits = limits
        self.way = way
        self.live = LiveReply(limits, posted=posted, mode=way)
        self.screen = ["left from before"] * posted
        self.now = 0.0
        self.writes = 0
        self.not_before = 0.0
        self.last_accepted = -max(limits.interval, limits.append_interval)
        self.complete = 0
        self.is_open = False
        self.lost: dict[int, bool] = {}
        """Pages whose messages cannot be edited any more, and whether they still show their text."""
        self.known = [False] * posted
        """For each message, whether its text is known."""

    def lose(self, *, stays: bool) -> None:
        """Make the newest message uneditable; `stays` says whether it still shows its text."""
        if self.screen:
            self.lost[len(self.screen) - 1] = stays

    def write(self, command: Post | Edit) -> None:
        """Check a write against the rules, and show it."""
        assert self.limits.fits(command.text)
        assert command.text.strip()
        assert self.now >= self.not_before
        is_stream = self.way is DisplayMode.STREAM
        interval = self.limits.append_interval if is_stream else self.limits.interval
        assert command.last or self.now >= self.last_accepted + interval
        assert command.last or self.way is not DisplayMode.WHOLE
        assert command.page == self.complete, "a page changed after a later one, or before an earlier was done"
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
        self.live.note_accepted(command, self.now)

    def refuse(self, command: Edit) -> None:
        """Refuse an edit, and report that as the writer would."""
        stays = self.lost[command.page]
        self.is_open = False
        if stays and self.live.note_unchangeable(command):
            assert self.known[command.page]
            self.complete = command.page + 1
            return
        assert not (stays and self.known[command.page]), "what is known to be on screen stays there"
        self.live.note_gone(command)
        del self.screen[command.page :], self.known[command.page :]
        self.lost = {page: stays for page, stays in self.lost.items() if page < command.page}

    def step(self) -> bool:
        """Do one thing; return whether there is more to do now."""
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
