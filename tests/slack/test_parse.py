"""What Slack sends -> what we make of it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.domain import Addressed
from bot.slack import parse

BOT = parse.Bot(user="UBOT", bot_id="BBOT", workspace="T1")
NAMES = {"U1": "Ada", "U2": "Grace", "C9": "general"}


def event(**changes: Any) -> dict[str, Any]:
    """Return a message in a channel, changed; None takes a key away."""
    fields = {
        "type": "message",
        "user": "U1",
        "text": "hi",
        "ts": "5.0",
        "channel": "C1",
        "channel_type": "channel",
    }
    return {key: value for key, value in {**fields, **changes}.items() if value is not None}


@pytest.mark.parametrize(
    ("given_event", "follow", "expected"),
    [
        (event(type="app_mention", text="<@UBOT> hi"), False, Addressed.MENTION),
        (event(text="<@UBOT> hi"), False, Addressed.MENTION),
        (event(text="hi <@UBOT|bot>!"), False, Addressed.MENTION),
        (event(channel="D1", channel_type="im"), False, Addressed.DIRECT),
        (event(channel="D1", channel_type=None), False, Addressed.DIRECT),
        (event(channel="D1", channel_type="im", text=None, subtype="file_share"), False, Addressed.DIRECT),
        (event(), False, None),
        (event(), True, None),
        (event(thread_ts="1.0"), False, None),
        (event(thread_ts="1.0"), True, Addressed.REPLY),
        (event(thread_ts="1.0", subtype="thread_broadcast", text="<@UBOT> x"), False, Addressed.MENTION),
        (event(channel_type="mpim", text="<@UBOT> hi"), False, Addressed.MENTION),
        (event(channel_type="mpim"), False, None),
        (event(text="<@UBOT> hi", edited={"user": "U1", "ts": "6.0"}), False, None),
        (event(text="<@UBOT> hi", bot_id="B2"), False, None),
        (event(text="<@UBOT> hi", app_id="A2"), False, None),
        (event(user="UBOT", channel="D1", channel_type="im"), False, None),
        (event(user="USLACKBOT", channel="D1", channel_type="im"), False, None),
        (event(user=None, text="<@UBOT> hi"), False, None),
        (event(subtype="message_changed", text="<@UBOT> hi"), False, None),
        (event(subtype="channel_join", text="<@UBOT> has joined"), False, None),
        (event(subtype="bot_message", text="<@UBOT> hi"), False, None),
        (event(type="reaction_added"), False, None),
    ],
)
def test_which_messages_are_for_us(
    given_event: dict[str, Any], follow: bool, expected: Addressed | None
) -> None:
    assert parse.addressed(given_event, BOT, follow=follow) == expected


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
        ("", ""),
    ],
)
def test_text_becomes_readable(text: str, expected: str) -> None:
    assert parse.readable(text, BOT.user, NAMES) == expected


@given(st.text(alphabet="<>@#!|^&;UBOTlgtamp: \n") | st.text())
def test_whatever_surrounds_it_our_mention_goes_and_the_rest_stays_readable(text: str) -> None:
    plain = text.replace("<", "(").replace("&", "+")
    assert parse.readable(f"{plain} <@UBOT>", BOT.user, NAMES) == plain.strip()
    parse.readable(text, BOT.user, NAMES)  # anything else: at least no error


def test_a_message_starts_a_thread_and_a_reply_continues_it() -> None:
    body = {"team_id": "TX", "authorizations": [{"team_id": "T1"}], "event": event(text="<@UBOT> hi")}
    first = parse.incoming(body, BOT, NAMES, why=Addressed.MENTION)
    assert (first.thread.workspace, first.thread.channel, first.thread.root) == ("T1", "C1", "5.0")
    assert (first.author.id, first.author.name, first.text) == ("U1", "Ada", "hi")
    reply = parse.incoming({"team_id": "T1", "event": event(thread_ts="1.0")}, BOT, {}, why=Addressed.REPLY)
    assert (reply.thread.root, reply.message_id) == ("1.0", "5.0")


def test_attached_files_are_named() -> None:
    body = {"team_id": "T1", "event": event(text="", files=[{"name": "plan.pdf"}, {}])}
    question = parse.incoming(body, BOT, {}, why=Addressed.DIRECT).text
    assert question == "[attached file: plan.pdf]\n[attached file: unnamed]"


def test_only_names_that_the_text_lacks_are_looked_up() -> None:
    assert parse.mentioned("<@U1> <@U2|gh> <#C9> <#C8|dev> <#C7|> <!here> <https://a|b>") == {
        "U1",
        "C9",
        "C7",
    }
