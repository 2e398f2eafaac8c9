"""What one level sets as a form, and a filled-in form as what one level sets.

Separate because the two halves must agree to the letter. Pure. Rules: the fields derive from
`core.parameters`; what the level above says stands in each field that is empty; a field that is locked, or
whose value is too long for an input, is told and not asked for; a wrong value is a sentence at its field.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.core import parameters
from bot.core.domain import Prompt, Steering
from bot.core.kinds import Biases, Choice, Name, Texts
from bot.core.parameters import PARAMETERS, TABLE, Parameter
from bot.core.placeholders import PLACEHOLDERS
from bot.core.steering import NOTHING, PROMPT, Effective
from bot.editing import Level
from bot.slack import payload
from bot.slack.admin import kit, parts, wording
from bot.slack.admin.kit import Block
from bot.slack.admin.parts import Part

MODEL = "model"
MODE, LOCKS, NOTE = "mode", "locks", "note"
"""Fields that are no parameters; the prompt's own are called `prompt:<joint>:<number>`."""
QUESTION = "question"
"""The field of what is asked with a draft before it is saved; no part of what a level sets."""
TRY = "steer_try"
"""`action_id` of the button that asks it."""
WRONG = "wrong"
"""Where the sentence about a field begins that is told outside of a submission, as an id of a block."""
MORE = "steer_more"
"""`action_id` of the button that adds a part to the prompt."""
INHERIT = "(not set here)"
"""The choice that sets nothing; no model is called so."""
LONGEST_NOTE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """What is known of the models of a server."""

    offered: Mapping[str, str] = field(default_factory=dict)
    """Names of those that can be chosen, each with what is going to become of it, as the rest of a sentence,
    or an empty text; may be empty."""
    told: Callable[[str], Mapping[str, str]] = lambda _model: {}
    """Given a model, what is done about which parameter: it has no effect, or another name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What somebody filled in."""

    steering: Steering
    note: str
    wrong: Mapping[str, str]
    """A sentence for each field whose value cannot be read."""
    parts: Sequence[Part] = ()
    """Those of the prompt, as they stood in the form."""


def blocks(
    level: Level, draft: Steering, *, models: Models, note: str = "", written: Sequence[Part] = ()
) -> list[Block]:
    """Return the form for a level, filled in with a draft.

    `written` are the parts of its prompt as they stand in a form that this one takes the place of: Slack
    keeps what was typed into a field, and shows it in that of the same id, whatever should stand there.
    """
    above = level.effective(NOTHING)
    shown = [
        *_prompt(level, draft, above, written),
        *_trial(),
        kit.divider(),
        *(_parameter(each, level, draft, above, models) for each in TABLE),
        kit.divider(),
    ]
    if not level.key.root and not level.is_delegated:
        shown.append(_locks(draft))
    hint = "Why, in a few words. It is kept with the version."
    return [*shown, kit.field(NOTE, "Note", kit.text_input(note, longest=LONGEST_NOTE), hint=hint)]


def read(values: Mapping[str, Any], level: Level) -> Entered:
    """Return what was entered, from a view's `state.values`; what the form could not ask for stays set."""
    found: dict[str, Any] = {
        name: value
        for name, value in level.steering.parameters.items()
        if name in {*_unaskable(level), *level.kept} and name not in level.locked
    }
    wrong: dict[str, str] = {}
    for name in PARAMETERS:
        text = "" if name in level.kept else _entered(values, name).strip()
        if text and text != INHERIT:
            try:
                found[name] = parameters.parse(name, text)
            except ValueError as error:
                wrong[name] = str(error)
    chosen = payload.items(values, LOCKS, kit.VALUE, "selected_options")
    locks = frozenset(payload.text(each, "value") for each in chosen)
    steering = Steering(
        prompt=level.steering.prompt if PROMPT in level.kept else _prompted(values),
        parameters=found,
        locks=level.steering.locks if level.is_delegated else locks,
    )
    note = _entered(values, NOTE).strip()
    return Entered(steering=steering, note=note, wrong=wrong, parts=_parts(values))


