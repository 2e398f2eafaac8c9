"""Says in a thread how its conversation stands: that an answer is on its way, that it rests, and its title.

Separate from `surface` because these are no messages: nothing waits for them, and nothing fails with them.
Rules: where answers stream, a conversation is a session, with Slack's own sign and title in one call;
elsewhere a status is shown, which a post takes away. A session is never left `processing`: it ends with the
stream that ends the answer, else by a call of its own. Sources: facts/slack.md 1.1, 1.2 and 5.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.domain import ThreadKey, Turn
from bot.core.errors import SurfaceError, SurfaceGone
from bot.slack.abilities import Ability
from bot.slack.calls import call
from bot.slack.titles import title

STATUS = "is thinking…"
LOADING = ("Reading the thread…", "Thinking it over…", "Looking for the words…", "Almost there…")
"""Shown in turn while there is nothing else to see; Slack takes ten."""

log = structlog.get_logger()


class Sessions:
    """The conversations of one workspace, as Slack shows that they stand."""

    def __init__(self, client: AsyncWebClient) -> None:
        """Slack is taken to be able to do everything until it says otherwise."""
        self._client = client
        self._processing: set[ThreadKey] = set()
        self._sessions, self._statuses, self._titles = Ability(), Ability(), Ability()

    def streams(self, thread: ThreadKey) -> None:
        """Take note that a stream was begun: Slack shows its session as `processing`."""
        self._processing.add(thread)

    def rested(self, thread: ThreadKey) -> None:
        """Take note that a stream ended, and its session with it."""
        self._processing.discard(thread)

    async def work(self, turn: Turn, *, native: bool, begins: bool) -> None:
        """Show that an answer is on its way; `native` where it will stream. Never raises.

        A conversation that `begins` with the turn gets its title, in a direct message only.
        """
        named = {"title": name} if begins and (name := title(turn.question)) else {}
        if native and self._sessions.is_there():
            self._processing.add(turn.thread)
            if await self._session(turn.thread, "processing", initiator_user_id=turn.author.id, **named):
                return
        await self._status(turn.thread, STATUS, loading_messages=[*LOADING])
        if named:
            await self._title(turn.thread, named)

    async def rest(self, thread: ThreadKey, *, native: bool) -> None:
        """Show that nothing is on its way any more. Never raises."""
        if native or thread in self._processing:
            self._processing.discard(thread)
            if await self._session(thread, "active"):
                return
        await self._status(thread, "")

    async def end(self, thread: ThreadKey) -> None:
        """Likewise where a message ended the answer, which takes away a status, but no session's."""
        if thread in self._processing:
            await self.rest(thread, native=True)

    async def _session(self, thread: ThreadKey, status: str, **more: str) -> bool:
        """Return whether the session stands as it should."""
        return await _carried_out(
            self._sessions,
            lambda: self._client.agents_sessions_setStatus(
                channel_id=thread.channel, thread_ts=thread.root, status=status, **more
            ),
        )

    async def _status(self, thread: ThreadKey, status: str, **more: Any) -> None:
        await _carried_out(
            self._statuses,
            lambda: self._client.assistant_threads_setStatus(
                channel_id=thread.channel, thread_ts=thread.root, status=status, **more
            ),
        )

    async def _title(self, thread: ThreadKey, named: Mapping[str, str]) -> None:
        await _carried_out(
            self._titles,
            lambda: self._client.assistant_threads_setTitle(
                channel_id=thread.channel, thread_ts=thread.root, **named
            ),
        )


async def _carried_out(ability: Ability, send: Callable[[], Awaitable[Any]]) -> bool:
    """Return whether Slack did what it was asked, if that was worth asking."""
    if not ability.is_there():
        return False
    try:
        await call(send)
    except SurfaceError as error:
        log.debug("How a thread stands could not be shown.", action="status_failed", error=error.code)
        if isinstance(error, SurfaceGone):
            ability.refused(error)
        return False
    return True
