"""The table of all chat-completions parameters that an admin may set: type, range, label and meaning.

Forms, the command line, the documents and the validation all read this table. A parameter that is not set is
not sent, so the table holds no defaults. An error is one sentence for people that names the parameter and
what it may be. The ranges are OpenAI's
(https://github.com/openai/openai-python/blob/main/src/openai/types/chat/completion_create_params.py); the one
of `n` is ours, since each variant is shown in the thread.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bot.core.parameter_types import (
    ChoiceType,
    IntegerType,
    NameType,
    NumberType,
    ParameterType,
    ParameterValue,
    TextListType,
    TokenBiasesType,
)

MAX_MODEL_NAME_CHARACTERS = 200
"""Characters of a model's name."""
MAX_STOP_CHARACTERS = 200
"""No useful stop sequence is longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter, with everything needed to ask for it, check it and explain it."""

    name: str
    """The name of the API's field; `system_role` is not a field but the role of the system prompt's message.
    """
    label: str
    """The label in forms."""
    value_type: ParameterType
    when_unset: str
    """What applies if it is not set."""
    help: str
    """One or two sentences for people."""


PARAMETER_TABLE: tuple[Parameter, ...] = (
    Parameter(
        name="model",
        label="Model",
        value_type=NameType(MAX_MODEL_NAME_CHARACTERS),
        when_unset="the deployment's model",
        help="The model that answers, as its server names it.",
    ),
    Parameter(
        name="temperature",
        label="Temperature",
        value_type=NumberType(0, 2),
        when_unset="the model's own, usually 1",
        help="How freely words are chosen: low is sober and repeatable, high is surprising. "
        "Set this or Top P, not both.",
    ),
    Parameter(
        name="top_p",
        label="Top P",
        value_type=NumberType(0, 1),
        when_unset="the model's own, usually 1",
        help="Only words from this share of the probability are considered. Set this or Temperature, not both.",
    ),
    Parameter(
        name="n",
        label="Variants",
        value_type=IntegerType(1, 8),
        when_unset="1",
        help="How many answers to ask for at once. Each one is paid for.",
    ),
    Parameter(
        name="stop",
        label="Stop sequences",
        value_type=TextListType(max_texts=4, max_characters=MAX_STOP_CHARACTERS),
        when_unset="none",
        help='The answer ends before any of these texts. One a line; "\\n" in double quotes is a line break.',
    ),
    Parameter(
        name="max_tokens",
        label="Longest answer",
        value_type=IntegerType(1),
        when_unset="the model's own limit",
        help="Tokens of an answer at most, including what a model thinks before it answers.",
    ),
    Parameter(
        name="presence_penalty",
        label="Presence penalty",
        value_type=NumberType(-2, 2),
        when_unset="0",
        help="Above 0 the answer turns to new topics; below 0 it stays with those it has.",
    ),
    Parameter(
        name="frequency_penalty",
        label="Frequency penalty",
        value_type=NumberType(-2, 2),
        when_unset="0",
        help="Above 0 the answer repeats itself less; below 0 more.",
    ),
    Parameter(
        name="logit_bias",
        label="Token biases",
        value_type=TokenBiasesType(100),
        when_unset="none",
        help="Makes tokens likelier or less likely: -100 bans one, 100 forces it. Ids are the model's own.",
    ),
    Parameter(
        name="seed",
        label="Seed",
        value_type=IntegerType(),
        when_unset="a different one each time",
        help="The same seed and the same question tend to give the same answer.",
    ),
    Parameter(
        name="reasoning_effort",
        label="Reasoning effort",
        value_type=ChoiceType(("none", "minimal", "low", "medium", "high", "xhigh", "max")),
        when_unset="the model's own",
        help="How long a reasoning model thinks first. Not every model has every level.",
    ),
    Parameter(
        name="verbosity",
        label="Verbosity",
        value_type=ChoiceType(("low", "medium", "high")),
        when_unset="medium",
        help="How much the model says.",
    ),
    Parameter(
        name="service_tier",
        label="Service tier",
        value_type=ChoiceType(("auto", "default", "flex", "scale", "priority", "fast")),
        when_unset="the project's own",
        help="How quickly the service answers, and at what price.",
    ),
    Parameter(
        name="system_role",
        label="Role of the system prompt",
        value_type=ChoiceType(("system", "developer")),
        when_unset="system",
        help="The role of the system prompt. OpenAI accepts both; many other servers know only system.",
    ),
)

PARAMETERS: Mapping[str, Parameter] = MappingProxyType({parameter.name: parameter for parameter in PARAMETER_TABLE})


def parse(name: str, text: str) -> ParameterValue:
    """Return the value that a person wrote for a parameter. Raises ValueError with a sentence for people."""
    parameter = _find_parameter(name)
    try:
        value = parameter.value_type.parse(text.strip())
    except ValueError:
        raise _make_range_error(parameter) from None
    return check(name, value)


def render(name: str, value: ParameterValue) -> str:
    """Return a value as a person would write it; `parse` reads it back."""
    return _find_parameter(name).value_type.render(value)


def check(name: str, value: object) -> ParameterValue:
    """Return the value if the parameter allows it. Raises ValueError with a sentence for people."""
    parameter = _find_parameter(name)
    if not parameter.value_type.allows(value):
        raise _make_range_error(parameter)
    return value  # type: ignore[return-value]  # `allows` is exactly that check


def to_json(values: Mapping[str, ParameterValue]) -> str:
    """Return parameters as one JSON object; equal values give the same text."""
    return json.dumps(dict(values), sort_keys=True, ensure_ascii=False)


def from_json(text: str) -> dict[str, ParameterValue]:
    """Return the parameters that `to_json` wrote. Raises ValueError with a sentence for people."""
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):  # RecursionError: brackets without end
        values = None
    if not isinstance(values, dict):
        raise ValueError("The parameters must be a JSON object.")  # noqa: TRY004 - people made the mistake
    return {name: check(name, value) for name, value in values.items()}


def _find_parameter(name: str) -> Parameter:
    if name not in PARAMETERS:
        raise ValueError(f"`{name}` is not a parameter; there are {', '.join(PARAMETERS)}.")
    return PARAMETERS[name]


def _make_range_error(parameter: Parameter) -> ValueError:
    return ValueError(f"`{parameter.name}` must be {parameter.value_type.expects}.")
