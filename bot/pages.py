"""The messages that show an answer: writing them, having them noted, and removing those that are too many.

Separate from `delivery`, which decides when; here is what a page's message goes through. Rules: a new message
is noted at once; one that may have been posted although no answer came is looked for before another is.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Protocol

from bot.core.domain import Turn
from bot.core.errors import ClaimLost, SurfaceError, SurfaceGone, SurfaceUnavailable
from bot.core.live_reply import Edit, Post
from bot.persistence import persist
from bot.ports import Page, Surface


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
        self._is_in_doubt = False  # whether a post may have happened although no answer came

    async def write(self, command: Post | Edit, page: Page) -> None:
        """Show a page. Raises `SurfaceError`, and what the book raises."""
        if isinstance(command, Edit):
            await self._surface.edit(self._thread, self._messages[command.page], page)
            return
        message_id = await self._posted(page)
        self._messages.append(message_id)
        await self._note(command.page, message_id)

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

    async def _posted(self, page: Page) -> str:
        """Post a page, unless an earlier attempt at it got through after all: then that message shows it."""
        found = await self._surface.find(self._turn) if self._is_in_doubt else {}
        try:
            message_id = await self._post(page, found.get(page.number))
        except SurfaceUnavailable:
            self._is_in_doubt = True
            raise
        self._is_in_doubt = False
        return message_id

    async def _post(self, page: Page, found: str | None) -> str:
        if found is None:
            return await self._surface.post(self._thread, page)
        await self._surface.edit(self._thread, found, page)
        return found

    async def _note(self, page: int, message_id: str) -> None:
        """Have a new message stored; one whose question was deleted meanwhile is taken back.

        One that was posted when another process may have taken over is left: it may be that one's by now.
        """
        was_ours = self._is_ours()
        try:
            await self._book.opened(self._turn, page, message_id)
        except ClaimLost:
            if was_ours:
                with suppress(SurfaceError):
                    await self._surface.remove(self._thread, message_id)
            raise
