"""HTTP mode with raw requests: what is let in, what is refused, and that a refusal costs and says nothing."""

import asyncio
import gzip
import io
import json
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient
from structlog.testing import capture_logs

from bot.core.errors import SettingsError
from bot.health import serving
from bot.slack import http
from bot.slack.http import MOST_BYTES, PATH, Requests, Signature, signed

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
NOW = 1_790_000_000.0
EVENT = {"type": "event_callback", "team_id": "T0", "event_id": "Ev1", "event": {"type": "message"}}
BODY = json.dumps(EVENT).encode()
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class Given:
    """What the app behind the server was given, and whether it fails on it."""

    bodies: list[dict[str, Any]] = field(default_factory=list)
    retries: list[str] = field(default_factory=list)
    fails: bool = False


@dataclass
class Server:
    """The program's server."""

    port: int
    requests: Requests
    checks: dict[str, bool]
    given: Given

    async def post(self, body: bytes, headers: Mapping[str, str] = JSON) -> tuple[int, str]:
        """Send a signed request, as Slack does."""
        return await self.send("POST", PATH, body, {**signature(body), **headers})

    async def send(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        """Send any request; return the answer's status and text."""
        url = f"http://127.0.0.1:{self.port}{path}"
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, url, data=io.BytesIO(body), headers=headers) as answer,
        ):
            return answer.status, await answer.text()

    async def raw(self, request: bytes) -> str:
        """Send bytes; return the first line of what comes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(request)
            async with asyncio.timeout(10):
                return (await reader.readline()).decode().strip()
        finally:
            writer.close()
            await writer.wait_closed()


def signature(body: bytes, *, at: str = str(int(NOW)), secret: str = SECRET) -> dict[str, str]:
    return {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": signed(body, at, secret)}


def listening(given: Given) -> AsyncApp:
    """Return an app that takes events, buttons and a command."""

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id="T0", bot_user_id="U0BOT", bot_token="xoxb-1")

    app = AsyncApp(client=AsyncWebClient(), authorize=authorize, process_before_response=True)

    async def take(body: dict[str, Any], request: Any, ack: Any) -> None:
        given.bodies.append(body)
        given.retries.extend(request.headers.get("x-slack-retry-num", []))
        if given.fails:
            raise RuntimeError
        await ack()

    app.event("message")(take)
    app.action("press")(take)
    app.command("/prompt")(take)

    @app.error
    async def failed(error: Exception) -> None:
        pass

    return app


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    given = Given()
    requests = Requests(listening(given), signing_secret=SECRET, clock=lambda: NOW)
    checks = {"slack": True, "database": True, "worker": True}
    async with serving("127.0.0.1", 0, lambda: checks, requests.routes()) as port:
        yield Server(port, requests, checks, given)


def test_our_signature_is_slacks() -> None:
    """The example of https://docs.slack.dev/authentication/verifying-requests-from-slack, by slack_sdk."""
    expected = SignatureVerifier(SECRET).generate_signature(timestamp="1531420618", body=BODY)
    assert signed(BODY, "1531420618", SECRET) == expected


async def test_a_signed_event_is_handled(server: Server) -> None:
    assert await server.post(BODY) == (200, "")
    assert server.given.bodies == [EVENT]


async def test_a_button_and_a_command_are_handled(server: Server) -> None:
    press = {
        "type": "block_actions",
        "actions": [{"action_id": "press", "type": "button"}],
        "user": {"id": "U1"},
    }
    command = {"command": "/prompt", "text": "", "user_id": "U1", "team_id": "T0"}
    assert (await server.post(urlencode({"payload": json.dumps(press)}).encode(), FORM))[0] == 200
    assert (await server.post(urlencode(command).encode(), FORM))[0] == 200
    assert server.given.bodies == [press, command]


async def test_slacks_question_for_the_address_is_answered(server: Server) -> None:
    status, text = await server.post(b'{"type": "url_verification", "challenge": "3eZbrw1a"}')
    assert (status, json.loads(text)) == (200, {"challenge": "3eZbrw1a"})


