"""What the documents say of the code, made from the code.

`uv run python -m tests.documents` writes it; `test_docs.py` fails when it was not done.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from bot.core.chat.parameters import PARAMETER_TABLE as PARAMETERS
from bot.core.chat.placeholders import PLACEHOLDERS
from bot.settings import Settings

ROOT = Path(__file__).parent.parent
DOCS = sorted((ROOT / "docs").rglob("*.md"))
PAGES = [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")] + DOCS
DECISIONS = ROOT / "docs" / "decisions"
TABLE = re.compile(r"(?<=<!-- settings -->\n).*?(?=<!-- /settings -->)", re.DOTALL)


def env_example() -> str:
    """Return `.env.example`: a comment and a line for each setting."""
    entries = [f"# {field.description}\n# {name.upper()}={_default(name)}\n" for name, field in _fields()]
    return "# Copy this file to .env and fill in what you need.\n\n" + "\n".join(entries)


def settings_table() -> str:
    """Return a row for each setting."""
    rows = [
        f"| `{name.upper()}` | {f'`{_default(name)}`' if _default(name) else ''} | {field.description} |"
        for name, field in _fields()
    ]
    return "\n".join(["| setting | default | what it is |", "|---|---|---|", *rows]) + "\n"


def settings(current: str) -> str:
    """Return `docs/settings.md` with its table as it should be."""
    return TABLE.sub(lambda _: settings_table(), current)


def prompts(current: str) -> str:
    """Return `docs/prompts.md` with its lists as they should be."""
    parts = {"placeholders": placeholders_list(), "parameters": parameters_table()}
    for name, text in parts.items():
        before, begin, rest = current.partition(f"<!-- {name} -->\n")
        current = before + begin + text + "".join(rest.partition(f"<!-- /{name} -->")[1:])
    return current


def placeholders_list() -> str:
    """Return what may stand in braces."""
    return "".join(f"- `{{{name}}}`: {meaning}\n" for name, meaning in PLACEHOLDERS.items())


def parameters_table() -> str:
    """Return what may be set of a model, and what it may be."""
    rows = [
        f"| `{parameter.name}` | {parameter.value_type.expects} | {parameter.when_unset} | {parameter.help} |\n"
        for parameter in PARAMETERS
    ]
    return "| parameter | what it may be | unset | what it does |\n|---|---|---|---|\n" + "".join(rows)


def _fields() -> Iterable[tuple[str, FieldInfo]]:
    return Settings.model_fields.items()


def _default(name: str) -> str:
    default = Settings.model_fields[name].default
    if default is PydanticUndefined or isinstance(default, SecretStr):
        return ""
    return {True: "on", False: "off"}[default] if isinstance(default, bool) else str(default)


if __name__ == "__main__":
    (ROOT / ".env.example").write_text(env_example())
    (ROOT / "docs/prompts.md").write_text(prompts((ROOT / "docs/prompts.md").read_text()))
    (ROOT / "docs/settings.md").write_text(settings((ROOT / "docs/settings.md").read_text()))
