"""What the bot is put together from: what answers are made with, built from what is shared.

Separate from `app`, which opens and closes, because here one reads who is given what. A second platform is
one more surface; a second model API is another `ChatModel`.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot import tokens
from bot.access import Access
from bot.answering import Answering
from bot.asking import Asking
from bot.charging import Cashier
from bot.core.access import Rules
from bot.core.domain import PromptKey
from bot.llm.opening import OpenedModel
from bot.pacing import AllDesks
from bot.plugins import Plugins
from bot.settings import Settings
from bot.slack import parse
from bot.slack.connect import Client
from bot.slack.door import SlackDoor
from bot.slack.people import People
from bot.slack.streams import Streaming
from bot.slack.surface import SlackSurface
from bot.store.database import Database
from bot.store.drafts import SqlDrafts
from bot.store.grants import SqlGrants
from bot.store.personal import SqlPersonalData
from bot.store.sql import SqlStore
from bot.store.summaries import SqlSummaries
from bot.worker import Lease


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What is opened before anything can be built, and shared by all of it."""

    settings: Settings
    database: Database
    store: SqlStore
    slack: Client
    bot: parse.Bot
    people: People
    access: Access
    model: OpenedModel
    lease: Lease

    @property
    def personal(self) -> SqlPersonalData:
        """What is stored of people."""
        return SqlPersonalData(self.database)

    @property
    def door(self) -> SlackDoor:
        """Who lets people in."""
        return SlackDoor(self.access, self.people, SqlDrafts(self.database).tried)


def access(database: Database, bot: parse.Bot, rules: Rules) -> Access:
    """Return what says who may do what, below the deployment's `rules`."""
    workspace = PromptKey(platform=parse.PLATFORM, workspace=bot.workspace)
    return Access(SqlGrants(database), workspace, rules)


async def answering(parts: Parts, complete_since: Callable[[], float]) -> Answering:
    """Return what answers turns; see `Answering` for `complete_since`."""
    desks = AllDesks()
    return Answering(
        store=parts.store,
        model=parts.model,
        surfaces={
            parse.PLATFORM: SlackSurface(
                parts.slack,
                parts.bot,
                parts.people,
                door=parts.door,
                thumbs=parts.settings.bot_feedback,
                streaming=Streaming(parts.settings.bot_streaming),
                desks=desks,
            )
        },
        asking=await _asking(parts),
        plugins=Plugins.found(),
        cashier=Cashier(parts.store.ledger(), parts.settings.prices),
        desks=desks,
        is_ours=parts.lease.is_certain,
        complete_since=complete_since,
    )


async def _asking(parts: Parts) -> Asking:
    async def windows() -> Mapping[str, int]:
        return {each.id: each.context_window for each in await parts.model.models() if each.context_window}

    settings = parts.settings
    key = settings.bot_user_key.get_secret_value() or await parts.store.secret(
        "user_key", lambda: secrets.token_hex(32)
    )
    return Asking(
        steering=settings.steering,
        user_key=key.encode(),
        context_tokens=settings.bot_context_tokens,
        windows=windows,
        names=parts.model.sends_names,
        count=await asyncio.to_thread(tokens.counter),
        summaries=SqlSummaries(parts.database) if settings.bot_summaries else None,
        page=parts.model.page,
    )
