"""What the bot learns from the failures of a model, and how it asks afterwards; each in its own world."""

import sqlite3
from contextlib import closing

import pytest

from bot.core.errors import ContextTooLong, ModelOutOfCredit
from tests.e2e.conftest import another_world, new_world, ready_bot
from tests.e2e.direct_message import DIRECT, SAY, TEXT, TRY_AGAIN, ask, explained, offered, works


async def test_what_is_too_long_is_asked_for_once_more_and_shorter(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """In its own world, since the bot remembers the size of the model's window."""
    sentence = ContextTooLong.for_people
    async with another_world(tmp_path_factory) as world:
        for fault in ("413", "too_large", "too_long"):
            root, shown, asked = await ask(world, f"{SAY} [[fault={fault}]]", ends=sentence)
            assert (shown, asked) == (sentence, 2)
            assert list(offered(world, root)) == [TRY_AGAIN]
            _, shown, asked = await ask(world, SAY, ends=TEXT)
            assert (shown, asked) == (TEXT, 1)
        with closing(sqlite3.connect(world.folder / "threadkeeper.db")) as database:
            ((window,),) = database.execute("SELECT content FROM lessons WHERE subject = 'window'")
        assert window == "8192", "it is known after a restart, too"


@pytest.mark.parametrize("fault", ["402", "quota"])
async def test_an_account_without_credit_is_not_asked_again(
    fault: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """For a while, all further questions fail at once with the same sentence."""
    sentence = ModelOutOfCredit.for_people
    async with another_world(tmp_path_factory) as world:
        _, shown, asked = await ask(world, f"{SAY} [[fault={fault}]]", ends=sentence)
        assert (shown, asked) == (sentence, 1)
        _, shown, asked = await ask(world, SAY, ends=sentence)
        assert (shown, asked) == (sentence, 0)


async def test_where_the_first_server_is_gone_the_next_one_answers(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """With its own key and model; its smaller window does not count for the first server."""
    async with new_world(tmp_path_factory.mktemp("fallback"), None) as world:
        address = world.env["OPENAI_BASE_URL"]
        world.env["OPENAI_BASE_URL"] = "http://127.0.0.1:1/v1"
        world.env["BOT_FALLBACKS"] = f"{address.replace('//', '//:sk-other@')}#sandbox-large"
        async with ready_bot(world):
            root, shown, asked = await ask(world, f"{SAY} [[fault=too_long times=1]]", ends=TEXT)
            assert (shown, asked) == (TEXT, 2)
            assert world.model.requests[-1]["model"] == "sandbox-large"
            await works(world, root)
        with closing(sqlite3.connect(world.folder / "threadkeeper.db")) as database:
            assert database.execute("SELECT * FROM lessons").fetchall() == []


async def test_what_a_model_does_not_take_is_left_out_unnoticed(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """It is not tried again, and admins are told."""
    async with another_world(tmp_path_factory) as world:
        for times in (2, 1):
            root, shown, asked = await ask(world, f"{SAY} [[fault=unverified]]", ends=TEXT)
            assert (shown, asked) == (TEXT, times)
        ts = world.workspace.thread(DIRECT, root)[-1].ts
        await works(world, root)
        assert "answers come in one piece, since this model cannot be streamed" in await explained(world, ts)
