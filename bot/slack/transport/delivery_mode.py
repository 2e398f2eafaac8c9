"""How Slack's deliveries reach us: over sockets, or by signed requests.

Separate because this is the one choice between both modes; neither knows the other.
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
    """A way that is open."""

    is_connected: Callable[[], bool]
    """Whether deliveries reach us now."""
    stop: Callable[[], Awaitable[None]]
    """Takes no more; what comes then is not acknowledged, and Slack delivers it again, elsewhere."""
    routes: Sequence[web.AbstractRouteDef] = ()
    """What a web server must serve for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryMode:
    """Which way it is to be."""

    app_token: str = field(repr=False)
    """For sockets."""
    signing_secret: str = field(repr=False)
    """For requests; where there is one, these are the way."""
    sockets: int
    """How many."""


@asynccontextmanager
async def open_deliveries(app: AsyncApp, client: AsyncWebClient, mode: DeliveryMode) -> AsyncIterator[Deliveries]:
    """Let the app have deliveries while the context lasts.

    Raises `SettingsError` if Slack refuses the app token.
    """
    if mode.signing_secret:
        requests = HttpDeliveries(app, signing_secret=mode.signing_secret)
        yield Deliveries(is_connected=lambda: requests.is_connected, stop=requests.stop, routes=requests.routes())
    else:
        async with open_sockets(app, client, mode.app_token, count=mode.sockets) as opened:
            yield Deliveries(is_connected=lambda: opened.is_connected, stop=opened.stop)
