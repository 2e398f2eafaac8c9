"""The config that admins set for each scope, and the one function that combines it: `resolve_config`.

Scopes from the top down: the deployment (its settings), the workspace, all direct messages of the workspace
(in these only), the channel, the thread. Example:

    scope                  prompt           model    temperature
    deployment             "Be brief."      m-1      -
    workspace T1           -                -        0.3, locked
    channel T1/C1          + "Speak French" m-2      1.0 (ignored: locked above)
    applies in C1          both prompts     m-2      0.3

Rules:

- A field that a scope sets applies to all scopes below it; the lowest scope that sets it wins.
- A prompt that appends follows the prompts of the scopes above; a prompt that replaces takes their place.
- If a scope locks a field, all scopes below are treated as not setting it.
- A field that no scope sets is not sent: the model's own default applies.
"""

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.core.chat import parameters, placeholders
from bot.core.config import DIRECT_MESSAGES, ConfigVersion, Prompt, Scope, ScopeConfig
from bot.core.parameter_types import ParameterValue
from bot.core.requests import Provenance
from bot.core.turns import ThreadKey

DEFAULT_PROMPT = (
    "You are a helpful assistant in a team's chat. Answer in Markdown, as briefly as the question allows. "
    "Say so when you do not know."
)
"""The system prompt if not even the deployment sets one."""

PROMPT_FIELD = "prompt"
"""The name of the one field that is not a parameter."""

MAX_PROMPT_CHARACTERS = 40_000
"""Of the prompt of one scope."""

DEPLOYMENT_SCOPE = Scope()
EMPTY_CONFIG = ScopeConfig()
CONFIG_FORMAT = 1
"""Version of the stored JSON; incremented when an older program could not read it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveConfig:
    """The config that applies in a scope, and where each part of it comes from."""

    prompts: tuple[tuple[Scope, str], ...]
    """The parts of the system prompt with the scopes that set them, highest first."""
    parameters: Mapping[str, ParameterValue]
    """All parameters that are set, including the model."""
    origins: Mapping[str, Scope]
    """The scope that each parameter comes from."""
    scopes: tuple[Scope, ...]
    """The scopes that were combined, highest first."""

    @property
    def system(self) -> str:
        """The whole system prompt, with its placeholders."""
        return "\n\n".join(text for _level, text in self.prompts)


def thread_scope(thread: ThreadKey) -> Scope:
    """Return the scope of this thread alone."""
    return Scope(platform=thread.platform, workspace=thread.workspace, channel=thread.channel, root=thread.root)


def list_scopes(scope: Scope, *, is_direct: bool = False) -> tuple[Scope, ...]:
    """Return the scopes that apply in a scope, highest first, itself last.

    `is_direct` says that its channel is a direct message; only the platform's adapter knows that.
    """
    workspace = replace(scope, channel="", root="")
    direct = (replace(scope, channel=DIRECT_MESSAGES, root=""),) if is_direct and scope.channel else ()
    channel = replace(scope, root="")
    return tuple(dict.fromkeys((DEPLOYMENT_SCOPE, workspace, *direct, channel, scope)))


def resolve_config(configs: Mapping[Scope, ScopeConfig], scope: Scope, *, is_direct: bool = False) -> EffectiveConfig:
    """Return what applies in a scope.

    `configs` holds what each scope sets, the deployment's under `DEPLOYMENT_SCOPE`; scopes that do not apply
    are ignored.
    """
    scopes = list_scopes(scope, is_direct=is_direct)
    locks: set[str] = set()
    prompts: list[tuple[Scope, str]] = []
    chosen: dict[str, ParameterValue] = {}
    origins: dict[str, Scope] = {}
    for each in scopes:
        config = configs.get(each, EMPTY_CONFIG)
        if config.prompt and PROMPT_FIELD not in locks:
            before = prompts if config.prompt.appends else []
            prompts = [*before, (each, config.prompt.text)]
        for name, value in config.parameters.items():
            if name not in locks:
                chosen[name], origins[name] = value, each
        locks |= config.locks
    return EffectiveConfig(prompts=tuple(prompts), parameters=chosen, origins=origins, scopes=scopes)


def make_provenance(config: EffectiveConfig, versions: Iterable[ConfigVersion]) -> Provenance:
    """Return the provenance to store with an answer; `versions` are those that were read for it."""
    ids = {version.scope: version.id for version in versions}
    used = tuple(ids[each] for each in config.scopes if each in ids)
    return Provenance(versions=used, parameters=config.parameters)


def find_locks(configs: Mapping[Scope, ScopeConfig], scope: Scope, *, is_direct: bool = False) -> Mapping[str, Scope]:
    """Return the fields that may not be set in a scope, each with the scope that locks it."""
    found: dict[str, Scope] = {}
    for each in list_scopes(scope, is_direct=is_direct)[:-1]:
        for name in configs.get(each, EMPTY_CONFIG).locks:
            found.setdefault(name, each)
    return found


def find_problems(config: ScopeConfig, locks: Mapping[str, Scope] | None = None) -> Mapping[str, str]:
    """Return why a config cannot be saved: a sentence for people for each wrong field.

    `locks` are those of the scopes above, from `find_locks`.
    """
    found = {
        name: f"`{name}` is locked by {name_scope(locked_by)}."
        for name, locked_by in (locks or {}).items()
        if name in list_set_fields(config)
    }
    for name, value in config.parameters.items():
        try:
            parameters.check(name, value)
        except ValueError as error:
            found[name] = str(error)
    if config.prompt and (wrong := _find_prompt_problem(config.prompt.text)):
        found[PROMPT_FIELD] = wrong
    if unknown := config.locks - {PROMPT_FIELD, *parameters.PARAMETERS}:
        found["locks"] = f"`{min(unknown)}` cannot be locked; there is no such field."
    return found


def find_lock_violations(current: ScopeConfig, draft: ScopeConfig) -> Mapping[str, str]:
    """Return why somebody who is not an admin cannot save a draft in place of the current config.

    Fields that an admin locked must stay unchanged, and so must the locks.
    """
    found = {
        name: f"`{name}` is locked here; only admins may change it."
        for name in current.locks
        if _field_value(current, name) != _field_value(draft, name)
    }
    if draft.locks != current.locks:
        found["locks"] = "Only admins may change what is locked."
    return found


def _field_value(config: ScopeConfig, name: str) -> object:
    return config.prompt if name == PROMPT_FIELD else config.parameters.get(name)


def list_set_fields(config: ScopeConfig) -> frozenset[str]:
    """Return the names of the fields that are set: parameters, and `prompt`."""
    return frozenset(config.parameters) | ({PROMPT_FIELD} if config.prompt else frozenset())


def diff(old: ScopeConfig, new: ScopeConfig) -> str:
    """Return the changes for people: `-` marks removed lines, `+` added ones; empty if there are none."""
    lines = difflib.unified_diff(describe_config(old), describe_config(new), n=2, lineterm="")
    hunks = ["…" if line.startswith("@@") else line for line in lines][3:]  # two file names, one position
    return "\n".join(hunks)


def describe_config(config: ScopeConfig) -> list[str]:
    """Return everything that is set, for people, line by line: the parameters, the locks, the prompt."""
    lines = [
        f"{name}: {', '.join(parameters.render(name, config.parameters[name]).splitlines())}"
        for name in sorted(config.parameters)
    ]
    if config.locks:
        lines.append(f"locked below: {', '.join(sorted(config.locks))}")
    if config.prompt:
        mode = "appended to the one above" if config.prompt.appends else "in place of the one above"
        lines += [f"prompt, {mode}:", *config.prompt.text.split("\n")]
    return lines


def name_scope(scope: Scope) -> str:
    """Return a scope's name, such as `deployment`, `workspace T1`, `direct T1` or `thread T1/C1/9.1`."""
    if scope == DEPLOYMENT_SCOPE:
        return "deployment"
    if not scope.channel:
        return f"workspace {scope.workspace}"
    if scope.channel == DIRECT_MESSAGES:
        return f"direct {scope.workspace}"
    channel = f"{scope.workspace}/{scope.channel}"
    return f"thread {channel}/{scope.root}" if scope.root else f"channel {channel}"


