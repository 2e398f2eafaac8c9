"""The workspace as a server: tokens, arguments, faults, reading messages, requests of other sites."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.server import SandboxWorkspace
from bot.sandbox.workspace.message_limits import ApiRefusal
from bot.sandbox.workspace.records import Json


async def call(workspace: SandboxWorkspace, method: str, **request: Any) -> tuple[int, Json]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(workspace.api_url + method, **request) as response,
    ):
        return response.status, json.loads(await response.text())


def bearer(token: str) -> Json:
    return {"Authorization": f"Bearer {token}"}


BOT, APP = bearer("xoxb-sandbox"), bearer("xapp-sandbox")


@pytest.mark.parametrize(
    ("method", "headers", "error"),
    [
        ("auth.test", {}, "not_authed"),
        ("auth.test", bearer("xoxb-wrong"), "invalid_auth"),
        ("auth.test", APP, "not_allowed_token_type"),
        ("apps.connections.open", BOT, "not_allowed_token_type"),
        ("chat.sing", BOT, "unknown_method"),
    ],
)
async def test_a_wrong_token_or_method_is_refused_with_http_200(
    workspace: SandboxWorkspace, method: str, headers: Json, error: str
) -> None:
    assert await call(workspace, method, headers=headers) == (200, {"ok": False, "error": error})


async def test_arguments_come_as_json_as_a_form_or_in_the_address(workspace: SandboxWorkspace) -> None:
    blocks = [{"type": "divider"}]
    message = {"channel": "C0GENERAL", "text": "x"}
    posted = [
        await call(workspace, "chat.postMessage", headers=BOT, json=message | {"blocks": blocks}),
        await call(workspace, "chat.postMessage", headers=BOT, data=message | {"blocks": json.dumps(blocks)}),
        await call(workspace, "chat.postMessage", data=message | {"token": "xoxb-sandbox", "blocks": "[]"}),
        await call(workspace, "chat.postMessage", headers=BOT, params=message),
    ]
    assert all(answer["ok"] for _, answer in posted)
    assert len(workspace.calls("chat.postMessage")) == 4
    assert "token" not in workspace.calls()[2].arguments


async def test_bodies_that_are_no_json_object_are_refused(workspace: SandboxWorkspace) -> None:
    headers = BOT | {"Content-Type": "application/json"}
    assert (await call(workspace, "auth.test", headers=headers, data="{"))[1]["error"] == "invalid_json"
    assert (await call(workspace, "auth.test", headers=headers, data="[]"))[1]["error"] == "json_not_object"
    missing = (await call(workspace, "chat.postMessage", headers=BOT, json={"text": "x"}))[1]
    assert missing["response_metadata"]["messages"] == ["[ERROR] missing required field: channel"]


async def test_injected_faults_happen_once_and_in_order(workspace: SandboxWorkspace, client: AsyncWebClient) -> None:
    workspace.inject_fault("auth.test", error="account_inactive")
    workspace.inject_fault("auth.test", retry_after=7)
    workspace.inject_fault("auth.test", status=503)
    seen = []
    for _ in range(3):
        with pytest.raises(SlackApiError) as failed:
            await client.auth_test()
        seen.append(failed.value.response)
    assert seen[0]["error"] == "account_inactive"
    assert (seen[1].status_code, seen[1].headers["Retry-After"]) == (429, "7")
    assert seen[2].status_code == 503
    assert (await client.auth_test())["user_id"] == "U0BOT"
    assert [entry.status for entry in workspace.trace] == ["account_inactive", "429", "503", "ok"]


async def test_a_dropped_answer_leaves_the_message_posted(workspace: SandboxWorkspace) -> None:
    workspace.inject_fault("chat.postMessage", drop=True)
    with pytest.raises(aiohttp.ClientConnectionError):
        await call(workspace, "chat.postMessage", headers=BOT, json={"channel": "C0ENG", "text": "posted"})
    assert [message.text for message in workspace.state.messages("C0ENG")] == ["posted"]


async def test_a_delayed_call_is_late_and_right(workspace: SandboxWorkspace, client: AsyncWebClient) -> None:
    workspace.inject_fault("auth.test", delay=0.2)
    async with asyncio.timeout(5):
        assert (await client.auth_test())["ok"]
    assert workspace.calls("auth.test")[0].seconds >= 0.2


async def test_a_long_thread_is_read_page_by_page(workspace: SandboxWorkspace, client: AsyncWebClient) -> None:
    root = await workspace.say("U0ADA", "C0GENERAL", "0")
    for number in range(1, 25):
        await workspace.say("U0GRACE", "C0GENERAL", str(number), thread_ts=root)
    read: list[str] = []
    async for page in await client.conversations_replies(channel="C0GENERAL", ts=root, limit=10):
        read += [message["text"] for message in page["messages"]]
    assert read == [str(number) for number in range(25)]
    history = await client.conversations_history(channel="C0GENERAL")
    assert [message["reply_count"] for message in history["messages"]] == [24]


async def test_reading_refuses_what_slack_refuses(workspace: SandboxWorkspace, client: AsyncWebClient) -> None:
    root = await workspace.say("U0ADA", "C0GENERAL", "0")
    for error, wrong in (
        ("thread_not_found", {"ts": "1.0"}),
        ("channel_not_found", {"ts": root, "channel": "C0"}),
        ("invalid_cursor", {"ts": root, "cursor": "??"}),
        ("invalid_limit", {"ts": root, "limit": 0}),
        ("invalid_ts_oldest", {"ts": root, "oldest": "yesterday"}),
    ):
        with pytest.raises(SlackApiError, match=error):
            await client.api_call("conversations.replies", params={"channel": "C0GENERAL", **wrong})


async def test_the_directory_says_who_is_there(client: AsyncWebClient) -> None:
    assert (await client.users_info(user="U0ADA"))["user"]["is_admin"]
    assert len((await client.users_list())["members"]) == 6
    assert (await client.conversations_info(channel="D0ADA"))["channel"]["user"] == "U0ADA"
    assert (await client.conversations_open(users="U0GRACE"))["channel"]["id"] == "D0GRACE"
    assert len((await client.conversations_list(types="public_channel,im"))["channels"]) == 8
    assert (await client.conversations_members(channel="D0ADA"))["members"] == ["U0ADA", "U0BOT"]
    assert (await client.team_info())["team"]["name"] == "Sandbox"


async def test_guests_outsiders_and_bots_are_told_apart(workspace: SandboxWorkspace, client: AsyncWebClient) -> None:
    """`users.info` has Slack's fields for them, and they are members of their channels only."""
    lin, noor, builder = [(await client.users_info(user=user))["user"] for user in ("U0LIN", "U0NOOR", "U0BUILD")]
    assert (lin["is_restricted"], lin["is_ultra_restricted"], lin["team_id"]) == (True, False, "T0SANDBOX")
    assert (noor["team_id"], noor["is_restricted"], builder["is_bot"]) == ("T0PARTNER", False, True)
    for channel, is_shared, members in (
        ("C0PARTNER", True, ["U0ADA", "U0GRACE", "U0NOOR", "U0BUILD", "U0BOT"]),
        ("C0ENG", False, ["U0ADA", "U0GRACE", "U0LIN", "U0BUILD", "U0BOT"]),
    ):
        assert (await client.conversations_info(channel=channel))["channel"]["is_ext_shared"] is is_shared
        assert (await client.conversations_members(channel=channel))["members"] == members
    with pytest.raises(ApiRefusal, match="not_in_channel"):
        await workspace.say("U0NOOR", "C0GENERAL", "hello")


