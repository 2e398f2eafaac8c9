"""What admins set at each level, and what of it applies to a thread: one pure function, `effective`.

Separate because it is the one place where levels are compared. The levels are, each above the next: the
deployment (its settings), the workspace, all direct messages of the workspace (for these only), the channel,
the thread. Rules:
- a field that a level sets counts for all levels below it; the lowest one that sets it wins;
- a prompt that appends stands below what the levels above it say, and one that replaces takes its place;
- a field that a level locks counts as unset in all levels below that one;
- what nobody sets is not there: the model's own default applies.
"""

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.core import parameters, placeholders
from bot.core.domain import DIRECT, MadeWith, Prompt, PromptKey, Steering, ThreadKey, Version
from bot.core.kinds import Value

BUILT_IN = (
    "You are a helpful assistant in a team's chat. Answer in Markdown, as briefly as the question allows. "
    "Say so when you do not know."
)
"""The system prompt where not even the deployment sets one."""

PROMPT = "prompt"
"""The field that is no parameter."""

LONGEST_PROMPT = 40_000
"""Characters, at one level."""

DEPLOYMENT = PromptKey()
NOTHING = Steering()
FORMAT = 1
"""Of the JSON that is stored; grows when an older program could not read it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """What applies somewhere, and which level each part comes from."""

    prompts: tuple[tuple[PromptKey, str], ...]
    """The parts of the system prompt with their levels, highest first."""
    parameters: Mapping[str, Value]
    """Everything that is set, the model among it."""
    origins: Mapping[str, PromptKey]
    """The level that each parameter comes from."""
    levels: tuple[PromptKey, ...]
    """The levels that were looked at, highest first."""

    @property
    def system(self) -> str:
        """The whole system prompt, with its placeholders."""
        return "\n\n".join(text for _level, text in self.prompts)


def thread_level(thread: ThreadKey) -> PromptKey:
    """Return the level that is this thread alone."""
    return PromptKey(
        platform=thread.platform, workspace=thread.workspace, channel=thread.channel, root=thread.root
    )


def levels(where: PromptKey, *, is_direct: bool = False) -> tuple[PromptKey, ...]:
    """Return the levels that apply at one of them, highest first, itself last.

    `is_direct` says that its channel is a direct message; only the platform's adapter knows.
    """
    workspace = replace(where, channel="", root="")
    direct = (replace(where, channel=DIRECT, root=""),) if is_direct and where.channel else ()
    channel = replace(where, root="")
    return tuple(dict.fromkeys((DEPLOYMENT, workspace, *direct, channel, where)))


def effective(
    settings: Mapping[PromptKey, Steering],
    where: PromptKey,
    *,
    is_direct: bool = False,
) -> Effective:
    """Return what applies at a level.

    `settings` holds what each level sets, the deployment's under `DEPLOYMENT`; others may be among it.
    """
    chain = levels(where, is_direct=is_direct)
    locks: set[str] = set()
    prompts: list[tuple[PromptKey, str]] = []
    chosen: dict[str, Value] = {}
    origins: dict[str, PromptKey] = {}
    for level in chain:
        steering = settings.get(level, NOTHING)
        if steering.prompt and PROMPT not in locks:
            before = prompts if steering.prompt.appends else []
            prompts = [*before, (level, steering.prompt.text)]
        for name, value in steering.parameters.items():
            if name not in locks:
                chosen[name], origins[name] = value, level
        locks |= steering.locks
    return Effective(prompts=tuple(prompts), parameters=chosen, origins=origins, levels=chain)


def made_with(applying: Effective, versions: Iterable[Version]) -> MadeWith:
    """Return what to keep of it beside an answer; `versions` are those that were read for it."""
    ids = {version.key: version.id for version in versions}
    used = tuple(ids[level] for level in applying.levels if level in ids)
    return MadeWith(versions=used, parameters=applying.parameters)


def locked(
    settings: Mapping[PromptKey, Steering], where: PromptKey, *, is_direct: bool = False
) -> Mapping[str, PromptKey]:
    """Return the fields that may not be set at a level, each with the level that locks it."""
    found: dict[str, PromptKey] = {}
    for level in levels(where, is_direct=is_direct)[:-1]:
        for name in settings.get(level, NOTHING).locks:
            found.setdefault(name, level)
    return found


def problems(steering: Steering, locks: Mapping[str, PromptKey] | None = None) -> Mapping[str, str]:
    """Return what forbids to save it: a sentence for people for each field that is wrong.

    `locks` are those of the levels above, from `locked`.
    """
    found = {
        name: f"`{name}` is locked by {place(level)}."
        for name, level in (locks or {}).items()
        if name in fields(steering)
    }
    for name, value in steering.parameters.items():
        try:
            parameters.check(name, value)
        except ValueError as error:
            found[name] = str(error)
    if steering.prompt and (wrong := _prompt_problem(steering.prompt.text)):
        found[PROMPT] = wrong
    if unknown := steering.locks - {PROMPT, *parameters.PARAMETERS}:
        found["locks"] = f"`{min(unknown)}` cannot be locked; there is no such field."
    return found


def overruled(current: Steering, draft: Steering) -> Mapping[str, str]:
    """Return what forbids somebody who is no admin to save a draft where `current` is set now.

    A field that an admin locked stays as it is, and so do the locks.
    """
    found = {
        name: f"`{name}` is locked here; only admins change it."
        for name in current.locks
        if _said(current, name) != _said(draft, name)
    }
    if draft.locks != current.locks:
        found["locks"] = "Only admins change what is locked."
    return found


def _said(steering: Steering, name: str) -> object:
    return steering.prompt if name == PROMPT else steering.parameters.get(name)


def fields(steering: Steering) -> frozenset[str]:
    """Return the names of the fields that are set: parameters, and `prompt`."""
    return frozenset(steering.parameters) | ({PROMPT} if steering.prompt else frozenset())


def diff(old: Steering, new: Steering) -> str:
    """Return what changes, for people: lines with `-` were, those with `+` are; empty if nothing does."""
    lines = difflib.unified_diff(described(old), described(new), n=2, lineterm="")
    hunks = ["…" if line.startswith("@@") else line for line in lines][3:]  # two names, one position
    return "\n".join(hunks)


def described(steering: Steering) -> list[str]:
    """Return all that is set, for people, line by line: the parameters, the locks, the prompt."""
    lines = [
        f"{name}: {', '.join(parameters.show(name, steering.parameters[name]).splitlines())}"
        for name in sorted(steering.parameters)
    ]
    if steering.locks:
        lines.append(f"locked below: {', '.join(sorted(steering.locks))}")
    if steering.prompt:
        mode = "appended to the one above" if steering.prompt.appends else "in place of the one above"
        lines += [f"prompt, {mode}:", *steering.prompt.text.split("\n")]
    return lines


def place(level: PromptKey) -> str:
    """Return a level's name, such as `deployment`, `workspace T1`, `direct T1` or `thread T1/C1/9.1`."""
    if level == DEPLOYMENT:
        return "deployment"
    if not level.channel:
        return f"workspace {level.workspace}"
    if level.channel == DIRECT:
        return f"direct {level.workspace}"
    channel = f"{level.workspace}/{level.channel}"
    return f"thread {channel}/{level.root}" if level.root else f"channel {channel}"


