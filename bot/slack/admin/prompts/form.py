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
from bot.slack.views.block_kit import NOTE_FIELD, VALUE_ACTION_ID, Block, read_value

MODEL_FIELD = "model"
MODE_FIELD, LOCKS_FIELD = "mode", "locks"
"""Block ids of the inputs that are not parameters. Those of the prompt are `prompt:<separator>:<number>`."""
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
    editable: EditableScope,
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
    above = editable.effective_config(EMPTY_CONFIG)
    blocks = [
        *_render_prompt(editable, draft, above, entered_parts),
        *_render_question(),
        block_kit.divider(),
        *(_render_parameter(parameter, editable, draft, above, models) for parameter in PARAMETER_TABLE),
        block_kit.divider(),
    ]
    if not editable.scope.root and not editable.is_steward:
        blocks.append(_render_locks(draft))
    return [*blocks, block_kit.note_input(note)]


def parse_submission(values: Mapping[str, Any], editable: EditableScope) -> SubmittedConfig:
    """Return what was entered, from a view's `state.values`. Values that the form cannot ask for stay set."""
    entered: dict[str, Any] = {
        name: value
        for name, value in editable.config.parameters.items()
        if name in {*_too_long_for_input(editable), *editable.fixed_fields} and name not in editable.locked_fields
    }
    errors: dict[str, str] = {}
    for name in PARAMETERS:
        text = "" if name in editable.fixed_fields else read_value(values, name)
        if text and text != INHERIT_OPTION:
            try:
                entered[name] = parameters.parse(name, text)
            except ValueError as error:
                errors[name] = str(error)
    locks = frozenset(block_kit.read_options(values, LOCKS_FIELD))
    config = ScopeConfig(
        prompt=editable.config.prompt if PROMPT_FIELD in editable.fixed_fields else _parse_prompt(values),
        parameters=entered,
        locks=editable.config.locks if editable.is_steward else locks,
    )
    note = read_value(values, NOTE_FIELD)
    return SubmittedConfig(config=config, note=note, errors=errors, parts=_parse_parts(values))


def _parse_prompt(values: Mapping[str, Any]) -> Prompt | None:
    text = text_parts.join_parts(_parse_parts(values))
    return Prompt(text, appends=read_value(values, MODE_FIELD) == "append") if text.strip() else None


def place_errors(problems: Mapping[str, str], blocks: Sequence[Block]) -> Mapping[str, str]:
    """Return problems by block id. The problem of a field that is not shown goes to the note."""
    ids = [block.get("block_id", "") for block in blocks if block.get("type") == "input"]
    prompt = next(filter(_is_part, ids), NOTE_FIELD)
    placed: dict[str, str] = {}
    for name, sentence in problems.items():
        block_id = prompt if name == PROMPT_FIELD else name if name in ids else NOTE_FIELD
        placed[block_id] = f"{placed[block_id]} {sentence}" if block_id in placed else sentence
    return placed


def parse_question(values: Mapping[str, Any]) -> str:
    """Return the test question, from a view's `state.values`."""
    return read_value(values, QUESTION_FIELD)


def mark_errors(blocks: Sequence[Block], problems: Mapping[str, str]) -> list[Block]:
    """Return a form with a sentence below each wrong field, in place of earlier sentences.

    `problems` come from `place_errors`. Inputs stay, and so does what a person typed into them.
    """
    marked: list[Block] = []
    for block in blocks:
        name = str(block.get("block_id", ""))
        if not name.startswith(f"{ERROR_BLOCK_PREFIX}:"):
            marked.append(block)
        if block.get("type") == "input" and name in problems:
            context = block_kit.context(
                f":warning: {block_kit.excerpt(problems[name], block_kit.MAX_INPUT_CHARACTERS)}"
            )
            marked.append(context | {"block_id": f"{ERROR_BLOCK_PREFIX}:{name}"})
    return marked


def add_prompt_part(blocks: Sequence[Block]) -> list[Block]:
    """Return a form with one more input for the prompt. Other inputs stay, with what a person typed."""
    ends = [index + 1 for index, block in enumerate(blocks) if _is_part(block.get("block_id", ""))]
    if not ends:
        return list(blocks)
    return [*blocks[: ends[-1]], _render_part(len(ends), TextPart("")), *blocks[ends[-1] :]]


def _render_prompt(
    editable: EditableScope, draft: ScopeConfig, above: EffectiveConfig, entered_parts: Sequence[TextPart]
) -> Iterable[Block]:
    if PROMPT_FIELD in {*editable.locked_fields, *editable.fixed_fields}:
        return [_render_fixed(PROMPT_FIELD, editable)]
    mode = "append" if draft.prompt and draft.prompt.appends else "replace"
    options = [
        block_kit.option("replace", "replaces the prompt above"),
        block_kit.option("append", "is added below the prompt above"),
    ]
    if not entered_parts:
        filled = text_parts.split_text(draft.prompt.text) if draft.prompt else ()
        has_room = filled and len(filled[-1].text) < block_kit.MAX_INPUT_CHARACTERS / 2
        entered_parts = filled if has_room else [*filled, TextPart("")]
    inputs = [_render_part(number, part) for number, part in enumerate(entered_parts)]
    more = block_kit.actions(block_kit.button("More room", ADD_PART_ACTION))
    context = [
        block_kit.context(f"The prompt above: _{block_kit.excerpt(above.system, wording.MAX_EXCERPT_CHARACTERS)}_")
    ]
    chosen = block_kit.single_choice("radio_buttons", options, mode)
    return [
        *inputs,
        more,
        *([] if editable.is_steward else context),
        block_kit.input_block(MODE_FIELD, "This prompt", chosen, optional=False),
    ]


