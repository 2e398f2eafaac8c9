"""The page's WebSocket: what a person is shown and can do; invalid frames have no effect."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.server import SandboxWorkspace
from bot.sandbox.workspace.records import Json
from tests.sandbox.clients import bare_socket


class PageClient:
    """A page without a browser."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse, hello: Json) -> None:
        self._ws = ws
        self.hello = hello

    async def send(self, **frame: Any) -> None:
        await self._ws.send_json(frame)

    async def send_text(self, text: str) -> None:
        await self._ws.send_str(text)

    async def next(self, kind: str) -> Json:
        """Return the next frame of a type."""
        while True:
            frame: Json = await self._ws.receive_json(timeout=3)
            if frame["type"] == kind:
                return frame


@asynccontextmanager
async def page(workspace: SandboxWorkspace, user: str) -> AsyncIterator[PageClient]:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{workspace.url}feed?user={user}") as ws,
    ):
        yield PageClient(ws, await ws.receive_json(timeout=3))


async def test_the_greeting_holds_all_that_a_person_may_see(workspace: SandboxWorkspace) -> None:
    await workspace.say("U0ADA", "C0GENERAL", "to everybody")
    await workspace.say("U0GRACE", "D0GRACE", "to the bot alone")
    async with page(workspace, "U0ADA") as ada:
        hello = ada.hello
    assert [channel["id"] for channel in hello["channels"]] == [
        "C0GENERAL",
        "C0ENG",
        "C0RANDOM",
        "C0PARTNER",
        "D0ADA",
    ]
    assert [message["text"] for message in hello["messages"]] == ["to everybody"]
    assert (hello["me"], hello["team"]["name"], hello["home"]) == ("U0ADA", "Sandbox", None)
    assert {user["id"]: user["admin"] for user in hello["users"]} == {
        "U0ADA": True,
        "U0GRACE": False,
        "U0LIN": False,
        "U0NOOR": False,
        "U0BUILD": False,
        "U0BOT": False,
    }
    assert hello["bot"] == {"id": "U0BOT", "name": "Threadkeeper", "connected": False}


async def test_what_one_person_writes_the_other_sees_and_the_app_hears(workspace: SandboxWorkspace) -> None:
    async with (
        page(workspace, "U0ADA") as ada,
        page(workspace, "U0GRACE") as grace,
        bare_socket(workspace) as app,
    ):
        await ada.send(type="post", channel="C0GENERAL", text="<@U0BOT> is 1 < 2?")
        shown = (await grace.next("message"))["message"]
        assert {(await app.event())["type"], (await app.event())["type"]} == {"app_mention", "message"}
    assert (shown["user"], shown["bot"], shown["thread_ts"]) == ("U0ADA", False, None)
    assert "@Threadkeeper" in shown["blocks"][0]["html"]
    assert "1 &lt; 2" in shown["blocks"][0]["html"]


async def test_an_answer_is_seen_growing(workspace: SandboxWorkspace, client: AsyncWebClient) -> None:
    async with page(workspace, "U0ADA") as ada:
        ts = (await client.chat_postMessage(channel="C0GENERAL", text="One"))["ts"]
        blocks = [{"type": "markdown", "text": "One **two**"}]
        await client.chat_update(channel="C0GENERAL", ts=ts, text="One two", blocks=blocks)
        first, second = (await ada.next("message"))["message"], (await ada.next("message"))["message"]
    assert (first["ts"], second["ts"]) == (ts, ts)
    assert "<strong>two</strong>" in second["blocks"][0]["html"]
    assert not second["edited"]


async def test_a_direct_message_is_for_two(workspace: SandboxWorkspace, client: AsyncWebClient) -> None:
    async with page(workspace, "U0GRACE") as grace:
        await client.chat_postMessage(channel="D0ADA", text="for Ada")
        await client.chat_postMessage(channel="D0GRACE", text="for Grace")
        assert (await grace.next("message"))["message"]["text"] == "for Grace"


async def test_a_person_edits_and_deletes_what_is_theirs_only(workspace: SandboxWorkspace) -> None:
    async with page(workspace, "U0ADA") as ada, page(workspace, "U0GRACE") as grace:
        await ada.send(type="post", channel="C0GENERAL", text="one")
        ts = (await ada.next("message"))["message"]["ts"]
        await ada.send(type="edit", channel="C0GENERAL", ts=ts, text="two")
        edited = (await ada.next("message"))["message"]
        assert (edited["text"], edited["edited"]) == ("two", True)
        await grace.send(type="delete", channel="C0GENERAL", ts=ts)
        assert "cant_delete_message" in (await grace.next("notice"))["text"]
        await ada.send(type="delete", channel="C0GENERAL", ts=ts)
        assert (await ada.next("deleted"))["ts"] == ts


