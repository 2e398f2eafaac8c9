"""The composition root: everything is built here once, opened in order and closed in reverse.

Separate because it is the only place that knows all adapters. A second platform is one more surface in
the mapping and one more connection; a second model API is another `ChatModel`.
"""

import asyncio
import secrets
import socket
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import structlog

from bot import health
from bot.answering import Answering
from bot.asking import Asking
from bot.continuity import Continuity
from bot.core.errors import SettingsError
from bot.editing import Editing
from bot.intake import Intake
from bot.llm.opening import ModelSettings, OpenedModel, open_model
from bot.plugins import Plugins
from bot.servers import servers
from bot.settings import Settings
from bot.slack import connect, parse
from bot.slack.admin.admins import Admins
from bot.slack.admin.gate import Gate
from bot.slack.admin.helm import Helm
from bot.slack.admin.listeners import register
from bot.slack.admin.models import KnownModels
from bot.slack.admin.screen import Screen
from bot.slack.deliveries import Deliveries, Mode, delivered
from bot.slack.listeners import slack_app
from bot.slack.people import People
from bot.slack.surface import SlackSurface
from bot.store import migrate
from bot.store.database import Database, database_url
from bot.store.explanations import SqlExplanations
from bot.store.sql import SqlStore
from bot.store.versions import SqlVersions
from bot.worker import Lease, Worker

log = structlog.get_logger()


async def serve(settings: Settings, stop: asyncio.Event, *, ready: Callable[[], None] = lambda: None) -> None:
    """Run the bot until `stop` is set; `ready` is called once it receives events.

    Raises `SettingsError` or `StoreUnavailable`, each with one sentence for the operator, when it cannot
    start. At the end deliveries are refused first, then running answers may end, then the rest is given back.
    """
    await _migrated(settings)
    async with AsyncExitStack() as opened:
        database = await opened.enter_async_context(_database(settings))
        store = SqlStore(database, owner=f"{socket.gethostname()}:{uuid.uuid4()}")
        await store.open()
        token = settings.slack_bot_token.get_secret_value()
        slack = await opened.enter_async_context(connect.web_client(token, settings.slack_api_url))
        bot, people = await connect.who_am_i(slack), People(slack)
        lease, intact = Lease(settings.bot_lease_seconds), Continuity()
        model = await opened.enter_async_context(_model(settings))
        answering = Answering(
            store=store,
            model=model,
            surfaces={parse.PLATFORM: SlackSurface(slack, bot, people)},
            asking=await _asking(settings, store, model),
            plugins=Plugins.found(),
            is_ours=lease.is_certain,
            complete_since=intact.since,
        )
        worker = Worker(store, answering, lease=lease, limit=settings.bot_answers_at_once)
        await opened.enter_async_context(worker.watching())
        key = await store.secret("form_key", lambda: secrets.token_hex(32))
        gate = Gate(Admins(slack, bot.workspace, settings.admins), workspace=bot.workspace, key=key.encode())
        helm = _helm(settings, gate, people, database, model)
        app = slack_app(
            slack,
            bot,
            people,
            Intake(store, worker, answering),
            follow_threads=settings.bot_follow_threads,
            register=lambda app: register(app, helm, Screen(slack), worker.aside),
        )
        taken = await opened.enter_async_context(delivered(app, slack, _mode(settings)))
        await opened.enter_async_context(_health(settings, taken, worker, lease))
        opened.push_async_callback(worker.drain, settings.bot_grace_seconds)
        opened.push_async_callback(taken.stop)
        await opened.enter_async_context(intact.watching(taken.is_connected))
        log.info("The bot is ready.", action="ready", workspace=bot.workspace, model=settings.bot_model)
        ready()
        await stop.wait()
        worker.is_draining = True
        log.info("The bot is stopping; running answers may end.", action="stopping")
    log.info("The bot has stopped.", action="stopped")


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


def _model(settings: Settings) -> AbstractAsyncContextManager[OpenedModel]:
    return open_model(
        ModelSettings(
            servers=servers(settings),
            first_word=settings.bot_first_word_seconds,
            idle=settings.bot_idle_seconds,
            total=settings.bot_total_seconds,
        )
    )


def _helm(settings: Settings, gate: Gate, people: People, database: Database, model: OpenedModel) -> Helm:
    async def models() -> Mapping[str, str]:
        return {
            each.id: f"Ends on {each.shutdown_date}" if each.shutdown_date else ""
            for each in await model.models()
        }

    editing = Editing(SqlVersions(database), settings.steering, parse.is_direct)
    return Helm(gate, editing, SqlExplanations(database), people, KnownModels(models, model.adaptations))


async def _form_key(store: SqlStore) -> bytes:
    return (await store.secret("form_key", lambda: secrets.token_hex(32))).encode()


async def _asking(settings: Settings, store: SqlStore, model: OpenedModel) -> Asking:
    async def windows() -> Mapping[str, int]:
        return {each.id: each.context_window for each in await model.models() if each.context_window}

    key = settings.bot_user_key.get_secret_value() or await store.secret(
        "user_key", lambda: secrets.token_hex(32)
    )
    return Asking(
        steering=settings.steering,
        user_key=key.encode(),
        context_tokens=settings.bot_context_tokens,
        windows=windows,
        names=settings.sends_names,
    )
