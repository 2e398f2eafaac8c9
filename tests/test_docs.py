"""The documents say what the code does."""

import re
import subprocess
import sys
import tomllib
import types
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import COMMANDS, commands
from bot.commands.access import access
from bot.commands.budget import budget
from bot.commands.prompt import prompt
from bot.commands.usage import usage
from bot.core.errors import ModelBusy
from bot.core.turns import TRANSITIONS
from bot.plugins import ENTRY_POINT_GROUP
from bot.testing.model import ScriptedModel
from bot.testing.paper_bot import PaperBot
from tests import documents

README = (documents.ROOT / "README.md").read_text()
INDEX = documents.ROOT / "docs" / "README.md"
TIMELESS = [page for page in documents.PAGES if page.parent != documents.DECISIONS and page.name != "CHANGELOG.md"]
INSTALLS_BY_NAME = re.compile(r"(install|add|tool run|uvx) +['\"]?threadkeeper\b")
CLASS = re.compile(r"^class (\w+)", re.MULTILINE)
HOW = "run `uv run python -m tests.documents`"


def label(page: Path) -> str:
    return str(page.relative_to(documents.ROOT))


def test_env_example_lists_every_setting() -> None:
    assert (documents.ROOT / ".env.example").read_text() == documents.env_example(), HOW


def test_the_page_of_settings_lists_every_setting() -> None:
    page = (documents.ROOT / "docs/settings.md").read_text()
    assert documents.settings(page) == page, HOW


def test_the_page_about_prompts_lists_placeholders_and_parameters() -> None:
    page = (documents.ROOT / "docs/prompts.md").read_text()
    assert documents.prompts(page) == page, HOW


@pytest.mark.parametrize("command", sorted(prompt.commands))
def test_the_page_about_prompts_teaches_every_command(command: str) -> None:
    assert f"bot prompt {command} " in (documents.ROOT / "docs/prompts.md").read_text().replace("\n", " ")
    assert CliRunner().invoke(commands, ["prompt", command, "--help"]).exit_code == 0


def test_the_page_about_behaviour_draws_the_states_of_a_turn() -> None:
    """The diagram has exactly the transitions that the code allows."""
    diagram = (documents.ROOT / "docs/behaviour.md").read_text().partition("```mermaid")[2].partition("```")[0]
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


@pytest.mark.parametrize("page", documents.PAGES, ids=label)
def test_every_link_leads_somewhere(page: Path) -> None:
    """To a file, and to a heading in it where the link names one."""
    for link in re.findall(r"\]\((?!http)([^)]+)\)", page.read_text()):
        path, _, heading = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not heading or heading in headings(target), link


def headings(page: Path) -> set[str]:
    """Return the names by which GitHub links to the headings of a page."""
    found = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in found}


@pytest.mark.parametrize("page", [page for page in documents.DOCS if page.parent.name != "decisions"], ids=label)
def test_every_page_is_linked_from_the_index(page: Path) -> None:
    assert page.name == "README.md" or f"]({page.relative_to(INDEX.parent)})" in INDEX.read_text()


@pytest.mark.parametrize("record", sorted(documents.DECISIONS.glob("*.md")), ids=label)
def test_every_decision_is_listed_in_the_index(record: Path) -> None:
    """By its number, in the order of numbers."""
    number = int(record.name[:4])
    assert re.search(rf"^  - \[{number}\. .+\]\(decisions/{record.name}\)$", INDEX.read_text(), re.MULTILINE)
    assert record.read_text().startswith(f"# {number}. ")


@pytest.mark.parametrize("page", TIMELESS, ids=label)
def test_every_file_and_module_that_a_document_names_exists(page: Path) -> None:
    """Decision records and the changelog speak of their own time."""
    text = page.read_text()
    for path in re.findall(r"`((?:bot|tests|migrations|docs|\.ci)/[\w./]+)`", text):
        assert (documents.ROOT / path).exists(), path
    for module in re.findall(r"(?:-m |`)((?:bot\.testing|tests)\.[a-z_.]+[a-z_])\b", text):
        path = documents.ROOT / module.replace(".", "/")
        assert path.is_dir() or path.with_suffix(".py").exists(), module


@pytest.mark.parametrize("page", ["glossary", "platforms", "plugins"])
def test_every_class_that_a_document_names_exists(page: str) -> None:
    text = (documents.ROOT / f"docs/{page}.md").read_text()
    there = {each for module in (documents.ROOT / "bot").rglob("*.py") for each in CLASS.findall(module.read_text())}
    assert set(re.findall(r"`([A-Z][a-z]+(?:[A-Z][a-z]+)*)(?:\([\w, ]*\))?`", text)) - {"None"} <= there


async def test_the_example_of_a_plugin_works() -> None:
    """As the page shows it: the class is built without arguments and changes what the model is asked."""
    page = (documents.ROOT / "docs/plugins.md").read_text()
    code = page.partition("```python\n")[2].partition("```")[0]
    project = tomllib.loads(page.partition("```toml\n")[2].partition("```")[0])
    (target,) = project["project"]["entry-points"][ENTRY_POINT_GROUP].values()
    example = types.ModuleType("hide_emails")
    exec(code, example.__dict__)
    plugin = getattr(example, target.partition(":")[2])()
    bot = PaperBot(plugin, model=ScriptedModel(["Sent."], [ModelBusy()]))
    assert await bot.ask("Write to ada@example.com.") == ["Sent."]
    assert "Write to [e-mail]" in bot.model.requests[0].messages[-1].content
    await bot.ask("And again?")
    assert plugin.failures == 1


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


def test_nothing_tells_people_to_install_the_bot_by_its_name() -> None:
    """It is on no package index; another project's package has that name there."""
    modules = (documents.ROOT / "bot").rglob("*.py")
    wrong = [label(page) for page in (*documents.PAGES, *modules) if INSTALLS_BY_NAME.search(page.read_text())]
    assert wrong == []