async def test_a_retry_is_handled_like_a_first_delivery_and_known_as_one(server: Server) -> None:
    retry = {"X-Slack-Retry-Num": "2", "X-Slack-Retry-Reason": "http_timeout"}
    assert (await server.post(BODY, {**JSON, **retry}))[0] == 200
    assert server.given.retries == ["2"]


async def test_what_fails_is_an_error_so_that_slack_delivers_again(server: Server) -> None:
    server.given.fails = True
    assert (await server.post(BODY))[0] == 500
    server.given.fails = False
    assert (await server.post(BODY))[0] == 200


GOOD = signature(BODY)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        (GOOD | {"X-Slack-Signature": ""}, 400),
        ({"X-Slack-Signature": GOOD["X-Slack-Signature"]}, 401),
        ({"X-Slack-Request-Timestamp": str(int(NOW))}, 401),
        (GOOD | {"X-Slack-Request-Timestamp": "yesterday"}, 400),
        (GOOD | {"X-Slack-Request-Timestamp": "-1"}, 400),
        (GOOD | {"X-Slack-Request-Timestamp": "1e9"}, 400),
        (GOOD | {"X-Slack-Request-Timestamp": "9" * 5000}, 400),
        (GOOD | {"X-Slack-Request-Timestamp": "١٧٩٠٠٠٠٠٠٠"}, 400),
        (GOOD | {"X-Slack-Signature": GOOD["X-Slack-Signature"].removeprefix("v0=")}, 400),
        (GOOD | {"X-Slack-Signature": GOOD["X-Slack-Signature"][:-1]}, 400),
        (GOOD | {"X-Slack-Signature": "v0=" + "é" * 64}, 400),
        (GOOD | {"X-Slack-Signature": "v0=" + "0" * 64}, 401),
        (signature(BODY, secret="another"), 401),
        (signature(BODY + b" "), 401),
        (signature(BODY, at=str(int(NOW) - 301)), 401),
        (signature(BODY, at=str(int(NOW) + 301)), 401),
        (signature(BODY, at=str(int(NOW) - 299)), 200),
    ],
    ids=str,
)
async def test_what_is_not_slacks_is_refused(server: Server, headers: dict[str, str], status: int) -> None:
    answered, text = await server.send("POST", PATH, BODY, {**JSON, **headers})
    assert answered == status
    assert "Traceback" not in text
    assert bool(server.given.bodies) == (status == 200)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"", JSON),
        (b"{", JSON),
        (b"[]", JSON),
        (b"null", JSON),
        (b'"text"', JSON),
        (b"{}", JSON),
        (b"\xff\xfe", JSON),
        (b"payload=%7B", FORM),
        (b"payload=[]", FORM),
        (b"", FORM),
        (b"{}", {}),
    ],
)
async def test_a_signed_body_that_is_nothing_is_refused(
    server: Server, body: bytes, headers: dict[str, str]
) -> None:
    status, text = await server.post(body, headers)
    assert status in {400, 404}
    assert "Traceback" not in text


async def test_a_signed_body_of_a_strange_shape_is_an_error_without_a_trace(server: Server) -> None:
    status, text = await server.post(b'{"type": "event_callback", "event": {"channel": 5}, "team": 7}')
    assert status == 500
    assert text == ""


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
async def test_only_post_delivers(server: Server, method: str) -> None:
    assert (await server.send(method, PATH, headers=GOOD))[0] == 405


@pytest.mark.parametrize("path", ["/", "/slack", "/slack/events/", "/slack/install", "/.env"])
async def test_there_is_nothing_else(server: Server, path: str) -> None:
    assert (await server.send("GET", path))[0] == 404
    assert (await server.send("POST", path, BODY, GOOD))[0] == 404


