"""Builds the Bolt app: its listeners pass Slack's deliveries to the inbox.

`process_before_response` makes Bolt acknowledge after the listener has returned, and answer 500 if it raised;
Slack then delivers again. So an event is acknowledged only when it is recorded. A delivery that no listener
wants is acknowledged, too: Slack would repeat it, or show people an error.

Order matters: Bolt calls the first listener that matches, so `register` adds the specific ones before
`_acknowledge_the_rest`.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

import structlog
from cachetools import TTLCache
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.log import describe_error
from bot.slack import messages, payload
from bot.slack.events.answer_actions import ANSWER_AGAIN_ID
from bot.slack.events.ephemeral_replies import send_ephemeral
from bot.slack.events.inbox import DeliveryNotRecorded, Inbox
from bot.slack.message_text import mentions_user
from bot.slack.rendering import buttons

PRESS_TYPES = frozenset({"block_actions", "message_action", "shortcut"})
"""Payloads of buttons, lists and shortcuts. A form that is sent twice is told apart by the version it was based on."""
MAX_REMEMBERED_TRIGGERS = 10_000
REMEMBER_TRIGGER_SECONDS = 300.0
"""Slack repeats deliveries for five minutes. https://docs.slack.dev/apis/events-api"""
ANY_ID = re.compile(".*")
INBOX_EVENTS = re.compile("^(message|app_mention|agent_session_stopped)$")
"""The events for the inbox, in one listener: Bolt spends time on each listener that it asks."""

App: TypeAlias = AsyncApp
"""Bolt's app, named for modules that do not import Bolt."""

MAX_LOGGED_WORKSPACES = 100
"""After so many workspaces nothing more is logged: the installation is wrong, and the log says so by then."""

log = structlog.get_logger()


def create_bolt_app(
    client: AsyncWebClient,
    bot: messages.BotIdentity,
    inbox: Inbox,
    *,
    register: Callable[[AsyncApp], None] = lambda _app: None,
) -> AsyncApp:
    """Return the Bolt app that passes events to `inbox`; `register` adds further listeners."""
    app = AsyncApp(
        client=client,
        authorize=_make_authorize(client, bot),
        process_before_response=True,
        request_verification_enabled=False,  # deliveries are authenticated before dispatch
        attaching_conversation_kwargs_enabled=False,
    )

    app.middleware(ForeignEventFilter(bot).drop_foreign)
    repeated = RepeatedPressFilter()
    app.middleware(repeated.skip_repeated)

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
    async def failed(error: Exception, body: dict[str, Any]) -> None:
        repeated.forget(body)
        if isinstance(error, DeliveryNotRecorded):
            reason = str(error)
            log.info("An event was not recorded; Slack will deliver it again.", action="event_not_taken", reason=reason)
        else:
            log.error("A delivery failed and is not acknowledged.", action="intake_failed", error=describe_error(error))

    return app


class ForeignEventFilter:
    """Drops events of workspaces that are not the bot's, before any listener sees them.

    Whoever installs the same Slack app in a second workspace has its events delivered here, too. The bot's token is
    not valid there, so an answer is impossible, and the event's people and channels are not the bot's. The log names
    each such workspace once.

    In a channel that two such workspaces share, Slack delivers an event once and names either of them. There a
    mention of this bot's own user is for it. https://docs.slack.dev/apis/events-api/#authorizations
    """

    def __init__(self, bot: messages.BotIdentity) -> None:
        self._bot = bot
        self._own = {bot.workspace, bot.organisation, ""}
        self._logged: set[str] = set()

    async def drop_foreign(
        self,
        body: Mapping[str, Any],
        next_: Callable[[], Awaitable[BoltResponse]],
    ) -> BoltResponse:
        """Acknowledge an event of another workspace; pass everything else on."""
        if payload.text(body, "type") != "event_callback":
            return await next_()  # a press or a form in a shared channel names the workspace of the person
        installations = messages.find_installations(body)
        if not self._own.isdisjoint(installations or [""]) or self._is_mentioned_in_shared_channel(body):
            return await next_()
        workspace = installations[0]
        if workspace not in self._logged and len(self._logged) < MAX_LOGGED_WORKSPACES:
            self._logged.add(workspace)
            log.warning(
                "Events of a workspace that this bot does not serve are dropped.",
                action="event_foreign",
                workspace=workspace,
            )
        return BoltResponse(status=200)

    def _is_mentioned_in_shared_channel(self, body: Mapping[str, Any]) -> bool:
        """Return whether a message mentions this bot, or did before it was edited or deleted."""
        if payload.value_at(body, "is_ext_shared_channel") is not True:
            return False
        event = payload.mapping(body, "event")
        versions = (event, payload.mapping(event, "message"), payload.mapping(event, "previous_message"))
        return any(mentions_user(payload.text(each, "text"), self._bot.user) for each in versions)


class RepeatedPressFilter:
    """Acknowledges a press that this process was given before, and does nothing else; unless the first one failed."""

    def __init__(self) -> None:
        self._handled: TTLCache[str, None] = TTLCache(MAX_REMEMBERED_TRIGGERS, REMEMBER_TRIGGER_SECONDS)

    async def skip_repeated(
        self, body: Mapping[str, Any], next_: Callable[[], Awaitable[BoltResponse]]
    ) -> BoltResponse:
        """Acknowledge a press that is handled, or was; pass everything else on."""
        trigger = payload.text(body, "trigger_id") if body.get("type") in PRESS_TYPES else ""
        if trigger in self._handled:
            log.info("A press was delivered again; it acts once.", action="press_repeated")
            return BoltResponse(status=200)
        if trigger:
            self._handled[trigger] = None
        return await next_()

    def forget(self, body: Mapping[str, Any]) -> None:
        """Let a press that failed be delivered again."""
        self._handled.pop(payload.text(body, "trigger_id"), None)


def _acknowledge_the_rest(app: AsyncApp) -> None:
    """Acknowledge every delivery that no earlier listener matched."""

    async def other(body: dict[str, Any], ack: AsyncAck) -> None:
        event: Mapping[str, Any] = body.get("event") or body
        log.debug("A delivery concerns no listener.", action="event_ignored", type=event.get("type"))
        await ack()

    for register in (app.event, app.action, app.command, app.shortcut, app.view, app.view_closed, app.options):
        register(ANY_ID)(other)


def _make_authorize(client: AsyncWebClient, bot: messages.BotIdentity) -> Callable[[], Awaitable[AuthorizeResult]]:
    """Return Bolt's `authorize` function, which gives the identity that is known since the start.

    Bolt's own would call `auth.test`; if Slack refused that, Bolt would acknowledge the event and lose it.
    """

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None, team_id=bot.workspace, bot_user_id=bot.user, bot_id=bot.bot_id, bot_token=client.token
        )

    return authorize
