"""Wrong settings: the program prints one sentence that names the setting, and exits with a proper code."""

import asyncio
import socket
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from tests.databases import empty_database
from tests.e2e.conftest import BotWorld
from tests.program import program


async def refused(*arguments: str, cwd: Path, env: Mapping[str, str], code: int = 2) -> str:
    """Run the program, which must end by itself, and return its one sentence."""
    async with program(*arguments, cwd=cwd, env=env) as running:
        assert await running.wait() == code, running.text
        await asyncio.sleep(0)
    sentence = running.text.strip()
    assert sentence.startswith("bot: "), sentence
    assert len(sentence.splitlines()) == 1, sentence
    return sentence


def free_port() -> int:
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def taken_port() -> socket.socket:
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    return taken


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SLACK_BOT_TOKEN", "", "SLACK_BOT_TOKEN is not set"),
        ("SLACK_BOT_TOKEN", "xoxb-wrong", "SLACK_BOT_TOKEN (invalid_auth)"),
        ("SLACK_APP_TOKEN", "xapp-wrong", "SLACK_APP_TOKEN (invalid_auth)"),
        ("SLACK_APP_TOKEN", "other", "connections:write"),
        ("PORT", "many", "PORT is wrong"),
        ("BOT_SOCKETS", "11", "BOT_SOCKETS is wrong"),
        ("BOT_MODEL", "", "BOT_MODEL is not set"),
        ("BOT_STREAMINGG", "x", "BOT_STREAMINGG is not a setting"),
        ("DATABASE_URL", "mysql://x", "DATABASE_URL"),
        ("DATABASE_URL", "nonsense", "DATABASE_URL"),
        ("DATABASE_URL", "postgresql://postgres@127.0.0.1/x?pgbouncer=true", "the option pgbouncer"),
        ("DATABASE_URL", "sqlite://tmp/x.db", "with three slashes"),
        ("DATABASE_URL", "sqlite:////nowhere/at/all.db", "/nowhere/at"),
    ],
)
async def test_a_wrong_setting_stops_the_start(world: BotWorld, name: str, value: str, said: str) -> None:
    assert said in await refused("run", cwd=world.folder, env={**world.env, name: value})


async def test_an_unreachable_slack_is_named(world: BotWorld) -> None:
    env = {**world.env, "SLACK_API_URL": f"http://127.0.0.1:{free_port()}/api/"}
    assert "SLACK_API_URL" in await refused("run", cwd=world.folder, env=env)


async def test_an_unreachable_database_is_named_without_its_password(world: BotWorld) -> None:
    url = f"postgresql://bot:very-secret@127.0.0.1:{free_port()}/bot"
    for command in ("run", "migrate"):
        sentence = await refused(command, cwd=world.folder, env={**world.env, "DATABASE_URL": url}, code=1)
        assert "DATABASE_URL" in sentence
        assert "very-secret" not in sentence


async def test_an_sqlite_file_at_any_path_is_made_and_migrated(world: BotWorld) -> None:
    """With a signing secret and no port besides, as in the environment of Bolt's samples: that is Socket Mode."""
    env = {**world.env, "DATABASE_URL": f"sqlite:///{world.folder / 'other.db'}", "SLACK_SIGNING_SECRET": "8f742231"}
    async with program("run", cwd=world.folder, env=env) as running:
        await running.wait_for_output('"action": "ready"')
        assert '"action": "socket_mode_chosen"' in running.text


@pytest.mark.postgres
async def test_an_unmigrated_postgresql_says_what_to_run(world: BotWorld, tmp_path: Path) -> None:
    with empty_database("postgres", tmp_path) as url:
        env = {**world.env, "DATABASE_URL": url.render_as_string(hide_password=False)}
        assert "bot migrate" in await refused("run", cwd=world.folder, env=env)


async def test_a_second_process_on_one_sqlite_file_is_refused(world: BotWorld) -> None:
    async with program("run", cwd=world.folder, env=world.env) as running:
        await running.wait_for_output('"action": "ready"')
        assert "DATABASE_URL" in await refused("run", cwd=world.folder, env=world.env)


@pytest.mark.parametrize("mode", [{}, {"SLACK_SIGNING_SECRET": "8f742231"}], ids=["sockets", "http"])
async def test_a_port_that_cannot_be_had_is_named(world: BotWorld, mode: dict[str, str]) -> None:
    with closing(taken_port()) as taken:
        port = str(taken.getsockname()[1])
        env = {**world.env, **mode, "PORT": port, "BOT_HOST": "127.0.0.1"}
        assert f"PORT {port}" in await refused("run", cwd=world.folder, env=env)


async def test_a_manifest_for_an_address_that_slack_refuses_is_not_printed(world: BotWorld) -> None:
    async with program("manifest", "--url", "http://bot.example", cwd=world.folder, env={}) as running:
        assert await running.wait() == 2
        assert "https://" in running.text


async def test_a_port_in_use_is_named(world: BotWorld) -> None:
    with closing(taken_port()) as taken:
        port = taken.getsockname()[1]
        assert f"Port {port}" in await refused("try", "--no-browser", "--port", str(port), cwd=world.folder, env={})


async def test_an_unwritable_database_file_is_named(world: BotWorld) -> None:
    env = {**world.env, "DATABASE_URL": "sqlite:////nowhere/at/all.db"}
    assert "there is no folder /nowhere/at" in await refused("migrate", cwd=world.folder, env=env)


async def test_a_folder_that_cannot_be_made_is_named(world: BotWorld) -> None:
    (world.folder / "notes.txt").write_text("no folder")
    data = str(world.folder / "notes.txt" / "data")
    assert "(--data) cannot be made" in await refused(
        "try", "--no-browser", "--port", "0", "--data", data, cwd=world.folder, env={}
    )


async def test_a_signal_ends_it_with_exit_code_0(world: BotWorld) -> None:
    async with program("run", cwd=world.folder, env=world.env) as running:
        await running.wait_for_output('"action": "ready"')
        assert await running.stop() == 0
    assert "Traceback" not in running.text
    assert "Unclosed" not in running.text