async def test_a_page_cannot_reach_another_persons_direct_message(workspace: SandboxWorkspace) -> None:
    ts = await workspace.say("U0ADA", "D0ADA", "private")
    async with page(workspace, "U0GRACE") as grace:
        for frame in (
            {"type": "post", "channel": "D0ADA", "text": "hello"},
            {"type": "edit", "channel": "D0ADA", "ts": ts, "text": "x"},
            {"type": "command", "channel": "D0ADA", "command": "/x", "text": ""},
            {"type": "action", "container": {"type": "message", "channel": "D0ADA", "ts": ts}, "action": {}},
            {"type": "stop", "channel": "D0ADA", "thread_ts": ts},
        ):
            await grace.send(**frame)
            assert "not_in_channel" in (await grace.next("notice"))["text"]


RUBBISH = """
{
[]
7
null
{}
{"type": "dance"}
{"type": {}}
{"type": "post"}
{"type": "post", "channel": {}, "text": "x"}
{"type": "post", "channel": "C0GENERAL", "text": ""}
{"type": "post", "channel": "C0GENERAL", "text": "x", "thread_ts": "1.0"}
{"type": "edit", "channel": "C0GENERAL", "ts": {}, "text": "x"}
{"type": "action", "container": 7}
{"type": "submit", "view_id": "V0"}
{"type": "submit", "view_id": [], "values": 7}
{"type": "close", "view_id": null}
{"type": "stop", "channel": "C0GENERAL", "thread_ts": {}}
{"type": "stop", "channel": "C0GENERAL", "thread_ts": "1.0"}
{"type": "shortcut"}
""".splitlines()


@pytest.mark.parametrize("rubbish", RUBBISH)
async def test_rubbish_is_answered_with_a_notice_and_the_page_goes_on(
    workspace: SandboxWorkspace, rubbish: str
) -> None:
    async with page(workspace, "U0ADA") as ada:
        await ada.send_text(rubbish)
        assert (await ada.next("notice"))["text"]
        await ada.send(type="post", channel="C0GENERAL", text="still here")
        assert (await ada.next("message"))["message"]["text"] == "still here"


async def test_the_page_shows_status_trace_connection_home_and_modals(
    workspace: SandboxWorkspace, client: AsyncWebClient
) -> None:
    ts = await workspace.say("U0ADA", "C0GENERAL", "hello")
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "*bold*"}}
    title = {"type": "plain_text", "text": "Title"}
    async with page(workspace, "U0ADA") as ada:
        async with bare_socket(workspace):
            assert (await ada.next("connected"))["connected"] is True
        assert (await ada.next("connected"))["connected"] is False
        await client.assistant_threads_setStatus(channel_id="C0GENERAL", thread_ts=ts, status="is thinking...")
        assert (await ada.next("status"))["status"] == "is thinking..."
        assert (await ada.next("trace"))["entry"]["name"] == "assistant.threads.setStatus"
        workspace.trace_model_request("sandbox-small", seconds=0.0125, detail="20 words")
        assert (await ada.next("trace"))["entry"]["ms"] == 12.5
        await client.views_publish(user_id="U0ADA", view={"type": "home", "blocks": [section]})
        published = (await ada.next("home"))["view"]["blocks"][0]
        assert published["text"]["html"] == "<strong>bold</strong>"
        modal = {"type": "modal", "title": title, "blocks": [section]}
        await client.views_open(trigger_id=workspace.views.create_trigger("U0ADA"), view=modal)
        (view,) = (await ada.next("modals"))["views"]
        await ada.send(type="close", view_id=view["id"])
        assert (await ada.next("modals"))["views"] == []


async def test_opening_home_and_direct_message_tells_the_app(workspace: SandboxWorkspace) -> None:
    async with page(workspace, "U0ADA") as ada, bare_socket(workspace) as app:
        await ada.send(type="home")
        assert (await app.event())["tab"] == "home"
        await ada.send(type="open", channel="D0ADA")
        assert (await app.event())["tab"] == "messages"


async def test_nobody_is_served_who_is_not_here(workspace: SandboxWorkspace) -> None:
    async with aiohttp.ClientSession() as session:
        for user in ("", "U0NONE", "U0BOT"):
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(f"{workspace.url}feed?user={user}")
