"""The messages that show an answer: writing them, having them noted, and removing those that are too many.

Separate from `delivery`, which decides when; here is what a page's message goes through. Rules: a new message
is noted at once; one that grows is added to while it takes that, and then replaced; one that may have been
posted although no answer came is looked for before another is.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial

from bot.core.errors import ClaimLost, MessageLost, SurfaceBusy, SurfaceError, SurfaceGone, SurfaceUnavailable
from bot.core.reply.commands import DisplayMode, Edit, Post
from bot.core.turns import OPEN_STATUSES, Turn
from bot.delivery.rate_limiter import WriteMethod
from bot.delivery.retry import retry_until_answered
from bot.ports import Conversations, GrowingMessage, Page, Surface


class AnswerMessages:
    """The messages of one turn's answer."""

    def __init__(self, surface: Surface, turn: Turn, store: Conversations, holds_lease: Callable[[], bool]) -> None:
        """`turn.pages` show the answer already; `book` is told of each further one."""
        self._surface = surface
        self._turn = turn
        self._thread = turn.thread
        self._store = store
        self._holds_lease = holds_lease
        self._messages = list(turn.pages)
        self._growing: GrowingMessage | None = None
        self._may_have_posted = False  # whether a post may have happened although no answer came
        self._was_deleted = False  # whether somebody deleted a page that was posted anew

    def write_method(self, command: Post | Edit, page: Page) -> WriteMethod:
        """Return how a page would be written now."""
        if isinstance(command, Post):
            grows = not command.last and self._surface.choose_display_mode(self._thread) is DisplayMode.STREAM
            return WriteMethod.START if grows else WriteMethod.POST
        growing = self._growing
        if growing and growing.message_id == self._messages[command.page] and growing.can_show(page):
            return WriteMethod.END if command.last else WriteMethod.ADD
        return WriteMethod.EDIT

    async def write(self, command: Post | Edit, page: Page, method: WriteMethod) -> bool:
        """Show a page; return whether that is done, or is to be tried by other `means` in their turn.

        Raises `SurfaceError`, and what the book raises.
        """
        if isinstance(command, Edit):
            return await self._replace_page(command, page, method)
        message_id = await self._post_once(page, method)
        self._messages.append(message_id)
        await self._record_message(command.page, message_id)
        return True

    async def _replace_page(self, command: Edit, page: Page, method: WriteMethod) -> bool:
        """Show a page in the message that shows it; what does not grow as it should is to be replaced."""
        growing, self._growing = self._growing, None
        if growing and method in {WriteMethod.ADD, WriteMethod.END}:
            try:
                await self._append_text(growing, page, last=command.last)
            except SurfaceGone:
                return False
        else:
            await self._surface.edit(self._thread, self._messages[command.page], page)
        return True

    async def _append_text(self, growing: GrowingMessage, page: Page, *, last: bool) -> None:
        try:
            await growing.append_page(page, last=last)
        except SurfaceBusy:
            self._growing = growing
            raise
        self._growing = None if last else growing

    async def forget_lost_message(self, command: Edit, lost: MessageLost) -> None:
        """Forget the message of a page that is to be posted anew, and remove those that it goes below.

        Who deletes a message of an answer that runs gets it once more, since nothing of an answer may be
        missing; who deletes that, too, wants it gone. Then, and once the turn has ended, this raises `lost`.
        Raises `ClaimLost` where the question was deleted: its answer is to go.
        """
        if self._turn.status not in OPEN_STATUSES or (self._was_deleted and not lost.stays):
            raise lost
        self._was_deleted |= not lost.stays
        first = command.page if lost.stays else command.page + 1
        await self.remove_surplus(range(first, len(self._messages)))
        await self._store.forget_pages(self._turn, command.page)
        del self._messages[command.page :]

    async def remove_surplus(self, surplus: range) -> None:
        """Remove messages that the answer does not need; noted first, since a message is found again."""
        if not surplus:
            return
        try:
            await self._store.forget_pages(self._turn, surplus.start)
        except ClaimLost:
            return  # nobody holds a turn that a new answer is offered for: they stay until it is there
        for page in surplus:
            with suppress(SurfaceGone):  # somebody else removed it
                await retry_until_answered(partial(self._surface.delete_message, self._thread, self._messages[page]))

    async def _post_once(self, page: Page, method: WriteMethod) -> str:
        """Post a page, unless an earlier attempt at it got through after all: then that message shows it."""
        shown = replace(self._turn, pages=tuple(self._messages))
        found = await self._surface.find_pages(shown) if self._may_have_posted else {}
        try:
            message_id = await self._post(page, found.get(page.number), method)
        except SurfaceUnavailable:
            self._may_have_posted = True
            raise
        self._may_have_posted = False
        return message_id

    async def _post(self, page: Page, found: str | None, method: WriteMethod) -> str:
        if found is not None:
            await self._surface.edit(self._thread, found, page)
            return found
        if method is WriteMethod.START and (growing := await self._surface.start_message(self._turn, page)):
            self._growing = growing
            return growing.message_id
        return await self._surface.post(self._thread, page)

    async def _record_message(self, page: int, message_id: str) -> None:
        """Have a new message stored; one whose question was deleted meanwhile is taken back.

        One that was noted when another process may have taken over is left: it may be that one's by now. A
        process that was frozen while it waited learns that only after waiting.
        """
        try:
            await self._store.record_page(self._turn, page, message_id)
        except ClaimLost:
            if self._holds_lease():
                with suppress(SurfaceError):
                    await self._surface.delete_message(self._thread, message_id)
            raise
