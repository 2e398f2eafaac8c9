"""The messages that show an answer: writing them, having them noted, and removing those that are too many.

Separate from `delivery`, which decides when; here is what a page's message goes through. Rules: a new message
is noted at once; one that grows is added to while it takes that, and then replaced; one that may have been
posted although no answer came is looked for before another is.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Protocol

from bot.core.domain import OPEN, Turn
from bot.core.errors import (
    ClaimLost,
    MessageLost,
    SurfaceBusy,
    SurfaceError,
    SurfaceGone,
    SurfaceUnavailable,
)
from bot.core.writes import Edit, Post, Way
from bot.pacing import Means
from bot.persistence import persist
from bot.ports import Growing, Page, Surface


class PageBook(Protocol):
    """Where it is noted which messages show an answer; `Store` is one."""

    async def opened(self, turn: Turn, page: int, message_id: str) -> None:
        """Note that a message now shows a page."""
        ...

    async def closed(self, turn: Turn, page: int) -> None:
        """Note that no message shows a page any more, or a later one."""
        ...


class Pages:
    """The messages of one turn's answer."""

    def __init__(self, surface: Surface, turn: Turn, book: PageBook, is_ours: Callable[[], bool]) -> None:
        """`turn.pages` show the answer already; `book` is told of each further one."""
        self._surface = surface
        self._turn = turn
        self._thread = turn.thread
        self._book = book
        self._is_ours = is_ours
        self._messages = list(turn.pages)
        self._growing: Growing | None = None
        self._is_in_doubt = False  # whether a post may have happened although no answer came
        self._was_deleted = False  # whether somebody deleted a page that was posted anew

    def means(self, command: Post | Edit, page: Page) -> Means:
        """Return how a page would be written now."""
        if isinstance(command, Post):
            grows = not command.last and self._surface.way(self._thread) is Way.STREAM
            return Means.START if grows else Means.POST
        growing = self._growing
        if growing and growing.message_id == self._messages[command.page] and growing.takes(page):
            return Means.END if command.last else Means.ADD
        return Means.EDIT

    async def write(self, command: Post | Edit, page: Page, means: Means) -> bool:
        """Show a page; return whether that is done, or is to be tried by other `means` in their turn.

        Raises `SurfaceError`, and what the book raises.
        """
        if isinstance(command, Edit):
            return await self._rewrite(command, page, means)
        message_id = await self._posted(page, means)
        self._messages.append(message_id)
        await self._note(command.page, message_id)
        return True

    async def _rewrite(self, command: Edit, page: Page, means: Means) -> bool:
        """Show a page in the message that shows it; what does not grow as it should is to be replaced."""
        growing, self._growing = self._growing, None
        if growing and means in {Means.ADD, Means.END}:
            try:
                await self._add(growing, page, last=command.last)
            except SurfaceGone:
                return False
        else:
            await self._surface.edit(self._thread, self._messages[command.page], page)
        return True

    async def _add(self, growing: Growing, page: Page, *, last: bool) -> None:
        try:
            await growing.add(page, last=last)
        except SurfaceBusy:
            self._growing = growing
            raise
        self._growing = None if last else growing

    async def let_go(self, command: Edit, lost: MessageLost) -> None:
        """Forget the message of a page that is to be posted anew, and remove those that it goes below.

        Who deletes a message of an answer that runs gets it once more, since nothing of an answer may be
        missing; who deletes that, too, wants it gone. Then, and once the turn has ended, this raises `lost`.
        Raises `ClaimLost` where the question was deleted: its answer is to go.
        """
        if self._turn.status not in OPEN or (self._was_deleted and not lost.stays):
            raise lost
        self._was_deleted |= not lost.stays
        first = command.page if lost.stays else command.page + 1
        await self.shorten(range(first, len(self._messages)))
        await self._book.closed(self._turn, command.page)
        del self._messages[command.page :]

    async def shorten(self, surplus: range) -> None:
        """Remove messages that the answer does not need; noted first, since a message is found again."""
        if not surplus:
            return
        try:
            await self._book.closed(self._turn, surplus.start)
        except ClaimLost:
            return  # nobody holds a turn that a new answer is offered for: they stay until it is there
        for page in surplus:
            with suppress(SurfaceGone):  # somebody else removed it
                await persist(partial(self._surface.remove, self._thread, self._messages[page]))

    async def _posted(self, page: Page, means: Means) -> str:
        """Post a page, unless an earlier attempt at it got through after all: then that message shows it."""
        shown = replace(self._turn, pages=tuple(self._messages))
        found = await self._surface.find(shown) if self._is_in_doubt else {}
        try:
            message_id = await self._post(page, found.get(page.number), means)
        except SurfaceUnavailable:
            self._is_in_doubt = True
            raise
        self._is_in_doubt = False
        return message_id

    async def _post(self, page: Page, found: str | None, means: Means) -> str:
        if found is not None:
            await self._surface.edit(self._thread, found, page)
            return found
        if means is Means.START and (growing := await self._surface.begin(self._turn, page)):
            self._growing = growing
            return growing.message_id
        return await self._surface.post(self._thread, page)

    async def _note(self, page: int, message_id: str) -> None:
        """Have a new message stored; one whose question was deleted meanwhile is taken back.

        One that was noted when another process may have taken over is left: it may be that one's by now. A
        process that was frozen while it waited learns that only after waiting.
        """
        try:
            await self._book.opened(self._turn, page, message_id)
        except ClaimLost:
            if self._is_ours():
                with suppress(SurfaceError):
                    await self._surface.remove(self._thread, message_id)
            raise
