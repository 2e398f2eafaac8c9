"""The Bolt app: what Slack delivers goes to the inbox, and is acknowledged when it is recorded.

Separate because it is the only place that knows Bolt. Rules: `process_before_response` makes Bolt
acknowledge after the listener and answer 500 when it raises, so that Slack delivers again what was not
recorded; what nobody wants is acknowledged too, or Slack would repeat it, or tell people of trouble.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.errors import SurfaceError
from bot.log import where
from bot.slack import buttons, parse
from bot.slack.calls import call
from bot.slack.inbox import Conversations, Entrance, Inbox, NotTaken
from bot.slack.people import People

NOT_YOURS = "Only the person who asked can do that, and only once the answer has ended."
TELLING_PATIENCE = 1.0
"""Seconds; a button must be acknowledged within three."""

ANYTHING = re.compile(".*")

App: TypeAlias = AsyncApp
"""What Bolt makes; named here as `connect.Client` is."""

log = structlog.get_logger()


def slack_app(
    client: AsyncWebClient,
    bot: parse.Bot,
    people: People,
    conversations: Conversations,
    entrance: Entrance,
    *,
    follow_threads: bool,
    register: Callable[[AsyncApp], None] = lambda _app: None,
) -> AsyncApp:
    """Return the Bolt app that passes to `conversations` what concerns us; `register` adds listeners.

    Nothing passes that `entrance` does not let in.
    """
    app = AsyncApp(
        client=client,
        authorize=_authorized(client, bot),
        process_before_response=True,
        request_verification_enabled=False,  # whoever dispatches to the app has authenticated Slack
        attaching_conversation_kwargs_enabled=False,
    )
    inbox = Inbox(bot, people, conversations, entrance, follow_threads=follow_threads)

    @app.event("message")
    @app.event("app_mention")
    async def message(body: dict[str, Any]) -> None:
        await inbox.take(body)

    @app.action(re.compile("|".join(buttons.ACTIONS)))
    async def button(body: dict[str, Any], ack: AsyncAck) -> None:
        if (refused := await inbox.press(body)) is not None:
            await _tell(client, refused)
        await ack()

    register(app)
    _ignore_the_rest(app)

    @app.error
    async def failed(error: Exception) -> None:
        if isinstance(error, NotTaken):
            log.info("An event was not taken; Slack will deliver it again.", action="event_not_taken")
        else:
            log.error(
                "A delivery failed and is not acknowledged.", action="intake_failed", error=where(error)
            )

    return app


def _ignore_the_rest(app: AsyncApp) -> None:
    """Acknowledge whatever no listener registered before wants."""

    async def other(body: dict[str, Any], ack: AsyncAck) -> None:
        event: Mapping[str, Any] = body.get("event") or body
        log.debug("A delivery is not for us.", action="event_ignored", type=event.get("type"))
        await ack()

    for register in (
        app.event,
        app.action,
        app.command,
        app.shortcut,
        app.view,
        app.view_closed,
        app.options,
    ):
        register(ANYTHING)(other)


async def _tell(client: AsyncWebClient, refused: buttons.Pressed) -> None:
    """Tell whoever pressed a button, and nobody else, that it is not theirs."""
    thread = refused.thread
    try:
        async with asyncio.timeout(TELLING_PATIENCE):
            await call(
                lambda: client.chat_postEphemeral(
                    channel=thread.channel, thread_ts=thread.root, user=refused.user, text=NOT_YOURS
                )
            )
    except (SurfaceError, TimeoutError) as error:
        log.debug("A refusal could not be told.", action="refusal_untold", error=type(error).__name__)


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
