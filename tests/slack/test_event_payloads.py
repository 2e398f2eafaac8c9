"""Parsing Slack's payloads: which events concern the bot, and what they say."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.turns import AddressingKind, File, IncomingMessage
from bot.slack import event_payloads
from bot.slack.payload import is_echo as payload_is_echo
from bot.slack.rendering import buttons
from tests.slack.sample_events import BOT, EDITED, NAMES, TOMBSTONE, changed, deleted, message


def parse(event: dict[str, Any], *, follow: bool = False) -> event_payloads.SlackEvent | None:
    """Parse an event, delivered as Ev1 to the workspace T1."""
    body = {"team_id": "TX", "authorizations": [{"team_id": "T1"}], "event_id": "Ev1", "event": event}
    return event_payloads.parse_event(body, BOT, follow_threads=follow)


def parse_incoming(event: dict[str, Any], *, follow: bool = False) -> IncomingMessage:
    """Parse an event that must be a new message."""
    parsed = parse(event, follow=follow)
    assert isinstance(parsed, event_payloads.MessageEvent)
    return parsed.message.to_incoming(NAMES, addressed=parsed.addressed, delivery=parsed.delivery)


@pytest.mark.parametrize(
    ("event", "follow", "expected"),
    [
        (message(type="app_mention", text="<@UBOT> hi"), False, AddressingKind.MENTION),
        (message(text="<@UBOT> hi"), False, AddressingKind.MENTION),
        (message(text="hi <@UBOT|bot>!"), False, AddressingKind.MENTION),
        (message(channel="D1", channel_type="im"), False, AddressingKind.DIRECT),
        (message(channel="D1", channel_type=None), False, AddressingKind.DIRECT),
        (message(channel="D1", channel_type="im", thread_ts="1.0"), False, AddressingKind.DIRECT),
        (
            message(channel="D1", channel_type="im", text=None, subtype="file_share"),
            False,
            AddressingKind.DIRECT,
        ),
        (message(), False, None),
        (message(), True, None),
        (message(thread_ts="1.0"), False, AddressingKind.OVERHEARD),
        (message(thread_ts="1.0"), True, AddressingKind.REPLY),
        (message(thread_ts="5.0"), True, None),
        (
            message(thread_ts="1.0", subtype="thread_broadcast", text="<@UBOT> x"),
            False,
            AddressingKind.MENTION,
        ),
        (message(channel_type="mpim", text="<@UBOT> hi"), False, AddressingKind.MENTION),
        (message(channel_type="mpim"), False, None),
        (message(text="<@UBOT> hi", edited=EDITED), False, None),
        (message(text="<@UBOT> hi", bot_id="B2"), False, None),
        (message(text="<@UBOT> hi", app_id="A2"), False, None),
        (message(user="UBOT", channel="D1", channel_type="im"), False, None),
        (message(user="USLACKBOT", channel="D1", channel_type="im"), False, None),
        (message(user=None, text="<@UBOT> hi"), False, None),
        (message(text="<@UBOT> hi", ts="yesterday"), False, None),
        (message(text="<@UBOT> hi", hidden=True), False, None),
        (message(subtype="channel_join", text="<@UBOT> has joined"), False, None),
        (message(subtype="bot_message", text="<@UBOT> hi"), False, None),
        (message(type="reaction_added"), False, None),
    ],
)
def test_which_messages_concern_the_bot(event: dict[str, Any], follow: bool, expected: AddressingKind | None) -> None:
    parsed = parse(event, follow=follow)
    assert (parsed.addressed if isinstance(parsed, event_payloads.MessageEvent) else parsed) == expected


def test_an_edit_carries_the_new_text() -> None:
    event = changed(message(text="<@UBOT> bye", thread_ts="1.0", edited=EDITED), message(text="<@UBOT> hi"))
    parsed = parse(event)
    assert isinstance(parsed, event_payloads.EditEvent)
    assert (parsed.thread.root, parsed.message.key.message_id, parsed.delivery) == ("1.0", "5.0", "Ev1")
    assert parsed.message.readable_text(NAMES) == "bye"


def test_an_edited_mention_is_an_edit() -> None:
    parsed = parse(message(type="app_mention", text="<@UBOT> bye", edited=EDITED))
    assert isinstance(parsed, event_payloads.EditEvent)
    assert parsed.message.readable_text(NAMES) == "bye"


@pytest.mark.parametrize(
    "event",
    [
        changed(message(attachments=[{}]), message()),
        changed(message(edited=EDITED, attachments=[{}]), message(edited=EDITED)),
        changed(message(text="bye"), message()),
        changed(message(user="UBOT", bot_id="BBOT", text="bye", edited=EDITED), message()),
        changed(message(bot_id="B2", text="bye", edited=EDITED), message()),
        changed(message(subtype="channel_topic", text="bye", edited=EDITED), message()),
        changed({}),
    ],
    ids=["preview", "preview after an edit", "not by a person", "ours", "a bot's", "notice", "empty"],
)
def test_a_change_without_a_new_text_is_no_edit(event: dict[str, Any]) -> None:
    assert parse(event) is None


@pytest.mark.parametrize(
    ("event", "root"),
    [
        (deleted(previous_message=message(thread_ts="1.0")), "1.0"),
        (deleted(previous_message=message()), "5.0"),
        (deleted(), "5.0"),
        (changed(TOMBSTONE, message()), "5.0"),
        (changed(TOMBSTONE), "5.0"),
    ],
    ids=["reply", "root", "nothing else known", "root of a thread", "likewise, nothing else known"],
)
def test_a_deletion_names_its_message_and_thread(event: dict[str, Any], root: str) -> None:
    parsed = parse(event)
    assert isinstance(parsed, event_payloads.DeleteEvent)
    assert (parsed.thread.root, parsed.message.message_id, parsed.delivery) == (root, "5.0", "Ev1")
    assert parsed.message.workspace == "T1"


@pytest.mark.parametrize(
    "event",
    [
        deleted(previous_message=message(user="UBOT", bot_id="BBOT")),
        deleted(previous_message=message(bot_id="B2")),
        deleted(previous_message=TOMBSTONE),
        deleted(deleted_ts=None),
        deleted(channel=None),
    ],
    ids=["ours", "a bot's", "the rest of a thread", "no message", "no channel"],
)
def test_a_deleted_message_of_a_bot_is_no_deletion(event: dict[str, Any]) -> None:
    assert parse(event) is None


def test_a_message_starts_a_thread_and_a_reply_continues_it() -> None:
    first = parse_incoming(message(text="<@UBOT> hi"))
    assert (first.thread.workspace, first.thread.channel, first.thread.root) == ("T1", "C1", "5.0")
    assert (first.author.id, first.author.name, first.text) == ("U1", "Ada", "hi")
    assert (first.sent_at, first.delivery) == (5.0, "Ev1")
    reply = parse_incoming(message(thread_ts="1.0"), follow=True)
    assert (reply.thread.root, reply.message_id) == ("1.0", "5.0")


def test_attached_files_are_named() -> None:
    files = [{"name": "<@U1>.pdf"}, {}]
    question = parse_incoming(message(channel="D1", text="", subtype="file_share", files=files)).text
    assert question == "[attached file: <@U1>.pdf]\n[attached file: unnamed]"


def test_a_files_description_is_kept_with_the_question() -> None:
    url = "https://files.slack.com/a"
    file = {"name": "a.pdf", "mimetype": "application/pdf", "size": 9, "url_private": url}
    tombstone = {"id": "F1", "mode": "tombstone", "title": "b.pdf", "size": None}
    question = parse_incoming(message(channel="D1", text="Why?", subtype="file_share", files=[file, tombstone]))
    assert question.files == (
        File(name="a.pdf", type="application/pdf", size=9, url=url),
        File(name="b.pdf"),
    )


def test_only_missing_names_are_looked_up() -> None:
    text = "<@UBOT> <@U1> <@U2|gh> <#C9> <#C8|dev> <#C7|> <!here> <https://a|b>"
    parsed = parse(message(user="U5", text=text))
    assert isinstance(parsed, event_payloads.MessageEvent)
    assert parsed.message.ids_to_name == {"U5", "U1", "C9", "C7"}


PRESSED = {
    "type": "block_actions",
    "user": {"id": "U1"},
    "team": {"id": "TX"},
    "channel": {"id": "C1"},
    "message": message(user="UBOT", bot_id="BBOT", thread_ts="1.0", team="T1"),
    "actions": [{"action_id": "turn_retry", "value": "7", "type": "button"}],
}
BODIES = [
    {"team_id": "T1", "authorizations": [{"team_id": "T1"}], "event_id": "Ev1", "event": event}
    for event in (
        message(type="app_mention", text="<@UBOT> hi", files=[{"name": "a"}], edited=EDITED),
        message(text="<@UBOT> hi", files=[{"name": "a"}]),
        changed(message(text="bye", thread_ts="1.0", edited=EDITED), message()),
        changed(TOMBSTONE, message()),
        deleted(previous_message=message(thread_ts="1.0")),
    )
]
RUBBISH = st.sampled_from([None, "", "x", "1.x", "²", 0, -1.5, True, [], [None], {}, {"a": 1}, "9" * 40])


def _places(payload: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every place in a payload: its container, and its key or index."""
    keys = payload if isinstance(payload, dict) else range(len(payload)) if isinstance(payload, list) else ()
    for key in list(keys):
        yield payload, key
        yield from _places(payload[key])


