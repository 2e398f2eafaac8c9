"""Export and erasure of personal data, with the real program on each kind of database."""

import asyncio
import json
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from bot.core.requests import Answer
from bot.core.turns import AddressingKind, Author, IncomingMessage, ThreadKey, TurnStatus
from bot.slack.home.personal_data import ERASE_DATA_ACTION, SEND_DATA_ACTION
from bot.store.conversations.sql_store import SqlStore
from bot.store.database import Database, parse_database_url
from bot.store.schema import metadata
from tests.databases import KINDS, Kind, open_database
from tests.e2e.cases import small_world
from tests.e2e.conftest import ADA, GENERAL, GRACE, BotWorld, ready_bot
from tests.program import START_TIMEOUT_SECONDS

LONG_AGO = 1_600_000_000.0


async def remember_an_old_conversation(database: Database) -> None:
    """Store a conversation of years ago."""
    thread = ThreadKey(platform="slack", workspace="T0SANDBOX", channel=GENERAL, root=f"{LONG_AGO:.6f}")
    asked = IncomingMessage(
        thread=thread,
        message_id=thread.root,
        author=Author(id=ADA, name="ada"),
        text="an ancient teapot",
        addressed=AddressingKind.MENTION,
        sent_at=LONG_AGO,
    )
    store = SqlStore(database, "long ago")
    turn = await store.accept(asked, claim=True)
    assert turn is not None
    await store.save_answer(turn, Answer(text="an ancient answer"))
    await store.settle(turn, TurnStatus.DONE)
    await database.tx(lambda connection: connection.exec_driver_sql(f"UPDATE turns SET ended_at = {LONG_AGO}").rowcount)


def everything(connection: Connection) -> str:
    return "\n".join(str(tuple(row)) for table in metadata.sorted_tables for row in connection.execute(select(table)))


async def until_gone(database: Database, word: str) -> str:
    """Wait until a word is in no table, and return the content of all tables."""
    async with asyncio.timeout(START_TIMEOUT_SECONDS):
        while True:
            kept = await database.tx(everything)
            if word not in kept:
                return kept
            await asyncio.sleep(0.05)


async def press(world: BotWorld, user: str, action: str) -> None:
    """Open Home and press a button there."""
    world.workspace.interactivity.open_home(user, "home")
    await world.workspace.wait_until(lambda: action in str(world.workspace.views.home(user)), START_TIMEOUT_SECONDS)
    home = world.workspace.views.home(user)
    assert home is not None
    pressed = {"action_id": action, "type": "button"}
    await world.workspace.interactivity.act_on_view(user, home.id, pressed, {})


def files(world: BotWorld, channel: str) -> list[str]:
    """Return the contents of the files in a channel."""
    found = [file for message in world.workspace.state.messages(channel) for file in message.files]
    return [world.workspace.files._files[file["id"]].content.decode() for file in found]


@pytest.mark.parametrize("kind", KINDS)
async def test_data_are_forgotten_in_time_sent_and_erased(kind: Kind, tmp_path: Path) -> None:
    async with (
        small_world(kind, tmp_path, BOT_RETENTION_DAYS="30") as world,
        open_database(parse_database_url(world.env["DATABASE_URL"]), exclusive=False) as database,
    ):
        await remember_an_old_conversation(database)
        async with ready_bot(world) as bot:
            await until_gone(database, "ancient")
            for user in (ADA, GRACE):
                root = await world.workspace.say(user, GENERAL, f"<@U0BOT> [[say=a kettle for {user}]]")
                await world.wait_for_text(GENERAL, root, ends=f"a kettle for {user}")
            await press(world, GRACE, SEND_DATA_ACTION)
            await world.workspace.wait_until(lambda: files(world, "D0GRACE"), START_TIMEOUT_SECONDS)
            (sent,) = files(world, "D0GRACE")
            message, *figures = [json.loads(line) for line in sent.splitlines()]
            assert message["answer"] == f"a kettle for {GRACE}"
            assert [each["kind"] for each in figures] == ["usage"] * 2
            assert ADA not in sent

            await press(world, GRACE, ERASE_DATA_ACTION)
            kept = await until_gone(database, f"kettle for {GRACE}")
            assert f"kettle for {ADA}" in kept
            asked = len(world.model.requests)
            for callback in world.workspace.events("app_mention") + world.workspace.events("message"):
                await world.workspace.redeliver(callback)
            root = await world.workspace.say(ADA, GENERAL, "<@U0BOT> [[say=done]]")
            await world.wait_for_text(GENERAL, root, ends="done")
            assert len(world.model.requests) == asked + 1, "nothing that was erased is asked again"
            assert "kettle" not in bot.text
