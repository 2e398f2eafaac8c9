"""Downloads files that people attach, from Slack only.

This is the one place where the bot opens a URL from a message with its token. So the token goes only to
Slack's own hosts over HTTPS (or to the server configured in Slack's place), and a redirect must satisfy the
same rule. Size and time are limited. If the app lacks the scope `files:read`, Slack redirects to its sign-in
page instead of failing; that page is recognised and reported. Source:
https://docs.slack.dev/reference/objects/file-object
"""

from typing import Final

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient
from yarl import URL

from bot.core.errors import FileUnreadable, SurfaceUnavailable
from bot.core.turns import File

SLACK_HOSTS = ("slack.com", "slack-edge.com")
"""Slack's domains; their subdomains count, too."""
MAX_REDIRECTS: Final = 3
DOWNLOAD_TIMEOUT = aiohttp.ClientTimeout(total=20, connect=5)
"""For one file; the largest that the bot reads takes a few seconds."""
CHUNK_BYTES: Final = 64 * 1024
OK_STATUS: Final = 200
MISSING_STATUSES = frozenset({404, 410})
FORBIDDEN_STATUSES = frozenset({401, 403})
FILE_OUTSIDE_SLACK = "it is kept outside Slack"
FILE_DELETED = "it no longer exists"
FILE_WITHHELD = "Slack does not provide it; it was deleted, is too old for the plan, or belongs to another company"
FILE_TOO_LARGE = "it is larger than {} MB"
SCOPE_MISSING = "Slack does not let me; the operator of this bot must give its Slack app the scope files:read"


class FileDownloads:
    """Downloads files with the bot's token."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._api_origin = URL(client.base_url).origin()

    async def download(self, file: File, *, limit: int) -> bytes:
        """Return a file of at most `limit` bytes.

        Raises `FileUnreadable` if trying again does not help, else `SurfaceUnavailable`.
        """
        if not file.url:
            raise FileUnreadable(FILE_WITHHELD)
        session = self._client.session
        try:
            if session is not None:
                return await self._follow_redirects(session, file, limit)
            async with aiohttp.ClientSession(trust_env=True) as session:
                return await self._follow_redirects(session, file, limit)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:  # ValueError: not a URL
            raise SurfaceUnavailable(type(error).__name__) from None

    def is_slack_url(self, url: URL) -> bool:
        """Return whether the token may be sent to the server of a URL."""
        if url.scheme not in {"http", "https"} or not url.host:
            return False
        is_below = any(url.host == parent or url.host.endswith(f".{parent}") for parent in SLACK_HOSTS)
        is_safe = url.scheme == "https" and url.is_default_port()
        return url.origin() == self._api_origin or (is_safe and is_below)

    async def _follow_redirects(self, session: aiohttp.ClientSession, file: File, limit: int) -> bytes:
        url = URL(file.url)
        for moves in range(MAX_REDIRECTS + 1):
            if not self.is_slack_url(url):
                raise FileUnreadable(SCOPE_MISSING if moves else FILE_OUTSIDE_SLACK)
            async with session.get(
                url,
                headers={"Authorization": f"Bearer {self._client.token}"},
                allow_redirects=False,
                timeout=DOWNLOAD_TIMEOUT,
                proxy=self._client.proxy,
                ssl=True if self._client.ssl is None else self._client.ssl,
            ) as response:
                if "Location" not in response.headers:
                    _check_response(response, file, moved=moves > 0)
                    return await _read_body(response, limit)
                url = url.join(URL(response.headers["Location"]))
        raise FileUnreadable(SCOPE_MISSING)


def _check_response(response: aiohttp.ClientResponse, file: File, *, moved: bool) -> None:
    """Raise the error that a status stands for; an unexpected web page is Slack's sign-in page."""
    if response.status in MISSING_STATUSES:
        raise FileUnreadable(FILE_DELETED)
    is_page = response.content_type == "text/html" and (moved or file.type != "text/html")
    if response.status in FORBIDDEN_STATUSES or (response.status == OK_STATUS and is_page):
        raise FileUnreadable(SCOPE_MISSING)
    if response.status != OK_STATUS:
        raise SurfaceUnavailable(str(response.status))


async def _read_body(response: aiohttp.ClientResponse, limit: int) -> bytes:
    body = bytearray()
    async for piece in response.content.iter_chunked(CHUNK_BYTES):
        body += piece
        if len(body) > limit:
            raise FileUnreadable(FILE_TOO_LARGE.format(limit // 1024**2))
    return bytes(body)
