"""Slack's threads as a surface: a page of Markdown is one message, posted and edited, or a native stream.

Separate because it translates our pages into Slack's calls; what threads say is read in `threads`. Rule: a
message that Slack finds too odd loses its form, never its text. Source: facts/slack.md 1.3.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.domain import Action, File, Incoming, ThreadKey, Turn
from bot.core.errors import MessageLost, SurfaceGone
from bot.core.writes import Way
from bot.pacing import AllDesks
from bot.ports import Door, Growing, Page, SurfaceLimits
from bot.slack import buttons, limits, parse, render
from bot.slack.abilities import Ability
from bot.slack.calls import EDITED_NO_MORE, STILL_GROWS, call
from bot.slack.files import Downloads
from bot.slack.message_metadata import metadata
from bot.slack.people import People
from bot.slack.sessions import Sessions
from bot.slack.streams import Streaming, Streams
from bot.slack.threads import Threads
from bot.slack.thumbs import plain_thumbs, thumbs

BLOCKS_REFUSED = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "block_mismatch"}
)
NEW = 10.0
"""Seconds; where a message of this age may not be edited any more, none may: admins choose among minutes."""

log = structlog.get_logger()


class SlackSurface:
    """Slack's threads, to write on and to read from."""

    limits = SurfaceLimits(
        fits=render.fits,
        page_size=limits.PAGE_SIZE,
        interval=limits.EDIT_INTERVAL,
        edits_per_minute=limits.EDITS_PER_MINUTE,
        edits_burst=limits.EDITS_BURST,
        posts_per_minute=limits.POSTS_PER_MINUTE,
        posts_burst=limits.POSTS_BURST,
        append_interval=limits.APPEND_INTERVAL,
        starts_per_minute=limits.STARTS_PER_MINUTE,
        appends_per_minute=limits.APPENDS_PER_MINUTE,
        appends_burst=limits.APPENDS_BURST,
    )

    def __init__(
        self,
        client: AsyncWebClient,
        bot: parse.Bot,
        people: People,
        *,
        door: Door | None = None,
        thumbs: bool = True,
        streaming: Streaming = Streaming.AUTO,
        desks: AllDesks | None = None,
    ) -> None:
        """Of people whom a `door` does not let in, nothing is read.

        `thumbs` says whether people are asked what they think of answers; `desks` are those of the process.
        """
        self._client = client
        self._bot = bot
        self._people = people
        self._threads = Threads(client, bot, people, door)
        self._downloads = Downloads(client)
        self._streaming = streaming
        self._sessions = Sessions(client, desks or AllDesks())
        self._streams = Streams(client, self._below, self._sessions)
        self._offers_thumbs = thumbs
        self._knows_thumbs = True  # whether Slack does
        self._edits = Ability()

    async def post(self, thread: ThreadKey, page: Page) -> str:
        """Write a new message into the thread and return its ts."""

        async def send(**content: Any) -> Any:
            message = {
                "channel": thread.channel,
                "thread_ts": thread.root,
                "unfurl_links": False,
                "unfurl_media": False,
                "metadata": metadata(page),
            }
            return await self._client.api_call("chat.postMessage", json=message | content)

        response = await self._show(send, page)
        if page.ends:
            await self._sessions.end(thread)
        return str(response["ts"])

    async def edit(self, thread: ThreadKey, message_id: str, page: Page) -> None:
        """Replace the message with ts `message_id`. A stream ends first; it had no metadata until then.

        One that Slack does not end stays as it is.
        """

        async def send(**content: Any) -> Any:
            message = {"channel": thread.channel, "ts": message_id, "metadata": metadata(page)}
            return await self._client.api_call("chat.update", json=message | content)

        try:
            await self._show(send, page)
        except MessageLost as lost:
            if str(lost) != STILL_GROWS:
                self._learn(lost, message_id)
                raise
            await self._streams.end(thread, message_id, page)
            await self._show(send, page)
        if page.ends:
            await self._sessions.end(thread)

    def _learn(self, lost: MessageLost, message_id: str) -> None:
        """Let no answer grow by edits for a while where not even new messages may be edited."""
        if str(lost) == EDITED_NO_MORE and time.time() - float(message_id) < NEW:
            log.info("Messages may not be edited here; answers do not grow.", action="not_edited")
            self._edits.missed()

    def way(self, thread: ThreadKey) -> Way:
        """Return how an answer grows in a thread: see `Streaming`."""
        wanted = self._streaming
        if wanted is Streaming.OFF:
            return Way.WHOLE
        is_native = wanted is Streaming.NATIVE or (wanted is Streaming.AUTO and self.is_direct(thread))
        if is_native and self._streams.are_to_be_had():
            return Way.STREAM
        return Way.EDITS if self._edits.is_there() else Way.WHOLE

    async def begin(self, turn: Turn, page: Page) -> Growing | None:
        """Start a native stream; see `Streams.begin`."""
        return await self._streams.begin(turn, page)

    async def find(self, turn: Turn) -> Mapping[int, str]:
        """Return the ts of messages that show pages of a turn, by page; see `Threads.find`."""
        return await self._threads.find(turn, streamed=self.way(turn.thread) is Way.STREAM)

    async def read(self, thread: ThreadKey, *, limit: int, since: float = 0.0) -> Sequence[Incoming]:
        """Return the newest messages of people in a thread, oldest first; see `Threads.read`."""
        return await self._threads.read(thread, limit=limit, since=since)

    async def fetch(self, file: File, *, limit: int) -> bytes:
        """Return a file that is kept at Slack; see `Downloads.fetch`."""
        return await self._downloads.fetch(file, limit=limit)

    async def remove(self, thread: ThreadKey, message_id: str) -> None:
        """Delete the message with ts `message_id`."""
        await call(lambda: self._client.chat_delete(channel=thread.channel, ts=message_id))

    def is_direct(self, thread: ThreadKey) -> bool:
        """Whether a thread is part of a direct message with us."""
        return parse.is_direct(thread.channel)

    async def places(self, thread: ThreadKey) -> Mapping[str, str]:
        """Return the names of the thread's channel and workspace, as far as Slack tells them."""
        names = await self._people.names([thread.channel])
        channel = f"#{names[thread.channel]}" if thread.channel in names else "a direct message"
        return {"channel": channel, "workspace": self._bot.workspace_name}

    async def working(self, turn: Turn, *, busy: bool, begins: bool = False) -> None:
        """Show or clear "is thinking"; where the plan, a scope or the server lacks it, do nothing."""
        native = self.way(turn.thread) is Way.STREAM
        if busy:
            direct = self.is_direct(turn.thread)
            was_begun = turn.attempt > 1 and (direct or self._streaming is Streaming.NATIVE)
            await self._sessions.work(turn, native=native, begins=begins and direct, was_begun=was_begun)
        else:
            await self._sessions.rest(turn.thread, native=native)

    async def _show(self, send: Callable[..., Awaitable[Any]], page: Page) -> Any:
        """Send a page as blocks and text; as text alone to a server that refuses the blocks."""
        rendered = render.render(page.text)
        for offer in self._thumbs_of(page):
            blocks = [*rendered.blocks, *buttons.row(page.turn, page.actions), *offer]
            try:
                response = await call(partial(send, text=rendered.text, blocks=blocks))
            except SurfaceGone as gone:
                if str(gone) not in BLOCKS_REFUSED:
                    raise
                log.warning(
                    "Slack refused the blocks of a message.", action="blocks_refused", reason=str(gone)
                )
            else:
                self._knows_thumbs = self._knows_thumbs and offer != [plain_thumbs(page.turn)]
                return response
        return await call(lambda: send(text=rendered.text))

    def _below(self, page: Page) -> Sequence[dict[str, Any]]:
        """Return what stands below a page in the form that Slack is known to take."""
        return [*buttons.row(page.turn, page.actions), *self._thumbs_of(page)[0]]

    def _thumbs_of(self, page: Page) -> Sequence[Sequence[dict[str, Any]]]:
        """Return what may stand below a page for people to judge it, best first."""
        if not self._offers_thumbs or Action.JUDGE not in page.actions:
            return [[]]
        forms = [[thumbs(page.turn)], [plain_thumbs(page.turn)]]
        return forms if self._knows_thumbs else forms[1:]
