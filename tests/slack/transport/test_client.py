"""The client's fast path behaves as slack_sdk's own does."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.errors import SurfaceBusy, SurfaceError, SurfaceUnavailable
from bot.slack.transport import connect
from bot.slack.transport.api_call import call

MESSAGE: dict[str, Any] = {"channel": "C1", "text": "é 🙂", "unfurl_links": False, "blocks": [{"type": "x"}]}


@dataclass(frozen=True)
class ResponsePage:
    """A server's response."""

    status: int
    kind: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class OtherServer:
    """A server that records requests and returns prepared responses."""

    says: ResponsePage = ResponsePage(200, "application/json", b'{"ok": true, "ts": "1.0"}')
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    url: str = ""

    async def serve(self, request: web.Request) -> web.Response:
        headers = [request.headers[name] for name in ("Authorization", "Content-Type", "User-Agent")]
        self.asked.append((request.method, request.path_qs, *headers, await request.json()))
        said = self.says
        return web.Response(status=said.status, content_type=said.kind, body=said.body, headers=said.headers)


@pytest.fixture
async def server() -> AsyncIterator[OtherServer]:
    elsewhere = OtherServer()
    application = web.Application()
    application.router.add_route("*", "/api/{method}", elsewhere.serve)
    async with TestServer(application) as running:
        elsewhere.url = str(running.make_url("/api/"))
        yield elsewhere


async def test_both_paths_send_and_return_the_same(server: OtherServer) -> None:
    async with connect.open_web_client("xoxb-1", server.url) as client:
        slack_sdks = AsyncWebClient("xoxb-1", server.url, session=client.session)
        ours, theirs = [await each.api_call("chat.update", json={**MESSAGE}) for each in (client, slack_sdks)]
    assert server.asked[0] == server.asked[1]
    assert (ours.data, ours.status_code) == (theirs.data, theirs.status_code)


@pytest.mark.parametrize(
    ("says", "expected", "code"),
    [
        (ResponsePage(502, "text/html", b"<h1>Bad gateway</h1>"), SurfaceUnavailable, "502"),
        (ResponsePage(200, "text/html", b"<h1>Log in</h1>"), SurfaceUnavailable, "200"),
        (ResponsePage(200, "text/plain", b"try later"), SurfaceUnavailable, "200"),
        (ResponsePage(200, "application/json", b'{"ok": tr'), SurfaceUnavailable, "200"),
        (ResponsePage(200, "application/json", b"[]"), SurfaceUnavailable, "200"),
        (ResponsePage(500, "application/json", b'{"ok": true}'), SurfaceUnavailable, "500"),
        (ResponsePage(429, "text/html", b"slow down", {"Retry-After": "7"}), SurfaceBusy, ""),
    ],
    ids=str,
)
async def test_a_response_that_is_not_slacks_is_an_error(
    server: OtherServer, says: ResponsePage, expected: type[SurfaceError], code: str
) -> None:
    server.says = says
    async with connect.open_web_client("xoxb-1", server.url) as client:
        with pytest.raises(expected) as refused:
            await call(lambda: client.api_call("chat.update", json=MESSAGE))
    assert str(refused.value) == code
    if isinstance(refused.value, SurfaceBusy):
        assert refused.value.retry_after == 7


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("0", 5.0), ("-5", 5.0), ("nan", 5.0), ("inf", 5.0), ("Wed, 21 Oct 2026 07:28:00 GMT", 5.0), ("1e9", 600.0)],
)
async def test_a_strange_time_to_wait_neither_hammers_slack_nor_waits_for_ever(
    server: OtherServer, header: str, seconds: float
) -> None:
    server.says = ResponsePage(429, "text/plain", b"", {"Retry-After": header})
    async with connect.open_web_client("xoxb-1", server.url) as client:
        with pytest.raises(SurfaceBusy) as refused:
            await call(lambda: client.api_call("chat.update", json=MESSAGE))
    assert refused.value.retry_after == seconds


async def test_an_error_has_slacks_code_and_no_content(server: OtherServer) -> None:
    server.says = ResponsePage(200, "application/json", b'{"ok": false, "error": "not_in_channel"}')
    async with connect.open_web_client("xoxb-1", server.url) as client:
        with pytest.raises(SlackApiError) as refused:
            await client.api_call("chat.update", json=MESSAGE)
    assert refused.value.response["error"] == "not_in_channel"
    assert "xoxb-1" not in str(refused.value)
    assert MESSAGE["text"] not in str(refused.value)


async def test_half_a_surrogate_pair_in_a_response_is_no_error(server: OtherServer) -> None:
    """JSON allows it. If the bot did not learn that it was posted, it would post it again."""
    server.says = ResponsePage(200, "application/json", b'{"ok": true, "ts": "1.0", "text": "\\ud83d"}')
    async with connect.open_web_client("xoxb-1", server.url) as client:
        posted = await client.api_call("chat.postMessage", json={"text": "\ud83d"})
    assert server.asked[0][-1] == {"text": "\ud83d"}
    assert posted["ts"] == "1.0"


async def test_a_closed_client_can_still_call(server: OtherServer) -> None:
    """As with slack_sdk: a call that clears a status may come after the session has closed."""
    async with connect.open_web_client("xoxb-1", server.url) as client:
        pass
    assert (await client.api_call("chat.update", json=MESSAGE))["ts"] == "1.0"
