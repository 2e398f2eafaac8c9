"""Forms: a level's configuration survives the round trip, and errors stand at their fields."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.chat.parameters import PARAMETERS
from bot.core.chat.scoped_config import DEPLOYMENT_SCOPE, EMPTY_CONFIG, MAX_PROMPT_CHARACTERS, PROMPT_FIELD
from bot.core.config import Prompt, Scope, ScopeConfig
from bot.policy.config_editor import EditableScope
from bot.sandbox.workspace.block_kit import check_view
from bot.slack.admin.prompts import editor_views, form
from bot.slack.admin.prompts.form import ModelChoices
from tests.core.chat.config_values import configs
from tests.slack.admin.form_state import state

WORKSPACE = Scope(platform="slack", workspace="T1")
CHANNEL = Scope(platform="slack", workspace="T1", channel="C1")
DEPLOYED = ScopeConfig(prompt=Prompt("You are kind."), parameters={"model": "m-0"})
MODELS = ModelChoices(offered={"m-1": "", "m-2": "will be shut down on 2027-01-14"})
MANY = ModelChoices(offered={f"vendor/model-{number}": "" for number in range(400)})
"""As many models as an aggregator of services offers."""


def make_editable(config: ScopeConfig = EMPTY_CONFIG, above: ScopeConfig = EMPTY_CONFIG) -> EditableScope:
    settings = {DEPLOYMENT_SCOPE: DEPLOYED, WORKSPACE: above, CHANNEL: config}
    return EditableScope(scope=CHANNEL, newest_version=None, configs=settings)


def shown(at: EditableScope, models: ModelChoices = MODELS) -> list[dict[str, Any]]:
    view = editor_views.render_editor(at, "sealed", models)
    check_view(view, "modal")
    return list(view["blocks"])


@given(configs, st.sampled_from([MODELS, ModelChoices(), MANY]))
def test_an_untouched_form_is_parsed_to_its_configuration(config: ScopeConfig, models: ModelChoices) -> None:
    """Slack accepts the form for every configuration."""
    at = make_editable(config)
    entered = form.parse_submission(state(shown(at, models)), at)
    assert (entered.config, entered.note, entered.errors) == (config, "", {})


def test_the_longest_prompt_goes_through_a_form() -> None:
    text = "".join(f"Line {number}: be kind, and brief.\n" for number in range(2_000))[:MAX_PROMPT_CHARACTERS]
    at = make_editable(ScopeConfig(prompt=Prompt(text, appends=True)))
    assert form.parse_submission(state(shown(at)), at).config == at.config


def test_every_parameter_has_a_field_with_its_help() -> None:
    blocks = {block.get("block_id"): block for block in shown(make_editable())}
    for name, parameter in PARAMETERS.items():
        assert parameter.help in blocks[name]["hint"]["text"]
    assert "It must be a number from 0 to 2." in blocks["temperature"]["hint"]["text"]


def test_an_empty_field_shows_the_inherited_value() -> None:
    above = ScopeConfig(parameters={"temperature": 0.25, "verbosity": "low"})
    blocks = {block.get("block_id"): block for block in shown(make_editable(above=above))}
    placeholder = blocks["temperature"]["element"]["placeholder"]["text"]
    assert placeholder == "Not set here: 0.25, from the whole workspace"
    chosen = blocks["verbosity"]["element"]["initial_option"]["text"]["text"]
    assert chosen == "Not set here: low, from the whole workspace"


def test_a_locked_field_is_shown_without_an_input() -> None:
    above = ScopeConfig(parameters={"temperature": 0.25}, locks=frozenset({"temperature", PROMPT_FIELD}))
    at = make_editable(ScopeConfig(prompt=Prompt("Mine."), parameters={"temperature": 1, "n": 2}), above)
    blocks = shown(at)
    assert "locked by the whole workspace" in str(blocks)
    assert {"temperature", PROMPT_FIELD} & {str(block.get("block_id")).split(":")[0] for block in blocks} == set()
    assert form.parse_submission(state(blocks), at).config == ScopeConfig(parameters={"n": 2})


def test_a_value_longer_than_an_input_stays_set() -> None:
    biases = {str(token): -100 for token in range(100_000, 100_400)}
    at = make_editable(ScopeConfig(parameters={"logit_bias": biases}))
    assert form.parse_submission(state(shown(at), {"n": "2"}), at).config.parameters == {"logit_bias": biases, "n": 2}


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("temperature", "3", "`temperature` must be a number from 0 to 2."),
        ("temperature", "warm", "`temperature` must be a number from 0 to 2."),
        ("n", "1.5", "`n` must be a whole number from 1 to 8."),
        ("stop", "a\nb\nc\nd\ne", "`stop` must be 1 to 4 texts"),
        ("logit_bias", "many", "`logit_bias` must be token ids"),
    ],
)
def test_a_wrong_value_shows_the_range(name: str, text: str, sentence: str) -> None:
    at = make_editable()
    wrong = form.parse_submission(state(shown(at), {name: text}), at).errors
    assert list(wrong) == [name]
    assert wrong[name].startswith(sentence)


def test_an_error_is_placed_at_a_shown_field() -> None:
    """Slack rejects an acknowledgement that names another block."""
    blocks = shown(make_editable())
    found = form.place_errors({"n": "One.", PROMPT_FIELD: "Two.", "locks": "Three.", "nothing": "Four."}, blocks)
    assert found == {"n": "One.", "prompt:line:0": "Two.", "locks": "Three.", "note": "Four."}


def test_an_added_input_keeps_the_others() -> None:
    at = make_editable(ScopeConfig(prompt=Prompt("First.")))
    blocks = form.add_prompt_part(form.add_prompt_part(shown(at)))
    check_view(editor_views.render_editor(at, "", MODELS) | {"blocks": blocks}, "modal")
    changes = {"prompt:line:1": "Second.", "prompt:line:2": "Third."}
    entered = form.parse_submission(state(blocks, changes), at)
    assert entered.config.prompt == Prompt("First.\nSecond.\nThird.")


def test_an_emptied_field_inherits_again() -> None:
    at = make_editable(ScopeConfig(prompt=Prompt("Mine."), parameters={"temperature": 1, "model": "m-1"}))
    changes = {"prompt:line:0": " \n", "temperature": "", "model": form.INHERIT_OPTION}
    assert form.parse_submission(state(shown(at), changes), at).config == EMPTY_CONFIG


def test_a_model_is_chosen_from_a_list_however_long_it_is() -> None:
    """A name too long for an option is left out. If it is the current one, a text input replaces the list."""
    offered = {**MANY.offered, "x" * 151: ""}
    (element,) = _models(make_editable(), ModelChoices(offered=offered))
    options = [option["value"] for group in element["option_groups"] for option in group["options"]]
    assert options == [form.INHERIT_OPTION, *MANY.offered]
    (element,) = _models(make_editable(ScopeConfig(parameters={"model": "x" * 151})), ModelChoices(offered=offered))
    assert element["initial_value"] == "x" * 151


def test_the_shutdown_of_a_model_is_shown_beside_its_name() -> None:
    """In the list, and below the field, even if the model is inherited."""
    above = make_editable(above=ScopeConfig(parameters={"model": "m-2"}))
    (field,) = (block for block in shown(above) if block.get("block_id") == "model")
    assert "m-2 will be shut down on 2027-01-14." in field["hint"]["text"]
    assert "will be shut down on 2027-01-14" in str(field["element"]["options"])
    assert "shut down" not in str([block.get("hint") for block in shown(make_editable())])


def _models(at: EditableScope, models: ModelChoices) -> list[dict[str, Any]]:
    return [block["element"] for block in shown(at, models) if block.get("block_id") == "model"]


def test_a_parameter_without_effect_is_noted() -> None:
    """The notes are those of the effective model, even if it is inherited."""
    models = ModelChoices(notes_for=lambda model: {"n": "it has no effect"} if model == "m-0" else {})
    hints = {
        block["block_id"]: block.get("hint", {}).get("text")
        for block in shown(make_editable(), models)
        if "hint" in block
    }
    assert hints["n"].endswith("With m-0: it has no effect.")
    other = make_editable(ScopeConfig(parameters={"model": "m-1"}))
    assert "no effect" not in str(shown(other, models))