def _render_question() -> Iterable[Block]:
    question = block_kit.text_input(placeholder="A question as people would ask it", lines=True)
    hint = "I answer it in our direct messages, with the settings in this form. Nothing is saved."
    yield block_kit.input_block(QUESTION_FIELD, "Try it first", question, hint=hint)
    yield block_kit.actions(block_kit.button("Try it", TRY_ACTION))


def _render_part(number: int, part: TextPart) -> Block:
    known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    first = f"If it is empty, the prompt above applies. Placeholders: {known}."
    further = {
        "paragraph": "Continues in a new paragraph.",
        "line": "Continues in a new line.",
        "word": "Continues in the same line.",
        "seamless": "Continues in the middle of a word.",
    }
    label = f"System prompt, part {number + 1}" if number else "System prompt"
    element = block_kit.text_input(part.text, lines=True)
    hint = further[part.separator] if number else first
    return block_kit.input_block(f"{PROMPT_FIELD}:{part.separator}:{number}", label, element, hint=hint)


def _render_parameter(
    parameter: Parameter, editable: EditableScope, draft: ScopeConfig, above: EffectiveConfig, models: ModelChoices
) -> Block:
    name = parameter.name
    if name in {*editable.locked_fields, *editable.fixed_fields, *_too_long_for_input(editable)}:
        return _render_fixed(name, editable)
    text = parameters.render(name, draft.parameters[name]) if name in draft.parameters else ""
    inherited = parameter.when_unset
    if name in above.parameters:
        value, origin = above.parameters[name], wording.describe_scope_plainly(above.origins[name])
        inherited = f"{wording.format_value(name, value)}, from {origin}"
    element, hint = _render_element(parameter, text, inherited, models), parameter.help
    is_typed = element["type"] == "plain_text_input"
    if is_typed and not isinstance(parameter.value_type, NameType):
        hint = f"{hint} It must be {parameter.value_type.expects}."
    model = str(editable.effective_config(draft).parameters.get(MODEL_FIELD, ""))
    if notes := models.notes_for(model).get(name):
        hint = f"{hint} With {model}: {notes}."
    if name == MODEL_FIELD and (note := models.offered.get(model)):
        hint = f"{hint} {model} {note}."
    return block_kit.input_block(name, parameter.label, element, hint=hint, optional=is_typed)


def _render_element(parameter: Parameter, text: str, inherited: str, models: ModelChoices) -> Block:
    offered = _offered_values(parameter, text, models)
    inherited = f"Not set here: {inherited}"
    if not offered:
        return block_kit.text_input(
            text, placeholder=inherited, lines=isinstance(parameter.value_type, TextListType | TokenBiasesType)
        )
    options = [block_kit.option(INHERIT_OPTION, inherited)]
    options += [block_kit.option(name, name, note) for name, note in offered.items()]
    return block_kit.single_choice("static_select", options, text or INHERIT_OPTION)


def _offered_values(parameter: Parameter, text: str, models: ModelChoices) -> Mapping[str, str]:
    """Return the values to choose from, the current one among them; none if the value must be typed."""
    if isinstance(parameter.value_type, ChoiceType):
        return dict.fromkeys(parameter.value_type.options, "")
    if parameter.name != MODEL_FIELD or not models.offered:
        return {}
    offered = {
        name: note for name, note in models.offered.items() if len(name) <= block_kit.MAX_OPTION_VALUE_CHARACTERS
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


def _render_fixed(name: str, editable: EditableScope) -> Block:
    """Return the line that replaces an input: the field is locked, or too long for Slack."""
    if name in editable.locked_fields:
        return block_kit.context(
            f":lock: *{wording.field_label(name)}* is locked by {wording.describe_scope(editable.locked_fields[name])}."
        )
    if name in editable.fixed_fields:
        return block_kit.context(f":lock: *{wording.field_label(name)}* is locked here; only admins may change it.")
    return block_kit.context(f"*{wording.field_label(name)}* is too long for a form; use `bot prompt` in a shell.")


def _too_long_for_input(editable: EditableScope) -> list[str]:
    """Return the parameters whose values are longer than an input can hold."""
    values = editable.config.parameters
    return [
        name for name, value in values.items() if len(parameters.render(name, value)) > block_kit.MAX_INPUT_CHARACTERS
    ]


def _parse_parts(values: Mapping[str, Any]) -> list[TextPart]:
    numbered = sorted(filter(_is_part, values), key=lambda name: int(name.split(":")[2]))
    return [TextPart(payload.text(values, name, VALUE_ACTION_ID, "value"), name.split(":")[1]) for name in numbered]


def _is_part(block_id: str) -> bool:
    start, _, rest = block_id.partition(":")
    separator, _, number = rest.partition(":")
    return start == PROMPT_FIELD and separator in text_parts.SEPARATORS and number.isascii() and number.isdecimal()
