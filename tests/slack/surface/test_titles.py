"""Titles of conversations: plain, short, harmless."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.slack.rendering.mrkdwn import WORD_JOINER
from bot.slack.surface.assistant_status import MAX_TITLE_UNITS, make_title


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How does rain form?", "How does rain form?"),
        ("\n\n  two   spaces \n more", "two spaces"),
        ("# A **bold** _claim_", "A bold claim"),
        ("> quoted\nand mine", "quoted"),
        ("- first\n- second", "first"),
        ("2. second", "second"),
        ("2.5 is a number", "2.5 is a number"),
        ("```python\nprint(1)\n```", "print(1)"),
        ("call `snake_case_name` of 2 * 3", "call snake_case_name of 2 * 3"),
        ("ask <!here> and @channel", f"ask <{WORD_JOINER}!here> and @{WORD_JOINER}channel"),
        ("mail ada@here.example", f"mail ada@{WORD_JOINER}here.example"),
        ("", ""),
        (" \n**  **\n", ""),
        ("word " * 60, "word " * 38 + "word…"),
        ("x" * 300, "x" * 199 + "…"),
    ],
)
def test_a_title_is_the_first_line_as_plain_text(question: str, expected: str) -> None:
    assert make_title(question) == expected


@given(st.text(alphabet=st.one_of(st.sampled_from("<@!#> here\n*_`~-1.\ud83d😀"), st.characters())))
@example("😀" * 150)
@example("<!channel>" * 40)
@example("\ud83d")
def test_a_title_never_pings_and_is_within_the_limit(question: str) -> None:
    made = make_title(question)
    assert len(made.encode("utf-16-le")) <= 2 * MAX_TITLE_UNITS
    assert made == " ".join(made.split())
    assert not any(token in made.lower() for token in ("<!", "<@", "<#", "@here", "@channel", "@everyone"))
