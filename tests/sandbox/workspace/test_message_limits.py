"""Slack's limits on messages: at the limit a call is accepted, beyond it refused with Slack's error."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.server import SandboxWorkspace
from bot.sandbox.workspace.block_kit import check_blocks, count_markdown_blocks
from bot.sandbox.workspace.message_limits import ApiRefusal
from bot.sandbox.workspace.records import Json

CHANNEL = "C0GENERAL"


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def section(text: str = "x", **more: Any) -> Json:
    return {"type": "section", "text": mrkdwn(text), **more}


def markdown(text: str) -> Json:
    return {"type": "markdown", "text": text}


def button(**more: Any) -> Json:
    return {"type": "button", "text": plain("Go"), "action_id": "go", **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def select(**option: Any) -> Json:
    return actions(
        {"type": "static_select", "action_id": "s", "options": [{"text": plain("x"), "value": "x"} | option]}
    )


def thumbs(**more: Any) -> Json:
    pair = {"text": plain("x" * 75), "value": "x" * 2_000, "accessibility_label": "x" * 75}
    buttons = {"positive_button": pair, "negative_button": pair | more}
    return {
        "type": "context_actions",
        "elements": [{"type": "feedback_buttons", "action_id": "f", **buttons}],
    }


TABLE = "| a | b |\n|---|---|\n| 1 | 2 |\n\n"

FITS: dict[str, Any] = {
    "section of 3,000": [section("x" * 3_000)],
    "Markdown of 12,000": [markdown("x" * 12_000)],
    "50 blocks": [section()] * 50,
    "50 headings": [markdown("# a\n\nb\n\n" * 50)],
    "several tables in Markdown": [markdown(TABLE * 10)],
    "header of 150": [{"type": "header", "text": plain("x" * 150)}],
    "context of 10": [{"type": "context", "elements": [mrkdwn("x")] * 10}],
    "25 buttons": [actions(*(button(action_id=str(n)) for n in range(25)))],
    "image": [{"type": "divider"}, {"type": "image", "image_url": "https://x.org/i", "alt_text": "i"}],
    "thumbs": [thumbs()],
    "confirm": [
        actions(button(confirm={"title": plain("t"), "text": mrkdwn("x"), "confirm": plain("Y"), "deny": plain("N")}))
    ],
}

INVALID: dict[str, Any] = {
    "thumb of 76": [thumbs(text=plain("x" * 76))],
    "thumb that says more than 2,000": [thumbs(value="x" * 2_001)],
    "thumb without a value": [thumbs(value="")],
    "thumb in mrkdwn": [thumbs(text=mrkdwn("x"))],
    "thumb that is spoken for too long": [thumbs(accessibility_label="x" * 76)],
    "thumbs among buttons": [actions(*thumbs()["elements"])],
    "section of 3,001": [section("x" * 3_001)],
    "empty section": [section("")],
    "section of nothing": [{"type": "section"}],
    "11 fields": [{"type": "section", "fields": [mrkdwn("x")] * 11}],
    "field of 2,001": [{"type": "section", "fields": [mrkdwn("x" * 2_001)]}],
    "51 blocks": [section()] * 51,
    "51 headings": [markdown("# a\n\n" * 51)],
    "49 rules and 2": [markdown("a\n\n---\n\n" * 49), section(), section()],
    "51 tables": [markdown(TABLE * 51)],
    "table of 10,001": [markdown(f"|a|\n|-|\n|{'x' * 10_000}|")],
    "header of 151": [{"type": "header", "text": plain("x" * 151)}],
    "header in mrkdwn": [{"type": "header", "text": mrkdwn("x")}],
    "context of 11": [{"type": "context", "elements": [mrkdwn("x")] * 11}],
    "26 buttons": [actions(*(button(action_id=str(n)) for n in range(26)))],
    "no buttons": [actions()],
    "button of 76": [actions(button(text=plain("x" * 76)))],
    "button in mrkdwn": [actions(button(text=mrkdwn("x")))],
    "value of 2,001": [actions(button(value="x" * 2_001))],
    "url of 3,001": [actions(button(url="x" * 3_001))],
    "action_id of 256": [actions(button(action_id="x" * 256))],
    "action_id twice": [actions(button(), button())],
    "block_id of 256": [section(block_id="x" * 256)],
    "block_id twice": [section(block_id="x"), section(block_id="x")],
    "option of 76": [select(text=plain("x" * 76))],
    "option value of 151": [select(value="x" * 151)],
    "unknown block": [{"type": "carousel"}],
    "block without a type": [{"text": "x"}],
    "input among actions": [actions({"type": "plain_text_input"})],
    "21 columns": [{"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * 21]}],
    "two tables": [{"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}] * 2,
}

TOO_LONG: dict[str, Any] = {
    "Markdown of 12,001": [markdown("x" * 12_001)],
    "Markdown of 12,002 in two blocks": [markdown("x" * 6_001)] * 2,
}

TOO_LONG_IN_ALL: dict[str, Any] = {
    "14,500 in all": [section("x" * 2_900)] * 5,
}

MALFORMED: dict[str, Any] = {
    "a string for a block": ["x"],
    "an object for the list": {"type": "section"},
}

REFUSED = [
    pytest.param(blocks, error, id=name)
    for error, cases in (
        ("invalid_blocks", INVALID),
        ("msg_too_long", TOO_LONG),
        ("msg_blocks_too_long", TOO_LONG_IN_ALL),
        ("invalid_blocks_format", MALFORMED),
    )
    for name, blocks in cases.items()
]


@pytest.mark.parametrize("blocks", FITS.values(), ids=FITS)
async def test_blocks_within_the_limits_are_shown(client: AsyncWebClient, blocks: Any) -> None:
    await client.chat_postMessage(channel=CHANNEL, text="fallback", blocks=blocks)


@pytest.mark.parametrize(("blocks", "error"), REFUSED)
def test_blocks_beyond_a_limit_are_refused_by_slacks_name_for_it(blocks: Any, error: str) -> None:
    with pytest.raises(ApiRefusal) as refused:
        check_blocks(blocks, "message")
    assert refused.value.error == error


@pytest.mark.parametrize(
    ("text", "count"), [("", 1), ("words", 1), ("# a\n\nb\n\n---\n\n" + TABLE, 3), ("```\n# no\n```", 1)]
)
def test_markdown_counts_as_the_blocks_slack_makes_of_it(text: str, count: int) -> None:
    assert count_markdown_blocks(text) == count


async def refusal(call: Any) -> str:
    with pytest.raises(SlackApiError) as refused:
        await call
    assert refused.value.response.status_code == 200
    return str(refused.value.response["error"])


async def test_a_post_of_more_than_40000_characters_is_cut_and_says_so(client: AsyncWebClient) -> None:
    answer = await client.chat_postMessage(channel=CHANNEL, text="x" * 40_001)
    assert len(answer["message"]["text"]) == 40_000
    assert answer["warning"] == "message_truncated"


async def test_an_update_takes_4000_characters_and_not_one_more(
    workspace: SandboxWorkspace, client: AsyncWebClient
) -> None:
    ts = (await client.chat_postMessage(channel=CHANNEL, text="short"))["ts"]
    await client.chat_update(channel=CHANNEL, ts=ts, text="x" * 4_000)
    assert await refusal(client.chat_update(channel=CHANNEL, ts=ts, text="x" * 4_001)) == "msg_too_long"
    assert len(workspace.thread(CHANNEL, ts)[0].text) == 4_000


async def test_edited_shows_after_an_update_with_text_but_not_with_blocks(
    workspace: SandboxWorkspace, client: AsyncWebClient
) -> None:
    ts = (await client.chat_postMessage(channel=CHANNEL, text="one", blocks=[section()]))["ts"]
    await client.chat_update(channel=CHANNEL, ts=ts, text="two", blocks=[section()])
    assert not workspace.thread(CHANNEL, ts)[0].edited
    await client.chat_update(channel=CHANNEL, ts=ts, text="three")
    message = workspace.thread(CHANNEL, ts)[0]
    assert message.edited
    assert message.blocks == ()
    assert [version.text for version in message.history] == ["one", "two", "three"]


async def test_only_the_apps_own_messages_can_be_changed(workspace: SandboxWorkspace, client: AsyncWebClient) -> None:
    ts = await workspace.say("U0ADA", CHANNEL, "mine")
    assert await refusal(client.chat_update(channel=CHANNEL, ts=ts, text="x")) == "cant_update_message"
    assert await refusal(client.chat_delete(channel=CHANNEL, ts=ts)) == "cant_delete_message"


async def test_posting_refuses_what_slack_refuses(client: AsyncWebClient) -> None:
    post = client.chat_postMessage
    assert await refusal(client.api_call("chat.postMessage", json={"channel": CHANNEL})) == "no_text"
    assert await refusal(post(channel="C0NONE", text="x")) == "channel_not_found"
    assert await refusal(post(channel=CHANNEL, text="x", thread_ts="1.0")) == "thread_not_found"
    long = client.api_call("chat.postMessage", json={"channel": CHANNEL, "markdown_text": "x" * 12_001})
    assert await refusal(long) == "msg_too_long"
    assert await refusal(post(channel=CHANNEL, markdown_text="x", text="y")) == "markdown_text_conflict"
    assert await refusal(post(channel=CHANNEL, text="x", blocks="[")) == "invalid_blocks_format"
    assert await refusal(client.chat_update(channel=CHANNEL, ts="1.0", text="x")) == "message_not_found"
    assert await refusal(client.chat_update(channel="U0ADA", ts="1.0", text="x")) == "channel_not_found"


async def test_a_person_can_be_posted_to_by_user_id(client: AsyncWebClient) -> None:
    assert (await client.chat_postMessage(channel="U0ADA", text="x"))["channel"] == "D0ADA"


async def test_a_deleted_root_leaves_a_tombstone_as_long_as_it_has_replies(
    workspace: SandboxWorkspace, client: AsyncWebClient
) -> None:
    """Slack's own bot posts the placeholder; deleting the last reply deletes it, too."""
    ts = (await client.chat_postMessage(channel=CHANNEL, text="root"))["ts"]
    reply = (await client.chat_postMessage(channel=CHANNEL, text="reply", thread_ts=ts))["ts"]
    await client.chat_delete(channel=CHANNEL, ts=ts)
    assert [message.subtype for message in workspace.thread(CHANNEL, ts)] == ["tombstone", ""]
    root, _ = (await client.conversations_replies(channel=CHANNEL, ts=ts))["messages"]
    assert (root["subtype"], root["user"], root["hidden"]) == ("tombstone", "USLACKBOT", True)
    assert await refusal(client.chat_delete(channel=CHANNEL, ts=ts)) == "message_not_found"
    await client.chat_delete(channel=CHANNEL, ts=reply)
    assert workspace.thread(CHANNEL, ts) == []


