"""The inputs of the prompt editor, and the parser of a filled-in form. Pure.

`render_fields` makes an input for the prompt, each parameter and the locks; `parse_submission` reads them
back. The table in `core/chat/parameters.py` defines labels, hints and types. An empty input inherits the
value of the scope above, which its placeholder shows. A locked field, and a value that is too long for an
input, become a line of text and stay as they are. A value that cannot be parsed becomes a sentence at its
field.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.core.chat import parameters
from bot.core.chat.parameters import PARAMETER_TABLE, PARAMETERS, Parameter
from bot.core.chat.placeholders import PLACEHOLDERS
from bot.core.chat.scoped_config import EMPTY_CONFIG, PROMPT_FIELD, EffectiveConfig
from bot.core.config import Prompt, ScopeConfig
from bot.core.parameter_types import ChoiceType, NameType, TextListType, TokenBiasesType
from bot.policy.config_editor import EditableScope
from bot.slack import payload
from bot.slack.admin.prompts import text_parts
from bot.slack.admin.prompts.text_parts import TextPart
from bot.slack.views import block_kit, wording
from bot.slack.views.block_kit import MAX_NOTE_CHARACTERS, NOTE_FIELD, Block

MODEL_FIELD = "model"
MODE_FIELD, LOCKS_FIELD = "mode", "locks"
"""Block ids of the inputs that are no parameters. Those of the prompt are `prompt:<separator>:<number>`."""
QUESTION_FIELD = "question"
"""Block id of the test question. It is not part of a scope's configuration."""
TRY_ACTION = "steer_try"
"""`action_id` of the button that tries the draft."""
ERROR_BLOCK_PREFIX = "wrong"
"""First part of the block ids of the sentences that `mark_errors` adds."""
ADD_PART_ACTION = "steer_more"
"""`action_id` of the button that adds an input for the prompt."""
INHERIT_OPTION = "(not set here)"
"""The option that sets nothing. No model has this name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChoices:
    """The models that a form can offer, and what is known of their parameters."""

    offered: Mapping[str, str] = field(default_factory=dict)
    """Maps each model's name to a note that completes the sentence "<model> …", or to an empty text.

    For example `{"gpt-4o": "will be shut down on 2027-01-14"}`. Empty if the server does not say."""
    notes_for: Callable[[str], Mapping[str, str]] = lambda _model: {}
    """Maps a model to notes about its parameters, such as `{"seed": "has no effect"}`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmittedConfig:
    """A filled-in form."""

    config: ScopeConfig
    note: str
    errors: Mapping[str, str]
    """A sentence for each field whose value cannot be parsed."""
    parts: Sequence[TextPart] = ()
    """The parts of the prompt, one for each input."""


def render_fields(
    level: EditableScope,
    draft: ScopeConfig,
    *,
    models: ModelChoices,
    note: str = "",
    entered_parts: Sequence[TextPart] = (),
) -> list[Block]:
    """Return the inputs for a scope, filled in with `draft`.

    `entered_parts` are the parts of its prompt in the form that this one replaces. They must keep their ids:
    Slack keeps what a person typed into an input and shows it in the input of the same id, whatever the
    new view says.
    """
    above = level.effective_config(EMPTY_CONFIG)
    shown = [
        *_render_prompt(level, draft, above, entered_parts),
        *_render_trial(),
        block_kit.divider(),
        *(_render_parameter(each, level, draft, above, models) for each in PARAMETER_TABLE),
        block_kit.divider(),
    ]
    if not level.scope.root and not level.is_delegated:
        shown.append(_render_locks(draft))
    hint = "The reason, in a few words. It is stored with the version."
    return [
        *shown,
        block_kit.input_block(NOTE_FIELD, "Note", block_kit.text_input(note, longest=MAX_NOTE_CHARACTERS), hint=hint),
    ]


def parse_submission(values: Mapping[str, Any], level: EditableScope) -> SubmittedConfig:
    """Return what was entered, from a view's `state.values`. Values that the form cannot ask for stay set."""
    found: dict[str, Any] = {
        name: value
        for name, value in level.config.parameters.items()
        if name in {*_too_long_for_input(level), *level.fixed_fields} and name not in level.locked_fields
    }
    wrong: dict[str, str] = {}
    for name in PARAMETERS:
        text = "" if name in level.fixed_fields else _field_value(values, name).strip()
        if text and text != INHERIT_OPTION:
            try:
                found[name] = parameters.parse(name, text)
            except ValueError as error:
                wrong[name] = str(error)
    chosen = payload.items(values, LOCKS_FIELD, block_kit.VALUE_ACTION_ID, "selected_options")
    locks = frozenset(payload.text(each, "value") for each in chosen)
    steering = ScopeConfig(
        prompt=level.config.prompt if PROMPT_FIELD in level.fixed_fields else _parse_prompt(values),
        parameters=found,
        locks=level.config.locks if level.is_delegated else locks,
    )
    note = _field_value(values, NOTE_FIELD).strip()
    return SubmittedConfig(config=steering, note=note, errors=wrong, parts=_parse_parts(values))


