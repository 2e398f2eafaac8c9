"""Reads a thread from Slack: which messages show pages of an answer, and what people wrote.

`conversations.replies` lists a thread oldest first, so both searches begin at a known time. Each is limited
to some calls of some messages (`ReadBounds`). A thread that Slack does not let the bot read counts as empty.

Each message that shows a page carries metadata with its turn and page. After a crash `find_pages` recognises
messages that were posted but not yet noted in the database. A native stream has no metadata until it ends; a
message of the bot's without metadata is therefore the page that was being streamed. Source:
https://docs.slack.dev/reference/methods/conversations.replies
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.core.errors import SurfaceError, SurfaceGone
from bot.core.turns import AddressingKind, IncomingMessage, ThreadKey, Turn
from bot.delivery.retry import retry_until_answered
from bot.ports import AccessPolicy
from bot.slack import messages, payload
from bot.slack.message_metadata import PAGE_EVENT
from bot.slack.people.directory import People
from bot.slack.transport.api_call import call


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBounds:
    """How much of a thread is read at most: `calls` requests for `size` messages each.

    Slack may return fewer: apps distributed outside its Marketplace get 15 messages, once a minute.
    https://docs.slack.dev/changelog/2025/05/29/rate-limit-changes-for-non-marketplace-apps
    """

    calls: int
    size: int


FIND_BOUNDS = ReadBounds(calls=3, size=200)
READ_BOUNDS = ReadBounds(calls=10, size=999)  # Slack: "under 1,000"; few calls, because a person waits for the answer


class ThreadHistory:
    """Reads the threads of one workspace."""

    def __init__(
        self,
        client: AsyncWebClient,
        bot: messages.BotIdentity,
        people: People,
        access_policy: AccessPolicy | None = None,
    ) -> None:
        """Messages are skipped if `access_policy` refuses their authors."""
        self._access_policy = access_policy
        self._client = client
        self._bot = bot
        self._people = people

    async def find_pages(self, turn: Turn, *, is_streamed: bool = False) -> dict[int, str]:
        """Return the ts of messages that show pages of a turn, newer than its last known page.

        With `is_streamed`, a message of the bot's without metadata counts as the next page; see above.

        Raises `SurfaceError` if the first request fails for a reason that may pass.
        """
        newest = turn.pages[-1] if turn.pages else turn.message_id
        found: dict[int, str] = {}
        try:
            async for fields in self._fetch_messages(turn.thread, newest, FIND_BOUNDS, retries=True):
                page = self._page_number(fields, turn.id)
                if page is None and is_streamed and self._lacks_metadata(fields, newest):
                    page = len(turn.pages)
                if page is not None:
                    found.setdefault(page, payload.text(fields, "ts"))
        except SurfaceGone:
            return {}
        return found

    async def read_messages(self, thread: ThreadKey, *, limit: int, since: float) -> list[IncomingMessage]:
        """Return the newest messages of people after `since`, with names, oldest first.

        Raises `SurfaceError` if the first request fails for a reason that may pass. If a later one fails, the
        result is the part that was read.
        """
        bot = replace(self._bot, workspace=thread.workspace)
        found: dict[str, messages.SlackMessage] = {}  # by ts: each page may repeat the first message
        try:
            async for fields in self._fetch_messages(thread, f"{max(since, 0.0):.6f}", READ_BOUNDS, retries=False):
                message = messages.parse_message(fields, bot, channel=thread.channel)
                if message is not None and float(message.id) > since:
                    found[message.id] = replace(message, thread=thread)
        except SurfaceGone:
            return []
        except SurfaceError:
            if not found:
                raise
        newest = sorted(found.values(), key=lambda message: float(message.id))[-limit:]
        names = await self._people.names({each for message in newest for each in message.ids_to_name})
        return [
            message.to_incoming(names, addressed=AddressingKind.OVERHEARD)
            for message in newest
            if await self._is_admitted(thread, message.author)
        ]

    async def _is_admitted(self, thread: ThreadKey, person: str) -> bool:
        try:
            return self._access_policy is None or await self._access_policy.find_refusal(thread, person) is None
        except SurfaceError:
            return False

    async def _fetch_messages(
        self, thread: ThreadKey, after: str, bounds: ReadBounds, *, retries: bool
    ) -> AsyncIterator[Mapping[str, Any]]:
        """Yield a thread's messages after a ts, oldest first; Slack may add the thread's first one.

        With `retries`, requests after the first are repeated until they succeed. Otherwise an app that may
        call once a minute would start over for ever.
        """
        cursor = ""
        for _ in range(bounds.calls):
            send = partial(
                self._client.conversations_replies,
                channel=thread.channel,
                ts=thread.root,
                oldest=after,
                limit=bounds.size,
                include_all_metadata=True,
                cursor=cursor or None,
            )
            attempt = partial(call, send)
            response = await (retry_until_answered(attempt) if retries and cursor else attempt())
            for fields in payload.items(response.data, "messages"):
                yield fields
            cursor = payload.text(response.data, "response_metadata", "next_cursor")
            if not cursor:
                return

    def _page_number(self, fields: Mapping[str, Any], turn: int) -> int | None:
        """Return which page of the turn a message shows; None if it shows none."""
        mark = payload.mapping(fields, "metadata")
        turn_id, number = (
            payload.value_at(mark, "event_payload", "turn"),
            payload.value_at(mark, "event_payload", "page"),
        )
        is_ours = payload.text(fields, "user") == self._bot.user
        if is_ours and payload.text(mark, "event_type") == PAGE_EVENT and turn_id == turn:
            return number if isinstance(number, int) else None
        return None

    def _lacks_metadata(self, fields: Mapping[str, Any], after: str) -> bool:
        """Return whether it is a new message of the bot's without metadata."""
        is_ours = payload.text(fields, "user") == self._bot.user and payload.text(fields, "ts") > after
        return is_ours and not payload.mapping(fields, "metadata")
