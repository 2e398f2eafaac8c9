"""`bot usage` and `bot budget`: what calls cost, and how much may be spent."""

import asyncio
import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import commands
from bot.core.config import Prompt, Scope, ScopeConfig
from bot.core.requests import ModelCall
from bot.core.turns import Author
from bot.store import migrate
from bot.store.config.versions import SqlConfigVersions
from bot.store.conversations.sql_store import SqlStore
from bot.store.database import parse_database_url
from tests.commands.shell import Bot, done, refused
from tests.contracts.questions import ADA, ANSWER, ask_question, question, thread
from tests.databases import open_database

pytestmark = pytest.mark.calendar


@pytest.fixture
def bot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bot:
    """`bot …` in an empty folder with an up-to-date database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'bot.db'}")
    monkeypatch.setenv("BOT_CURRENCY", "EUR")
    migrate.upgrade_database(parse_database_url(f"sqlite:///{tmp_path / 'bot.db'}"))
    return lambda *arguments: CliRunner().invoke(commands, arguments)


def fill(folder: Path) -> None:
    """Make three calls: two by Ada, of which one has no price, and one by Grace elsewhere."""

    async def body() -> None:
        async with open_database(parse_database_url(f"sqlite:///{folder / 'bot.db'}")) as database:
            store = SqlStore(database, "me")
            await store.open()
            version = await SqlConfigVersions(database).save(
                Scope(platform="slack", workspace="T1"),
                ScopeConfig(prompt=Prompt("Hm.")),
                based_on=0,
                by=ADA,
            )
            made = ModelCall(model="m-1", prompt_tokens=1_000, completion_tokens=50, cost=2_310_000_000)
            calls = (
                (ADA, "C1", made),
                (ADA, "C1", replace(made, model="m-2", cost=None, is_estimated=True)),
                (Author(id="U0GRACE"), "C2", replace(made, versions=(version.id,), prompt_tokens=10)),
            )
            for number, (author, channel, call) in enumerate(calls):
                where = thread(f"{number}.0", channel)
                turn = await ask_question(store, question(f"{number}.0", where=where, author=author))
                await store.save_answer(turn, replace(ANSWER, call=call))

    asyncio.run(body())


# --- usage --------------------------------------------------------------------------------------------


def test_without_calls_it_says_so(bot: Bot) -> None:
    assert done(bot("usage")) == "No model was called in this period.\n"


def test_usage_is_summed_up_and_unknown_prices_are_marked(bot: Bot, tmp_path: Path) -> None:
    fill(tmp_path)
    lines = done(bot("usage", "--by", "person")).splitlines()
    assert [" ".join(line.split()) for line in lines] == [
        "person calls prompt answer cached estimated cost",
        "U0ADA 2 2,000 100 0 1 2.31 EUR, and 1 call of unknown price",
        "U0GRACE 1 10 50 0 0 2.31 EUR",
        "total 3 2,010 150 0 1 4.62 EUR, and 1 call of unknown price",
    ]
    assert "m-2        1   1,000      50       0          1  unknown" in done(bot("usage", "--by", "model"))
    assert "workspace T1 version 1" in done(bot("usage", "--by", "version"))
    assert "the settings" in done(bot("usage", "--by", "version"))


def test_usage_is_filtered(bot: Bot, tmp_path: Path) -> None:
    fill(tmp_path)
    assert "U0GRACE" not in done(bot("usage", "--by", "person", "--channel", "C1"))
    assert "m-2" not in done(bot("usage", "--by", "model", "--person", "U0GRACE"))
    assert done(bot("usage", "--until", "2001-01-01", "--since", "2000-01-01")).startswith("No model was called")
    assert "U0ADA" in done(bot("usage", "--by", "person", "--since", "2000-01-01"))


def test_machines_get_exact_figures(bot: Bot, tmp_path: Path) -> None:
    fill(tmp_path)
    (ada, grace) = csv.DictReader(io.StringIO(done(bot("usage", "--by", "person", "--format", "csv"))))
    assert (ada["cost"], ada["unpriced"], ada["currency"]) == ("2.310000000", "1", "EUR")
    assert grace["prompt_tokens"] == "10"
    found = {each["model"]: each for each in json.loads(done(bot("usage", "--by", "model", "--format", "json")))}
    assert found["m-2"]["cost"] is None
    assert found["m-1"]["cost"] == "4.620000000"


def test_a_wrong_day_is_refused(bot: Bot) -> None:
    result = bot("usage", "--since", "yesterday")
    assert result.exit_code == 2
    assert "yesterday" in result.stderr


# --- budgets ------------------------------------------------------------------------------------------


def test_budgets_are_set_listed_and_removed(bot: Bot) -> None:
    assert done(bot("budget", "list")) == ""
    assert done(bot("budget", "set", "person", "T1", "day", "50,000", "tokens", "--note", "enough")) == (
        "Each person of T1 may spend 50,000 tokens a day.\n"
    )
    done(bot("budget", "set", "person", "T1/U1", "day", "90000", "tokens"))
    said = bot("budget", "set", "workspace", "T2", "month", "12.50", "eur")
    assert done(said) == "Workspace T2 may spend 12.50 EUR a month.\n"
    assert "BOT_PRICES is empty" in said.stderr
    lines = done(bot("budget", "list")).splitlines()
    assert [line.split(" (")[0] for line in lines] == [
        "person T1 day: 50,000 tokens",
        "person T1/U1 day: 90,000 tokens",
        "workspace T2 month: 12.50 EUR",
    ]
    assert lines[0].endswith('"enough")')
    done(bot("budget", "remove", "person", "T1/U1", "day", "tokens"))
    assert len(done(bot("budget", "list")).splitlines()) == 2
    assert done(bot("budget", "history")).startswith("person T1/U1 day: nothing set (")
    assert refused(bot("budget", "remove", "person", "T1/U1", "day", "tokens"))


@pytest.mark.parametrize(
    "words",
    [
        "person / day 5 tokens",
        "person T1/ day 5 tokens",
        "workspace T1/C1 day 5 tokens",
        "person T1 day -5 tokens",
        "person T1 day 5.5 tokens",
        "person T1 day five money",
        "person T1 day 5 USD",
        "person T1 day 99999999999999 tokens",
    ],
)
def test_an_unclear_budget_is_refused_in_one_sentence(bot: Bot, words: str) -> None:
    refused(CliRunner().invoke(commands, ["budget", "set", "--", *words.split()]))
    assert done(bot("budget", "list")) == ""
