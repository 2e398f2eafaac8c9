"""Views with long texts, many levels and many versions are within Slack's limits."""

from dataclasses import replace

import pytest

from bot.core.chat.parameters import PARAMETERS
from bot.core.chat.scoped_config import (
    DEPLOYMENT_SCOPE,
    MAX_PROMPT_CHARACTERS,
    PROMPT_FIELD,
    resolve_config,
    thread_scope,
)
from bot.core.config import DIRECT_MESSAGES, ConfigVersion, Prompt, Scope, ScopeConfig
from bot.core.history.explanation import Explanation
from bot.core.requests import ContextCoverage, Provenance, Usage
from bot.core.spending.budgets import Spending
from bot.core.turns import Author, File, ThreadKey, TurnStatus
from bot.policy.config_editor import EditableScope
from bot.sandbox.workspace.block_kit import check_blocks, check_view
from bot.slack.admin.prompts import editor_views, explanation_view, form, history, scope_list, search
from bot.slack.admin.prompts.form import ModelChoices
from bot.slack.home import slash_command
from bot.slack.views import block_kit, wording

WORKSPACE = Scope(platform="slack", workspace="T1")
DIRECTS = Scope(platform="slack", workspace="T1", channel=DIRECT_MESSAGES)
FULL = ScopeConfig(
    prompt=Prompt("<!here> & `*_~ " * 2_600),
    parameters={
        "model": "m" * 200,
        "temperature": 0.1,
        "top_p": 0.1,
        "n": 8,
        "stop": ["\u2028" * 200] * 4,
        "max_tokens": 2**31 - 1,
        "presence_penalty": -2,
        "frequency_penalty": -2,
        "logit_bias": {str(token): -100 for token in range(100_000_000, 100_001_000)},
        "seed": -1,
        "reasoning_effort": "minimal",
        "verbosity": "medium",
        "service_tier": "priority",
        "system_role": "developer",
    },
    locks=frozenset({PROMPT_FIELD, *PARAMETERS}),
)
OTHER = ScopeConfig(prompt=Prompt("Something else.\n" * 2_000))
SEEN = ContextCoverage(turns=10**6, first="1.5", last="9.5", left_out=10**6)
MODELS = ModelChoices(offered={f"model-{number}": "will be shut down on 2027-01-14" for number in range(498)})


def make_version(scope: Scope, number: int = 1, config: ScopeConfig = FULL) -> ConfigVersion:
    return ConfigVersion(
        id=number,
        scope=scope,
        number=number,
        config=config,
        author=Author(id="U1", name="A" * 300),
        note="<!channel> " * 100,
        created_at=1_790_000_000.0,
    )


def make_editable(scope: Scope, config: ScopeConfig = FULL) -> EditableScope:
    return EditableScope(
        scope=scope, newest_version=make_version(scope, 1, config), configs={DEPLOYMENT_SCOPE: OTHER, scope: config}
    )


@pytest.mark.parametrize("channels", [0, 1, scope_list.MAX_SCOPES_SHOWN, 500])
def test_views_of_many_levels(channels: int) -> None:
    """The last changes are shown, and the number of all levels."""
    keys = [Scope(platform="slack", workspace="T1", channel=f"C{n}") for n in range(channels)]
    always = {scope: make_version(scope) for scope in (WORKSPACE, DIRECTS)}
    changed = [*always.values(), *(make_version(scope) for scope in keys)][: scope_list.MAX_SCOPES_SHOWN + 2]
    shown = scope_list.render_overview(WORKSPACE, always, changed, channels + 2)
    check_view(block_kit.home_tab(shown), "home")
    assert ("502 levels" in str(shown)) == (channels == 500)
    assert str(shown).count("'Edit'") == min(channels, scope_list.MAX_SCOPES_SHOWN) + 2
    page = search.render_results("<!here>" * 28, [make_version(scope) for scope in keys], 999)
    check_view(page, "modal")
    assert ("Previous" in str(page)) == (channels > search.SCOPES_PER_PAGE)


