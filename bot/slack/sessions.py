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

from bot.core.domain import ThreadKey, Turn
from bot.pacing import AllDesks
from bot.persistence import pause_after
from bot.slack.decorations import Decoration, Outcome
from bot.slack.titles import title

STATUS = "is thinking…"
LOADING = ("Reading the thread…", "Thinking it over…", "Looking for the words…", "Almost there…")
"""Shown in turn while there is nothing else to see; Slack takes ten."""


class Sessions:
    """The conversations of one workspace, as Slack shows that they stand."""

    def __init__(self, client: AsyncWebClient, desks: AllDesks) -> None:
        """Slack is taken to be able to do everything until it says otherwise."""
        self._client = client
        self._processing: set[ThreadKey] = set()
        self._resting: dict[ThreadKey, asyncio.Task[None]] = {}  # as soon as Slack takes it
        self._sessions = Decoration("agents.sessions.setStatus", desks)
        self._statuses = Decoration("assistant.threads.setStatus", desks)
        self._titles = Decoration("assistant.threads.setTitle", desks)

    def streams(self, thread: ThreadKey) -> None:
        """Take note that a stream was begun: Slack shows its session as `processing`."""
        self._begun(thread)
        self._processing.add(thread)

    def rested(self, thread: ThreadKey) -> None:
        """Take note that a stream ended, and its session with it."""
        self._processing.discard(thread)

    async def work(self, turn: Turn, *, native: bool, begins: bool, was_begun: bool = False) -> None:
        """Show that an answer is on its way; `native` where it will stream. Never raises.

        A conversation that `begins` with the turn gets its title, in a direct message only. `was_begun`: an
        earlier attempt may have left its session `processing`, which is then ended with the answer.
        """
        self._begun(turn.thread)
        if was_begun:
            self._processing.add(turn.thread)
        named = {"title": name} if begins and (name := title(turn.question)) else {}
        if native and await self._processes(turn, named):
            return
        await self._status(turn.thread, STATUS, loading_messages=[*LOADING])
        if named:
            await self._title(turn.thread, named)

    async def _processes(self, turn: Turn, named: Mapping[str, str]) -> bool:
        """Return whether the thread is a session, and stands as one at work."""
        was_known = turn.thread in self._processing
        self._processing.add(turn.thread)  # before anybody knows, since nobody may live to hear of it
        initiator = {"initiator_user_id": turn.author.id}
        outcome = await self._session(turn.thread, "processing", **initiator, **named)
        if not was_known and outcome in {Outcome.DROPPED, Outcome.IMPOSSIBLE}:
            self._processing.discard(turn.thread)
        return outcome is Outcome.DONE

    async def rest(self, thread: ThreadKey, *, native: bool) -> None:
        """Show that nothing is on its way any more, as soon as Slack takes that. Never raises."""
        is_session = native or thread in self._processing
        if not await self._rests(thread, is_session=is_session) and thread not in self._resting:
            task = asyncio.create_task(self._insist(thread, is_session=is_session), name="rest")
            self._resting[thread] = task

    async def end(self, thread: ThreadKey) -> None:
        """Likewise where a message ended the answer, which takes away a status, but no session's."""
        if thread in self._processing:
            await self.rest(thread, native=True)

    def _begun(self, thread: ThreadKey) -> None:
        """Let nothing be taken away any more that stands for the answer before."""
        if task := self._resting.pop(thread, None):
            task.cancel()

    async def _insist(self, thread: ThreadKey, *, is_session: bool) -> None:
        failures = 0
        while not await self._rests(thread, is_session=is_session):
            failures += 1
            await asyncio.sleep(pause_after(failures))
        self._resting.pop(thread, None)

    async def _rests(self, thread: ThreadKey, *, is_session: bool) -> bool:
        """Return whether the thread rests, or Slack does not let us say so."""
        session = await self._session(thread, "active") if is_session else Outcome.IMPOSSIBLE
        if session is not Outcome.DONE:
            status = await self._status(thread, "")  # ends a session as well
            if status is not Outcome.DONE and {session, status} != {Outcome.IMPOSSIBLE}:
                return False
        self._processing.discard(thread)
        return True

    async def _session(self, thread: ThreadKey, status: str, **more: str) -> Outcome:
        return await self._sessions.show(
            thread,
            lambda: self._client.agents_sessions_setStatus(
                channel_id=thread.channel, thread_ts=thread.root, status=status, **more
            ),
            clears=status == "active",
        )

    async def _status(self, thread: ThreadKey, status: str, **more: Any) -> Outcome:
        return await self._statuses.show(
            thread,
            lambda: self._client.assistant_threads_setStatus(
                channel_id=thread.channel, thread_ts=thread.root, status=status, **more
            ),
            clears=not status,
        )

    async def _title(self, thread: ThreadKey, named: Mapping[str, str]) -> None:
        await self._titles.show(
            thread,
            lambda: self._client.assistant_threads_setTitle(
                channel_id=thread.channel, thread_ts=thread.root, **named
            ),
        )
