"""Converting Slack's text to Markdown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack import message_text
from tests.slack.sample_events import BOT, NAMES


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<@UBOT> hello", "hello"),
        ("<@UBOT>: hello", "hello"),
        ("hey <@UBOT>, what now", "hey, what now"),
        ("ask <@U1> and <@U2|gh> and <@U3>", "ask @Ada and @gh and @someone"),
        ("see <#C9> and <#C8|dev> and <#C7|>", "see #general and #dev and #a-channel"),
        ("<!here> <!subteam^S1|@ops> <!date^1^{date}|today>", "@here @ops today"),
        ("<https://a.example/x|the page>", "[the page](https://a.example/x)"),
        ("<https://a.example/x>", "https://a.example/x"),
        ("<http://a.example|a.example>", "http://a.example"),
        ("<mailto:a@b.example|a@b.example>", "a@b.example"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2"),
        ("&amp;lt; stays an entity", "&lt; stays an entity"),
        ("`a &lt; b`\n```\nif x:\n    y\n```", "`a < b`\n```\nif x:\n    y\n```"),
        ("שלום <@UBOT> 👩‍👩‍👧", "שלום 👩‍👩‍👧"),
        ("<@UBOT>", ""),
        ("a < b <|> c <|x>", "a < b  c [x]()"),
        ("", ""),
    ],
)
def test_tokens_become_readable(text: str, expected: str) -> None:
    assert message_text.to_markdown(message_text.remove_mention(text, BOT.user), NAMES) == expected


@given(st.text(alphabet="<>@#!|^&;UBOTlgtamp: \n") | st.text())
def test_the_bots_mention_is_removed_and_the_rest_stays_readable(text: str) -> None:
    plain = text.replace("<", "(").replace("&", "+")
    assert message_text.to_markdown(message_text.remove_mention(f"{plain} <@UBOT>", BOT.user), NAMES) == plain.strip()
    message_text.to_markdown(text, NAMES)  # anything else: at least no error
    message_text.find_unnamed_ids(text)
