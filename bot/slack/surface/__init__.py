"""Slack as a surface: each page of an answer is one message, posted and edited, or streamed natively.

`SlackSurface` implements the port `Surface`. It chooses how an answer grows, turns a page into the arguments
of Slack's methods, and attaches metadata that says which page of which turn a message shows. Reading threads
is in `thread_history`, streaming in `native_streams`, the assistant status in `assistant_status`.

| setting | direct message | channel |
|---|---|---|
| `auto` | native stream | edits |
| `native` | native stream | native stream |
| `edits` | edits | edits |
| `off` | posted when complete | posted when complete |

Streams fall back to edits, and edits to whole messages, as long as Slack refuses them. A message whose
blocks Slack refuses is sent again as text: it loses its formatting, never its words. Source:
https://docs.slack.dev/reference/methods/chat.update
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
from bot.slack.transport.api_call import EDIT_WINDOW_CLOSED, STREAMING_STATE_CONFLICT, call
from bot.slack.transport.unavailable_features import FeatureAvailability

BLOCK_ERRORS = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "block_mismatch"})
NEW_MESSAGE_SECONDS = 10.0
"""If a message younger than this may not be edited, no message may: admins choose a limit in minutes."""

log = structlog.get_logger()


class SlackSurface:
    """Slack's threads, as the port `Surface` describes them."""

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
        """Create the surface of one workspace.

        Messages are not read if `access_policy` refuses their authors. `asks_feedback`: show thumbs.
        `rate_limiters` are those of the whole process.
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
        self._supports_thumbs = True  # as far as the bot knows
        self._edit_availability = FeatureAvailability()

    async def post(self, thread: ThreadKey, page: Page) -> str:
        """Post a message in the thread and return its ts."""

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
        """Replace the message with ts `message_id`. If it is still a stream, end that first.

        Until it ends, a stream has no metadata. A stream that Slack does not end stays as it is.
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
        """Stop growing answers by edits for a while if not even a new message may be edited."""
        if str(lost) == EDIT_WINDOW_CLOSED and time.time() - float(message_id) < NEW_MESSAGE_SECONDS:
            log.info("Messages cannot be edited here; answers are posted when complete.", action="not_edited")
            self._edit_availability.mark_unavailable()

    def choose_display_mode(self, thread: ThreadKey) -> DisplayMode:
        """Return how an answer grows in a thread; see the table above."""
        wanted = self._streaming
        if wanted is StreamingMode.OFF:
            return DisplayMode.WHOLE
        is_native = wanted is StreamingMode.NATIVE or (wanted is StreamingMode.AUTO and self.is_direct(thread))
        if is_native and self._streams.are_available():
            return DisplayMode.STREAM
        return DisplayMode.EDITS if self._edit_availability.is_available() else DisplayMode.WHOLE

    async def start_message(self, turn: Turn, page: Page) -> GrowingMessage | None:
        """Start a native stream; see `NativeStreams.start_stream`."""
        return await self._streams.start_stream(turn, page)

    async def find_pages(self, turn: Turn) -> Mapping[int, str]:
        """Return the ts of messages that show pages of a turn, by page; see `ThreadHistory.find_pages`."""
        return await self._history.find_pages(
            turn, is_streamed=self.choose_display_mode(turn.thread) is DisplayMode.STREAM
        )

    async def read_messages(self, thread: ThreadKey, *, limit: int, since: float = 0.0) -> Sequence[IncomingMessage]:
        """Return the newest messages of people in a thread; see `ThreadHistory.read_messages`."""
        return await self._history.read_messages(thread, limit=limit, since=since)

    async def download_file(self, file: File, *, limit: int) -> bytes:
        """Return the content of a file stored at Slack; see `FileDownloads.download`."""
        return await self._downloads.download(file, limit=limit)

    async def delete_message(self, thread: ThreadKey, message_id: str) -> None:
        """Delete the message with ts `message_id`."""
        await call(lambda: self._client.chat_delete(channel=thread.channel, ts=message_id))

    def is_direct(self, thread: ThreadKey) -> bool:
        """Return whether a thread is in a direct message with the bot."""
        return messages.is_direct_channel(thread.channel)

    async def read_place_names(self, thread: ThreadKey) -> Mapping[str, str]:
        """Return the names of the thread's channel and workspace, as far as they are known."""
        names = await self._people.names([thread.channel])
        channel = f"#{names[thread.channel]}" if thread.channel in names else "a direct message"
        return {"channel": channel, "workspace": self._bot.workspace_name}

    async def show_working(self, turn: Turn, *, busy: bool, begins: bool = False) -> None:
        """Show or clear "is thinking"; does nothing where Slack does not offer it."""
        native = self.choose_display_mode(turn.thread) is DisplayMode.STREAM
        if busy:
            direct = self.is_direct(turn.thread)
            was_begun = turn.attempt > 1 and (direct or self._streaming is StreamingMode.NATIVE)
            await self._status.show_working(turn, native=native, begins=begins and direct, was_begun=was_begun)
        else:
            await self._status.show_idle(turn.thread, native=native)

    async def _send_page(self, send: Callable[..., Awaitable[Any]], page: Page) -> Any:
        """Send a page as blocks and text; as text alone if Slack refuses the blocks."""
        rendered = render.render(page.text)
        for offer in self._feedback_choices(page):
            blocks = [*rendered.blocks, *buttons.button_blocks(page.turn, page.actions, token=page.token), *offer]
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
        """Return the blocks below a page, in the form that Slack is known to take."""
        return [*buttons.button_blocks(page.turn, page.actions, token=page.token), *self._feedback_choices(page)[0]]

    def _feedback_choices(self, page: Page) -> Sequence[Sequence[dict[str, Any]]]:
        """Return the forms of feedback block to try below a page, best first; an empty one for no block."""
        if not self._asks_feedback or Action.JUDGE not in page.actions:
            return [[]]
        forms = [[feedback_block(page.turn)], [plain_feedback_block(page.turn)]]
        return forms if self._supports_thumbs else forms[1:]
