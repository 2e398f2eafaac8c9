"""A level as a Markdown file: front matter for all that is set, and the prompt as it is written.

Separate from the commands so that the form can be tested without a database. Rules: nothing is lost on the
way to a file and back; the level stands in the file, so its name is free; what is wrong is a ValueError,
one sentence for people that names the file.

    ---
    level: channel T1/C1
    mode: append
    temperature: 0.2
    locks: [model]
    ---
    Answer in one paragraph.
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
"""Line breaks to YAML, which it folds unless they are written as escapes. https://yaml.org/spec/1.1/#b-break"""


class _FrontMatterLoader(yaml.SafeLoader):
    """Reads front matter, in which nothing may stand twice, as YAML says, though PyYAML takes the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's
        """Return a mapping. Raises ValueError, a sentence for people, where a name stands twice."""
        names = [name.value for name, _ in node.value]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"`{twice[0]}` stands in the front matter twice.")
        return super().construct_mapping(node, deep)


class _FrontMatterDumper(yaml.SafeDumper):
    """Writes front matter."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = '"' if YAML_LINE_BREAKS & set(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_FrontMatterDumper.add_representer(str, _represent_text)


@dataclass(frozen=True, slots=True)
class PromptFile:
    """A file of a folder, and what it sets."""

    path: Path
    steering: ScopeConfig


def read_folder(folder: Path, platform: str) -> Mapping[Scope, PromptFile]:
    """Return what the Markdown files of a folder set; a README is none of them. Raises ValueError."""
    found: dict[Scope, PromptFile] = {}
    for path in sorted(folder.rglob("*.md")):
        if path.stem.lower() == "readme":
            continue
        try:
            key, steering = from_markdown(path.read_bytes().decode(), platform)
        except ValueError as error:  # also of decode()
            raise ValueError(f"{path}: {error}") from None
        if key in found:
            raise ValueError(f"{path}: {core.name_scope(key)} is set in {found[key].path} too.")
        found[key] = PromptFile(path, steering)
    return found


def file_name(key: Scope) -> str:
    """Return the name of a new file for a level."""
    return re.sub(r"[^\w.-]", "-", core.name_scope(key)) + ".md"


def to_markdown(key: Scope, steering: ScopeConfig) -> str:
    """Return the file's text; a prompt is followed by one line break more than it has."""
    fields: dict[str, Any] = {"level": core.name_scope(key)}
    if steering.prompt and steering.prompt.appends:
        fields["mode"] = "append"
    fields |= {name: steering.parameters[name] for name in sorted(steering.parameters)}
    if steering.locks:
        fields["locks"] = sorted(steering.locks)
    front = yaml.dump(fields, Dumper=_FrontMatterDumper, sort_keys=False, allow_unicode=True)
    prompt = f"{steering.prompt.text}\n" if steering.prompt else ""
    return f"---\n{front}---\n{prompt}"


def from_markdown(text: str, platform: str) -> tuple[Scope, ScopeConfig]:
    """Return what a file sets, and for which level. Raises ValueError."""
    front = FRONT_MATTER.match(text)
    if front is None:
        raise ValueError("there is no front matter between two lines of `---`.")
    fields = _parse_fields(front[1])
    key = core.parse_scope(str(fields.pop("level", "")), platform)
    if key == core.DEPLOYMENT_SCOPE:
        raise ValueError("the deployment is set by BOT_SYSTEM_PROMPT and BOT_MODEL, not by a file.")
    mode, locks = str(fields.pop("mode", "replace")), fields.pop("locks", [])
    if mode not in MODES:
        raise ValueError("`mode` must be replace or append.")
    if not isinstance(locks, list):
        raise ValueError("`locks` must be a list, such as [model].")  # noqa: TRY004 - people made the mistake
    body = text[front.end() :].removesuffix("\n")
    steering = ScopeConfig(
        prompt=Prompt(body, appends=MODES[mode]) if body.strip() else None,
        parameters=fields,
        locks=frozenset(map(str, locks)),
    )
    for problem in core.find_problems(steering).values():
        raise ValueError(problem)
    return key, steering


def _parse_fields(front: str) -> dict[str, Any]:
    try:
        fields = _FrontMatterLoader(front).get_single_data()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 2}" if mark else ""
        raise ValueError(f"the front matter is not valid YAML{where}.") from None
    if not isinstance(fields, dict):
        raise ValueError("the front matter must be lines of `name: value`.")  # noqa: TRY004 - people made the mistake
    if isinstance(fields.get("logit_bias"), dict):  # YAML takes a token's id for a number
        fields["logit_bias"] = {str(token): bias for token, bias in fields["logit_bias"].items()}
    return {str(name): value for name, value in fields.items()}
