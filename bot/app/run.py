"""The composition root: everything is built here once, opened in order and closed in reverse.

Separate because it is the only place that knows how a bot begins and ends; `parts` knows who is given what.
A second platform is one more connection here, and one more surface there.
"""

import asyncio
import socket
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import structlog

from bot.app import answering_wiring, health, slack_wiring
from bot.app.answering_wiring import Services
from bot.app.model_servers import configured_servers
from bot.conversation.admission import AdmissionCheck
from bot.conversation.connection_gaps import ConnectionGaps
from bot.conversation.worker import Lease, Worker
from bot.core.errors import SettingsError
from bot.delivery.rate_sharing import RateSharing
from bot.llm.adaptation.learned_facts import ModelFacts
from bot.llm.open_model import ModelSettings, OpenedModel, open_model
from bot.plugins import Plugins
from bot.policy.personal_data import expire_regularly
from bot.settings import Settings
from bot.slack.people.directory import People
from bot.slack.transport import connect
from bot.slack.transport.delivery_mode import Deliveries, DeliveryMode, open_deliveries
from bot.store import migrate
from bot.store.config.learned_facts import SqlLearnedFacts
from bot.store.config.rate_shares import SqlRateShares
from bot.store.conversations.store import SqlStore
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

    Without `plugins` the installed ones are used.

    Raises `SettingsError` or `StoreUnavailable`, each with one sentence for the operator, when it cannot
    start. At the end deliveries are refused first, then running answers may end, then the rest is given back.
    """
    await _require_migrated(settings)
    async with AsyncExitStack() as opened:
        shared, intact = await _open_services(settings, opened), ConnectionGaps()
        answering = await answering_wiring.build_answerer(shared, intact.complete_since, plugins)
        opened.push_async_callback(answering.close)
        craft = AdmissionCheck(shared.access_check, answering)
        worker = Worker(shared.store, craft, lease=shared.lease, max_threads=settings.bot_answers_at_once)
        shares = SqlRateShares(shared.database, shared.store.owner)
        await opened.enter_async_context(RateSharing(answering.rate_limiters, shares).run())
        await opened.enter_async_context(worker.run())
        await opened.enter_async_context(expire_regularly(shared.personal_data, settings.bot_retention_days))
        app = await slack_wiring.build_slack_app(shared, worker, answering)
        taken = await opened.enter_async_context(open_deliveries(app, shared.slack, _delivery_mode(settings)))
        await opened.enter_async_context(_serve_health(settings, taken, worker, shared.lease))
        opened.push_async_callback(worker.drain, settings.bot_grace_seconds)
        opened.push_async_callback(taken.stop)
        await opened.enter_async_context(intact.watch_connection(taken.is_connected))
        bound = {"workspace": shared.bot.workspace, "model": settings.bot_model}
        log.info("The bot is ready.", action="ready", **bound)
        ready()
        await stop.wait()
        worker.is_draining = True
        log.info("The bot is stopping; running answers may end.", action="stopping")
    log.info("The bot has stopped.", action="stopped")


async def _open_services(settings: Settings, opened: AsyncExitStack) -> Services:
    """Open what everything else is built on, to be closed in reverse."""
    database = await opened.enter_async_context(_open_database(settings))
    store = SqlStore(database, owner=f"{socket.gethostname()}:{uuid.uuid4()}")
    await store.open()
    notebook = ModelFacts(SqlLearnedFacts(database))
    await notebook.load()
    opened.push_async_callback(notebook.close)
    token = settings.slack_bot_token.get_secret_value()
    slack = await opened.enter_async_context(connect.open_web_client(token, settings.slack_api_url))
    bot = await connect.fetch_bot_identity(slack)
    people = People(slack, bot.workspace)
    return Services(
        settings=settings,
        database=database,
        store=store,
        slack=slack,
        bot=bot,
        people=people,
        permissions=answering_wiring.build_permissions(database, bot, settings.access_rules),
        model=await opened.enter_async_context(_open_model(settings, notebook)),
        lease=Lease(settings.bot_lease_seconds),
    )


def _delivery_mode(settings: Settings) -> DeliveryMode:
    return DeliveryMode(
        app_token=settings.slack_app_token.get_secret_value(),
        signing_secret=settings.slack_signing_secret.get_secret_value(),
        sockets=settings.bot_sockets,
    )


@asynccontextmanager
async def _serve_health(settings: Settings, taken: Deliveries, worker: Worker, lease: Lease) -> AsyncIterator[None]:
    """Serve health checks, and the deliveries of HTTP mode, where there is a port for them."""

    def checks() -> Mapping[str, bool]:
        return {"slack": taken.is_connected(), "database": lease.is_certain(), "worker": not worker.is_draining}

    if settings.port:
        async with health.serve_health(settings.bot_host, settings.port, checks, taken.routes):
            yield
    else:
        yield


async def _require_migrated(settings: Settings) -> None:
    """Bring our embedded database up to date; refuse any other that is not."""
    url = parse_database_url(settings.database_url)
    current, head = await asyncio.to_thread(migrate.read_revision, url), migrate.needed_revision()
    if current == head:
        return
    if settings.embeds_database:
        await asyncio.to_thread(migrate.upgrade_database, url)
    else:
        state = f"at revision {current}, not {head}" if current else "empty"
        raise SettingsError(f"The database in DATABASE_URL is {state}; run `bot migrate`, then start again.")


@asynccontextmanager
async def _open_database(settings: Settings) -> AsyncIterator[Database]:
    database = Database(parse_database_url(settings.database_url))
    await database.open()
    try:
        yield database
    finally:
        await database.close()


def _open_model(settings: Settings, notebook: ModelFacts) -> AbstractAsyncContextManager[OpenedModel]:
    return open_model(
        ModelSettings(
            servers=configured_servers(settings),
            first_word_timeout=settings.bot_first_word_seconds,
            idle_timeout=settings.bot_idle_seconds,
            total_timeout=settings.bot_total_seconds,
            facts=notebook,
        )
    )
