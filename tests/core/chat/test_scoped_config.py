"""Which config applies where: the lowest scope that sets a field wins, and locks hold."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.chat.scoped_config import (
    DEPLOYMENT_SCOPE,
    EMPTY_CONFIG,
    MAX_PROMPT_CHARACTERS,
    PROMPT_FIELD,
    EffectiveConfig,
    diff,
    find_lock_violations,
    find_locks,
    find_problems,
    from_json,
    list_scopes,
    list_set_fields,
    make_provenance,
    name_scope,
    parse_scope,
    resolve_config,
    thread_scope,
    to_json,
)
from bot.core.config import ConfigVersion, Prompt, Scope, ScopeConfig
from bot.core.requests import Provenance
from bot.core.turns import Author, ThreadKey
from tests.core.chat.config_values import CHAIN, FIELDS, THREAD, configs, scope_configs

ScopeConfigs = dict[Scope, ScopeConfig]

_, WORKSPACE, DIRECT, CHANNEL, _ = CHAIN


def prompt_config(text: str, *, appends: bool = False, locks: Iterable[str] = ()) -> ScopeConfig:
    return ScopeConfig(prompt=Prompt(text, appends=appends), locks=frozenset(locks))


def here(configs: ScopeConfigs, scope: Scope = THREAD) -> EffectiveConfig:
    return resolve_config(configs, scope, is_direct=True)


# --- scopes -------------------------------------------------------------------------------------------


def test_a_thread_of_a_channel_has_four_scopes_and_one_of_a_direct_message_five() -> None:
    thread = ThreadKey(platform="slack", workspace="T1", channel="C1", root="9.1")
    named = [name_scope(key) for key in list_scopes(thread_scope(thread))]
    assert named == ["deployment", "workspace T1", "channel T1/C1", "thread T1/C1/9.1"]
    named = [name_scope(key) for key in CHAIN]
    assert named == ["deployment", "workspace T1", "direct T1", "channel T1/D1", "thread T1/D1/9.1"]


@pytest.mark.parametrize("key", CHAIN, ids=name_scope)
def test_each_scope_lies_below_those_above_it(key: Scope) -> None:
    """The scopes above any scope of a thread are the thread's too; each name leads back to its scope."""
    assert list_scopes(key, is_direct=True) == CHAIN[: CHAIN.index(key) + 1]
    assert parse_scope(name_scope(key), "slack") == key


@pytest.mark.parametrize("name", ["", "channel", "channel C1", "channel T1/", "workspace T1 T2", "thread T1/C1"])
def test_an_unknown_scope_is_refused_with_examples(name: str) -> None:
    with pytest.raises(ValueError, match="write `workspace T1`"):
        parse_scope(name, "slack")


# --- the system prompt --------------------------------------------------------------------------------

ABOVE = {DEPLOYMENT_SCOPE: prompt_config("deployment"), WORKSPACE: prompt_config("workspace")}


@pytest.mark.parametrize(
    ("set_below", "expected"),
    [
        ({}, "workspace"),
        ({CHANNEL: prompt_config("channel")}, "channel"),
        ({CHANNEL: prompt_config("channel", appends=True)}, "workspace\n\nchannel"),
        ({DIRECT: prompt_config("direct"), CHANNEL: prompt_config("channel", appends=True)}, "direct\n\nchannel"),
        ({DIRECT: prompt_config("direct", appends=True), THREAD: prompt_config("thread")}, "thread"),
        ({DIRECT: prompt_config("direct", locks=["prompt"]), CHANNEL: prompt_config("channel")}, "direct"),
        ({CHANNEL: ScopeConfig(parameters={"n": 2})}, "workspace"),
        ({replace(WORKSPACE, workspace="T2"): prompt_config("elsewhere")}, "workspace"),
    ],
)
def test_prompts_replace_or_append(set_below: ScopeConfigs, expected: str) -> None:
    assert here(ABOVE | set_below).system == expected


def test_direct_messages_are_a_scope_for_direct_messages_only() -> None:
    below = ABOVE | {DIRECT: prompt_config("direct")}
    assert resolve_config(below, CHANNEL, is_direct=True).system == "direct"
    assert resolve_config(below, CHANNEL).system == "workspace"


# --- everything that applies --------------------------------------------------------------------------


def reference(below: ScopeConfigs, name: str) -> tuple[object, Scope] | None:
    """Return a parameter's value and scope as a person would find them: from the top, until it is locked."""
    found = None
    for key in CHAIN:
        config = below.get(key, EMPTY_CONFIG)
        if name in config.parameters:
            found = config.parameters[name], key
        if name in config.locks:
            break
    return found


@given(scope_configs)
def test_the_lowest_scope_that_may_set_a_parameter_wins(below: ScopeConfigs) -> None:
    for name in FIELDS[1:]:
        found = here(below)
        expected = reference(below, name)
        assert (found.parameters.get(name), found.origins.get(name)) == (expected or (None, None))


@given(scope_configs, st.sampled_from(CHAIN))
def test_the_config_of_a_scope_does_not_depend_on_scopes_below(below: ScopeConfigs, scope: Scope) -> None:
    above = {key: config for key, config in below.items() if key in list_scopes(scope, is_direct=True)}
    assert here(below, scope) == here(above, scope)


@given(scope_configs, st.sampled_from(CHAIN), configs)
def test_taking_a_scope_away_gives_what_was_before(below: ScopeConfigs, key: Scope, set_here: ScopeConfig) -> None:
    """It leaves no trace, and a scope with an empty config has no effect."""
    before = {scope: config for scope, config in below.items() if scope != key}
    assert here(before | {key: set_here} | {key: EMPTY_CONFIG}) == here(before)


