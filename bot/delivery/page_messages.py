"""Posts, edits and deletes the messages that show an answer, and records each of them in the store.

`writer` decides when a page is written; this module does it. What a page's message goes through:

    post ----------------> record_page (store) ----> edit, edit, ...                   (platforms with edits)
    start_message -------> record_page (store) ----> append_page ... last append_page  (native streams)
      no answer came:  the post may have happened, so the next attempt looks for the message first (find_pages)
      the message was deleted:  forget_pages (store), and the page is posted again below
      append_page fails:  the page is written once more, as an edit

A new message is recorded at once, so that the next owner of the turn edits it rather than posting another.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial

from bot.core.errors import ClaimLost, MessageLost, SurfaceBusy, SurfaceError, SurfaceGone, SurfaceUnavailable
from bot.core.reply.commands import DisplayMode, Edit, Post
from bot.core.turns import OPEN_STATUSES, Turn
from bot.delivery.rate_limiter import WriteMethod
from bot.delivery.retry import complete_if_cancelled, retry_until_answered
from bot.ports import Conversations, GrowingMessage, Page, Surface


class AnswerMessages:
    """The messages of one turn's answer."""

    def __init__(
        self, surface: Surface, turn: Turn, store: Conversations, holds_lease: Callable[[], Awaitable[bool]]
    ) -> None:
        """`turn.pages` are the messages that show the answer already."""
        self._surface = surface
        self._turn = turn
        self._thread = turn.thread
        self._store = store
        self._holds_lease = holds_lease
        self._messages = list(turn.pages)
        self._growing: GrowingMessage | None = None
        # A post may have happened although no answer to it came; also one of a process that died a moment ago.
        self._may_have_posted = turn.attempt > 1
        self._was_deleted = False  # somebody deleted a message of this answer

    def choose_method(self, command: Post | Edit, page: Page) -> WriteMethod:
        """Return the method by which a page would be written now."""
        if isinstance(command, Post):
            grows = not command.last and self._surface.choose_display_mode(self._thread) is DisplayMode.STREAM
            return WriteMethod.START if grows else WriteMethod.POST
        growing = self._growing
        if growing and growing.message_id == self._messages[command.page] and growing.can_show(page):
            return WriteMethod.END if command.last else WriteMethod.ADD
        return WriteMethod.EDIT

    async def write(self, command: Post | Edit, page: Page, method: WriteMethod) -> bool:
        """Write a page; False if that failed in a way that leaves another method, which needs its own permission.

        Raises `SurfaceError`, and `StoreError` when a new message cannot be recorded.
        """
        if isinstance(command, Edit):
            return await self._replace_page(command, page, method)
        await complete_if_cancelled(self._post_and_record(command, page, method))
        return True

    async def _post_and_record(self, command: Post, page: Page, method: WriteMethod) -> None:
        message_id = await self._post_once(page, method)
        self._messages.append(message_id)
        await self._record_message(command.page, message_id)

    async def _replace_page(self, command: Edit, page: Page, method: WriteMethod) -> bool:
        """Update the message of a page. After a failed append the caller replaces it with an edit."""
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
        """Forget the message of a page that will be posted anew, and delete the messages after it.

        A message deleted while its answer is being written is posted again once; a second deletion is
        respected. Then, and for a turn that has ended, this raises `lost`. Raises `ClaimLost` if the question
        was deleted, and its answer with it.
        """
        if self._turn.status not in OPEN_STATUSES or (self._was_deleted and not lost.stays):
            raise lost
        self._was_deleted |= not lost.stays
        first = command.page if lost.stays else command.page + 1
        await self.remove_surplus(range(first, len(self._messages)))
        await self._store.forget_pages(self._turn, command.page)
        del self._messages[command.page :]

    async def remove_surplus(self, surplus: range) -> None:
        """Delete messages that the answer no longer needs.

        They are removed from the store first; otherwise the turn's next owner would take them for its own.
        """
        if not surplus:
            return
        try:
            await self._store.forget_pages(self._turn, surplus.start)
        except ClaimLost:
            return  # the turn has ended, and its new answer will use them
        for page in surplus:
            with suppress(SurfaceGone):  # somebody else removed it
                await retry_until_answered(partial(self._surface.delete_message, self._thread, self._messages[page]))

    async def _post_once(self, page: Page, method: WriteMethod) -> str:
        """Post a page, unless an earlier attempt got through after all: then edit that message."""
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
        """Record a new message; if the question was deleted meanwhile, delete the message again.

        If another process may own the turn by now, the message is left: that process may have adopted it.
        """
        try:
            await self._store.record_page(self._turn, page, message_id)
        except ClaimLost:
            if await self._holds_lease() and await self._store.is_forgotten(self._turn):
                with suppress(SurfaceError):
                    await self._surface.delete_message(self._thread, message_id)
            raise
