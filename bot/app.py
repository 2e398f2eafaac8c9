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

from bot import health, parts, slack_parts
from bot.admitting import Admitting
from bot.continuity import Continuity
from bot.core.errors import SettingsError
from bot.llm.opening import ModelSettings, OpenedModel, open_model
from bot.notebook import Notebook
from bot.parts import Parts
from bot.privacy import expiring
from bot.servers import servers
from bot.settings import Settings
from bot.sharing import Sharing
from bot.slack import connect
from bot.slack.deliveries import Deliveries, Mode, delivered
from bot.slack.people import People
from bot.store import migrate
from bot.store.database import Database, database_url
from bot.store.lessons import SqlLessons
from bot.store.shares import SqlShares
from bot.store.sql import SqlStore
from bot.worker import Lease, Worker

log = structlog.get_logger()


async def serve(settings: Settings, stop: asyncio.Event, *, ready: Callable[[], None] = lambda: None) -> None:
    """Run the bot until `stop` is set; `ready` is called once it receives events.

    Raises `SettingsError` or `StoreUnavailable`, each with one sentence for the operator, when it cannot
    start. At the end deliveries are refused first, then running answers may end, then the rest is given back.
    """
    await _migrated(settings)
    async with AsyncExitStack() as opened:
        shared, intact = await _opened(settings, opened), Continuity()
        answering = await parts.answering(shared, intact.since)
        opened.push_async_callback(answering.close)
        craft = Admitting(shared.door, answering)
        worker = Worker(shared.store, craft, lease=shared.lease, limit=settings.bot_answers_at_once)
        shares = SqlShares(shared.database, shared.store.owner)
        await opened.enter_async_context(Sharing(answering.desks, shares).watching())
        await opened.enter_async_context(worker.watching())
        await opened.enter_async_context(expiring(shared.personal, settings.bot_retention_days))
        app = await slack_parts.app(shared, worker, answering)
        taken = await opened.enter_async_context(delivered(app, shared.slack, _mode(settings)))
        await opened.enter_async_context(_health(settings, taken, worker, shared.lease))
        opened.push_async_callback(worker.drain, settings.bot_grace_seconds)
        opened.push_async_callback(taken.stop)
        await opened.enter_async_context(intact.watching(taken.is_connected))
        bound = {"workspace": shared.bot.workspace, "model": settings.bot_model}
        log.info("The bot is ready.", action="ready", **bound)
        ready()
        await stop.wait()
        worker.is_draining = True
        log.info("The bot is stopping; running answers may end.", action="stopping")
    log.info("The bot has stopped.", action="stopped")


async def _opened(settings: Settings, opened: AsyncExitStack) -> Parts:
    """Open what everything else is built on, to be closed in reverse."""
    database = await opened.enter_async_context(_database(settings))
    store = SqlStore(database, owner=f"{socket.gethostname()}:{uuid.uuid4()}")
    await store.open()
    notebook = Notebook(SqlLessons(database))
    await notebook.open()
    opened.push_async_callback(notebook.close)
    token = settings.slack_bot_token.get_secret_value()
    slack = await opened.enter_async_context(connect.web_client(token, settings.slack_api_url))
    bot = await connect.who_am_i(slack)
    people = People(slack, bot.workspace)
    return Parts(
        settings=settings,
        database=database,
        store=store,
        slack=slack,
        bot=bot,
        people=people,
        access=parts.access(database, bot, settings.rules),
        model=await opened.enter_async_context(_model(settings, notebook)),
        lease=Lease(settings.bot_lease_seconds),
    )


def _mode(settings: Settings) -> Mode:
    return Mode(
        app_token=settings.slack_app_token.get_secret_value(),
        signing_secret=settings.slack_signing_secret.get_secret_value(),
        sockets=settings.bot_sockets,
    )


@asynccontextmanager
async def _health(settings: Settings, taken: Deliveries, worker: Worker, lease: Lease) -> AsyncIterator[None]:
    """Serve health checks, and the deliveries of HTTP mode, where there is a port for them."""

    def checks() -> Mapping[str, bool]:
        return {
            "slack": taken.is_connected(),
            "database": lease.is_certain(),
            "worker": not worker.is_draining,
        }

    if settings.port:
        async with health.serving(settings.bot_host, settings.port, checks, taken.routes):
            yield
    else:
        yield


async def _migrated(settings: Settings) -> None:
    """Bring our embedded database up to date; refuse any other that is not."""
    url = database_url(settings.database_url)
    if settings.embeds_database:
        await asyncio.to_thread(migrate.upgrade, url)
        return
    current, head = await asyncio.to_thread(migrate.current, url), migrate.head()
    if current != head:
        state = f"at revision {current}, not {head}" if current else "empty"
        raise SettingsError(f"The database in DATABASE_URL is {state}; run `bot migrate`, then start again.")


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[Database]:
    database = Database(database_url(settings.database_url))
    await database.open()
    try:
        yield database
    finally:
        await database.close()


def _model(settings: Settings, notebook: Notebook) -> AbstractAsyncContextManager[OpenedModel]:
    return open_model(
        ModelSettings(
            servers=servers(settings),
            first_word=settings.bot_first_word_seconds,
            idle=settings.bot_idle_seconds,
            total=settings.bot_total_seconds,
            notebook=notebook,
        )
    )
