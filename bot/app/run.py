"""The composition root: builds the bot once, opens its parts in order, and closes them in reverse.

    Settings
      |-- Database, SqlStore, ModelFacts      what is stored
      |-- Slack client, BotIdentity, People   who the bot is, and who people are
      |-- OpenedModel                         the servers of the model, with retries and fallbacks
      |     = Services (answering_wiring)
      |
      |-- Answerer ---- AdmissionCheck ---- Worker         questions become answers
      |-- RateSharing                                      its limiters, services with other processes
      '-- Bolt app (slack_wiring) ---- Deliveries          events come in by sockets or HTTP

`serve` enters each part into one `AsyncExitStack`. At the end the stack unwinds: deliveries are refused first,
so that Slack gives them to another process; running answers get `BOT_GRACE_SECONDS` to end; the worker gives the
other turns back; and the model, Slack and the database are closed last.

A second platform is one more connection here and one more surface in `answering_wiring`.
"""

import asyncio
import socket
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import structlog

from bot.app import answering_wiring, health, slack_wiring
from bot.app.answering_wiring import Services
from bot.app.model_servers import read_model_servers
from bot.app.stall_watch import watch_event_loop
from bot.conversation.admission import AdmissionCheck
from bot.conversation.connection_gaps import ConnectionGaps
from bot.conversation.lease import Lease
from bot.conversation.worker import Worker
from bot.core.errors import SettingsError
from bot.delivery.rate_sharing import RateSharing
from bot.llm.adaptation.learned_facts import ModelFacts
from bot.llm.open_model import ModelSettings, OpenedModel, open_model
from bot.plugins import Plugins
from bot.policy.personal_data import expire_regularly
from bot.ports import ClaimRules
from bot.settings import Settings
from bot.slack import manifest, messages
from bot.slack.people.directory import People
from bot.slack.transport import connect
from bot.slack.transport.delivery_mode import Deliveries, DeliveryMode, open_deliveries
from bot.store import migrate
from bot.store.config.learned_facts import SqlLearnedFacts
from bot.store.config.rate_shares import SqlRateShares
from bot.store.conversations.sql_store import SqlStore
from bot.store.database import Database, parse_database_url

log = structlog.get_logger()


async def serve(
    settings: Settings,
    stop: asyncio.Event,
    *,
    ready: Callable[[], None] = lambda: None,
    plugins: Plugins | None = None,
) -> None:
    """Run the bot until `stop` is set; `ready` is called once it receives events.

    Without `plugins` the installed ones are used. Raises `SettingsError` or `StoreUnavailable`, each with one
    sentence for the operator, when it cannot start.
    """
    async with AsyncExitStack() as opened:
        await opened.enter_async_context(watch_event_loop())
        services, gaps = await _open_services(settings, opened), ConnectionGaps()
        answerer = await answering_wiring.build_answerer(services, gaps.complete_since, plugins)
        opened.push_async_callback(answerer.close)
        runner = AdmissionCheck(services.access_check, answerer)
        worker = Worker(services.store, runner, lease=services.lease, max_threads=settings.bot_answers_at_once)
        shares = SqlRateShares(services.database, services.store.owner)
        await opened.enter_async_context(RateSharing(answerer.rate_limiters, shares).run())
        await opened.enter_async_context(worker.run())
        await opened.enter_async_context(expire_regularly(services.personal_data, settings.bot_retention_days))
        app = await slack_wiring.build_slack_app(services, worker, answerer)
        deliveries = await opened.enter_async_context(
            open_deliveries(app, services.slack, _read_delivery_mode(settings))
        )
        await opened.enter_async_context(_serve_health(settings, deliveries, worker, services.lease))
        opened.push_async_callback(worker.drain, settings.bot_grace_seconds)
        opened.push_async_callback(deliveries.stop)
        await opened.enter_async_context(gaps.watch_connection(deliveries.is_connected))
        bound = {"workspace": services.bot.workspace, "model": settings.bot_model}
        log.info("The bot is ready.", action="ready", **bound)
        ready()
        await stop.wait()
        worker.is_draining = True
        log.info("The bot is stopping; running answers may end.", action="stopping")
    log.info("The bot has stopped.", action="stopped")


