"""Parsed values of settings: the titles and questions of `BOT_SUGGESTED_PROMPTS`."""

import pytest

from bot.core.errors import SettingsError
from bot.settings import Settings
from bot.settings.values import parse_suggestions


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        (" | \n", {}),
        ("Explain: Explain this:", {"Explain": "Explain this:"}),
        ("A: one | B: two\nC: three", {"A": "one", "B": "two", "C": "three"}),
    ],
)
def test_titles_and_questions(text: str, expected: dict[str, str]) -> None:
    assert parse_suggestions(text) == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Explain", "`Explain` is not of the form `Title: question`"),
        ("A: one | : two", "`: two` is not of the form"),
        ("A: one | A: two", "the title `A` is there twice"),
        ("A:1|B:2|C:3|D:4|E:5", "Slack shows 4 suggestions at most, and these are 5"),
        ("A: " + "x" * 2_001, "`A` is longer than 2,000 characters"),
    ],
)
def test_an_error_is_one_sentence(text: str, problem: str) -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.load(bot_suggested_prompts=text)
    assert str(raised.value).startswith("BOT_SUGGESTED_PROMPTS is wrong: ")
    assert problem in str(raised.value)
