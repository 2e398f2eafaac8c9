"""A scope as a Markdown file: front matter for everything that is set, and the prompt as it is written.

    ---
    level: channel T1/C1
    mode: append
    temperature: 0.2
    locks: [model]
    ---
    Answer in one paragraph.

`to_markdown` and `from_markdown` lose nothing on the way to a file and back. The file names its level inside, so it
may have any name. A wrong file raises ValueError with one sentence that names it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.core.chat import scoped_config as core
from bot.core.config import Prompt, Scope, ScopeConfig

FRONT_MATTER = re.compile(r"---\r?\n(.*?)^---(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
MODES = {"replace": False, "append": True}


YAML_LINE_BREAKS = frozenset("\x85\u2028\u2029")
"""YAML takes these for line breaks and folds them, unless they are escaped. https://yaml.org/spec/1.1/#b-break"""


class _FrontMatterLoader(yaml.SafeLoader):
    """Reads front matter. YAML forbids a repeated name, of which PyYAML takes the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's
        """Return a mapping. Raises ValueError, a sentence for people, if a name is repeated."""
        names = [name.value for name, _ in node.value]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"`{twice[0]}` is in the front matter twice.")
        return super().construct_mapping(node, deep)


class _FrontMatterDumper(yaml.SafeDumper):
    """Writes front matter."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = '"' if YAML_LINE_BREAKS & set(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_FrontMatterDumper.add_representer(str, _represent_text)


@dataclass(frozen=True, slots=True)
class PromptFile:
    """A file, and the config that it sets."""

    path: Path
    config: ScopeConfig


def read_folder(folder: Path, platform: str) -> Mapping[Scope, PromptFile]:
    """Return what the Markdown files of a folder set, except a README. Raises ValueError."""
    found: dict[Scope, PromptFile] = {}
    for path in sorted(folder.rglob("*.md")):
        if path.stem.lower() == "readme":
            continue
        try:
            scope, config = from_markdown(path.read_bytes().decode(), platform)
        except ValueError as error:  # also of decode()
            raise ValueError(f"{path}: {error}") from None
        if scope in found:
            raise ValueError(f"{path}: {core.name_scope(scope)} is set in {found[scope].path} too.")
        found[scope] = PromptFile(path, config)
    return found


def file_name(scope: Scope) -> str:
    """Return the name of a new file for a scope."""
    return re.sub(r"[^\w.-]", "-", core.name_scope(scope)) + ".md"


def to_markdown(scope: Scope, config: ScopeConfig) -> str:
    """Return the file's text; it ends with one line break more than the prompt."""
    fields: dict[str, Any] = {"level": core.name_scope(scope)}
    if config.prompt and config.prompt.appends:
        fields["mode"] = "append"
    fields |= {name: config.parameters[name] for name in sorted(config.parameters)}
    if config.locks:
        fields["locks"] = sorted(config.locks)
    front = yaml.dump(fields, Dumper=_FrontMatterDumper, sort_keys=False, allow_unicode=True)
    prompt = f"{config.prompt.text}\n" if config.prompt else ""
    return f"---\n{front}---\n{prompt}"


def from_markdown(text: str, platform: str) -> tuple[Scope, ScopeConfig]:
    """Return the scope and config of a file. Raises ValueError."""
    front = FRONT_MATTER.match(text)
    if front is None:
        raise ValueError("there is no front matter between two lines of `---`.")
    fields = _parse_fields(front[1])
    scope = core.parse_scope(str(fields.pop("level", "")), platform)
    if scope == core.DEPLOYMENT_SCOPE:
        raise ValueError("the deployment is set by BOT_SYSTEM_PROMPT and BOT_MODEL, not by a file.")
    mode, locks = str(fields.pop("mode", "replace")), fields.pop("locks", [])
    if mode not in MODES:
        raise ValueError("`mode` must be replace or append.")
    if not isinstance(locks, list):
        raise ValueError("`locks` must be a list, such as [model].")  # noqa: TRY004 - it is a person's mistake
    body = text[front.end() :].removesuffix("\n")
    config = ScopeConfig(
        prompt=Prompt(body, appends=MODES[mode]) if body.strip() else None,
        parameters=fields,
        locks=frozenset(map(str, locks)),
    )
    for problem in core.find_problems(config).values():
        raise ValueError(problem)
    return scope, config


def _parse_fields(front: str) -> dict[str, Any]:
    try:
        fields = _FrontMatterLoader(front).get_single_data()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 2}" if mark else ""
        raise ValueError(f"the front matter is not valid YAML{where}.") from None
    except RecursionError:
        raise ValueError("the front matter is nested too deeply.") from None
    if not isinstance(fields, dict):
        raise ValueError("the front matter must be lines of `name: value`.")  # noqa: TRY004 - it is a person's mistake
    if isinstance(fields.get("logit_bias"), dict):  # YAML takes a token's id for a number
        fields["logit_bias"] = {str(token): bias for token, bias in fields["logit_bias"].items()}
    return {str(name): value for name, value in fields.items()}