async def _open_services(settings: Settings, opened: AsyncExitStack) -> Services:
    """Open what everything else is built on; `opened` closes it in reverse."""
    database = await opened.enter_async_context(_open_database(settings))
    facts = ModelFacts(SqlLearnedFacts(database))
    await facts.load()
    opened.push_async_callback(facts.close)
    token = settings.slack_bot_token.get_secret_value()
    slack = await opened.enter_async_context(connect.open_web_client(token, settings.slack_api_url))
    bot = await connect.fetch_bot_identity(slack)
    store = SqlStore(database, f"{socket.gethostname()}:{uuid.uuid4()}", _claim_rules(settings, bot.workspace))
    await store.open()
    _warn_of_missing_scopes(bot)
    people = People(slack, bot.workspace)
    return Services(
        settings=settings,
        database=database,
        store=store,
        slack=slack,
        bot=bot,
        people=people,
        saved_grants=answering_wiring.build_saved_grants(database, bot, settings.access_rules),
        model=await opened.enter_async_context(_open_model(settings, facts)),
        lease=Lease(settings.bot_lease_seconds),
    )


def _claim_rules(settings: Settings, workspace: str) -> ClaimRules:
    return ClaimRules(
        served=frozenset({(messages.PLATFORM, workspace)}),
        answers_per_person=settings.bot_answers_per_person,
        questions_per_minute=settings.bot_questions_per_minute,
    )


def _warn_of_missing_scopes(bot: messages.BotIdentity) -> None:
    if missing := manifest.find_missing_scopes(bot.scopes):
        log.warning(
            "The Slack app lacks scopes; add them under OAuth & Permissions, and reinstall it. "
            "Without users:read nobody is answered.",
            action="scopes_missing",
            scopes=", ".join(missing),
        )


def _read_delivery_mode(settings: Settings) -> DeliveryMode:
    signing_secret = settings.slack_signing_secret.get_secret_value()
    if signing_secret and not settings.uses_http:
        log.info("PORT is not set, so SLACK_SIGNING_SECRET is not used: Socket Mode.", action="socket_mode_chosen")
    return DeliveryMode(
        app_token=settings.slack_app_token.get_secret_value(),
        signing_secret=signing_secret if settings.uses_http else "",
        sockets=settings.bot_sockets,
    )


@asynccontextmanager
async def _serve_health(
    settings: Settings, deliveries: Deliveries, worker: Worker, lease: Lease
) -> AsyncIterator[None]:
    """Serve health checks, and the deliveries of HTTP mode, if `PORT` is set."""

    def checks() -> Mapping[str, bool]:
        return {"slack": deliveries.is_connected(), "database": lease.is_certain(), "worker": not worker.is_draining}

    if settings.port:
        async with health.serve_health(settings.bot_host, settings.port, checks, deliveries.routes):
            yield
    else:
        yield


async def _require_migrated(database: Database) -> None:
    """Bring an SQLite database up to date, which is this process's own; refuse to start on any other that is not.

    A later schema that only adds to this program's is up to date, too.

    A shared database may be in use by processes of the present version, so the operator migrates it.
    """
    current = await asyncio.to_thread(migrate.read_revision, database.url)
    if migrate.is_usable(current):
        return
    if not database.is_shared:
        await asyncio.to_thread(migrate.upgrade_database, database.url)
    else:
        state = f"at revision {current}, not {migrate.needed_revision()}" if current else "empty"
        raise SettingsError(f"The database in DATABASE_URL is {state}; run `bot migrate`, then start again.")


@asynccontextmanager
async def _open_database(settings: Settings) -> AsyncIterator[Database]:
    database = Database(parse_database_url(settings.database_url))
    await database.open()
    try:
        await _require_migrated(database)
        yield database
    finally:
        await database.close()


def _open_model(settings: Settings, facts: ModelFacts) -> AbstractAsyncContextManager[OpenedModel]:
    return open_model(
        ModelSettings(
            servers=read_model_servers(settings),
            first_word_timeout=settings.bot_first_word_seconds,
            idle_timeout=settings.bot_idle_seconds,
            total_timeout=settings.bot_total_seconds,
            facts=facts,
        )
    )