async def test_reactions_and_permalinks(workspace: SandboxWorkspace, client: AsyncWebClient) -> None:
    ts = await workspace.say("U0ADA", "C0GENERAL", "hello")
    await client.reactions_add(channel="C0GENERAL", timestamp=ts, name="eyes")
    assert workspace.thread("C0GENERAL", ts)[0].reactions == {"eyes": ("U0BOT",)}
    with pytest.raises(SlackApiError, match="already_reacted"):
        await client.reactions_add(channel="C0GENERAL", timestamp=ts, name="eyes")
    await client.reactions_remove(channel="C0GENERAL", timestamp=ts, name="eyes")
    assert not workspace.thread("C0GENERAL", ts)[0].reactions
    link = (await client.chat_getPermalink(channel="C0GENERAL", message_ts=ts))["permalink"]
    assert link.endswith(f"/archives/C0GENERAL/p{ts.replace('.', '')}")


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example:80"},
        {"Host": "[::1"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
async def test_another_sites_page_is_refused_everywhere(workspace: SandboxWorkspace, headers: Json) -> None:
    async with aiohttp.ClientSession() as session:
        for path in ("", "page/app.js", "api/auth.test", "feed?user=U0ADA", "link/"):
            async with session.get(workspace.url + path, headers=headers) as response:
                assert response.status in (400, 403)


async def test_the_page_and_only_the_page_is_served(workspace: SandboxWorkspace) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(workspace.url) as response:
            assert "<title>" in await response.text()
        for secret in ("page/..%2Fserver.py", "page/%2Fetc%2Fpasswd", "page/", "page/nothing.js"):
            async with session.get(workspace.url + secret) as response:
                assert response.status == 404


async def test_a_port_in_use_is_an_oserror_and_leaves_nothing_behind(workspace: SandboxWorkspace) -> None:
    port = int(workspace.url.rsplit(":", 1)[1].strip("/"))
    with pytest.raises(OSError, match="address already in use"):
        await SandboxWorkspace(port=port).__aenter__()


async def test_it_ends_at_once_even_with_everything_open() -> None:
    """Open sockets, pages, undelivered events and slow calls do not delay the end, and no task is left."""
    before = asyncio.all_tasks()
    async with aiohttp.ClientSession() as session, asyncio.timeout(5):
        async with SandboxWorkspace() as workspace:
            await session.ws_connect(f"{workspace.url}feed?user=U0ADA")
            workspace.inject_fault("auth.test", delay=60)
            slow = asyncio.create_task(call(workspace, "auth.test", headers=BOT))
            await workspace.say("U0ADA", "D0ADA", "nobody hears this")
            await asyncio.sleep(0.1)
        await asyncio.gather(slow, return_exceptions=True)
        assert asyncio.all_tasks() <= before


async def test_waiting_in_vain_tells_what_did_happen(workspace: SandboxWorkspace, client: AsyncWebClient) -> None:
    await client.auth_test()
    with pytest.raises(TimeoutError, match=r"open sockets: 0\..*\n.*auth\.test ok"):
        await workspace.wait_until(lambda: False, timeout=0.05)
