"""`bot access`: who may ask, and who may edit prompts."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import commands
from bot.store import migrate
from bot.store.database import parse_database_url
from tests.commands.shell import Bot, done


@pytest.fixture
def bot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bot:
    """`bot access …` with an up-to-date database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'bot.db'}")
    migrate.upgrade_database(parse_database_url(f"sqlite:///{tmp_path / 'bot.db'}"))

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(commands, ["access", *arguments])

    return run


def test_a_change_is_shown_and_takes_effect(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is named changes; the settings are shown beside it."""
    monkeypatch.setenv("BOT_DENY", "U9")
    assert done(bot("allow", "T1", "C1", "U1", "U2")) == (
        "+only in these channels: C1\n+only these people: U1, U2\nworkspace T1: version 1\n"
    )
    done(bot("deny", "T1", "U3", "C3", "--note", "Spam."))
    done(bot("allow", "T1", "U2", "--remove"))
    done(bot("admit", "T1", "guests", "U4"))
    done(bot("admit", "T1", "shared-channels", "--remove"))
    done(bot("admin", "T1", "U1"))
    done(bot("editor", "T1/C1", "U2"))
    shown = done(bot("show", "T1"))
    for line in (
        "  never these people: U9",
        "  only in these channels: C1",
        "  never in these channels: C3",
        "  only these people: U1",
        "  never these people: U3",
        "  guests and outsiders by name: U4",
        "  let in: direct-messages, guests",
        "  may configure: U1",
        "  may configure: U2",
    ):
        assert f"\n{line}\n" in shown
    assert "workspace T1: version 6" in shown
    assert "channel T1/C1: version 1" in shown
    assert "workspace" not in done(bot("show", "T1/C1"))


def test_history_shows_who_changed_what_and_why(bot: Bot) -> None:
    done(bot("deny", "T1", "U3", "--note", "Spam."))
    done(bot("deny", "T1", "U3", "--remove"))
    newest, change, oldest, _first = done(bot("history", "T1")).splitlines()
    assert newest.startswith("version 2 by ")
    assert change == "  -never these people: U3"
    assert oldest.startswith("version 1 by ")
    assert oldest.endswith(": Spam.")
    assert len(done(bot("history", "T1", "-n", "1")).splitlines()) == 2


def test_a_dry_run_and_an_empty_change_save_nothing(bot: Bot) -> None:
    assert "+never these people: U3" in done(bot("deny", "T1", "U3", "--dry-run"))
    assert done(bot("deny", "T1", "U3", "--remove")) == "Nothing changes.\n"
    assert done(bot("history", "T1")) == ""
    assert done(bot("show", "T1")) == "the deployment's settings:\n  (nothing)\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("allow", "T1", "grace"), "`grace` is not the id of a Slack channel (C…) or person (U…)."),
        (("deny", "T1", "D1"), "`D1` is not the id of a Slack channel (C…) or person (U…)."),
        (("admit", "T1", "everybody"), "`everybody` is neither one of "),
        (("admit", "T1", "none"), "`none` is only for BOT_ADMIT; remove words with --remove."),
        (("admin", "T1", "C1"), "`C1` is not the id of a Slack user (U…)."),
        (("admin", "T1/C1", "U1"), "`T1/C1` must be a workspace, such as `T1`."),
        (("editor", "T1", "U1"), "`T1` must be a channel, such as `T1/C1`."),
        (("editor", "T1/D1", "U1"), "`D1` is not the id of a Slack channel (C…)."),
        (("show", "T1/C1/1.0"), "is not a level"),
    ],
)
def test_an_error_is_one_sentence(bot: Bot, arguments: tuple[str, ...], sentence: str) -> None:
    result = bot(*arguments)
    assert result.exit_code == 2, result.output
    (said,) = result.stderr.splitlines()
    assert said.startswith("bot: ")
    assert sentence in said
    assert said.endswith(".")


def test_without_words_nothing_is_changed(bot: Bot) -> None:
    assert bot("allow", "T1").exit_code == 2
