"""What the bot is put together from: each thing that serves answering, or Slack, built from shared parts.

Separate from `app`, which opens and closes, because here one reads who is given what. A second platform is
one more surface; a second model API is another `ChatModel`.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.access import Access
from bot.answering import Answering
from bot.asking import Asking
from bot.charging import Cashier
from bot.core.access import Rules
from bot.core.domain import PromptKey
from bot.editing import Editing
from bot.intake import Intake
from bot.llm.opening import OpenedModel
from bot.plugins import Plugins
from bot.settings import Settings
from bot.slack import opinions, parse
from bot.slack.admin import judgements
from bot.slack.admin.admins import Admins
from bot.slack.admin.gate import Gate
from bot.slack.admin.helm import Helm
from bot.slack.admin.home import Home, Section
from bot.slack.admin.judgements import Judgements
from bot.slack.admin.levels import Levels
from bot.slack.admin.listeners import register
from bot.slack.admin.models import KnownModels
from bot.slack.admin.screen import Screen
from bot.slack.admin.welcome import Welcome
from bot.slack.connect import Client
from bot.slack.door import Doorkeeper, SlackDoor
from bot.slack.listeners import App, slack_app
from bot.slack.people import People
from bot.slack.surface import SlackSurface
from bot.store.database import Database
from bot.store.explanations import SqlExplanations
from bot.store.feedback import SqlVotes
from bot.store.grants import SqlGrants
from bot.store.sql import SqlStore
from bot.store.summaries import SqlSummaries
from bot.store.versions import SqlVersions
from bot.worker import Lease, Worker


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
    def door(self) -> SlackDoor:
        """Who lets people in."""
        return SlackDoor(self.access, self.people)


def access(database: Database, bot: parse.Bot, rules: Rules) -> Access:
    """Return what says who may do what, below the deployment's `rules`."""
    workspace = PromptKey(platform=parse.PLATFORM, workspace=bot.workspace)
    return Access(SqlGrants(database), workspace, rules)


async def answering(parts: Parts, complete_since: Callable[[], float]) -> Answering:
    """Return what answers turns; see `Answering` for `complete_since`."""
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
            )
        },
        asking=await _asking(parts),
        plugins=Plugins.found(),
        cashier=Cashier(parts.store.ledger(), parts.settings.prices),
        is_ours=parts.lease.is_certain,
        complete_since=complete_since,
    )


async def app(parts: Parts, worker: Worker, answers: Answering) -> App:
    """Return the Bolt app, with everything that people do in Slack."""
    gate, screen, votes = await _gate(parts), Screen(parts.slack), SqlVotes(parts.database)
    judged = Judgements(gate, votes, parts.bot)
    helm = _helm(parts, gate, votes, (judged,))

    def add(app: App) -> None:
        register(app, helm, screen, worker.aside)
        opinions.register(app, votes, screen, parts.bot, worker.aside)
        judgements.register(app, judged, screen, worker.aside)

    return slack_app(
        parts.slack,
        parts.bot,
        parts.people,
        Intake(parts.store, worker, answers),
        Doorkeeper(parts.door, parts.slack, worker.aside),
        follow_threads=parts.settings.bot_follow_threads,
        register=add,
    )


async def _gate(parts: Parts) -> Gate:
    key = await parts.store.secret("form_key", lambda: secrets.token_hex(32))
    admins = Admins(parts.slack, parts.bot.workspace, parts.settings.admins)
    return Gate(admins, workspace=parts.bot.workspace, key=key.encode())


def _helm(parts: Parts, gate: Gate, votes: SqlVotes, further: Sequence[Section]) -> Helm:
    """Return the helm; `further` sections of Home come after those that steer."""

    async def models() -> Mapping[str, str]:
        return {
            each.id: f"Ends on {each.shutdown_date}" if each.shutdown_date else ""
            for each in await parts.model.models()
        }

    editing = Editing(SqlVersions(parts.database), parts.settings.steering, parse.is_direct)
    return Helm(
        gate,
        Home(gate, (Welcome(editing, gate.workspace), Levels(editing, gate.workspace), *further)),
        editing,
        SqlExplanations(parts.database),
        votes,
        parts.people,
        KnownModels(models, parts.model.adaptations),
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
        names=settings.sends_names,
        summaries=SqlSummaries(parts.database) if settings.bot_summaries else None,
    )