def level(name: str, platform: str) -> PromptKey:
    """Return the level that `place` calls so. Raises ValueError, a sentence for people."""
    kind, _, where = name.strip().partition(" ")
    parts = where.split("/") if where else []
    match kind, parts if all(parts) and " " not in where else None:
        case "deployment", []:
            return DEPLOYMENT
        case "workspace", [workspace]:
            return PromptKey(platform=platform, workspace=workspace)
        case "direct", [workspace]:
            return PromptKey(platform=platform, workspace=workspace, channel=DIRECT)
        case "channel", [workspace, channel]:
            return PromptKey(platform=platform, workspace=workspace, channel=channel)
        case "thread", [workspace, channel, root]:
            return PromptKey(platform=platform, workspace=workspace, channel=channel, root=root)
        case _:
            raise ValueError(
                f"`{name}` is no level; "
                "write `workspace T1`, `direct T1`, `channel T1/C1` or `thread T1/C1/9.1`."
            )


def to_json(steering: Steering) -> str:
    """Return it as one JSON object, the same text for equal ones."""
    document: dict[str, Any] = {"format": FORMAT}
    if steering.prompt:
        document["prompt"] = {"text": steering.prompt.text, "appends": steering.prompt.appends}
    if steering.parameters:
        document["parameters"] = dict(steering.parameters)
    if steering.locks:
        document["locks"] = sorted(steering.locks)
    return json.dumps(document, sort_keys=True, ensure_ascii=False)


def from_json(text: str) -> Steering:
    """Return what `to_json` wrote. Raises ValueError for the format of a newer program."""
    document = json.loads(text)
    if document["format"] != FORMAT:
        raise ValueError(f"Format {document['format']} of steering is newer than this program.")
    prompt = document.get("prompt")
    return Steering(
        prompt=Prompt(prompt["text"], appends=prompt["appends"]) if prompt else None,
        parameters=document.get("parameters", {}),
        locks=frozenset(document.get("locks", ())),
    )


def _prompt_problem(text: str) -> str:
    if not text.strip():
        return "The prompt is empty; leave it unset to inherit the one above."
    if len(text) > LONGEST_PROMPT:
        return f"The prompt has {len(text):,} characters; there may be {LONGEST_PROMPT:,} at most."
    if any(sign == "\0" or "\ud800" <= sign <= "\udfff" for sign in text):
        return "The prompt holds a character that is no text, as if it came from a binary file."
    return placeholders.problem(text)


def direct(workspace: PromptKey) -> PromptKey:
    """Return the level of all direct messages of a workspace."""
    return replace(workspace, channel=DIRECT)