async def test_metadata_is_kept_by_an_edit_and_shown_to_who_asks_for_it(client: AsyncWebClient) -> None:
    metadata = {"event_type": "x", "event_payload": {"number": 1}}
    ts = (await client.chat_postMessage(channel=CHANNEL, text="one", metadata=metadata))["ts"]
    await client.chat_update(channel=CHANNEL, ts=ts, text="two")
    for read in (
        client.conversations_replies(channel=CHANNEL, ts=ts, include_all_metadata=True),
        client.conversations_history(channel=CHANNEL, include_all_metadata=True),
    ):
        assert (await read)["messages"][0]["metadata"] == metadata
    for read in (
        client.conversations_replies(channel=CHANNEL, ts=ts),
        client.conversations_history(channel=CHANNEL),
    ):
        assert "metadata" not in (await read)["messages"][0]


@pytest.mark.parametrize(
    ("kind", "name", "ids"),
    [
        ("multi_users_select", "initial_users", []),
        ("multi_users_select", "initial_users", ["grace"]),
        ("multi_users_select", "initial_users", ["C0ENG"]),
        ("multi_conversations_select", "initial_conversations", ["U0ADA"]),
    ],
)
def test_a_list_begins_with_ids(kind: str, name: str, ids: list[str]) -> None:
    field = {
        "type": "input",
        "label": {"type": "plain_text", "text": "x"},
        "element": {"type": kind, name: ids},
    }
    with pytest.raises(ApiRefusal, match="invalid_blocks"):
        check_blocks([field], "modal")


async def test_admins_say_for_how_long_messages_may_be_edited_and_delete_anybodys(
    workspace: SandboxWorkspace, client: AsyncWebClient
) -> None:
    message: dict[str, Any] = (await client.chat_postMessage(channel=CHANNEL, text="one")).data  # type: ignore[assignment]
    here = {"channel": CHANNEL, "ts": message["ts"]}
    await client.chat_update(**here, text="two")
    workspace.state.edit_window_seconds = 0.0
    assert await refusal(client.chat_update(**here, text="three")) == "edit_window_closed"
    await workspace.delete("U0ADA", **here)
    assert await refusal(client.chat_update(**here, text="three")) == "message_not_found"
