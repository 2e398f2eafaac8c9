"""Faults around the bot: what the person sees of each, and that the next question works."""

import asyncio
import os
import resource
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import psycopg
import pytest
from sqlalchemy import URL, make_url

from bot.sandbox.server import SandboxWorkspace
from tests.databases import Kind
from tests.e2e.bot_processes import BotProcess, open_bot_processes
from tests.e2e.cases import run_all, small_world
from tests.e2e.conftest import ADA, GENERAL, BotWorld
from tests.e2e.examination import CLEAN, Examination
from tests.tcp_proxy import TcpProxy

DIRECT = "D0ADA"
OUTAGE_SECONDS = 5.0
"""Seconds: longer than the lease, so that everything that can lapse does."""


@dataclass
class FaultScene:
    """A world, a question in it, and a fault."""

    world: BotWorld
    asked: Examination
    bot: BotProcess
    database: URL
    wire: TcpProxy
    """The proxy between the bot and a PostgreSQL database."""
    root: str = ""

    @property
    def workspace(self) -> SandboxWorkspace:
        return self.world.workspace

    async def ask(self, directives: str = "") -> None:
        """Ask something whose answer grows for two seconds."""
        self.root = await self.asked.ask(ADA, GENERAL, words=20, seconds=2.0, directives=directives)

    async def ask_and_wait(self) -> None:
        """Ask, and wait until a part of the answer is shown."""
        await self.ask()
        await self.workspace.wait_until(lambda: self.asked.bot_words(GENERAL, self.root), 30)

    async def wait_for_sentence(self, sentence: str) -> None:
        """Wait until the thread shows a sentence; an answer is not expected any more."""
        await self.workspace.wait_until(lambda: sentence in self.world.bot_text(GENERAL, self.root), 30)
        self.asked.questions.clear()

    async def wait_for_log(self, action: str) -> None:
        """Wait until the bot has logged an action."""
        async with asyncio.timeout(30):
            while f'"action": "{action}"' not in self.bot.text:  # noqa: ASYNC110 - no notification
                await asyncio.sleep(0.02)


Case = Callable[[FaultScene], Awaitable[None]]


def slack(method: str, *, in_mid_answer: bool = False, **fault: Any) -> Case:
    """Let a call of Slack fail: the person still gets the whole answer, once."""

    async def case(scene: FaultScene) -> None:
        if in_mid_answer:
            await scene.ask_and_wait()
        scene.workspace.inject_fault(method, **fault)
        if not in_mid_answer:
            await scene.ask()

    return case


def model(fault: str, sentence: str) -> Case:
    """Let the model fail: the thread shows a sentence."""

    async def case(scene: FaultScene) -> None:
        await scene.ask(f"[[fault={fault}]]")
        await scene.wait_for_sentence(sentence)

    return case


async def lost_post_and_lost_lookup(scene: FaultScene) -> None:
    """Hide whether the first message was posted: it is not posted again until that is known."""
    scene.workspace.inject_fault("chat.postMessage", drop=True)
    scene.workspace.inject_fault("conversations.replies", status=500, times=2)
    await scene.ask()


async def archived(scene: FaultScene) -> None:
    """Refuse all writes into the thread from now on; only this turn fails."""
    scene.workspace.inject_fault("chat.postMessage", error="is_archived")
    await scene.ask()
    await scene.wait_for_log("surface_gone")
    scene.asked.questions.clear()


async def no_slack_at_all(scene: FaultScene) -> None:
    """Let every call fail for a while in the middle of an answer, and break the sockets."""
    await scene.ask_and_wait()
    for method in ("chat.postMessage", "chat.update", "assistant.threads.setStatus", "apps.connections.open"):
        scene.workspace.inject_fault(method, status=503, times=2)
    await scene.workspace.disconnect(None)
    await scene.asked.ask(ADA, DIRECT)


async def no_model_server(scene: FaultScene) -> None:
    """Stop the model server for a while."""
    await scene.world.model.__aexit__()
    await scene.ask()
    await scene.wait_for_sentence("can't reach the model")
    await scene.world.model.__aenter__()


async def terminated_backends(scene: FaultScene) -> None:
    """Let PostgreSQL end all connections of the bot in the middle of an answer."""
    await scene.ask_and_wait()
    address = scene.database.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as server:
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


async def locked_out(scene: FaultScene) -> None:
    """Another process locks the SQLite file for a while, in the middle of an answer."""
    await scene.ask_and_wait()
    process = await asyncio.create_subprocess_exec(
        "python3",
        "-c",
        "import sqlite3, sys, time; c = sqlite3.connect(sys.argv[1], isolation_level=None);"
        " c.execute('BEGIN IMMEDIATE'); time.sleep(float(sys.argv[2]))",
        str(scene.database.database),
        str(OUTAGE_SECONDS),
    )
    await scene.asked.ask(ADA, DIRECT)
    await process.wait()


