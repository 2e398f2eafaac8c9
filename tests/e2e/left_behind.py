"""A database and a workspace with the unfinished work of an earlier commit's program.

`tests/store/dumps/README.md` says what is in the dumps, and how they were written.
"""

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL, text

from bot.sandbox.model.server import SandboxModel
from bot.sandbox.server import SandboxWorkspace
from bot.sandbox.workspace.records import AgentSession, StreamState, WorkspaceMessage
from bot.store import migrate
from tests.databases import Kind, empty_database
from tests.e2e.conftest import BotWorld
from tests.program import ROOT, START_TIMEOUT_SECONDS, program, settings

DUMPS = ROOT / "tests" / "store" / "dumps"
COMMIT = "4a42d2b"
DIALECTS: dict[Kind, str] = {"sqlite": "sqlite", "postgres": "postgresql"}


@dataclass(kw_only=True)
class Heir(BotWorld):
    """The workspace and the database as a killed process left them, and a fresh model."""

    url: URL
    left: dict[str, Any]
    """What stood in the workspace: `threads` by name, `messages` and more, see the README of the dumps."""

    def thread(self, name: str) -> tuple[str, str]:
        """Return the channel and the root of a thread."""
        channel, root = self.left["threads"][name]
        return channel, root

    def pages_before(self, name: str) -> list[str]:
        """Return the bot's messages of a thread at the time of the dump."""
        messages = [each for each in self.left["messages"] if each.get("thread_ts") == self.thread(name)[1]]
        return [each["ts"] for each in messages if each["user"] == self.workspace.bot_user]

    def pages_now(self, name: str) -> list[str]:
        """Return the bot's present messages of a thread."""
        return [each.ts for each in self.workspace.thread(*self.thread(name)) if each.is_from_app]

    def says(self, name: str) -> str:
        """Return the bot's whole text in a thread."""
        return self.bot_text(*self.thread(name))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        engine = migrate.migration_engine(self.url)
        try:
            with engine.connect() as connection:
                return [tuple(row) for row in connection.execute(text(query))]
        finally:
            engine.dispose()

    async def until_rows(self, query: str, expected: Callable[[list[tuple[Any, ...]]], bool]) -> None:
        """Wait until the rows of a query are as expected."""
        async with asyncio.timeout(START_TIMEOUT_SECONDS):
            while not expected(self.rows(query)):  # noqa: ASYNC110 - the database sends no notification here
                await asyncio.sleep(0.1)


def load(kind: Kind, url: URL) -> None:
    """Fill an empty database from the dump of its dialect, and migrate it to the present schema."""
    dump = (DUMPS / f"{COMMIT}.{DIALECTS[kind]}.sql").read_text()
    if kind == "sqlite":
        assert url.database is not None
        with closing(sqlite3.connect(url.database)) as database:
            database.executescript(dump)
    else:
        address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(dump.encode())
    migrate.upgrade_database(url)


def refresh(url: URL, model: SandboxModel, age: float) -> None:
    """Make what expires as young as when it was dumped: a draft lasts a week, what was learnt a month.

    What was learnt is of a server by its address; here it is at another port.
    """
    engine = migrate.migration_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE drafts SET expires_at = expires_at + :age"), {"age": age})
        learnt = text("UPDATE lessons SET learnt_at = learnt_at + :age, server = :server")
        connection.execute(learnt, {"age": age, "server": model.base_url})
    engine.dispose()


def fill(workspace: SandboxWorkspace, left: dict[str, Any]) -> None:
    """Restore the messages of a workspace without sending events for them."""
    for row in left["messages"]:
        stream = StreamState(row["stream"]) if "stream" in row else None
        message = WorkspaceMessage(**row | {"stream": stream, "blocks": tuple(row.get("blocks", ()))})
        workspace.state._messages[message.channel][message.ts] = message
    for channel, root, session in left["sessions"]:
        workspace.sessions[channel, root] = AgentSession(**session)


@asynccontextmanager
async def left_behind(kind: Kind, folder: Path) -> AsyncIterator[Heir]:
    """Open the dump, migrated, and its workspace, whose clock continues from the time of the dump."""
    left = json.loads((DUMPS / f"{COMMIT}.{DIALECTS[kind]}.json").read_text())
    age = time.time() - left["dumped_at"]
    with empty_database(kind, folder) as url:
        load(kind, url)
        async with (
            SandboxModel(rate=2_000) as model,
            SandboxWorkspace(port=0, clock=lambda: time.time() - age) as slack,
        ):
            refresh(url, model, age)
            fill(slack, left)
            address = url.render_as_string(hide_password=False)
            more = {"BOT_CONTEXT_TOKENS": "1000", "BOT_SUMMARIES": "on", "BOT_PRICES": "sandbox-*=1/2"}
            env = settings(slack, model, DATABASE_URL=address, BOT_LEASE_SECONDS="3", **more)
            yield Heir(workspace=slack, model=model, env=env, folder=folder, url=url, left=left)


async def shell(heir: Heir, *arguments: str) -> str:
    """Return what a command prints."""
    async with program(*arguments, cwd=heir.folder, env=heir.env) as command:
        assert await command.wait() == 0, command.text
    return command.text
