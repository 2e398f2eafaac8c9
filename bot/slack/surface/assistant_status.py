"""Shows in a thread that an answer is coming ("is thinking..."), and gives a conversation its title.

Slack has two mechanisms. Where answers stream, the thread is an agent session with the states `processing`
and `active`, and the title is part of the same call. Elsewhere an assistant status is shown, which Slack
removes when the bot posts.

    question           stream starts        answer complete
       |                     |                    |
    show_working()    note_stream_started()   note_stream_ended() or end_session()
       |                     |                    |
    session: processing ------------------------- active

Showing is best effort: a call without room in the rate limit is skipped. Resetting is not. A session left in
`processing` would show a busy bot for ever, because no timeout ends it; so `show_idle` retries in the
background until Slack takes it or the next answer begins.

Sources: https://docs.slack.dev/ai/agent-sessions and
https://docs.slack.dev/reference/methods/assistant.threads.setStatus
"""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.core.turns import ThreadKey, Turn
from bot.delivery.rate_limiter import RateLimiters
from bot.delivery.retry import compute_retry_delay
from bot.slack.rendering.mrkdwn import WORD_JOINER
from bot.slack.rendering.sanitize import sanitize_text
from bot.slack.surface.best_effort import BestEffortMethod, BestEffortOutcome

THINKING_STATUS = "is thinking…"
LOADING_MESSAGES = ("Reading the thread…", "Thinking it over…", "Looking for the words…", "Almost there…")
"""Shown in rotation until the answer begins; Slack takes up to ten."""
MAX_TITLE_UNITS = 200
"""Slack's limit, counted in UTF-16 units. https://docs.slack.dev/reference/methods/agents.sessions.rename"""
ELLIPSIS = "…"

_MARKDOWN_MARKS = re.compile(r"^(?:[#>*+\s-]|\d{1,9}[.)]\s|```\w*)+|(?<!\w)[*_`~]{1,3}(?=\S)|(?<=\S)[*_`~]{1,3}(?!\w)")
_PINGS = re.compile(r"(?<=<)(?=[!@#])|(?<=@)(?=(?:channel|here|everyone)\b)", re.IGNORECASE)


class AssistantStatus:
    """The assistant status and titles of one workspace's threads."""

    def __init__(self, client: AsyncWebClient, rate_limiters: RateLimiters) -> None:
        """Every method counts as available until Slack refuses it."""
        self._client = client
        self._processing: set[ThreadKey] = set()
        self._pending_resets: dict[ThreadKey, asyncio.Task[None]] = {}
        self._set_session_method = BestEffortMethod("agents.sessions.setStatus", rate_limiters)
        self._set_status_method = BestEffortMethod("assistant.threads.setStatus", rate_limiters)
        self._set_title_method = BestEffortMethod("assistant.threads.setTitle", rate_limiters)

    def note_stream_started(self, thread: ThreadKey) -> None:
        """Note that a stream started, which sets its session to `processing`."""
        self._cancel_pending_reset(thread)
        self._processing.add(thread)

    def note_stream_ended(self, thread: ThreadKey) -> None:
        """Note that a stream ended, which set its session to `active`."""
        self._processing.discard(thread)

    async def show_working(self, turn: Turn, *, native: bool, begins: bool, was_begun: bool = False) -> None:
        """Show that an answer is coming; `native`: it will be streamed. Never raises.

        With `begins` the conversation gets its title, which only direct messages have. `was_begun`: an
        earlier attempt may have left the session `processing`; it is reset at the end of this answer.
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
        """Set the session to `processing`; return whether Slack did it."""
        was_known = turn.thread in self._processing
        self._processing.add(turn.thread)  # before the call: it may succeed without an answer
        initiator = {"initiator_user_id": turn.author.id}
        outcome = await self._set_session(turn.thread, "processing", **initiator, **named)
        if not was_known and outcome in {BestEffortOutcome.DROPPED, BestEffortOutcome.IMPOSSIBLE}:
            self._processing.discard(turn.thread)
        return outcome is BestEffortOutcome.DONE

    async def show_idle(self, thread: ThreadKey, *, native: bool) -> None:
        """Show that no answer is coming any more, retrying until Slack takes it. Never raises."""
        is_session = native or thread in self._processing
        if not await self._set_idle(thread, is_session=is_session) and thread not in self._pending_resets:
            task = asyncio.create_task(
                self._retry_set_idle(thread, is_session=is_session), name="reset-assistant-status"
            )
            self._pending_resets[thread] = task

    async def end_session(self, thread: ThreadKey) -> None:
        """End the thread's session after a posted message, which removes a status but not a session's."""
        if thread in self._processing:
            await self.show_idle(thread, native=True)

    def _cancel_pending_reset(self, thread: ThreadKey) -> None:
        """Cancel the pending status reset of the previous answer."""
        if task := self._pending_resets.pop(thread, None):
            task.cancel()

    async def _retry_set_idle(self, thread: ThreadKey, *, is_session: bool) -> None:
        failures = 0
        while not await self._set_idle(thread, is_session=is_session):
            failures += 1
            await asyncio.sleep(compute_retry_delay(failures))
        self._pending_resets.pop(thread, None)

    async def _set_idle(self, thread: ThreadKey, *, is_session: bool) -> bool:
        """Set the thread to idle; return whether that is done, or impossible here."""
        session = await self._set_session(thread, "active") if is_session else BestEffortOutcome.IMPOSSIBLE
        if session is not BestEffortOutcome.DONE:
            status = await self._set_status(thread, "")  # an empty status ends a session, too
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


def make_title(question: str) -> str:
    """Return the first line of a question as a title: plain text that never pings, cut at a word boundary.

    It has at most `MAX_TITLE_UNITS`, and is empty if the question has no words.
    """
    lines = (" ".join(_MARKDOWN_MARKS.sub("", line).split()) for line in sanitize_text(question).splitlines())
    return _shorten(_PINGS.sub(WORD_JOINER, next(filter(None, lines), "")))


def _shorten(line: str) -> str:
    units = line.encode("utf-16-le")
    if len(units) <= 2 * MAX_TITLE_UNITS:
        return line
    kept = units[: 2 * (MAX_TITLE_UNITS - len(ELLIPSIS))].decode("utf-16-le", "ignore")
    return (kept.rsplit(" ", 1)[0] or kept) + ELLIPSIS
