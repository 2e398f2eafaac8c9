"""Builds what answers turns, from what `run` has opened: read here which part is given which.

A second platform is one more entry of `surfaces`; another model API is another `ChatModel`.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.conversation.answering import Answerer
from bot.conversation.lease import Lease
from bot.conversation.request_builder import RequestOptions
from bot.core.access.permission_check import AccessRules
from bot.core.config import Scope
from bot.delivery.rate_limiter import RateLimiters
from bot.llm import token_counter
from bot.llm.open_model import OpenedModel
from bot.plugins import Plugins
from bot.policy.saved_grants import SavedGrants
from bot.policy.spending import SpendingPolicy
from bot.settings import Settings
from bot.slack import messages
from bot.slack.people.access_check import SlackAccessPolicy
from bot.slack.people.directory import People
from bot.slack.surface import SlackSurface
from bot.slack.surface.native_streams import StreamingMode
from bot.slack.transport.connect import Client
from bot.store.config.drafts import SqlDrafts
from bot.store.config.grants import SqlGrants
from bot.store.conversations.sql_store import SqlStore
from bot.store.conversations.summaries import SqlSummaries
from bot.store.database import Database
from bot.store.personal.personal_data import SqlPersonalData


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What `run` opens first, and the other parts are built from."""

    settings: Settings
    database: Database
    store: SqlStore
    slack: Client
    bot: messages.BotIdentity
    people: People
    saved_grants: SavedGrants
    model: OpenedModel
    lease: Lease

    @property
    def personal_data(self) -> SqlPersonalData:
        """Exports, erases and expires what is stored of people."""
        return SqlPersonalData(self.database)

    @property
    def access_check(self) -> SlackAccessPolicy:
        """Decides who may ask, by the grants, by who they are in Slack, and by drafts that they try."""
        return SlackAccessPolicy(self.saved_grants, self.people, SqlDrafts(self.database).find_draft)


def build_saved_grants(database: Database, bot: messages.BotIdentity, rules: AccessRules) -> SavedGrants:
    """Return what admins have granted in the bot's workspace; the deployment's `rules` apply too."""
    workspace = Scope(platform=messages.PLATFORM, workspace=bot.workspace)
    return SavedGrants(SqlGrants(database), workspace, rules)


async def build_answerer(
    services: Services, complete_since: Callable[[], float], plugins: Plugins | None = None
) -> Answerer:
    """Return what answers turns; `Answerer` explains `complete_since`."""
    rate_limiters = RateLimiters()
    return Answerer(
        store=services.store,
        model=services.model,
        surfaces={
            messages.PLATFORM: SlackSurface(
                services.slack,
                services.bot,
                services.people,
                access_policy=services.access_check,
                asks_feedback=services.settings.bot_feedback,
                streaming=StreamingMode(services.settings.bot_streaming),
                rate_limiters=rate_limiters,
            )
        },
        options=await _build_request_options(services),
        plugins=plugins or Plugins.load_installed(),
        spending=SpendingPolicy(services.store.ledger(), services.settings.prices),
        rate_limiters=rate_limiters,
        holds_lease=services.lease.confirm,
        complete_since=complete_since,
    )


async def _build_request_options(services: Services) -> RequestOptions:
    async def list_windows() -> Mapping[str, int]:
        return {each.id: each.context_window for each in await services.model.fetch_models() if each.context_window}

    settings = services.settings
    key = settings.bot_user_key.get_secret_value() or await services.store.get_or_create_secret(
        "user_key", lambda: secrets.token_hex(32)
    )
    return RequestOptions(
        deployment_config=settings.deployment_config,
        user_key=key.encode(),
        context_tokens=settings.bot_context_tokens,
        list_windows=list_windows,
        sends_names=services.model.sends_names,
        count_tokens=await asyncio.to_thread(token_counter.load_counter),
        summaries=SqlSummaries(services.database) if settings.bot_summaries else None,
        server_facts=services.model.facts,
    )