def _parse_prompt(values: Mapping[str, Any]) -> Prompt | None:
    text = text_parts.join_parts(_parse_parts(values))
    return Prompt(text, appends=_field_value(values, MODE_FIELD) == "append") if text.strip() else None


def place_errors(problems: Mapping[str, str], shown: Sequence[Block]) -> Mapping[str, str]:
    """Return problems by block id. The problem of a field that is not shown goes to the note."""
    ids = [block.get("block_id", "") for block in shown if block.get("type") == "input"]
    prompt = next(filter(_is_part, ids), NOTE_FIELD)
    found: dict[str, str] = {}
    for name, sentence in problems.items():
        at = prompt if name == PROMPT_FIELD else name if name in ids else NOTE_FIELD
        found[at] = f"{found[at]} {sentence}" if at in found else sentence
    return found


def parse_question(values: Mapping[str, Any]) -> str:
    """Return the test question, from a view's `state.values`."""
    return _field_value(values, QUESTION_FIELD).strip()


def mark_errors(shown: Sequence[Block], problems: Mapping[str, str]) -> list[Block]:
    """Return a form with a sentence below each wrong field, in place of earlier sentences.

    `problems` come from `place_errors`. Inputs stay, and so does what a person typed into them.
    """
    marked: list[Block] = []
    for block in shown:
        name = str(block.get("block_id", ""))
        if not name.startswith(f"{ERROR_BLOCK_PREFIX}:"):
            marked.append(block)
        if block.get("type") == "input" and name in problems:
            said = block_kit.context(f":warning: {block_kit.excerpt(problems[name], block_kit.MAX_INPUT_CHARACTERS)}")
            marked.append(said | {"block_id": f"{ERROR_BLOCK_PREFIX}:{name}"})
    return marked


def add_prompt_part(shown: Sequence[Block]) -> list[Block]:
    """Return a form with one more input for the prompt. Other inputs stay, with what a person typed."""
    at = [index + 1 for index, block in enumerate(shown) if _is_part(block.get("block_id", ""))]
    if not at:
        return list(shown)
    return [*shown[: at[-1]], _render_part(len(at), TextPart("")), *shown[at[-1] :]]


def _render_prompt(
    level: EditableScope, draft: ScopeConfig, above: EffectiveConfig, entered_parts: Sequence[TextPart]
) -> Iterable[Block]:
    if PROMPT_FIELD in {*level.locked_fields, *level.fixed_fields}:
        return [_render_fixed(PROMPT_FIELD, level)]
    mode = "append" if draft.prompt and draft.prompt.appends else "replace"
    options = [
        block_kit.option("replace", "replaces the prompt above"),
        block_kit.option("append", "is added below the prompt above"),
    ]
    if not entered_parts:
        filled = text_parts.split_text(draft.prompt.text) if draft.prompt else ()
        has_room = filled and len(filled[-1].text) < block_kit.MAX_INPUT_CHARACTERS / 2
        entered_parts = filled if has_room else [*filled, TextPart("")]
    asked = [_render_part(*each) for each in enumerate(entered_parts)]
    more = block_kit.actions(block_kit.button("More room", ADD_PART_ACTION))
    said = [block_kit.context(f"The prompt above: _{block_kit.excerpt(above.system, wording.MAX_EXCERPT_CHARACTERS)}_")]
    chosen = block_kit.single_choice("radio_buttons", options, mode)
    return [
        *asked,
        more,
        *([] if level.is_delegated else said),
        block_kit.input_block(MODE_FIELD, "This prompt", chosen, optional=False),
    ]


def _render_trial() -> Iterable[Block]:
    asked = block_kit.text_input(placeholder="A question as people would ask it", lines=True)
    hint = "I answer it in our direct messages, with the settings in this form. Nothing is saved."
    yield block_kit.input_block(QUESTION_FIELD, "Try it first", asked, hint=hint)
    yield block_kit.actions(block_kit.button("Try it", TRY_ACTION))


def _render_part(number: int, part: TextPart) -> Block:
    known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    first = f"If it is empty, the prompt above applies. Placeholders: {known}."
    further = {
        "paragraph": "Goes on in a new paragraph.",
        "line": "Goes on in a new line.",
        "word": "Goes on in the same line.",
        "seamless": "Goes on in the middle of a word.",
    }
    label = f"System prompt, part {number + 1}" if number else "System prompt"
    element = block_kit.text_input(part.text, lines=True)
    hint = further[part.separator] if number else first
    return block_kit.input_block(f"{PROMPT_FIELD}:{part.separator}:{number}", label, element, hint=hint)


