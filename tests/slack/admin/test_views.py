"""Views at their worst: long texts, many levels, many versions; Slack would show them all."""

import pytest

from bot.core.domain import (
    DIRECT,
    Author,
    MadeWith,
    Prompt,
    PromptKey,
    Steering,
    ThreadKey,
    TurnStatus,
    Usage,
    Version,
)
from bot.core.explanation import Explanation
from bot.core.parameters import PARAMETERS
from bot.core.steering import DEPLOYMENT, PROMPT, effective, thread_level
from bot.editing import Level
from bot.sandbox.block_kit import check_blocks, check_view
from bot.slack.admin import commands, editor, history, kit, levels, why, wording
from bot.slack.admin.form import Models

WORKSPACE = PromptKey(platform="slack", workspace="T1")
DIRECTS = PromptKey(platform="slack", workspace="T1", channel=DIRECT)
FULL = Steering(
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
    locks=frozenset({PROMPT, *PARAMETERS}),
)
OTHER = Steering(prompt=Prompt("Something else.\n" * 2_000))
MODELS = Models(offered={f"model-{number}": "Ends on 2027-01-14" for number in range(98)})


def version(key: PromptKey, number: int = 1, steering: Steering = FULL) -> Version:
    return Version(
        id=number,
        key=key,
        number=number,
        steering=steering,
        author=Author(id="U1", name="A" * 300),
        note="<!channel> " * 100,
        created_at=1_790_000_000.0,
    )


def level(key: PromptKey, steering: Steering = FULL) -> Level:
    return Level(key=key, newest=version(key, 1, steering), settings={DEPLOYMENT: OTHER, key: steering})


@pytest.mark.parametrize("channels", [0, 5, 500])
def test_what_is_set_at_many_levels(channels: int) -> None:
    keys = [
        WORKSPACE,
        DIRECTS,
        *(PromptKey(platform="slack", workspace="T1", channel=f"C{n}") for n in range(channels)),
    ]
    versions = [version(key) for key in keys]
    check_view(kit.home(levels.overview(WORKSPACE, DIRECTS, versions)), "home")


@pytest.mark.parametrize("count", [0, 1, 2, history.SHOWN, history.SHOWN + 1])
def test_history(count: int) -> None:
    versions = [version(WORKSPACE, count - n, FULL if n % 2 else OTHER) for n in range(count)]
    check_view(history.history(WORKSPACE, versions, "sealed", news="Restored."), "modal")


def test_editor_and_conflict() -> None:
    at = level(WORKSPACE)
    check_view(editor.editor(at, "s" * 300, MODELS), "modal")
    newest = version(WORKSPACE, 2, OTHER)
    check_view(editor.conflict(at, newest, FULL, "n" * 200, "s" * 300, MODELS), "modal")
    check_view(editor.chooser(WORKSPACE, DIRECTS), "modal")


def test_what_applies_as_a_message() -> None:
    """Its blocks are limited more tightly than those of a view."""
    applies = effective({DEPLOYMENT: FULL}, WORKSPACE)
    check_blocks(commands.shown(wording.applying(applies, with_prompt=True))["blocks"], "message")


@pytest.mark.parametrize("for_admin", [True, False])
@pytest.mark.parametrize("is_known", [True, False])
def test_why(*, for_admin: bool, is_known: bool) -> None:
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
        made_with=MadeWith(versions=(1,), parameters={}) if is_known else None,
        versions=(version(WORKSPACE),) if is_known else (),
        asked_at=1.0,
        begun_at=2.0 if is_known else None,
        answered_at=4.0 if is_known else None,
    )
    view = why.why(explained, level(thread_level(thread), OTHER), for_admin=for_admin)
    check_view(view, "modal")
    assert ("<!here>" in str(view)) == (for_admin and is_known), "the prompt is for admins"


def test_nothing_that_people_wrote_is_markup() -> None:
    """A note or a prompt pings nobody: what is verbatim stands in a frame, the rest is escaped."""
    at = level(WORKSPACE)
    for view in (editor.editor(at, "", MODELS), history.history(WORKSPACE, [version(WORKSPACE)], "")):
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
