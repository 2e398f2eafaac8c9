"""The events that Slack would send for what people and the app do."""

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.server import SandboxWorkspace
from bot.sandbox.workspace.people import escape_typed_text
from bot.sandbox.workspace.records import Json
from tests.sandbox.clients import BareSocket, bare_socket

MENTION = "<@U0BOT> hello"


async def events(socket: BareSocket, count: int) -> list[Json]:
    return [await socket.event() for _ in range(count)]


async def test_a_mention_in_a_channel_is_told_twice(workspace: SandboxWorkspace) -> None:
    """`app_mention` and `message`: one ts, one client_msg_id, two event ids."""
    async with bare_socket(workspace) as socket:
        ts = await workspace.say("U0ADA", "C0GENERAL", MENTION)
        pair = await events(socket, 2)
    assert {event["type"] for event in pair} == {"app_mention", "message"}
    assert {event["ts"] for event in pair} == {ts}
    assert len({event["client_msg_id"] for event in pair}) == 1
    assert len({callback["event_id"] for callback in workspace.events()}) == 2


async def test_the_pair_comes_in_either_order(workspace: SandboxWorkspace) -> None:
    for _ in range(40):
        await workspace.say("U0ADA", "C0GENERAL", MENTION)
    firsts = {callback["event"]["type"] for callback in workspace.events()[::2]}
    assert firsts == {"app_mention", "message"}


async def test_a_direct_message_is_told_once_even_if_it_mentions_the_bot(workspace: SandboxWorkspace) -> None:
    async with bare_socket(workspace) as socket:
        await workspace.say("U0ADA", "D0ADA", MENTION)
        (event,) = await events(socket, 1)
    assert (event["type"], event["channel_type"]) == ("message", "im")
    assert len(workspace.events()) == 1


async def test_a_reply_names_its_thread_and_who_began_it(workspace: SandboxWorkspace) -> None:
    root = await workspace.say("U0ADA", "C0GENERAL", "root")
    await workspace.say("U0GRACE", "C0GENERAL", "reply", thread_ts=root)
    reply = workspace.events("message")[-1]["event"]
    assert (reply["thread_ts"], reply["parent_user_id"]) == (root, "U0ADA")


async def test_an_edited_mention_is_a_mention_again(workspace: SandboxWorkspace) -> None:
    ts = await workspace.say("U0ADA", "C0GENERAL", MENTION)
    await workspace.edit("U0ADA", "C0GENERAL", ts, MENTION + " again")
    changed, mention = (callback["event"] for callback in workspace.events()[-2:])
    assert (changed["subtype"], changed["message"]["text"]) == ("message_changed", MENTION + " again")
    assert changed["previous_message"]["text"] == MENTION
    assert (mention["type"], mention["ts"]) == ("app_mention", ts)
    assert mention["edited"]["user"] == "U0ADA"


async def test_a_deleted_message_is_told_with_what_it_was(workspace: SandboxWorkspace) -> None:
    ts = await workspace.say("U0ADA", "C0GENERAL", "oops")
    await workspace.delete("U0ADA", "C0GENERAL", ts)
    event = workspace.events()[-1]["event"]
    assert (event["subtype"], event["deleted_ts"]) == ("message_deleted", ts)
    assert event["previous_message"]["text"] == "oops"


async def test_the_app_hears_of_its_own_messages(workspace: SandboxWorkspace, client: AsyncWebClient) -> None:
    ts = (await client.chat_postMessage(channel="C0GENERAL", text=MENTION))["ts"]
    await client.chat_update(channel="C0GENERAL", ts=ts, text="two")
    await client.chat_delete(channel="C0GENERAL", ts=ts)
    own = [callback["event"] for callback in workspace.events()]
    assert [event.get("subtype") for event in own] == [None, "message_changed", "message_deleted"]
    assert (own[0]["bot_id"], own[0]["user"], own[0]["app_id"]) == ("B0BOT", "U0BOT", "A0BOT")


async def test_a_callback_says_whose_it_is(workspace: SandboxWorkspace) -> None:
    await workspace.say("U0ADA", "D0ADA", "hello")
    (callback,) = workspace.events()
    assert (callback["type"], callback["team_id"], callback["api_app_id"]) == (
        "event_callback",
        "T0SANDBOX",
        "A0BOT",
    )
    assert callback["authorizations"][0]["user_id"] == "U0BOT"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        ("<@U0BOT> hi", "<@U0BOT> hi"),
        ("see <#C0ENG>", "see <#C0ENG>"),
        ("<!here> all", "<!here> all"),
        ("<script>", "&lt;script&gt;"),
        ("go to https://x.org/a?b=1&c=2.", "go to <https://x.org/a?b=1&amp;c=2>."),
        ("`https://x.org` is code", "`https://x.org` is code"),
        ("```\n<@U0BOT>\n```", "```\n&lt;@U0BOT&gt;\n```"),
        ("שלום 👋", "שלום 👋"),
    ],
)
def test_what_people_type_is_stored_as_slacks_composer_stores_it(typed: str, stored: str) -> None:
    assert escape_typed_text(typed) == stored


async def test_events_tell_of_other_workspaces_and_other_apps(workspace: SandboxWorkspace) -> None:
    await workspace.say("U0NOOR", "C0PARTNER", "hello")
    await workspace.say("U0BUILD", "C0ENG", "built")
    shared, built = workspace.events()
    assert (shared["is_ext_shared_channel"], built["is_ext_shared_channel"]) == (True, False)
    assert (shared["event"]["team"], shared["event"]["user_team"]) == ("T0PARTNER", "T0PARTNER")
    assert (built["event"]["bot_id"], built["event"]["user"]) == ("B0BUILD", "U0BUILD")
    assert "client_msg_id" not in built["event"]