def _render_parameter(
    each: Parameter, level: EditableScope, draft: ScopeConfig, above: EffectiveConfig, models: ModelChoices
) -> Block:
    name = each.name
    if name in {*level.locked_fields, *level.fixed_fields, *_too_long_for_input(level)}:
        return _render_fixed(name, level)
    text = parameters.render(name, draft.parameters[name]) if name in draft.parameters else ""
    inherited = each.when_unset
    if name in above.parameters:
        of, origin = above.parameters[name], wording.describe_scope_plainly(above.origins[name])
        inherited = f"{wording.format_value(name, of)}, from {origin}"
    element, hint = _render_element(each, text, inherited, models), each.help
    is_typed = element["type"] == "plain_text_input"
    if is_typed and not isinstance(each.value_type, NameType):
        hint = f"{hint} It must be {each.value_type.expects}."
    model = str(level.effective_config(draft).parameters.get(MODEL_FIELD, ""))
    if told := models.notes_for(model).get(name):
        hint = f"{hint} With {model}: {told}."
    if name == MODEL_FIELD and (fate := models.offered.get(model)):
        hint = f"{hint} {model} {fate}."
    return block_kit.input_block(name, each.label, element, hint=hint, optional=is_typed)


def _render_element(each: Parameter, text: str, inherited: str, models: ModelChoices) -> Block:
    offered = _offered_values(each, text, models)
    inherited = f"Not set here: {inherited}"
    if not offered:
        return block_kit.text_input(
            text, placeholder=inherited, lines=isinstance(each.value_type, TextListType | TokenBiasesType)
        )
    options = [block_kit.option(INHERIT_OPTION, inherited)]
    options += [block_kit.option(name, name, note) for name, note in offered.items()]
    return block_kit.single_choice("static_select", options, text or INHERIT_OPTION)


def _offered_values(each: Parameter, text: str, models: ModelChoices) -> Mapping[str, str]:
    """Return the values to choose from, the current one among them; none if the value must be typed."""
    if isinstance(each.value_type, ChoiceType):
        return dict.fromkeys(each.value_type.options, "")
    if each.name != MODEL_FIELD or not models.offered:
        return {}
    offered = {
        name: fate for name, fate in models.offered.items() if len(name) <= block_kit.MAX_OPTION_VALUE_CHARACTERS
    }
    offered = {text: "", **offered} if text else offered
    return (
        offered if len(offered) < block_kit.MAX_OPTIONS and len(text) <= block_kit.MAX_OPTION_VALUE_CHARACTERS else {}
    )


def _render_locks(draft: ScopeConfig) -> Block:
    options = [block_kit.option(name, wording.field_label(name)) for name in (PROMPT_FIELD, *PARAMETERS)]
    element = block_kit.multi_select(options, draft.locks, "Nothing is locked")
    return block_kit.input_block(
        LOCKS_FIELD, "Locked for all levels below", element, hint="These cannot be set at any lower level."
    )


def _render_fixed(name: str, level: EditableScope) -> Block:
    """Return the line that replaces an input: the field is locked, or too long for Slack."""
    if name in level.locked_fields:
        return block_kit.context(
            f":lock: *{wording.field_label(name)}* is locked by {wording.describe_scope(level.locked_fields[name])}."
        )
    if name in level.fixed_fields:
        return block_kit.context(f":lock: *{wording.field_label(name)}* is locked here; only admins change it.")
    return block_kit.context(f"*{wording.field_label(name)}* is too long for a form; use `bot prompt` in a shell.")


def _too_long_for_input(level: EditableScope) -> list[str]:
    """Return the parameters whose values are longer than an input can hold."""
    values = level.config.parameters
    return [
        name for name, value in values.items() if len(parameters.render(name, value)) > block_kit.MAX_INPUT_CHARACTERS
    ]


def _parse_parts(values: Mapping[str, Any]) -> list[TextPart]:
    numbered = sorted(filter(_is_part, values), key=lambda name: int(name.split(":")[2]))
    return [TextPart(_field_value(values, name), name.split(":")[1]) for name in numbered]


def _is_part(block_id: str) -> bool:
    start, _, rest = block_id.partition(":")
    joint, _, number = rest.partition(":")
    return start == PROMPT_FIELD and joint in text_parts.SEPARATORS and number.isascii() and number.isdecimal()


def _field_value(values: Mapping[str, Any], name: str) -> str:
    state = payload.mapping(values, name, block_kit.VALUE_ACTION_ID)
    return payload.text(state, "value") or payload.text(state, "selected_option", "value")