def _prompted(values: Mapping[str, Any]) -> Prompt | None:
    text = parts.join(_parts(values))
    return Prompt(text, appends=_entered(values, MODE) == "append") if text.strip() else None


def errors(problems: Mapping[str, str], shown: Sequence[Block]) -> Mapping[str, str]:
    """Return problems by the ids of input blocks that are shown; at the note where there is no other."""
    ids = [block.get("block_id", "") for block in shown if block.get("type") == "input"]
    prompt = next(filter(_is_part, ids), NOTE)
    found: dict[str, str] = {}
    for name, sentence in problems.items():
        at = prompt if name == PROMPT else name if name in ids else NOTE
        found[at] = f"{found[at]} {sentence}" if at in found else sentence
    return found


def question(values: Mapping[str, Any]) -> str:
    """Return what is to be asked with the draft, from a view's `state.values`."""
    return _entered(values, QUESTION).strip()


def with_errors(shown: Sequence[Block], problems: Mapping[str, str]) -> list[Block]:
    """Return a form with a sentence below each field that is wrong, in place of earlier ones.

    `problems` are from `errors`. Its fields stay the same, and what is in them.
    """
    marked: list[Block] = []
    for block in shown:
        name = str(block.get("block_id", ""))
        if not name.startswith(f"{WRONG}:"):
            marked.append(block)
        if block.get("type") == "input" and name in problems:
            said = kit.context(f":warning: {kit.quoted(problems[name], kit.INPUT)}")
            marked.append(said | {"block_id": f"{WRONG}:{name}"})
    return marked


def with_more_room(shown: Sequence[Block]) -> list[Block]:
    """Return a form with one more part for the prompt; its fields stay the same, and what is in them."""
    at = [index + 1 for index, block in enumerate(shown) if _is_part(block.get("block_id", ""))]
    if not at:
        return list(shown)
    return [*shown[: at[-1]], _part(len(at), Part("")), *shown[at[-1] :]]


def _prompt(level: Level, draft: Steering, above: Effective, written: Sequence[Part]) -> Iterable[Block]:
    if PROMPT in {*level.locked, *level.kept}:
        return [_told(PROMPT, level)]
    mode = "append" if draft.prompt and draft.prompt.appends else "replace"
    options = [
        kit.option("replace", "takes the place of the prompt above"),
        kit.option("append", "is added below the prompt above"),
    ]
    if not written:
        filled = parts.split(draft.prompt.text) if draft.prompt else ()
        has_room = filled and len(filled[-1].text) < kit.INPUT / 2
        written = filled if has_room else [*filled, Part("")]
    asked = [_part(*each) for each in enumerate(written)]
    more = kit.actions(kit.button("More room", MORE))
    said = [kit.context(f"The prompt above: _{kit.quoted(above.system, wording.EXCERPT)}_")]
    chosen = kit.choice("radio_buttons", options, mode)
    return [
        *asked,
        more,
        *([] if level.is_delegated else said),
        kit.field(MODE, "This prompt", chosen, optional=False),
    ]


def _trial() -> Iterable[Block]:
    asked = kit.text_input(placeholder="A question as people would ask it", lines=True)
    hint = "I answer it in our direct messages, with what stands in this form. Nothing is saved by that."
    yield kit.field(QUESTION, "Try it first", asked, hint=hint)
    yield kit.actions(kit.button("Try it", TRY))


def _part(number: int, part: Part) -> Block:
    known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    first = f"Where it is empty, the prompt above applies. Placeholders: {known}."
    further = {
        "paragraph": "Goes on in a new paragraph.",
        "line": "Goes on in a new line.",
        "word": "Goes on in the same line.",
        "seamless": "Goes on in the middle of a word.",
    }
    label = f"System prompt, part {number + 1}" if number else "System prompt"
    element = kit.text_input(part.text, lines=True)
    hint = further[part.joint] if number else first
    return kit.field(f"{PROMPT}:{part.joint}:{number}", label, element, hint=hint)