def describe_place(scope: Scope) -> str:
    """Return where a scope's config applies, for people who read it there; empty for the deployment."""
    if scope == DEPLOYMENT_SCOPE:
        return ""
    if not scope.channel:
        return "this workspace"
    if scope.channel == DIRECT_MESSAGES:
        return "direct messages"
    return "this thread" if scope.root else "this channel"


def parse_scope(name: str, platform: str) -> Scope:
    """Return the scope with that name (see `name_scope`). Raises ValueError with a sentence for people."""
    kind, _, ids = name.strip().partition(" ")
    parts = ids.split("/") if ids else []
    match kind, parts if all(parts) and " " not in ids else None:
        case "deployment", []:
            return DEPLOYMENT_SCOPE
        case "workspace", [workspace]:
            return Scope(platform=platform, workspace=workspace)
        case "direct", [workspace]:
            return Scope(platform=platform, workspace=workspace, channel=DIRECT_MESSAGES)
        case "channel", [workspace, channel]:
            return Scope(platform=platform, workspace=workspace, channel=channel)
        case "thread", [workspace, channel, root]:
            return Scope(platform=platform, workspace=workspace, channel=channel, root=root)
        case _:
            raise ValueError(
                f"`{name}` is not a level; write `workspace T1`, `direct T1`, `channel T1/C1` or `thread T1/C1/9.1`."
            )


def to_json(config: ScopeConfig) -> str:
    """Return it as one JSON object; equal configs give the same text."""
    document: dict[str, Any] = {"format": CONFIG_FORMAT}
    if config.prompt:
        document["prompt"] = {"text": config.prompt.text, "appends": config.prompt.appends}
    if config.parameters:
        document["parameters"] = dict(config.parameters)
    if config.locks:
        document["locks"] = sorted(config.locks)
    return json.dumps(document, sort_keys=True, ensure_ascii=False)


def from_json(text: str) -> ScopeConfig:
    """Return the config that `to_json` wrote. Raises ValueError for the format of a newer program."""
    document = json.loads(text)
    if document["format"] != CONFIG_FORMAT:
        raise ValueError(f"Format {document['format']} of a config is newer than this program.")
    prompt = document.get("prompt")
    return ScopeConfig(
        prompt=Prompt(prompt["text"], appends=prompt["appends"]) if prompt else None,
        parameters=document.get("parameters", {}),
        locks=frozenset(document.get("locks", ())),
    )


def _find_prompt_problem(text: str) -> str:
    if not text.strip():
        return "The prompt is empty; leave it unset to inherit the one above."
    if len(text) > MAX_PROMPT_CHARACTERS:
        return f"The prompt has {len(text):,} characters; there may be {MAX_PROMPT_CHARACTERS:,} at most."
    if any(sign == "\0" or "\ud800" <= sign <= "\udfff" for sign in text):
        return "The prompt contains a character that is not text, as if it came from a binary file."
    return placeholders.find_problem(text)


def direct_messages_scope(workspace: Scope) -> Scope:
    """Return the scope of all direct messages of a workspace."""
    return replace(workspace, channel=DIRECT_MESSAGES)
