"""`bot export` and `bot erase`: what operators do for people who ask for their data, or want it erased."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import URL

from bot.cli import commands
from bot.core.history.feedback import Verdict
from bot.core.requests import Answer, Provenance
from bot.core.turns import AddressingKind, Author, IncomingMessage, ThreadKey, TurnStatus
from bot.store.conversations.feedback import SqlVotes
from bot.store.conversations.sql_store import SqlStore
from tests.commands.shell import Bot, done
from tests.databases import KINDS, migrated_database, open_database

pytestmark = pytest.mark.calendar

ROOT = "1700000000.000100"


@pytest.fixture(params=KINDS)
def bot(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bot]:
    """`bot …` in an empty folder, with a database in which Ada and Grace have asked something."""
    with migrated_database(request.param, tmp_path) as url:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("DATABASE_URL", url.render_as_string(hide_password=False))
        asyncio.run(_conversation(url))

        def run(*arguments: str, stdin: str = "") -> Result:
            return CliRunner().invoke(commands, arguments, input=stdin)

        yield run


async def _conversation(url: URL) -> None:
    async with open_database(url) as database:
        store = SqlStore(database, "test")
        await store.open()
        thread = ThreadKey(platform="slack", workspace="T1", channel="C1", root=ROOT)
        for number, user in enumerate(("U0ADA", "U0GRACE")):
            asked = IncomingMessage(
                thread=thread,
                message_id=f"1700000000.00010{number}",
                author=Author(id=user, name=user.title()),
                text="Why “tea”?\nAnd why now?",
                addressed=AddressingKind.MENTION,
                sent_at=1_700_000_000.0 + number,
            )
            turn = await store.accept(asked, claim=True)
            assert turn is not None
            await store.record_page(turn, 0, f"1700000000.00020{number}")
            made_with = Provenance(versions=(1,), parameters={"model": "m-1"}, remarks="_Blind._")
            await store.save_answer(turn, Answer(text="So.", model="m-1", made_with=made_with))
            await store.settle(turn, TurnStatus.DONE)
            await SqlVotes(database).cast_vote(turn.id, thread, Verdict.GOOD, by="U0ADA")


def exported(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in done(result).splitlines()]


def test_a_persons_data_are_exported(bot: Bot) -> None:
    message, *votes = exported(bot("export", "--user", "U0ADA"))
    assert message == {
        "kind": "message",
        "platform": "slack",
        "workspace": "T1",
        "channel": "C1",
        "thread": ROOT,
        "message": "1700000000.000100",
        "author": {"id": "U0ADA", "name": "U0Ada"},
        "at": 1_700_000_000.0,
        "text": "Why “tea”?\nAnd why now?",
        "status": "done",
        "answer": "So.",
        "model": "m-1",
        "made_with": {"versions": [1], "parameters": {"model": "m-1"}, "remarks": "_Blind._"},
        "shown_in": ["1700000000.000200"],
    }
    assert [(vote["kind"], vote["verdict"]) for vote in votes] == [("vote", "good")] * 2
    assert "Grace" not in str(votes), "who asked is another person"
    assert exported(bot("export", "--user", "U0ADA", "--workspace", "T2")) == []


def test_a_thread_is_exported(bot: Bot) -> None:
    found = exported(bot("export", "--thread", f"T1/C1/{ROOT}"))
    assert [message["message"] for message in found] == ["1700000000.000100", "1700000000.000101"]


def test_only_that_person_is_erased(bot: Bot) -> None:
    assert bot("erase", "--user", "U0ADA", stdin="n\n").exit_code == 1
    assert len(exported(bot("export", "--user", "U0ADA"))) == 3, "who says no changes nothing"
    assert done(bot("erase", "--user", "U0ADA", stdin="y\n")) == "Erased: 1 message, with their answers.\n"
    assert exported(bot("export", "--user", "U0ADA")) == []
    assert len(exported(bot("export", "--user", "U0GRACE"))) == 1
    assert done(bot("erase", "--user", "U0ADA", "--yes")) == "Erased: 0 messages, with their answers.\n"


def test_a_thread_is_erased(bot: Bot) -> None:
    assert "2 messages" in done(bot("erase", "--thread", f"T1/C1/{ROOT}", "--yes"))
    assert exported(bot("export", "--thread", f"T1/C1/{ROOT}")) == []


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--user", "U1", "--thread", "T1/C1/1.0"),
        ("--thread", "nonsense"),
        ("--thread", "T1/C1/1.0", "--workspace", "T1"),
        ("--user", "ada"),
    ],
    ids=str,
)
def test_an_unclear_command_is_refused_in_a_sentence(bot: Bot, arguments: tuple[str, ...]) -> None:
    for command in (("export",), ("erase", "--yes")):
        result = bot(*command, *arguments)
        assert result.exit_code == 2, result.output
        (sentence,) = result.stderr.splitlines()
        assert sentence.startswith("bot: ")
        assert sentence.endswith(".")