def _parameter(each: Parameter, level: Level, draft: Steering, above: Effective, models: Models) -> Block:
    name = each.name
    if name in {*level.locked, *level.kept, *_unaskable(level)}:
        return _told(name, level)
    text = parameters.show(name, draft.parameters[name]) if name in draft.parameters else ""
    inherited = each.unset
    if name in above.parameters:
        of, origin = above.parameters[name], wording.plain_place(above.origins[name])
        inherited = f"{wording.value(name, of)}, from {origin}"
    element, hint = _element(each, text, inherited, models), each.help
    is_typed = element["type"] == "plain_text_input"
    if is_typed and not isinstance(each.kind, Name):
        hint = f"{hint} It must be {each.kind.expects}."
    model = str(level.effective(draft).parameters.get(MODEL, ""))
    if told := models.told(model).get(name):
        hint = f"{hint} With {model}: {told}."
    if name == MODEL and (fate := models.offered.get(model)):
        hint = f"{hint} {model} {fate}."
    return kit.field(name, each.label, element, hint=hint, optional=is_typed)


def _element(each: Parameter, text: str, inherited: str, models: Models) -> Block:
    offered = _offered(each, text, models)
    inherited = f"Not set here: {inherited}"
    if not offered:
        return kit.text_input(text, placeholder=inherited, lines=isinstance(each.kind, Texts | Biases))
    options = [kit.option(INHERIT, inherited)]
    options += [kit.option(name, name, note) for name, note in offered.items()]
    return kit.choice("static_select", options, text or INHERIT)


def _offered(each: Parameter, text: str, models: Models) -> Mapping[str, str]:
    """Return the values to choose from, the present one among them; none where a text must be typed."""
    if isinstance(each.kind, Choice):
        return dict.fromkeys(each.kind.options, "")
    if each.name != MODEL or not models.offered:
        return {}
    offered = {name: fate for name, fate in models.offered.items() if len(name) <= kit.OPTION_VALUE}
    offered = {text: "", **offered} if text else offered
    return offered if len(offered) < kit.MOST_OPTIONS and len(text) <= kit.OPTION_VALUE else {}


def _locks(draft: Steering) -> Block:
    options = [kit.option(name, wording.label(name)) for name in (PROMPT, *PARAMETERS)]
    element = kit.choices(options, draft.locks, "Nothing is locked")
    return kit.field(LOCKS, "Locked for all levels below", element, hint="Nobody can set these there.")


def _told(name: str, level: Level) -> Block:
    """Return what is said of a field that is not asked for."""
    if name in level.locked:
        return kit.context(
            f":lock: *{wording.label(name)}* is locked by {wording.place(level.locked[name])}."
        )
    if name in level.kept:
        return kit.context(f":lock: *{wording.label(name)}* is locked here; only admins change it.")
    return kit.context(f"*{wording.label(name)}* is too long for a form; use `bot prompt` in a shell.")


def _unaskable(level: Level) -> list[str]:
    """Return the parameters set here whose values no input can hold."""
    values = level.steering.parameters
    return [name for name, value in values.items() if len(parameters.show(name, value)) > kit.INPUT]


def _parts(values: Mapping[str, Any]) -> list[Part]:
    numbered = sorted(filter(_is_part, values), key=lambda name: int(name.split(":")[2]))
    return [Part(_entered(values, name), name.split(":")[1]) for name in numbered]


def _is_part(block_id: str) -> bool:
    start, _, rest = block_id.partition(":")
    joint, _, number = rest.partition(":")
    return start == PROMPT and joint in parts.JOINTS and number.isascii() and number.isdecimal()


def _entered(values: Mapping[str, Any], name: str) -> str:
    state = payload.mapping(values, name, kit.VALUE)
    return payload.text(state, "value") or payload.text(state, "selected_option", "value")