async def full_disk(scene: FaultScene) -> None:
    """Fill the disk of SQLite's log in the middle of an answer and for new questions, for a while."""
    await scene.ask_and_wait()
    size = os.stat(f"{scene.database.database}-wal").st_size  # noqa: PTH116 - at once
    unlimited = resource.prlimit(scene.bot.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(scene.bot.pid, resource.RLIMIT_FSIZE, (size, unlimited[1]))
    await scene.asked.ask(ADA, DIRECT)
    await scene.wait_for_log("intake_failed")
    await asyncio.sleep(OUTAGE_SECONDS)
    resource.prlimit(scene.bot.pid, resource.RLIMIT_FSIZE, unlimited)


def cut(*, hang: bool = False) -> Case:
    """Make the database unreachable in the middle of an answer: broken or stalled connections."""

    async def case(scene: FaultScene) -> None:
        await scene.ask_and_wait()
        if hang:
            scene.wire.hold()
        else:
            scene.wire.cut()
        await scene.asked.ask(ADA, DIRECT)
        await asyncio.sleep(OUTAGE_SECONDS)
        scene.wire.mend()

    return case


SLACK: Mapping[str, Case] = MappingProxyType(
    {
        "a post is too much": slack("chat.postMessage", retry_after=1),
        "a post fails": slack("chat.postMessage", status=500),
        "a post's answer is lost": slack("chat.postMessage", drop=True),
        "a post's answer and its look-up are lost": lost_post_and_lost_lookup,
        "a post comes after our patience has ended": slack("chat.postMessage", delay=21.0),
        "a post's form is refused": slack("chat.postMessage", error="invalid_blocks"),
        "an edit is too much": slack("chat.update", in_mid_answer=True, retry_after=2),
        "edits fail": slack("chat.update", in_mid_answer=True, status=500, times=2),
        "an edit's answer is lost": slack("chat.update", in_mid_answer=True, drop=True),
        "an edit takes its time": slack("chat.update", in_mid_answer=True, delay=3.0),
        "an edit's form is refused": slack("chat.update", in_mid_answer=True, error="invalid_blocks"),
        "a status is too much": slack("assistant.threads.setStatus", retry_after=30, times=3),
        "a status fails": slack("assistant.threads.setStatus", status=500, times=3),
        "a status takes its time": slack("assistant.threads.setStatus", delay=1.0, times=3),
        "a name cannot be had": slack("users.info", status=500, times=3),
        "the thread cannot be written to": archived,
        "all of Slack is down": no_slack_at_all,
    }
)
MODEL: Mapping[str, Case] = MappingProxyType(
    {
        "the model fails": model("500", "failed before it could answer"),
        "the model is busy": model("429", "busy"),
        "the model is overloaded": model("503", "overloaded"),
        "the model breaks off": model("cut", "broke off"),
        "the model's server is gone": no_model_server,
    }
)
SQLITE: Mapping[str, Case] = MappingProxyType({"the file is locked": locked_out, "the disk is full": full_disk})
POSTGRES: Mapping[str, Case] = MappingProxyType(
    {
        "the server ends our connections": terminated_backends,
        "the line to the database is cut": cut(),
        "the database says nothing": cut(hang=True),
    }
)


@pytest.mark.parametrize(
    ("kind", "cases"),
    [
        pytest.param("sqlite", {**SLACK, **MODEL, **SQLITE}, id="sqlite"),
        pytest.param("postgres", POSTGRES, id="postgres", marks=pytest.mark.postgres),
    ],
)
async def test_what_goes_wrong(kind: Kind, cases: Mapping[str, Case], tmp_path_factory: pytest.TempPathFactory) -> None:
    """After each fault the thread is complete, has no status, and the next questions are answered."""

    async def play(name: str, folder: Path) -> None:
        async with small_world(kind, folder) as world:
            database = make_url(world.env["DATABASE_URL"])
            async with TcpProxy(database.host or "", database.port or 0) as wire:
                near = database.set(host="127.0.0.1", port=wire.port) if kind == "postgres" else database
                env = world.env | {"DATABASE_URL": near.render_as_string(hide_password=False)}
                bot = await processes.start(folder, env)
                await bot.wait_until_ready()
                scene = FaultScene(world, Examination(world.workspace), bot, database, wire)
                await cases[name](scene)
                await scene.asked.ask(ADA, GENERAL, root=scene.root if scene.asked.questions else None)
                await scene.asked.ask(ADA, DIRECT)
                assert await scene.asked.wait_until_answered() == CLEAN, bot.text
                assert bot.text.count("store_down") <= 2, "it says once what is wrong"
                assert await bot.stop() == 0, bot.text
                assert scene.asked.check() == CLEAN, "it stays so"
                assert "Traceback" not in bot.text

    async with open_bot_processes() as processes:
        await run_all(cases, play, tmp_path_factory)
