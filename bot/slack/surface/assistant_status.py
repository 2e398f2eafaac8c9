"""Says in a thread how its conversation stands: that an answer is on its way, that it rests, and its title.

Separate from `surface` because these are no messages: nothing waits for them, and nothing fails with them.
Rules: where answers stream, a conversation is a session, with Slack's own sign and title in one call;
elsewhere a status is shown, which a post takes away. A session is never left `processing`: it ends with the
stream that ends the answer, else by a call of its own, which is tried until it succeeds: time ends none. What
only decorates is dropped where it finds no room. Sources: facts/slack.md 1.1, 1.2 and 5.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.core.turns import ThreadKey, Turn
from bot.delivery.rate_limiter import RateLimiters
from bot.delivery.retry import retry_delay
from bot.slack.rendering.titles import make_title
from bot.slack.surface.best_effort import BestEffortMethod, BestEffortOutcome

THINKING_STATUS = "is thinking…"
LOADING_MESSAGES = ("Reading the thread…", "Thinking it over…", "Looking for the words…", "Almost there…")
"""Shown in turn while there is nothing else to see; Slack takes ten."""


class AssistantStatus:
    """The conversations of one workspace, as Slack shows that they stand."""

    def __init__(self, client: AsyncWebClient, rate_limiters: RateLimiters) -> None:
        """Slack is taken to be able to do everything until it says otherwise."""
        self._client = client
        self._processing: set[ThreadKey] = set()
        self._pending_resets: dict[ThreadKey, asyncio.Task[None]] = {}  # as soon as Slack takes it
        self._set_session_method = BestEffortMethod("agents.sessions.setStatus", rate_limiters)
        self._set_status_method = BestEffortMethod("assistant.threads.setStatus", rate_limiters)
        self._set_title_method = BestEffortMethod("assistant.threads.setTitle", rate_limiters)

    def note_stream_started(self, thread: ThreadKey) -> None:
        """Take note that a stream was begun: Slack shows its session as `processing`."""
        self._cancel_pending_reset(thread)
        self._processing.add(thread)

    def note_stream_ended(self, thread: ThreadKey) -> None:
        """Take note that a stream ended, and its session with it."""
        self._processing.discard(thread)

    async def show_working(self, turn: Turn, *, native: bool, begins: bool, was_begun: bool = False) -> None:
        """Show that an answer is on its way; `native` where it will stream. Never raises.

        A conversation that `begins` with the turn gets its title, in a direct message only. `was_begun`: an
        earlier attempt may have left its session `processing`, which is then ended with the answer.
        """
        self._cancel_pending_reset(turn.thread)
        if was_begun:
            self._processing.add(turn.thread)
        named = {"title": name} if begins and (name := make_title(turn.question)) else {}
        if native and await self._set_processing(turn, named):
            return
        await self._set_status(turn.thread, THINKING_STATUS, loading_messages=[*LOADING_MESSAGES])
        if named:
            await self._set_title(turn.thread, named)

    async def _set_processing(self, turn: Turn, named: Mapping[str, str]) -> bool:
        """Return whether the thread is a session, and stands as one at work."""
        was_known = turn.thread in self._processing
        self._processing.add(turn.thread)  # before anybody knows, since nobody may live to hear of it
        initiator = {"initiator_user_id": turn.author.id}
        outcome = await self._set_session(turn.thread, "processing", **initiator, **named)
        if not was_known and outcome in {BestEffortOutcome.DROPPED, BestEffortOutcome.IMPOSSIBLE}:
            self._processing.discard(turn.thread)
        return outcome is BestEffortOutcome.DONE

    async def show_idle(self, thread: ThreadKey, *, native: bool) -> None:
        """Show that nothing is on its way any more, as soon as Slack takes that. Never raises."""
        is_session = native or thread in self._processing
        if not await self._set_idle(thread, is_session=is_session) and thread not in self._pending_resets:
            task = asyncio.create_task(self._retry_set_idle(thread, is_session=is_session), name="rest")
            self._pending_resets[thread] = task

    async def end_session(self, thread: ThreadKey) -> None:
        """Likewise where a message ended the answer, which takes away a status, but no session's."""
        if thread in self._processing:
            await self.show_idle(thread, native=True)

    def _cancel_pending_reset(self, thread: ThreadKey) -> None:
        """Let nothing be taken away any more that stands for the answer before."""
        if task := self._pending_resets.pop(thread, None):
            task.cancel()

    async def _retry_set_idle(self, thread: ThreadKey, *, is_session: bool) -> None:
        failures = 0
        while not await self._set_idle(thread, is_session=is_session):
            failures += 1
            await asyncio.sleep(retry_delay(failures))
        self._pending_resets.pop(thread, None)

    async def _set_idle(self, thread: ThreadKey, *, is_session: bool) -> bool:
        """Return whether the thread rests, or Slack does not let us say so."""
        session = await self._set_session(thread, "active") if is_session else BestEffortOutcome.IMPOSSIBLE
        if session is not BestEffortOutcome.DONE:
            status = await self._set_status(thread, "")  # ends a session as well
            if status is not BestEffortOutcome.DONE and {session, status} != {BestEffortOutcome.IMPOSSIBLE}:
                return False
        self._processing.discard(thread)
        return True

    async def _set_session(self, thread: ThreadKey, status: str, **more: str) -> BestEffortOutcome:
        return await self._set_session_method.attempt(
            thread,
            lambda: self._client.agents_sessions_setStatus(
                channel_id=thread.channel, thread_ts=thread.root, status=status, **more
            ),
            is_removal=status == "active",
        )

    async def _set_status(self, thread: ThreadKey, status: str, **more: Any) -> BestEffortOutcome:
        return await self._set_status_method.attempt(
            thread,
            lambda: self._client.assistant_threads_setStatus(
                channel_id=thread.channel, thread_ts=thread.root, status=status, **more
            ),
            is_removal=not status,
        )

    async def _set_title(self, thread: ThreadKey, named: Mapping[str, str]) -> None:
        await self._set_title_method.attempt(
            thread,
            lambda: self._client.assistant_threads_setTitle(channel_id=thread.channel, thread_ts=thread.root, **named),
        )