@pytest.mark.parametrize("count", [0, 1, 2, history.MAX_VERSIONS_SHOWN, history.MAX_VERSIONS_SHOWN + 1])
def test_history(count: int) -> None:
    versions = [make_version(WORKSPACE, count - n, FULL if n % 2 else OTHER) for n in range(count)]
    check_view(history.render_history(WORKSPACE, versions, "sealed", news="Restored."), "modal")


def test_editor_and_conflict() -> None:
    editable = make_editable(WORKSPACE)
    check_view(editor_views.render_editor(editable, "s" * 300, MODELS), "modal")
    newest = make_version(WORKSPACE, 2, OTHER)
    fields = form.render_fields(editable, FULL, models=MODELS, note="n" * 200)
    check_view(editor_views.render_conflict(editable, newest, FULL, fields, "s" * 300), "modal")
    check_view(editor_views.render_scope_chooser(WORKSPACE, DIRECTS), "modal")


def test_an_effective_configuration_fits_a_message() -> None:
    """A message holds fewer blocks than a view."""
    applies = resolve_config({DEPLOYMENT_SCOPE: FULL}, WORKSPACE)
    check_blocks(
        slash_command.render_response(wording.render_effective(applies, with_prompt=True))["blocks"], "message"
    )


@pytest.mark.parametrize("for_admin", [True, False])
@pytest.mark.parametrize("is_known", [True, False])
def test_an_explanation(*, for_admin: bool, is_known: bool) -> None:
    thread = ThreadKey(platform="slack", workspace="T1", channel="C1", root="1.5")
    explained = Explanation(
        thread=thread,
        author=Author(id="U1"),
        status=TurnStatus.DONE,
        attempt=3,
        model="m" * 200,
        finish_reason="stop",
        error="",
        usage=Usage(prompt_tokens=10_000, completion_tokens=5, cached_tokens=7) if is_known else None,
        made_with=Provenance(versions=(1,), seen=SEEN) if is_known else None,
        versions=(make_version(WORKSPACE),) if is_known else (),
        files=(File(name="<!here>" * 40),) * 30,
        asked_at=1.0,
        begun_at=2.0 if is_known else None,
        answered_at=4.0 if is_known else None,
    )
    notes = dict.fromkeys(PARAMETERS, "has no effect: this model does not accept it")
    context = explanation_view.ExplanationContext(
        editable=make_editable(thread_scope(thread), OTHER), parameter_notes=notes, workspace="https://a.slack.com/"
    )
    view = explanation_view.render_explanation(explained, context, for_admin=for_admin)
    check_view(view, "modal")
    assert ("<!here> & `" in str(view)) == (for_admin and is_known), "the prompt is for admins"


def test_an_explanation_shows_admins_the_whole_prompt() -> None:
    """In as many blocks as it takes. A prompt that several levels make longer is cut."""
    text = "".join(f"Line {number}: be kind.\n" for number in range(3_000))[:MAX_PROMPT_CHARACTERS]
    for above, appends, is_cut in (("", False, False), ("Be brief.", True, True)):
        own = make_version(thread_scope(THREAD), 2, ScopeConfig(prompt=Prompt(text, appends=appends)))
        versions = (make_version(WORKSPACE, 1, ScopeConfig(prompt=Prompt(above))), own) if above else (own,)
        explained = replace(EXPLAINED, made_with=Provenance(versions=(1,)), versions=versions)
        context = explanation_view.ExplanationContext(editable=make_editable(thread_scope(THREAD), OTHER))
        view = explanation_view.render_explanation(explained, context, for_admin=True)
        check_view(view, "modal")
        framed = [block["elements"][0]["elements"][0] for block in view["blocks"] if block["type"] == "rich_text"]
        whole = "\n\n".join(filter(None, (above, text)))
        assert "".join(content["text"] for content in framed) == whole[:MAX_PROMPT_CHARACTERS]
        assert ("The prompt goes on:" in str(view)) == is_cut


