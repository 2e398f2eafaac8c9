"""A wrong `DATABASE_URL` is one sentence and exit code 2, whichever command meets it."""

import sys
from pathlib import Path

import pytest

from bot import cli

COMMANDS = (
    "access show T1",
    "budget list",
    "erase --user U1 --yes",
    "export --user U1",
    "migrate",
    "models",
    "models --forget",
    "prompt list",
    "usage",
)
"""Every command that opens the database but `bot run`, of which `tests/e2e/test_bad_input.py` has the same."""


def sentence_of(command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a command as the shell does; it must refuse with one sentence."""
    monkeypatch.setattr(sys, "argv", ["bot", *command.split()])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    printed = capsys.readouterr()
    assert (ended.value.code, printed.out) == (2, "")
    (sentence,) = printed.err.splitlines()
    return sentence


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_says_it_in_one_sentence(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.db").write_text("not a database, but long enough to be looked at " * 50)
    for url, said in (
        ("postgresql://me:hunter2@127.0.0.1/x?pgbouncer=true", "pgbouncer"),
        ("postgresql://me:hunter2@127.0.0.1/x?ssl=true", "sslmode=require"),
        ("sqlite://tmp/x.db", "three slashes"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:///notes.db", "notes.db is not an SQLite database"),
    ):
        monkeypatch.setenv("DATABASE_URL", url)
        sentence = sentence_of(command, capsys, monkeypatch)
        assert sentence.startswith("bot: DATABASE_URL")
        assert said in sentence
        assert "hunter2" not in sentence
