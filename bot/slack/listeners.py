"""The Bolt app: an event is parsed, handed to the intake, and acknowledged when the intake returns.

Separate because it is the only place that knows Bolt. Rules: `process_before_response` makes Bolt
acknowledge after the listener and answer 500 when it raises, so that Slack delivers again what was not
recorded; an event that nobody handles is acknowledged too, or Slack would repeat it.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.domain import Incoming
from bot.log import where
from bot.slack import parse
from bot.slack.people import People

log = structlog.get_logger()


def slack_app(
    client: AsyncWebClient,
    bot: parse.Bot,
    people: People,
    accept: Callable[[Incoming], Awaitable[object]],
    *,
    follow_threads: bool,
) -> AsyncApp:
    """Return the Bolt app that passes the messages which concern us to `accept`."""
    app = AsyncApp(
        client=client,
        authorize=_authorized(client, bot),
        process_before_response=True,
        request_verification_enabled=False,  # Socket Mode: the connection itself is authenticated
        attaching_conversation_kwargs_enabled=False,
    )

    @app.event("message")
    @app.event("app_mention")
    async def message(body: dict[str, Any]) -> None:
        why = parse.addressed(body["event"], bot, follow=follow_threads)
        if why is not None:
            names = await people.names(parse.ids(body["event"]) - {bot.user})
            await accept(parse.incoming(body, bot, names, why=why))

    @app.event(re.compile(".*"))
    async def other(body: dict[str, Any]) -> None:
        log.debug("An event is not for us.", action="event_ignored", type=body["event"].get("type"))

    @app.error
    async def failed(error: Exception) -> None:
        log.error(
            "An event was not recorded; Slack will deliver it again.",
            action="intake_failed",
            error=where(error),
        )

    return app


def _authorized(client: AsyncWebClient, bot: parse.Bot) -> Callable[[], Awaitable[AuthorizeResult]]:
    """Return what tells Bolt who we are: we know since the start, and it would ask Slack again.

    Bolt acknowledges an event, and so loses it, when Slack refuses that question.
    """

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None,
            team_id=bot.workspace,
            bot_user_id=bot.user,
            bot_id=bot.bot_id,
            bot_token=client.token,
        )

    return authorize
