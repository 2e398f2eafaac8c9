"""`bot prompt`: setting, showing and rolling back prompts, and keeping them in files."""

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import commands
from bot.commands.prompt_changes import PromptChange
from bot.core.config import Prompt, ScopeConfig
from bot.store import migrate
from bot.store.database import Database, parse_database_url
from tests.commands.shell import Bot, done, refused


@pytest.fixture
def bot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bot:
    """`bot …` in an empty folder with an up-to-date database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'bot.db'}")
    monkeypatch.setenv("BOT_MODEL", "m-1")
    migrate.upgrade_database(parse_database_url(f"sqlite:///{tmp_path / 'bot.db'}"))

    def run(*arguments: str, stdin: str = "") -> Result:
        return CliRunner().invoke(commands, arguments, input=stdin)

    return run


# --- set, show, list ----------------------------------------------------------------------------------


def test_a_change_is_shown_and_applies(bot: Bot) -> None:
    """Each change is shown as a difference, and only the named fields change."""
    said = done(bot("prompt", "set", "workspace", "T1", "Be kind.", "--model", "m-2", "--param", "n=2"))
    assert "+Be kind.\n" in said
    assert said.endswith("Saved as version 1 of workspace T1.\n")
    said = done(bot("prompt", "set", "channel", "T1/C1", "Be brief.", "--append", "--lock", "model"))
    assert "+prompt, appended to the one above:\n+Be brief.\n" in said
    done(bot("prompt", "set", "workspace", "T1", "--param", "n=3", "--note", "More."))
    sheet = done(bot("prompt", "show", "thread", "T1/C1/9.1"))
    for line in (
        "  model: m-2 (from workspace T1)",
        "  n: 3 (from workspace T1)",
        "  model is locked by channel T1/C1",
        "  prompt (from workspace T1):\n    Be kind.",
        "  prompt (from channel T1/C1):\n    Be brief.",
    ):
        assert f"{line}\n" in sheet
    assert "m-1 (from deployment)" in done(bot("prompt", "show", "deployment"))
    listed = done(bot("prompt", "list")).splitlines()
    assert [line.split(",")[0] for line in listed] == [
        "workspace T1: version 2",
        "channel T1/C1: version 1",
    ]


def test_a_prompt_can_come_from_a_file_or_stdin(bot: Bot, tmp_path: Path) -> None:
    (tmp_path / "prompt.txt").write_text("Be kind.\n\nAlways.\n")
    done(bot("prompt", "set", "channel", "T1/C1", "--file", "prompt.txt"))
    assert "    Always.\n" in done(bot("prompt", "show", "channel", "T1/C1"))
    assert "twice" in refused(bot("prompt", "set", "channel", "T1/C1", "Be brief.", "--file", "prompt.txt"))
    done(bot("prompt", "set", "channel", "T1/C1", "--file", "-", stdin="Be brief."))
    assert "    Be brief.\n" in done(bot("prompt", "show", "channel", "T1/C1"))


def test_an_unset_field_is_inherited_again(bot: Bot) -> None:
    done(bot("prompt", "set", "workspace", "T1", "Be kind.", "--param", "n=2", "--lock", "n"))
    done(bot("prompt", "set", "workspace", "T1", "--unset", "prompt", "--unset", "n", "--unlock", "n"))
    assert done(bot("prompt", "list")) == ""


def test_a_dry_run_and_an_empty_change_save_nothing(bot: Bot) -> None:
    assert "+Be kind." in done(bot("prompt", "set", "workspace", "T1", "Be kind.", "--dry-run"))
    assert done(bot("prompt", "history", "workspace", "T1")) == ""
    done(bot("prompt", "set", "workspace", "T1", "Be kind."))
    assert done(bot("prompt", "set", "workspace", "T1", "Be kind.")) == "workspace T1: nothing changes.\n"
    assert len(done(bot("prompt", "history", "workspace", "T1")).splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["channel", "C1", "Be kind."], "`channel C1` is not a level"),
        (["workspace", "T1", "Dear {name}"], "`{name}` in line 1 is not a placeholder"),
        (["workspace", "T1", " "], "The prompt is empty"),
        (["workspace", "T1", "--param", "temperature=3"], "`temperature` must be"),
        (["workspace", "T1", "--param", "warmth=3"], "`warmth` is not a parameter"),
        (["workspace", "T1", "--param", "temperature"], "name=value"),
        (["workspace", "T1", "--unset", "n"], "`n` is not set here"),
        (["workspace", "T1", "--lock", "warmth"], "`warmth` cannot be locked"),
        (["workspace", "T1", "--model", ""], "`model` must be one line"),
        (["workspace", "T1", "--append"], "There is no prompt here yet"),
        (["workspace", "T1", "Be kind.", "--unset", "prompt"], "`prompt` cannot be set and unset at once"),
        (["workspace", "T1", "--file", "picture"], "picture is not text in UTF-8"),
    ],
)
def test_an_error_is_one_sentence(bot: Bot, tmp_path: Path, arguments: list[str], sentence: str) -> None:
    (tmp_path / "picture").write_bytes(b"\x89PNG")
    assert sentence in refused(bot("prompt", "set", *arguments))
    assert done(bot("prompt", "list")) == ""


def test_a_field_that_is_locked_above_cannot_be_set(bot: Bot) -> None:
    done(bot("prompt", "set", "direct", "T1", "Be discreet.", "--lock", "prompt"))
    done(bot("prompt", "set", "channel", "T1/C1", "Be loud."))
    sentence = refused(bot("prompt", "set", "channel", "T1/D1", "Be loud."))
    assert "`prompt` is locked by direct T1" in sentence


# --- versions -----------------------------------------------------------------------------------------


def test_history_difference_and_rollback(bot: Bot) -> None:
    for text in ("Be kind.", "Be brief.", "Be bold."):
        done(bot("prompt", "set", "channel", "T1/C1", text, "--note", f"About: {text}"))
    listed = done(bot("prompt", "history", "channel", "T1/C1", "-n", "2")).splitlines()
    assert [line.split(",")[0] for line in listed] == ["version 3", "version 2"]
    assert listed[0].endswith('sets prompt "About: Be bold."')
    changed = done(bot("prompt", "diff", "channel", "T1/C1")).splitlines()
    assert changed[-2:] == ["-Be brief.", "+Be bold."]
    changed = done(bot("prompt", "diff", "channel", "T1/C1", "3", "1")).splitlines()
    assert changed[-2:] == ["-Be bold.", "+Be kind."]
    assert "version 4" in done(bot("prompt", "rollback", "channel", "T1/C1", "1"))
    assert done(bot("prompt", "diff", "channel", "T1/C1", "1", "4")) == "There is no difference.\n"
    done(bot("prompt", "rollback", "channel", "T1/C1", "0"))
    assert done(bot("prompt", "list")) == ""
    assert "There is no version 9" in refused(bot("prompt", "rollback", "channel", "T1/C1", "9"))


# --- files --------------------------------------------------------------------------------------------


def test_exported_prompts_come_back_by_import(bot: Bot, tmp_path: Path) -> None:
    """Everything is as it was, and importing again changes nothing."""
    done(bot("prompt", "set", "workspace", "T1", "Be kind.", "--param", "temperature=0.5", "--lock", "n"))
    done(bot("prompt", "set", "channel", "T1/C1", "Be brief.", "--append"))
    done(bot("prompt", "export", "prompts"))
    folder = tmp_path / "prompts"
    assert sorted(path.name for path in folder.iterdir()) == ["channel-T1-C1.md", "workspace-T1.md"]
    done(bot("prompt", "rollback", "workspace", "T1", "0"))
    shown = done(bot("prompt", "import", "prompts", "--dry-run"))
    assert "+Be kind." in shown
    assert "channel T1/C1: nothing changes." in shown
    assert "version 3" in done(bot("prompt", "import", "prompts", "--note", "From git."))
    assert set(done(bot("prompt", "import", "prompts")).splitlines()) == {
        "workspace T1: nothing changes.",
        "channel T1/C1: nothing changes.",
    }


def test_an_export_keeps_the_names_that_files_have(bot: Bot, tmp_path: Path) -> None:
    """People may name files as they like; a level that was emptied is emptied in its file, too."""
    file = tmp_path / "prompts" / "team" / "engineering.md"
    file.parent.mkdir(parents=True)
    (tmp_path / "prompts" / "README.md").write_text("These are our prompts.\n")
    file.write_text("---\nlevel: channel T1/C1\n---\nBe kind.\n")
    done(bot("prompt", "import", "prompts"))
    assert done(bot("prompt", "export", "prompts")).split() == ["prompts/team/engineering.md"]
    assert file.read_text() == "---\nlevel: channel T1/C1\n---\nBe kind.\n"
    done(bot("prompt", "rollback", "channel", "T1/C1", "0"))
    done(bot("prompt", "export", "prompts"))
    assert file.read_text() == "---\nlevel: channel T1/C1\n---\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Be kind.\n", "there is no front matter"),
        ("---\nlevel: [\n---\n", "not valid YAML in line 3"),
        ("---\n- level\n---\n", "lines of `name: value`"),
        ("---\nmode: append\n---\n", "is not a level"),
        ("---\nlevel: workspace T1\nmode: add\n---\n", "`mode` must be"),
        ("---\nlevel: workspace T1\nmode: [append]\n---\n", "`mode` must be"),
        ("---\nlevel: workspace T1\nn: 2\nn: 3\n---\n", "`n` is in the front matter twice"),
        ("---\nlevel: deployment\n---\nBe kind.\n", "the deployment is set by BOT_SYSTEM_PROMPT"),
        ("---\nlevel: workspace T1\nlocks: model\n---\n", "`locks` must be a list"),
        ("---\nlevel: workspace T1\ntemperature: hot\n---\n", "`temperature` must be"),
        ("---\nlevel: workspace T1\nwarmth: 1\n---\n", "`warmth` is not a parameter"),
        ("---\nlevel: workspace T1\n---\nDear {name}\n", "`{name}` in line 1"),
        ("---\nlevel: channel T1/C1\nn: 3\n---\n", "is set in"),
        ("---\nlevel: channel T1/C2\nn: 3\n---\n", "`n` is locked by workspace T2"),
    ],
)
def test_one_wrong_file_and_nothing_is_imported(bot: Bot, tmp_path: Path, text: str, sentence: str) -> None:
    """The sentence names the file, for the log of a build."""
    done(bot("prompt", "set", "workspace", "T2", "--lock", "n"))
    (tmp_path / "a.md").write_text("---\nlevel: channel T1/C1\n---\nBe kind.\n")
    (tmp_path / "b.md").write_text(text.replace("T1/C2", "T2/C2"))
    found = refused(bot("prompt", "import", "."))
    assert sentence in found
    assert "b.md: " in found
    assert "T1/C1" not in done(bot("prompt", "list"))


def test_an_error_of_the_disk_is_one_sentence(bot: Bot, tmp_path: Path) -> None:
    done(bot("prompt", "set", "channel", "T1/C1", "Be kind."))
    (tmp_path / "file").touch()
    assert "file/prompts: Not a directory" in refused(bot("prompt", "export", "file/prompts"))
    (tmp_path / "channel-T1-C1.md").mkdir()
    assert "channel-T1-C1.md: Is a directory" in refused(bot("prompt", "import", "."))


def test_a_folder_without_files_is_named(bot: Bot, tmp_path: Path) -> None:
    """A build that reads the wrong folder should not seem to have worked."""
    (tmp_path / "prompts").mkdir()
    assert bot("prompt", "import", "prompts").stderr == "There is no Markdown file in prompts.\n"


def test_files_may_remove_a_lock_and_set_the_field_that_it_locked(bot: Bot, tmp_path: Path) -> None:
    """Whatever the names of the files: higher levels are imported first."""
    done(bot("prompt", "set", "workspace", "T1", "--lock", "n"))
    (tmp_path / "a.md").write_text("---\nlevel: channel T1/C1\nn: 2\n---\n")
    (tmp_path / "b.md").write_text("---\nlevel: workspace T1\n---\n")
    done(bot("prompt", "import", "."))
    assert "n: 2 (from channel T1/C1)" in done(bot("prompt", "show", "channel", "T1/C1"))


def test_history_shows_the_votes(bot: Bot, tmp_path: Path) -> None:
    for text in ("Be kind.", "Be brief."):
        done(bot("prompt", "set", "channel", "T1/C1", text))
    with sqlite3.connect(tmp_path / "bot.db") as database:
        database.executescript(
            "INSERT INTO conversations (id, platform, workspace, channel, root, created_at)"
            " VALUES (1, 'slack', 'T1', 'C1', '1.0', 1);"
            "INSERT INTO turns (id, conversation_id, platform, workspace, channel, message_id, author_id,"
            " author_name, question, sent_at, status, token, attempt, answer, model, finish_reason, error,"
            " created_at) VALUES (1, 1, 'slack', 'T1', 'C1', '1.0', 'U1', '', '', 1, 'done', 1, 1, 'So.', '',"
            " '', '', 1);"
            "INSERT INTO votes (id, turn_id, variant, voter_id, is_good, reasons, note, model, at)"
            " VALUES (1, 1, 1, 'U1', 1, '', '', '', 1), (2, 1, 1, 'U2', 0, '', '', '', 1);"
            "INSERT INTO vote_versions VALUES (1, 1), (2, 1);"
        )
    newest, first = done(bot("prompt", "history", "channel", "T1/C1")).splitlines()
    assert first.endswith(", 1 found its answers good, 1 bad")
    assert newest.endswith("sets prompt")


# --- beside a running bot -----------------------------------------------------------------------------


def test_it_works_beside_a_running_bot(bot: Bot, tmp_path: Path) -> None:
    """Also on the embedded database, whose file the bot locks against a second bot."""
    database = Database(parse_database_url(f"sqlite:///{tmp_path / 'bot.db'}"))
    with asyncio.Runner() as runner:
        runner.run(database.open())
        try:
            done(bot("prompt", "set", "workspace", "T1", "Be kind."))
            count = runner.run(
                database.tx(
                    lambda connection: connection.exec_driver_sql("SELECT count(*) FROM steering_versions").scalar_one()
                )
            )
        finally:
            runner.run(database.close())
    assert count == 1


def test_an_old_database_is_refused_with_the_command_to_run(bot: Bot, tmp_path: Path) -> None:
    migrate.downgrade_database(parse_database_url(f"sqlite:///{tmp_path / 'bot.db'}"), "0002")
    run = subprocess.run([sys.executable, "-m", "bot", "prompt", "list"], capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert "run `bot migrate` first" in run.stderr


def test_a_deployment_whose_own_prompt_is_wrong_says_so(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_SYSTEM_PROMPT", "Dear {name}")
    run = subprocess.run([sys.executable, "-m", "bot", "prompt", "list"], capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert run.stderr.startswith("bot: BOT_SYSTEM_PROMPT is wrong: `{name}` in line 1 is not a placeholder")


def test_a_change_leaves_other_fields_as_they_are() -> None:
    before = ScopeConfig(prompt=Prompt("Be kind.", appends=True), parameters={"n": 2}, locks=frozenset({"n"}))
    assert PromptChange().apply(before) == before
    assert PromptChange(text="Be brief.").apply(before).prompt == Prompt("Be brief.", appends=True)
    assert PromptChange(appends=False).apply(before).prompt == Prompt("Be kind.")
