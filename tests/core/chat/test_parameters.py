"""Parameters: every value in range is accepted and read back, every other one is explained."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.chat.parameters import PARAMETER_TABLE, PARAMETERS, check, from_json, parse, render, to_json
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

NAMES = sorted(PARAMETERS)
text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def values(kind: ParameterType) -> st.SearchStrategy[Any]:
    """Return a strategy for all values of a type."""
    match kind:
        case NumberType(low, high):
            return st.floats(low, high) | st.integers(int(low), int(high))
        case IntegerType(low, high):
            return st.integers(low, high)
        case ChoiceType(options):
            return st.sampled_from(options)
        case TextListType(most, longest):
            return st.lists(text.map(lambda said: said[:longest]), min_size=1, max_size=most)
        case TokenBiasesType(largest):
            tokens = st.integers(0, 200_000).map(str)
            return st.dictionaries(tokens, st.integers(-largest, largest), min_size=1, max_size=5)
        case _:
            return st.sampled_from(["gpt-6-luna", "meta-llama/Llama 4:free", "modèle"])


settings = st.sampled_from(PARAMETER_TABLE).flatmap(
    lambda parameter: st.tuples(st.just(parameter.name), values(parameter.value_type))
)


@given(settings)
def test_a_value_in_range_is_taken_as_it_is(setting: tuple[str, ParameterValue]) -> None:
    name, value = setting
    assert check(name, value) == value


@given(settings)
def test_a_rendered_value_is_parsed_back(setting: tuple[str, ParameterValue]) -> None:
    name, value = setting
    assert parse(name, render(name, value)) == value


@given(st.lists(settings).map(dict))
def test_stored_parameters_are_read_back(chosen: dict[str, ParameterValue]) -> None:
    assert from_json(to_json(chosen)) == chosen
    assert to_json(chosen) == to_json(dict(reversed(chosen.items())))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(), inner),
)


@given(st.sampled_from(NAMES), json_values)
def test_any_other_value_is_a_sentence_that_names_the_parameter(name: str, value: object) -> None:
    try:
        assert json.loads(json.dumps(check(name, value))) == value
    except ValueError as error:
        assert str(error) == f"`{name}` must be {PARAMETERS[name].value_type.expects}."  # noqa: PT017 - either will do


@given(st.sampled_from(NAMES), st.text() | st.text(alphabet='[]{}":,0123456789.-\n'))
def test_any_text_is_a_value_or_a_sentence(name: str, said: str) -> None:
    try:
        check(name, parse(name, said))
    except ValueError as error:
        assert str(error).startswith(f"`{name}` must be ")  # noqa: PT017 - either will do


@pytest.mark.parametrize(
    ("name", "said", "value"),
    [
        ("temperature", " 0,7 ", 0.7),
        ("temperature", "2", 2),
        ("n", "8", 8),
        ("stop", "END\n\n  ###  \n", ["END", "###"]),
        ("stop", r'"\n\n"', ["\n\n"]),
        ("stop", '"', ['"']),
        ("logit_bias", "50256: -100, 11=5\n12 : +1", {"50256": -100, "11": 5, "12": 1}),
        ("logit_bias", '{"50256": -100}', {"50256": -100}),
        ("reasoning_effort", "High", "high"),
        ("system_role", "developer", "developer"),
        ("model", "gpt-6-luna", "gpt-6-luna"),
    ],
)
def test_values_are_parsed_as_people_write_them(name: str, said: str, value: object) -> None:
    assert parse(name, said) == value


@pytest.mark.parametrize(
    ("name", "said", "sentence"),
    [
        ("temperature", "2.1", "`temperature` must be a number from 0 to 2."),
        ("temperature", "warm", "`temperature` must be a number from 0 to 2."),
        ("temperature", "nan", "`temperature` must be a number from 0 to 2."),
        ("presence_penalty", "-3", "`presence_penalty` must be a number from -2 to 2."),
        ("n", "9", "`n` must be a whole number from 1 to 8."),
        ("n", "1.5", "`n` must be a whole number from 1 to 8."),
        ("max_tokens", "0", "`max_tokens` must be a whole number from 1 to 2147483647."),
        ("stop", "", "`stop` must be 1 to 4 texts of 1 to 200 characters, one a line."),
        ("stop", "a\nb\nc\nd\ne", "`stop` must be 1 to 4 texts of 1 to 200 characters, one a line."),
        ("verbosity", "loud", "`verbosity` must be one of low, medium and high."),
        ("model", "", "`model` must be one line of 1 to 200 characters."),
        (
            "logit_bias",
            "word: 1",
            "`logit_bias` must be token ids, each with a bias from -100 to 100, such as `50256: -100`.",
        ),
    ],
)
def test_a_wrong_value_is_explained_in_one_sentence(name: str, said: str, sentence: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole sentence is compared
        parse(name, said)
    assert str(caught.value) == sentence


@pytest.mark.parametrize("value", [True, {"n": True}, ["\ud800"], {"1": True}, [""], {}, []])
def test_values_that_no_request_can_contain_are_refused(value: object) -> None:
    for name in NAMES:
        with pytest.raises(ValueError, match=f"`{name}` must be"):
            check(name, value)


@pytest.mark.parametrize("call", [parse, check, render])
def test_an_unknown_parameter_is_named_with_those_there_are(call: Callable[[str, str], object]) -> None:
    with pytest.raises(ValueError, match=r"`temprature` is not a parameter; there are model, temperature, "):
        call("temprature", "1")


@pytest.mark.parametrize("row", ["", "[]", "null", "{", '{"n": 0}', '{"m": 1}', "[" * 100_000])
def test_a_broken_row_is_a_sentence(row: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        from_json(row)


def test_every_parameter_is_explained() -> None:
    for parameter in PARAMETER_TABLE:
        assert parameter.help.endswith(".")
        assert all([parameter.label, parameter.when_unset, parameter.value_type.expects])
    assert isinstance(PARAMETERS["model"].value_type, NameType)
