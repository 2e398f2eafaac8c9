"""Drops events of workspaces that are not the bot's, before any listener sees them.

Whoever installs the same Slack app in a second workspace has its events delivered here, too. The bot's token is not
valid there, so an answer is impossible, and the event's people and channels are not the bot's. Slack is told
"received", since it would repeat the event otherwise. The log names each such workspace once.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from slack_bolt.response import BoltResponse

from bot.slack import messages, payload

MAX_LOGGED_WORKSPACES = 100
"""After so many workspaces nothing more is logged: the installation is wrong, and the log says so by then."""

log = structlog.get_logger()


class ForeignEventFilter:
    """Middleware of Bolt that answers foreign events itself."""

    def __init__(self, bot: messages.BotIdentity) -> None:
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
        workspace = messages.find_installation(body)
        if workspace in self._own:
            return await next_()
        if workspace not in self._logged and len(self._logged) < MAX_LOGGED_WORKSPACES:
            self._logged.add(workspace)
            log.warning(
                "Events of a workspace that this bot does not serve are dropped.",
                action="event_foreign",
                workspace=workspace,
            )
        return BoltResponse(status=200)