@given(scope_configs)
def test_a_lock_holds(below: ScopeConfigs) -> None:
    """A locked field has the same value in the locking scope and in all scopes below."""
    for scope in CHAIN[1:]:
        for name, by in find_locks(below, scope, is_direct=True).items():
            at_lock, at_scope = here(below, by), here(below, scope)
            assert at_lock.parameters.get(name) == at_scope.parameters.get(name)
            if name == "prompt":
                assert at_lock.prompts == at_scope.prompts


@given(scope_configs)
def test_prompts_stand_in_the_order_of_their_scopes(below: ScopeConfigs) -> None:
    found = [key for key, _text in here(below).prompts]
    assert found == sorted(found, key=CHAIN.index)
    assert all(below[key].prompt == Prompt(text, appends=True) for key, text in here(below).prompts[1:])


def test_an_answer_keeps_the_versions_that_applied_highest_scope_first() -> None:
    """It shows all parameters, from whichever scope they come."""
    below = {
        DEPLOYMENT_SCOPE: ScopeConfig(parameters={"model": "m"}),
        CHANNEL: ScopeConfig(parameters={"n": 2}),
    }
    versions = [
        ConfigVersion(id=id_, scope=key, number=1, config=EMPTY_CONFIG, author=Author(id="U1"), note="", created_at=0)
        for id_, key in enumerate((CHANNEL, DIRECT, WORKSPACE), start=1)
    ]
    made = make_provenance(resolve_config(below, THREAD), versions)
    assert made == Provenance(versions=(3, 1), parameters={"model": "m", "n": 2})


# --- checking -----------------------------------------------------------------------------------------


@given(configs)
def test_a_valid_config_has_no_problems(config: ScopeConfig) -> None:
    assert find_problems(config) == {}


@pytest.mark.parametrize(
    ("config", "field", "sentence"),
    [
        (prompt_config(" \n"), "prompt", "empty"),
        (prompt_config("x" * (MAX_PROMPT_CHARACTERS + 1)), "prompt", "40,001 characters; there may be 40,000"),
        (prompt_config("a\0b"), "prompt", "not text"),
        (prompt_config("a\ud800b"), "prompt", "not text"),
        (prompt_config("Dear {name}"), "prompt", "`{name}` in line 1 is not a placeholder"),
        (ScopeConfig(parameters={"temperature": 2.5}), "temperature", "0 to 2"),
        (ScopeConfig(parameters={"warmth": 1}), "warmth", "not a parameter"),
        (ScopeConfig(locks=frozenset({"warmth"})), "locks", "`warmth` cannot be locked"),
    ],
)
def test_a_wrong_field_is_named_with_a_sentence(config: ScopeConfig, field: str, sentence: str) -> None:
    found = find_problems(config)
    assert list(found) == [field]
    assert sentence in found[field]


def test_every_wrong_field_is_named_at_once() -> None:
    wrong = ScopeConfig(prompt=Prompt("{"), parameters={"n": 0, "top_p": 3}, locks=frozenset("x"))
    assert find_problems(wrong).keys() == {"prompt", "n", "top_p", "locks"}


@given(configs, st.frozensets(st.sampled_from(FIELDS)))
def test_a_locked_field_may_not_be_set(config: ScopeConfig, locks: frozenset[str]) -> None:
    above = {WORKSPACE: ScopeConfig(locks=locks)}
    found = find_problems(config, find_locks(above, CHANNEL))
    assert found == {name: f"`{name}` is locked by workspace T1." for name in locks & list_set_fields(config)}


# --- written down -------------------------------------------------------------------------------------


@given(configs)
def test_json_and_back(config: ScopeConfig) -> None:
    assert from_json(to_json(config)) == config


def test_a_newer_format_is_not_guessed_at() -> None:
    with pytest.raises(ValueError, match="Format 2"):
        from_json('{"format": 2}')


def test_a_difference_is_readable() -> None:
    old = ScopeConfig(prompt=Prompt("Be kind.\nBe brief."), parameters={"temperature": 1, "stop": ["END", "\n"]})
    new = ScopeConfig(
        prompt=Prompt("Be kind.\nBe thorough."), parameters={"stop": ["END", "\n"]}, locks=frozenset({"n"})
    )
    assert diff(old, new).splitlines() == [
        ' stop: END, "\\n"',
        "-temperature: 1",
        "+locked below: n",
        " prompt, in place of the one above:",
        " Be kind.",
        "-Be brief.",
        "+Be thorough.",
    ]


@given(configs, configs)
def test_there_is_a_difference_exactly_where_something_differs(old: ScopeConfig, new: ScopeConfig) -> None:
    assert (diff(old, new) == "") == (old == new)


@given(current=configs, draft=configs)
def test_a_delegate_cannot_override_a_lock(current: ScopeConfig, draft: ScopeConfig) -> None:
    """Locked fields and the locks stay; everything else may change."""
    kept = {name: value for name, value in current.parameters.items() if name in current.locks}
    theirs = {name: value for name, value in draft.parameters.items() if name not in current.locks}
    obedient = ScopeConfig(
        prompt=current.prompt if PROMPT_FIELD in current.locks else draft.prompt,
        parameters={**theirs, **kept},
        locks=current.locks,
    )
    assert not find_lock_violations(current, obedient)
    assert find_lock_violations(current, replace(obedient, locks=current.locks ^ {"n"}))
    for name in current.locks - {PROMPT_FIELD}:
        assert name in find_lock_violations(current, replace(obedient, parameters={**obedient.parameters, name: "!"}))
