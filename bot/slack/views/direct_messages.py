"""Direct messages that the bot starts, such as the thread in which a draft is tried.

`chat.postMessage` with a person's id as channel opens the direct message, so no further scope is needed.
Source: https://docs.slack.dev/reference/methods/chat.postMessage
"""

from collections.abc import Sequence
from functools import partial

from slack_sdk.web.async_client import AsyncWebClient

from bot.core.turns import ThreadKey
from bot.delivery.retry import retry_until_answered
from bot.slack import permalinks
from bot.slack.message_metadata import notice_metadata
from bot.slack.messages import PLATFORM, BotIdentity
from bot.slack.transport.api_call import call
from bot.slack.views.block_kit import Block


class DirectMessages:
    """Sends direct messages. `text` is what notifications and screen readers say instead of `blocks`."""

    def __init__(self, client: AsyncWebClient, bot: BotIdentity) -> None:
        self._client = client
        self._bot = bot

    async def start_thread(self, user: str, text: str, blocks: Sequence[Block]) -> ThreadKey:
        """Write to a person, and return the thread of that message. Raises `SurfaceError`."""
        posted = await call(lambda: self._client.chat_postMessage(channel=user, text=text, blocks=blocks))
        return ThreadKey(platform=PLATFORM, workspace=self._bot.workspace, channel=posted["channel"], root=posted["ts"])

    async def reply(self, thread: ThreadKey, text: str, blocks: Sequence[Block]) -> str:
        """Write into a thread, and return the message's ts. Raises `SurfaceGone`."""
        post = partial(
            self._client.chat_postMessage,
            channel=thread.channel,
            thread_ts=thread.root,
            text=text,
            blocks=blocks,
            metadata=notice_metadata(),
            unfurl_links=False,
            unfurl_media=False,
        )
        posted = await retry_until_answered(partial(call, post))
        return str(posted["ts"])

    async def update_first_message(self, thread: ThreadKey, text: str, blocks: Sequence[Block]) -> None:
        """Replace the first message of a thread. Raises `SurfaceGone`."""
        update = partial(self._client.chat_update, channel=thread.channel, ts=thread.root, text=text, blocks=blocks)
        await retry_until_answered(partial(call, update))

    def link_to(self, thread: ThreadKey) -> str:
        """Return the link to a thread's first message; empty if the workspace's address is unknown."""
        return permalinks.message_url(self._bot.url, thread, thread.root)
