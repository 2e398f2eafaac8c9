"""The documents say what the code does."""

import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

from bot.cli import COMMANDS, commands
from bot.commands.access import access
from bot.commands.budget import budget
from bot.commands.prompt import prompt
from bot.commands.usage import usage
from bot.core.turns import TRANSITIONS
from tests import documents

README = (documents.ROOT / "README.md").read_text()
HOW = "run `uv run python -m tests.documents`"


def test_env_example_lists_every_setting() -> None:
    assert (documents.ROOT / ".env.example").read_text() == documents.env_example(), HOW


def test_readme_lists_every_setting() -> None:
    assert documents.readme(README) == README, HOW


def test_the_page_about_prompts_lists_placeholders_and_parameters() -> None:
    page = (documents.ROOT / "docs/prompts.md").read_text()
    assert documents.prompts(page) == page, HOW


@pytest.mark.parametrize("command", sorted(prompt.commands))
def test_the_page_about_prompts_teaches_every_command(command: str) -> None:
    assert f"bot prompt {command} " in (documents.ROOT / "docs/prompts.md").read_text().replace("\n", " ")
    assert CliRunner().invoke(commands, ["prompt", command, "--help"]).exit_code == 0


def test_readme_draws_the_states_of_a_turn() -> None:
    """The diagram has exactly the transitions that the code allows."""
    diagram = README.partition("```mermaid")[2].partition("```")[0]
    drawn = set(re.findall(r"(\w+) --> (\w+)", diagram))
    assert drawn == {(str(a), str(b)) for a, following in TRANSITIONS.items() for b in following}


@pytest.mark.parametrize(
    "command", ["run", "try", "migrate", "manifest", "prompt", "access", "models", "usage", "budget"]
)
def test_help_and_readme_teach_every_command(command: str) -> None:
    shown = CliRunner().invoke(commands, ["--help"]).output
    assert re.search(rf"^ +{command} +\w", shown, re.MULTILINE)
    assert f"bot {command}" in README
    assert CliRunner().invoke(commands, [command, "--help"]).exit_code == 0


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_where_it_is_said_to_be(command: str) -> None:
    shown = CliRunner().invoke(commands, [command, "--help"])
    assert shown.exit_code == 0
    assert shown.output.startswith(f"Usage: commands {command} ")


def test_help_waits_for_no_library_that_it_does_not_need() -> None:
    """It takes a tenth of the time so."""
    code = (
        "import sys; from bot.cli import commands; commands(['--help'], standalone_mode=False);"
        "print(sorted({'aiohttp', 'httpx', 'pydantic', 'slack_bolt', 'sqlalchemy'} & sys.modules.keys()))"
    )
    shown = subprocess.check_output([sys.executable, "-c", code], text=True, cwd=documents.ROOT)
    assert shown.splitlines()[-1] == "[]"


def test_readme_has_the_two_commands() -> None:
    assert "pip install uv && uv run bot try" in README
    assert "pip install uv && uv run pytest" in README


def test_every_file_that_the_documents_name_exists() -> None:
    for document in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"):
        text = (documents.ROOT / document).read_text()
        named = re.findall(r"`((?:bot|tests|migrations|docs)/[\w./]+)`", text) + re.findall(
            r"\]\((?!http|#)([^)]+)\)", text
        )
        for path in named:
            assert (documents.ROOT / path).exists(), f"{document} names {path}"


def test_architecture_fits_on_two_screens() -> None:
    assert len((documents.ROOT / "ARCHITECTURE.md").read_text().splitlines()) <= 100


@pytest.mark.parametrize("command", sorted(access.commands))
def test_the_page_for_admins_teaches_every_command_about_access(command: str) -> None:
    assert f"bot access {command} T1" in (documents.ROOT / "docs/admins.md").read_text()
    assert CliRunner().invoke(commands, ["access", command, "--help"]).exit_code == 0


@pytest.mark.parametrize("command", sorted(budget.commands))
def test_the_page_about_budgets_teaches_every_command(command: str) -> None:
    assert f"bot budget {command}" in (documents.ROOT / "docs/budgets.md").read_text()
    assert CliRunner().invoke(commands, ["budget", command, "--help"]).exit_code == 0


@pytest.mark.parametrize("option", [name for each in usage.params for name in each.opts])
def test_the_page_about_budgets_teaches_every_option_of_usage(option: str) -> None:
    assert f"`{option}" in (documents.ROOT / "docs/budgets.md").read_text()
