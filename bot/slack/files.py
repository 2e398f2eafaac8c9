"""Files downloaded from Slack, and from nowhere else.

Separate because it is the one place where an address from a message is opened, with the bot's token. Rules:
only Slack's own hosts over HTTPS, or the server that was set in Slack's place; a redirect is held to the same
rule; size and time are bounded. Where the scope is missing, Slack answers with its page to sign in.
Source: https://docs.slack.dev/reference/objects/file-object
"""

from typing import Final

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient
from yarl import URL

from bot.core.attachments import Unread
from bot.core.domain import File
from bot.core.errors import SurfaceUnavailable

HOSTS = ("slack.com", "slack-edge.com")
"""Slack's own, and all below them."""
REDIRECTS: Final = 3
DOWNLOAD_TIMEOUT = aiohttp.ClientTimeout(total=20, connect=5)
"""Seconds for a file; the largest that we take arrives in a few."""
CHUNK: Final = 64 * 1024
FOUND: Final = 200
MISSING = frozenset({404, 410})
FORBIDDEN = frozenset({401, 403})
ELSEWHERE = "it is kept outside Slack"
GONE = "it is not there any more"
WITHHELD = "Slack does not hand it out; it was deleted, is too old for the plan, or is another company's"
TOO_LARGE = "it is larger than {} MB"
SCOPE = "Slack does not let me; whoever runs this bot needs to give its Slack app the scope files:read"


class Downloads:
    """Downloads files with the bot's token."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._home = URL(client.base_url).origin()

    async def fetch(self, file: File, *, limit: int) -> bytes:
        """Return a file of at most `limit` bytes.

        Raises `Unread` where trying again does not help, else `SurfaceUnavailable`.
        """
        if not file.url:
            raise Unread(WITHHELD)
        session = self._client.session
        try:
            if session is not None:
                return await self._followed(session, file, limit)
            async with aiohttp.ClientSession(trust_env=True) as session:
                return await self._followed(session, file, limit)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:  # ValueError: no address
            raise SurfaceUnavailable(type(error).__name__) from None

    def is_slacks(self, url: URL) -> bool:
        """Whether the token may be shown to the server at an address."""
        if url.scheme not in {"http", "https"} or not url.host:
            return False
        is_below = any(url.host == parent or url.host.endswith(f".{parent}") for parent in HOSTS)
        is_safe = url.scheme == "https" and url.is_default_port()
        return url.origin() == self._home or (is_safe and is_below)

    async def _followed(self, session: aiohttp.ClientSession, file: File, limit: int) -> bytes:
        url = URL(file.url)
        for moves in range(REDIRECTS + 1):
            if not self.is_slacks(url):
                raise Unread(SCOPE if moves else ELSEWHERE)
            async with session.get(
                url,
                headers={"Authorization": f"Bearer {self._client.token}"},
                allow_redirects=False,
                timeout=DOWNLOAD_TIMEOUT,
                proxy=self._client.proxy,
                ssl=True if self._client.ssl is None else self._client.ssl,
            ) as response:
                if "Location" not in response.headers:
                    _check(response, file, moved=moves > 0)
                    return await _body(response, limit)
                url = url.join(URL(response.headers["Location"]))
        raise Unread(SCOPE)


def _check(response: aiohttp.ClientResponse, file: File, *, moved: bool) -> None:
    """Raise what a status means, and what it means to be sent a web page that nobody attached."""
    if response.status in MISSING:
        raise Unread(GONE)
    is_page = response.content_type == "text/html" and (moved or file.type != "text/html")
    if response.status in FORBIDDEN or (response.status == FOUND and is_page):
        raise Unread(SCOPE)
    if response.status != FOUND:
        raise SurfaceUnavailable(str(response.status))


async def _body(response: aiohttp.ClientResponse, limit: int) -> bytes:
    body = bytearray()
    async for piece in response.content.iter_chunked(CHUNK):
        body += piece
        if len(body) > limit:
            raise Unread(TOO_LARGE.format(limit // 1024**2))
    return bytes(body)
