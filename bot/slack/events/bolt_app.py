"""The Bolt app: what Slack delivers goes to the inbox, and is acknowledged when it is recorded.

Separate because it is the only place that knows Bolt. Rules: `process_before_response` makes Bolt
acknowledge after the listener and answer 500 when it raises, so that Slack delivers again what was not
recorded; what nobody wants is acknowledged too, or Slack would repeat it, or tell people of trouble.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.log import describe_error
from bot.slack import messages
from bot.slack.events.answer_actions import ANSWER_AGAIN_ID
from bot.slack.events.ephemeral_replies import send_ephemeral
from bot.slack.events.inbox import DeliveryNotRecorded, Inbox
from bot.slack.rendering import buttons

ANY_ID = re.compile(".*")
INBOX_EVENTS = re.compile("^(message|app_mention|agent_session_stopped)$")
"""The events for the inbox, as one listener: Bolt takes its time with each that it asks."""

App: TypeAlias = AsyncApp
"""What Bolt makes; named here as `connect.Client` is."""

log = structlog.get_logger()


def create_bolt_app(
    client: AsyncWebClient,
    bot: messages.BotIdentity,
    inbox: Inbox,
    *,
    register: Callable[[AsyncApp], None] = lambda _app: None,
) -> AsyncApp:
    """Return the Bolt app that passes to `inbox` what concerns us; `register` adds listeners."""
    app = AsyncApp(
        client=client,
        authorize=_make_authorize(client, bot),
        process_before_response=True,
        request_verification_enabled=False,  # whoever dispatches to the app has authenticated Slack
        attaching_conversation_kwargs_enabled=False,
    )

    @app.event(INBOX_EVENTS)
    async def message(body: dict[str, Any]) -> None:
        if (refused := await inbox.receive(body)) is not None:
            await send_ephemeral(client, refused)

    @app.action(re.compile("|".join(buttons.ACTIONS_BY_ID)))
    async def button(body: dict[str, Any], ack: AsyncAck) -> None:
        if (refused := await inbox.answer_actions.press_button(body)) is not None:
            await send_ephemeral(client, refused)
        await ack()

    @app.shortcut(ANSWER_AGAIN_ID)
    async def again(body: dict[str, Any], ack: AsyncAck) -> None:
        if (refused := await inbox.answer_actions.answer_again(body)) is not None:
            await send_ephemeral(client, refused)
        await ack()

    register(app)
    _acknowledge_the_rest(app)

    @app.error
    async def failed(error: Exception) -> None:
        if isinstance(error, DeliveryNotRecorded):
            log.info("An event was not taken; Slack will deliver it again.", action="event_not_taken")
        else:
            log.error("A delivery failed and is not acknowledged.", action="intake_failed", error=describe_error(error))

    return app


def _acknowledge_the_rest(app: AsyncApp) -> None:
    """Acknowledge whatever no listener registered before wants."""

    async def other(body: dict[str, Any], ack: AsyncAck) -> None:
        event: Mapping[str, Any] = body.get("event") or body
        log.debug("A delivery is not for us.", action="event_ignored", type=event.get("type"))
        await ack()

    for register in (app.event, app.action, app.command, app.shortcut, app.view, app.view_closed, app.options):
        register(ANY_ID)(other)


def _make_authorize(client: AsyncWebClient, bot: messages.BotIdentity) -> Callable[[], Awaitable[AuthorizeResult]]:
    """Return what tells Bolt who we are: we know since the start, and it would ask Slack again.

    Bolt acknowledges an event, and so loses it, when Slack refuses that question.
    """

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None, team_id=bot.workspace, bot_user_id=bot.user, bot_id=bot.bot_id, bot_token=client.token
        )

    return authorize
