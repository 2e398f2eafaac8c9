"""The way into a workspace: clients, the check of both tokens, and the Socket Mode connection.

Separate because what can go wrong here is the operator's business, and is told in one sentence each.
Sources: facts/slack.md 3.3 (Socket Mode) and 4 (one shared session, or every call opens a connection).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.errors import SettingsError
from bot.slack.parse import Bot

CALL_TIMEOUT = aiohttp.ClientTimeout(total=20, connect=5)
CLOSE_PATIENCE = 2.0
"""Seconds; the client waits ten for a close frame that may never come."""

log = structlog.get_logger()


@asynccontextmanager
async def web_client(token: str, url: str) -> AsyncIterator[AsyncWebClient]:
    """Open a client whose calls share connections. It never retries: who calls decides."""
    async with aiohttp.ClientSession(timeout=CALL_TIMEOUT, trust_env=True) as session:
        yield AsyncWebClient(token=token, base_url=url, session=session, retry_handlers=[])


async def who_am_i(client: AsyncWebClient) -> Bot:
    """Return the bot that the token belongs to. Raises `SettingsError`."""
    response = await _checked(
        client.auth_test(), client, "SLACK_BOT_TOKEN", "the Bot User OAuth Token (xoxb-…)"
    )
    return Bot(
        user=response["user_id"], bot_id=response.get("bot_id") or "", workspace=response.get("team_id") or ""
    )


@asynccontextmanager
async def socket(app: AsyncApp, client: AsyncWebClient, app_token: str) -> AsyncIterator[None]:
    """Receive events while the context lasts. Raises `SettingsError` if Slack refuses the app token."""
    opened = await _checked(
        client.apps_connections_open(app_token=app_token),
        client,
        "SLACK_APP_TOKEN",
        "an app-level token (xapp-…) with the scope connections:write",
    )
    handler = AsyncSocketModeHandler(app, app_token, web_client=client)
    handler.client.wss_uri = opened["url"]  # the ticket we have; without it the client would open another
    await handler.connect_async()
    try:
        yield
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_PATIENCE):
                await handler.close_async()
        await handler.client.aiohttp_client_session.close()


async def _checked(call: object, client: AsyncWebClient, name: str, what: str) -> dict[str, str]:
    """Await a first call; Slack's refusal becomes a sentence that names the setting."""
    try:
        return await call  # type: ignore[misc, no-any-return]  # slack_sdk's responses are mappings
    except SlackApiError as error:
        data = error.response.data
        reason = data.get("error") if isinstance(data, dict) else f"HTTP {error.response.status_code}"
        raise SettingsError(
            f"Slack does not accept {name} ({reason}); set it to {what} of your Slack app."
        ) from None
    except (SlackClientError, aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise SettingsError(
            f"Slack cannot be reached at {client.base_url} ({type(error).__name__}); "
            "check the network, and SLACK_API_URL if you set it."
        ) from None
