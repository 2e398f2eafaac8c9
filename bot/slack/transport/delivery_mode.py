"""Chooses how Slack delivers events: over WebSockets (Socket Mode) or by signed HTTP requests.

A signing secret in `DeliveryMode` selects HTTP, otherwise the app token opens sockets. Either way the caller gets a
`Deliveries` and need not know which it is.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.transport.http import HttpDeliveries
from bot.slack.transport.socket_mode import open_sockets


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries:
    """An open connection for deliveries."""

    is_connected: Callable[[], bool]
    """Whether Slack's deliveries reach this process now."""
    stop: Callable[[], Awaitable[None]]
    """Accepts no more deliveries; later ones are not acknowledged, so Slack sends them to another process."""
    routes: Sequence[web.AbstractRouteDef] = ()
    """The routes that the web server must serve; none for Socket Mode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryMode:
    """Which of the two ways to use."""

    app_token: str = field(repr=False)
    """For Socket Mode."""
    signing_secret: str = field(repr=False)
    """For HTTP mode, which is used if this is not empty."""
    sockets: int
    """How many WebSockets to keep open."""


@asynccontextmanager
async def open_deliveries(app: AsyncApp, client: AsyncWebClient, mode: DeliveryMode) -> AsyncIterator[Deliveries]:
    """Pass deliveries to the app while the context lasts.

    Raises `SettingsError` if Slack refuses the app token.
    """
    if mode.signing_secret:
        requests = HttpDeliveries(app, signing_secret=mode.signing_secret)
        yield Deliveries(is_connected=lambda: requests.is_connected, stop=requests.stop, routes=requests.routes())
    else:
        async with open_sockets(app, client, mode.app_token, count=mode.sockets) as opened:
            yield Deliveries(is_connected=lambda: opened.is_connected, stop=opened.stop)
