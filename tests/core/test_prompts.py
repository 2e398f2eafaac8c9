"""The most specific system prompt that is set applies."""

import pytest

from bot.core.domain import PromptKey, ThreadKey
from bot.core.prompts import BUILT_IN, effective, levels

THREAD = ThreadKey(platform="slack", workspace="T1", channel="C1", root="1.0")
IN_THREAD, IN_CHANNEL, IN_WORKSPACE, ON_PLATFORM, ANYWHERE = levels(THREAD)


@pytest.mark.parametrize(
    ("stored", "setting", "expected"),
    [
        ({}, "", BUILT_IN),
        ({}, "setting", "setting"),
        ({ANYWHERE: "any"}, "setting", "any"),
        ({ANYWHERE: "any", ON_PLATFORM: "slack"}, "", "slack"),
        ({ON_PLATFORM: "slack", IN_WORKSPACE: "T1"}, "", "T1"),
        ({IN_WORKSPACE: "T1", IN_CHANNEL: "C1"}, "", "C1"),
        ({IN_CHANNEL: "C1", IN_THREAD: "1.0"}, "", "1.0"),
        ({IN_CHANNEL: ""}, "setting", "setting"),
        ({PromptKey(platform="slack", workspace="T2"): "other"}, "setting", "setting"),
    ],
)
def test_most_specific_prompt_wins(stored: dict[PromptKey, str], setting: str, expected: str) -> None:
    """Thread over channel over workspace over platform over anywhere over the setting over our own."""
    assert effective(stored, THREAD, setting=setting) == expected