THREAD = ThreadKey(platform="slack", workspace="T1", channel="C1", root="1.5")
EXPLAINED = Explanation(
    thread=THREAD,
    author=Author(id="U1"),
    status=TurnStatus.DONE,
    attempt=1,
    model="m",
    finish_reason="stop",
    error="",
    usage=None,
    made_with=None,
    versions=(),
    files=(File(name="a<b.pdf"), File(name="")),
    asked_at=1.0,
    begun_at=2.0,
    answered_at=4.0,
)


def explanation_text(made_with: Provenance, *, notes: dict[str, str] | None = None) -> str:
    context = explanation_view.ExplanationContext(
        editable=make_editable(thread_scope(THREAD), OTHER),
        parameter_notes=notes or {},
        workspace="https://a.slack.com/",
    )
    view = explanation_view.render_explanation(replace(EXPLAINED, made_with=made_with), context, for_admin=True)
    check_view(view, "modal")
    return "\n".join(_mrkdwn(view))


@pytest.mark.parametrize(
    ("spent", "said"),
    [
        (Spending(calls=1, cost=4_219_000), "*Cost*: 0.0042 EUR\n"),
        (Spending(calls=2, unpriced=2), "*Cost*: unknown, for 2 calls of the model\n"),
        (Spending(calls=3, cost=10**9, estimated=1), "*Cost*: about 1.00 EUR, for 3 calls of the model\n"),
    ],
)
def test_an_explanation_shows_the_cost(spent: Spending, said: str) -> None:
    context = explanation_view.ExplanationContext(editable=make_editable(thread_scope(THREAD), OTHER), currency="EUR")
    view = explanation_view.render_explanation(replace(EXPLAINED, spent=spent), context, for_admin=False)
    assert said in "\n".join(_mrkdwn(view))
    assert "*Cost*" not in str(explanation_view.render_explanation(EXPLAINED, context, for_admin=False)), (
        "it was not kept then"
    )


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (ContextCoverage(turns=0), "only the question; nothing was said in the thread before"),
        (ContextCoverage(turns=1, first="1.5", last="1.5"), "*It knew*: the turn before\n"),
        (
            ContextCoverage(turns=12, first="1.5", last="9.5"),
            "12 turns of this thread, from <https://a.slack.com/archives/C1/p15|the first> to <https://",
        ),
        (ContextCoverage(turns=3, first="7.5", last="9.5", left_out=1_200), "; 1,200 older left out, they did not"),
        (
            ContextCoverage(turns=3, first="7.5", last="9.5", left_out=997, is_all_counted=False, is_summarised=True),
            "; at least 997 older left out, a summary stood in their place\n",
        ),
        (ContextCoverage(turns=0, left_out=4), "none of what was said before; 4 older left out"),
        (None, "complete\n*Files*: a&lt;b.pdf, unnamed"),
    ],
)
def test_an_explanation_shows_the_context(seen: ContextCoverage | None, said: str) -> None:
    assert said in explanation_text(Provenance(seen=seen))


def test_an_explanation_shows_parameters_without_effect() -> None:
    notes = {"temperature": "has no effect: this model does not accept it", "stop": "is not set"}
    said = explanation_text(Provenance(draft="channel T1/C1", parameters={"temperature": 0.5, "n": 2}), notes=notes)
    assert "*Temperature*: 0.5 :warning: _has no effect: this model does not accept it_\n*Variants*: 2" in said
    assert "a draft for <#C1>" in said


def test_texts_of_people_are_never_markup() -> None:
    """A note or a prompt pings nobody: prompts stand in a frame, other texts are escaped."""
    editable = make_editable(WORKSPACE)
    for view in (
        editor_views.render_editor(editable, "", MODELS),
        history.render_history(WORKSPACE, [make_version(WORKSPACE)], ""),
    ):
        for text in _mrkdwn(view):
            assert "<!here>" not in text
            assert "<!channel>" not in text


def _mrkdwn(value: object) -> list[str]:
    match value:
        case {"type": "mrkdwn", "text": str(text)}:
            return [text]
        case dict():
            return [text for inner in value.values() for text in _mrkdwn(inner)]
        case list():
            return [text for inner in value for text in _mrkdwn(inner)]
        case _:
            return []
