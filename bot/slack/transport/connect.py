"""Opens the connection to a workspace: the Web API client, the check of both tokens, and new sockets.

`open_web_client` opens one HTTP session for all calls. `fetch_bot_identity` checks the bot token.
`SocketConnector` opens WebSockets for Socket Mode in three steps: `apps.connections.open` returns a URL for
one use, the handshake connects to it, and Slack's `hello` confirms the connection.

Errors at start become a `SettingsError`, one sentence that names the setting to correct. Later ones become
`SocketRefused`, with a hint if a person must act. Without a shared session slack_sdk would open a connection
for every call. Source: https://docs.slack.dev/apis/events-api/using-socket-mode
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import TypeAlias
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.core.errors import SettingsError
from bot.slack.messages import BotIdentity
from bot.slack.transport.client import SlackClient
from bot.slack.transport.web_socket import Dispatch, WebSocket

Client: TypeAlias = AsyncWebClient
"""The Web API client, named for modules that do not import slack_sdk."""

SILENT_LOGGER = logging.getLogger("slack_sdk.silent")
SILENT_LOGGER.setLevel(logging.CRITICAL)
"""slack_sdk looks at its logger's own level, not at the effective one. Without a level it formats every
payload for a debug message and discards it.
"""
CALL_TIMEOUT = aiohttp.ClientTimeout(total=20, connect=5)
OPEN_TIMEOUT_SECONDS = 10.0
"""For requesting a URL and the handshake."""
HEARTBEAT_SECONDS = 10.0
"""Between the bot's pings; a connection without a pong for half of that again is broken."""
CONNECTION_ERRORS = (SlackClientError, aiohttp.ClientError, TimeoutError, OSError, ValueError)
"""What slack_sdk and aiohttp raise if Slack does not answer; ValueError: the answer was no JSON."""
TRANSIENT_SOCKET_ERRORS = frozenset(
    {"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
)
"""Slack's errors that pass by themselves, as every HTTP status but 200 does."""
APP_TOKEN_DESCRIPTION = "an app-level token (xapp-…) with the scope connections:write"  # noqa: S105 - what it is, not one
SCOPES_HEADER = "x-oauth-scopes"
"""The response header with the token's scopes, separated by commas."""
DISCONNECT_HINTS: Mapping[str, str] = MappingProxyType(
    {
        "too_many_websockets": "Slack allows ten in all: lower BOT_SOCKETS, or run fewer processes.",
        "link_disabled": "Switch Socket Mode on in the settings of your Slack app.",
    }
)
"""What the operator can do about Slack's reasons to close a socket."""


@asynccontextmanager
async def open_web_client(token: str, url: str) -> AsyncIterator[AsyncWebClient]:
    """Open a client whose calls share connections. It never retries; callers decide about that.

    The environment's proxy is looked up once. aiohttp would look it up for every call, in a thread, and read
    `.netrc` in another; a password for Slack in there would replace the token.
    """
    async with aiohttp.ClientSession(timeout=CALL_TIMEOUT) as session:
        client = SlackClient(token=token, base_url=url, session=session, logger=SILENT_LOGGER, retry_handlers=[])
        client.proxy = _find_proxy(url)  # slack_sdk's own lookup ignores NO_PROXY
        yield client


def _find_proxy(url: str) -> str | None:
    """Return the environment's proxy for a URL; None for this machine and for hosts in NO_PROXY."""
    address = urlsplit(url)
    host = address.hostname or ""
    is_direct = host in {"localhost", "127.0.0.1", "::1"} or bool(proxy_bypass(host))
    return None if is_direct else getproxies().get(address.scheme)


async def fetch_bot_identity(client: AsyncWebClient) -> BotIdentity:
    """Return the identity that the bot token belongs to. Raises `SettingsError`."""
    response = await _call_or_explain(
        client.auth_test(), client, "SLACK_BOT_TOKEN", "the Bot User OAuth Token (xoxb-…)"
    )
    return BotIdentity(
        user=response["user_id"],
        bot_id=response.get("bot_id") or "",
        workspace=response.get("team_id") or "",
        organisation=(response.get("enterprise_id") or "") if response.get("is_enterprise_install") else "",
        workspace_name=response.get("team") or "",
        url=response.get("url") or "",
        scopes=_read_scopes(response.headers),
    )


def _read_scopes(headers: Mapping[str, str]) -> frozenset[str] | None:
    """Return the scopes of the token that a call was made with, from the headers of its response."""
    granted = {name.lower(): value for name, value in headers.items()}.get(SCOPES_HEADER)
    return None if granted is None else frozenset(filter(None, map(str.strip, granted.split(","))))


class SocketRefused(Exception):
    """A socket could not be opened."""

    def __init__(self, reason: str, *, hint: str = "", retry_after: float = 0.0) -> None:
        """`hint` says what the operator must do; empty if the error passes. `retry_after` is in seconds."""
        super().__init__(reason)
        self.reason = reason
        self.hint = hint
        self.retry_after = retry_after


class SocketConnector:
    """Opens WebSockets: a URL for one use, the handshake, Slack's greeting."""

    def __init__(
        self, client: AsyncWebClient, app_token: str, session: aiohttp.ClientSession, dispatch: Dispatch
    ) -> None:
        """`dispatch` handles the payloads that arrive on the sockets."""
        self._client = client
        self._app_token = app_token
        self._session = session
        self._dispatch = dispatch
        self._unused_urls: list[str] = []

    async def check(self) -> None:
        """Request the first URL. Raises `SettingsError` if Slack refuses the app token."""
        opened = await _call_or_explain(
            self._client.apps_connections_open(app_token=self._app_token),
            self._client,
            "SLACK_APP_TOKEN",
            APP_TOKEN_DESCRIPTION,
        )
        self._unused_urls.append(opened["url"])

    async def open(self) -> WebSocket:
        """Return a socket on which Slack has sent its greeting. Raises `SocketRefused`."""
        socket = WebSocket(await self._connect(), self._dispatch)
        try:
            if await socket.wait_for_greeting():
                return socket
        except asyncio.CancelledError:
            await socket.close()
            raise
        await socket.close()
        raise SocketRefused(socket.reason or "closed", hint=DISCONNECT_HINTS.get(socket.reason, ""))

    async def _connect(self) -> aiohttp.ClientWebSocketResponse:
        try:
            async with asyncio.timeout(OPEN_TIMEOUT_SECONDS):
                return await self._handshake(await self._request_url())
        except SlackApiError as error:
            raise _translate_socket_error(error) from None
        except CONNECTION_ERRORS as error:
            raise SocketRefused(type(error).__name__) from None

    async def _request_url(self) -> str:
        """Return a URL for one handshake; it expires within seconds and works once."""
        if self._unused_urls:
            return self._unused_urls.pop()
        opened = await self._client.apps_connections_open(app_token=self._app_token)
        return str(opened["url"])

    async def _handshake(self, url: str) -> aiohttp.ClientWebSocketResponse:
        tls = True if self._client.ssl is None else self._client.ssl
        return await self._session.ws_connect(url, heartbeat=HEARTBEAT_SECONDS, proxy=self._client.proxy, ssl=tls)


def _translate_socket_error(error: SlackApiError) -> SocketRefused:
    reason, response = _read_error_name(error), error.response
    passes = reason in TRANSIENT_SOCKET_ERRORS or response.status_code != 200  # noqa: PLR2004 - Slack's refusals are 200
    wait = response.headers.get("Retry-After", "")
    return SocketRefused(
        reason,
        hint="" if passes else f"Check SLACK_APP_TOKEN; it must be {APP_TOKEN_DESCRIPTION}.",
        retry_after=float(wait) if wait.isdecimal() else 0.0,
    )


def _read_error_name(error: SlackApiError) -> str:
    data = error.response.data
    name = data.get("error") if isinstance(data, dict) else ""
    return str(name or f"HTTP {error.response.status_code}")


async def _call_or_explain(
    call: Awaitable[AsyncSlackResponse], client: AsyncWebClient, setting: str, description: str
) -> AsyncSlackResponse:
    """Await a call made at start; an error becomes a sentence that names the setting to correct."""
    try:
        return await call
    except SlackApiError as error:
        raise SettingsError(
            f"Slack does not accept {setting} ({_read_error_name(error)}); set it to {description} of your Slack app."
        ) from None
    except CONNECTION_ERRORS as error:
        raise SettingsError(
            f"Slack cannot be reached at {client.base_url} ({type(error).__name__}); "
            "check the network, and SLACK_API_URL if you set it."
        ) from None