@given(st.data())
def test_no_payload_however_malformed_is_an_error(data: st.DataObject) -> None:
    """Slack would repeat it, and in the end disable the app's events."""
    body = copy.deepcopy(data.draw(st.sampled_from([*BODIES, PRESSED])))
    for _ in range(data.draw(st.integers(1, 3))):
        places = list(_places(body))
        if places:
            holder, key = places[data.draw(st.integers(0, len(places) - 1))]
            holder[key] = copy.deepcopy(data.draw(RUBBISH))
    parsed = event_payloads.parse_event(body, BOT, follow_threads=True)
    if isinstance(parsed, event_payloads.MessageEvent):
        parsed.message.to_incoming(NAMES, addressed=parsed.addressed)
    buttons.parse_button_press(body, BOT)
    payload_is_echo(body)


OURS: dict[str, Any] = {"user": "UBOT", "bot_id": "BBOT", "app_id": "A1"}


@pytest.mark.parametrize(
    ("event", "is_echo"),
    [
        (message(**OURS), True),
        (message(**OURS, subtype="bot_message"), True),
        (changed(message(**OURS), message(**OURS)), True),
        (deleted(previous_message=message(**OURS)), False),  # a person may have removed an answer
        (changed(TOMBSTONE, message(**OURS)), False),
        (message(), False),
        (message(bot_id="B2", app_id="A2"), False),
        (message(app_id="A1"), False),  # a person, through another service of the app's
        (message(**OURS, type="app_mention"), False),
    ],
)
def test_events_about_the_bots_own_messages_are_echoes(event: dict[str, Any], *, is_echo: bool) -> None:
    """No event that the bot handles is one."""
    body = {"team_id": "T1", "api_app_id": "A1", "event_id": "Ev1", "event": event}
    assert payload_is_echo(body) is is_echo
    if is_echo:
        assert event_payloads.parse_event(body, BOT, follow_threads=True) is None
