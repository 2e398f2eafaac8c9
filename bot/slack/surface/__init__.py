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

from bot.core.errors import MessageLost, SurfaceGone
from bot.core.reply.commands import DisplayMode
from bot.core.turns import Action, File, IncomingMessage, ThreadKey, Turn
from bot.delivery.rate_limiter import RateLimiters
from bot.ports import AccessPolicy, GrowingMessage, Page, SurfaceLimits
from bot.slack import limits, messages
from bot.slack.message_metadata import page_metadata
from bot.slack.people.directory import People
from bot.slack.rendering import buttons, render
from bot.slack.rendering.feedback_buttons import feedback_block, plain_feedback_block
from bot.slack.surface.assistant_status import AssistantStatus
from bot.slack.surface.downloads import FileDownloads
from bot.slack.surface.native_streams import NativeStreams, StreamingMode
from bot.slack.surface.thread_history import ThreadHistory
from bot.slack.transport.api_errors import EDIT_WINDOW_CLOSED, STREAMING_STATE_CONFLICT, call
from bot.slack.transport.unavailable_features import FeatureAvailability

BLOCK_ERRORS = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "block_mismatch"})
NEW_MESSAGE_SECONDS = 10.0
"""Seconds; where a message of this age may not be edited any more, none may: admins choose among minutes."""

log = structlog.get_logger()