async def test_a_large_body_is_refused_by_what_it_says_and_by_what_it_is(server: Server) -> None:
    large = b" " * (MOST_BYTES + 1)
    assert (await server.post(large))[0] == 413

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * (MOST_BYTES // 10)

    url = f"http://127.0.0.1:{server.port}{PATH}"
    async with aiohttp.ClientSession() as session, session.post(url, data=chunks(), headers=GOOD) as answer:
        assert answer.status == 413


async def test_the_largest_body_is_taken(server: Server) -> None:
    body = json.dumps(EVENT | {"filler": "x" * (MOST_BYTES - 200)}).encode()
    assert (await server.post(body))[0] == 200


async def test_a_slow_body_is_given_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each connection that is held open costs memory; Slack gives up after three seconds itself."""
    monkeypatch.setattr(http, "BODY_PATIENCE", 0.2)
    began = time.monotonic()
    head = "".join(f"{name}: {value}\r\n" for name, value in GOOD.items())
    line = await server.raw(
        f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n{head}\r\n{{".encode()
    )
    assert line == "HTTP/1.1 408 Request Timeout"
    assert time.monotonic() - began < 2


async def test_unsigned_bodies_are_not_even_read(server: Server) -> None:
    """The refusal comes before the body does."""
    line = await server.raw(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\n".encode())
    assert line == "HTTP/1.1 401 Unauthorized"


async def test_double_headers_are_refused(server: Server) -> None:
    double = "".join(f"{name}: {value}\r\n" for name, value in [*GOOD.items()] * 2)
    line = await server.raw(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n{double}\r\n".encode())
    assert line == "HTTP/1.1 400 Bad Request"


async def test_a_compressed_body_is_what_was_signed_and_no_bomb(server: Server) -> None:
    """It is not unpacked, so it is no JSON."""
    packed = gzip.compress(BODY)
    assert (await server.post(packed, {**JSON, "Content-Encoding": "gzip"}))[0] == 400


@pytest.mark.parametrize("request_line", ["", "GET", "POST /slack/events", "\x00\x01", "GET / HTTP/9.9"])
async def test_what_is_no_http_is_refused(server: Server, request_line: str) -> None:
    line = await server.raw(f"{request_line}\r\nHost: x\r\n\r\n".encode())
    assert line.split()[1] in {"400", "401"}
    assert (await server.send("GET", "/healthz"))[0] == 200


VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=80)


@settings(max_examples=150, deadline=None)
@given(stamp=VALUES | st.integers().map(str), claim=VALUES | st.from_regex("v0=[0-9a-f]{64}", fullmatch=True))
def test_no_headers_let_a_stranger_in(stamp: str, claim: str) -> None:
    """Whatever they hold, they are refused as 400 or 401, or the signature does not hold."""
    headers = CIMultiDictProxy(CIMultiDict({"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": claim}))
    try:
        claimed = Signature.claimed(headers)
    except (web.HTTPBadRequest, web.HTTPUnauthorized):
        return
    assert not claimed.covers(BODY, SECRET)


async def test_a_stopped_process_has_slack_deliver_elsewhere(server: Server) -> None:
    assert server.requests.is_connected
    await server.requests.stop()
    assert not server.requests.is_connected
    assert (await server.post(BODY))[0] == 503
    assert (await server.send("GET", "/healthz"))[0] == 200
    assert server.given.bodies == []


async def test_readiness_names_what_is_missing(server: Server) -> None:
    status, text = await server.send("GET", "/readyz")
    assert (status, json.loads(text)) == (200, {"slack": True, "database": True, "worker": True})
    server.checks["database"] = False
    status, text = await server.send("GET", "/readyz")
    assert (status, json.loads(text)["database"]) == (503, False)
    assert (await server.send("GET", "/healthz"))[0] == 200, "alive, whatever is missing"


async def test_health_is_served_without_any_delivery(server: Server) -> None:
    """In Socket Mode nothing else is to be had."""
    async with serving("127.0.0.1", 0, dict) as port:
        alone = Server(port, server.requests, {}, server.given)
        assert (await alone.send("GET", "/readyz"))[0] == 200
        assert (await alone.send("POST", PATH, BODY, GOOD))[0] == 404


async def test_a_taken_port_is_named(server: Server) -> None:
    with pytest.raises(SettingsError, match=f"^PORT {server.port} "):
        async with serving("127.0.0.1", server.port, dict):
            pass


async def test_refusals_leave_nothing_in_the_log(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    with capture_logs() as logs, caplog.at_level("INFO"):
        await server.send("POST", PATH, b"a secret", {**GOOD})
        await server.send("POST", PATH, b"a secret", {**GOOD, "X-Slack-Request-Timestamp": "x"})
        await server.post(b"a secret")
    assert logs == []
    assert caplog.text == ""