class SlackSurface:
    """Slack's threads, to write on and to read from."""

    limits = SurfaceLimits(
        fits=render.fits,
        page_size=limits.PAGE_SIZE_CHARACTERS,
        interval=limits.EDIT_INTERVAL_SECONDS,
        edits_per_minute=limits.EDITS_PER_MINUTE,
        edits_burst=limits.EDITS_BURST,
        posts_per_minute=limits.POSTS_PER_MINUTE,
        posts_burst=limits.POSTS_BURST,
        append_interval=limits.APPEND_INTERVAL_SECONDS,
        starts_per_minute=limits.STARTS_PER_MINUTE,
        appends_per_minute=limits.APPENDS_PER_MINUTE,
        appends_burst=limits.APPENDS_BURST,
    )

    def __init__(
        self,
        client: AsyncWebClient,
        bot: messages.BotIdentity,
        people: People,
        *,
        access_policy: AccessPolicy | None = None,
        asks_feedback: bool = True,
        streaming: StreamingMode = StreamingMode.AUTO,
        rate_limiters: RateLimiters | None = None,
    ) -> None:
        """Of people whom a `door` does not let in, nothing is read.

        `thumbs` says whether people are asked what they think of answers; `desks` are those of the process.
        """
        self._client = client
        self._bot = bot
        self._people = people
        self._history = ThreadHistory(client, bot, people, access_policy)
        self._downloads = FileDownloads(client)
        self._streaming = streaming
        self._status = AssistantStatus(client, rate_limiters or RateLimiters())
        self._streams = NativeStreams(client, self._blocks_below, self._status)
        self._asks_feedback = asks_feedback
        self._supports_thumbs = True  # whether Slack does
        self._edit_availability = FeatureAvailability()

    async def post(self, thread: ThreadKey, page: Page) -> str:
        """Write a new message into the thread and return its ts."""

        async def send(**content: Any) -> Any:
            message = {
                "channel": thread.channel,
                "thread_ts": thread.root,
                "unfurl_links": False,
                "unfurl_media": False,
                "metadata": page_metadata(page),
            }
            return await self._client.api_call("chat.postMessage", json=message | content)

        response = await self._send_page(send, page)
        if page.is_last:
            await self._status.end_session(thread)
        return str(response["ts"])

    async def edit(self, thread: ThreadKey, message_id: str, page: Page) -> None:
        """Replace the message with ts `message_id`. A stream ends first; it had no metadata until then.

        One that Slack does not end stays as it is.
        """

        async def send(**content: Any) -> Any:
            message = {"channel": thread.channel, "ts": message_id, "metadata": page_metadata(page)}
            return await self._client.api_call("chat.update", json=message | content)

        try:
            await self._send_page(send, page)
        except MessageLost as lost:
            if str(lost) != STREAMING_STATE_CONFLICT:
                self._note_edit_refused(lost, message_id)
                raise
            await self._streams.end_stream(thread, message_id, page)
            await self._send_page(send, page)
        if page.is_last:
            await self._status.end_session(thread)

    def _note_edit_refused(self, lost: MessageLost, message_id: str) -> None:
        """Let no answer grow by edits for a while where not even new messages may be edited."""
        if str(lost) == EDIT_WINDOW_CLOSED and time.time() - float(message_id) < NEW_MESSAGE_SECONDS:
            log.info("Messages may not be edited here; answers do not grow.", action="not_edited")
            self._edit_availability.mark_unavailable()

    def choose_display_mode(self, thread: ThreadKey) -> DisplayMode:
        """Return how an answer grows in a thread: see `Streaming`."""
        wanted = self._streaming
        if wanted is StreamingMode.OFF:
            return DisplayMode.WHOLE
        is_native = wanted is StreamingMode.NATIVE or (wanted is StreamingMode.AUTO and self.is_direct(thread))
        if is_native and self._streams.are_available():
            return DisplayMode.STREAM
        return DisplayMode.EDITS if self._edit_availability.is_available() else DisplayMode.WHOLE

    async def start_message(self, turn: Turn, page: Page) -> GrowingMessage | None:
        """Start a native stream; see `Streams.begin`."""
        return await self._streams.start_stream(turn, page)

    async def find_pages(self, turn: Turn) -> Mapping[int, str]:
        """Return the ts of messages that show pages of a turn, by page; see `Threads.find`."""
        return await self._history.find_pages(
            turn, is_streamed=self.choose_display_mode(turn.thread) is DisplayMode.STREAM
        )

    async def read_messages(self, thread: ThreadKey, *, limit: int, since: float = 0.0) -> Sequence[IncomingMessage]:
        """Return the newest messages of people in a thread, oldest first; see `Threads.read`."""
        return await self._history.read_messages(thread, limit=limit, since=since)

    async def download_file(self, file: File, *, limit: int) -> bytes:
        """Return a file that is kept at Slack; see `Downloads.fetch`."""
        return await self._downloads.download(file, limit=limit)

    async def delete_message(self, thread: ThreadKey, message_id: str) -> None:
        """Delete the message with ts `message_id`."""
        await call(lambda: self._client.chat_delete(channel=thread.channel, ts=message_id))

    def is_direct(self, thread: ThreadKey) -> bool:
        """Whether a thread is part of a direct message with us."""
        return messages.is_direct_channel(thread.channel)

    async def read_place_names(self, thread: ThreadKey) -> Mapping[str, str]:
        """Return the names of the thread's channel and workspace, as far as Slack tells them."""
        names = await self._people.names([thread.channel])
        channel = f"#{names[thread.channel]}" if thread.channel in names else "a direct message"
        return {"channel": channel, "workspace": self._bot.workspace_name}

    async def show_working(self, turn: Turn, *, busy: bool, begins: bool = False) -> None:
        """Show or clear "is thinking"; where the plan, a scope or the server lacks it, do nothing."""
        native = self.choose_display_mode(turn.thread) is DisplayMode.STREAM
        if busy:
            direct = self.is_direct(turn.thread)
            was_begun = turn.attempt > 1 and (direct or self._streaming is StreamingMode.NATIVE)
            await self._status.show_working(turn, native=native, begins=begins and direct, was_begun=was_begun)
        else:
            await self._status.show_idle(turn.thread, native=native)

    async def _send_page(self, send: Callable[..., Awaitable[Any]], page: Page) -> Any:
        """Send a page as blocks and text; as text alone to a server that refuses the blocks."""
        rendered = render.render(page.text)
        for offer in self._feedback_choices(page):
            blocks = [*rendered.blocks, *buttons.button_blocks(page.turn, page.actions), *offer]
            try:
                response = await call(partial(send, text=rendered.text, blocks=blocks))
            except SurfaceGone as gone:
                if str(gone) not in BLOCK_ERRORS:
                    raise
                log.warning("Slack refused the blocks of a message.", action="blocks_refused", reason=str(gone))
            else:
                self._supports_thumbs = self._supports_thumbs and offer != [plain_feedback_block(page.turn)]
                return response
        return await call(lambda: send(text=rendered.text))

    def _blocks_below(self, page: Page) -> Sequence[dict[str, Any]]:
        """Return what stands below a page in the form that Slack is known to take."""
        return [*buttons.button_blocks(page.turn, page.actions), *self._feedback_choices(page)[0]]

    def _feedback_choices(self, page: Page) -> Sequence[Sequence[dict[str, Any]]]:
        """Return what may stand below a page for people to judge it, best first."""
        if not self._asks_feedback or Action.JUDGE not in page.actions:
            return [[]]
        forms = [[feedback_block(page.turn)], [plain_feedback_block(page.turn)]]
        return forms if self._supports_thumbs else forms[1:]
