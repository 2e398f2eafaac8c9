"""HTTP mode with raw requests: which are refused, and that a refusal is cheap and silent."""

import gzip
import time
from collections.abc import AsyncIterator
from urllib.parse import quote_plus

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy
from slack_sdk.signature import SignatureVerifier
from structlog.testing import capture_logs

from bot.slack.transport import http
from bot.slack.transport.http import EVENTS_PATH, MAX_BODY_BYTES, read_signature
from tests.slack.transport.http_server import BODY, FORM, GOOD, JSON, NOW, SECRET, FixedClock, Server, signature


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
async def test_a_request_without_slacks_signature_is_refused(
    server: Server, headers: dict[str, str], status: int
) -> None:
    answered, text = await server.send("POST", EVENTS_PATH, BODY, {**JSON, **headers})
    assert answered == status
    assert "Traceback" not in text
    assert bool(server.received.bodies) == (status == 200)


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
async def test_a_signed_body_without_payload_is_refused(server: Server, body: bytes, headers: dict[str, str]) -> None:
    status, text = await server.post(body, headers)
    assert status in {400, 404}
    assert "Traceback" not in text


async def test_a_signed_body_of_a_strange_shape_is_an_error_without_a_trace(server: Server) -> None:
    status, text = await server.post(b'{"type": "event_callback", "event": {"channel": 5}, "team": 7}')
    assert status == 500
    assert text == ""


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
async def test_only_post_delivers(server: Server, method: str) -> None:
    assert (await server.send(method, EVENTS_PATH, headers=GOOD))[0] == 405


@pytest.mark.parametrize("path", ["/", "/slack", "/slack/events/", "/slack/install", "/.env"])
async def test_there_are_no_other_routes(server: Server, path: str) -> None:
    assert (await server.send("GET", path))[0] == 404
    assert (await server.send("POST", path, BODY, GOOD))[0] == 404


async def test_a_large_body_is_refused_by_its_header_and_by_its_size(server: Server) -> None:
    large = b" " * (MAX_BODY_BYTES + 1)
    assert (await server.post(large))[0] == 413

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * (MAX_BODY_BYTES // 10)

    url = f"http://127.0.0.1:{server.port}{EVENTS_PATH}"
    async with aiohttp.ClientSession() as session, session.post(url, data=chunks(), headers=GOOD) as answer:
        assert answer.status == 413


async def test_a_slow_body_is_given_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """An open connection costs memory, and Slack itself gives up after three seconds."""
    monkeypatch.setattr(http, "BODY_TIMEOUT_SECONDS", 0.2)
    began = time.monotonic()
    head = "".join(f"{name}: {value}\r\n" for name, value in GOOD.items())
    line = await server.raw(f"POST {EVENTS_PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n{head}\r\n{{".encode())
    assert line == "HTTP/1.1 408 Request Timeout"
    assert time.monotonic() - began < 2


async def test_unsigned_bodies_are_not_read(server: Server) -> None:
    """The refusal comes before the body does."""
    line = await server.raw(f"POST {EVENTS_PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\n".encode())
    assert line == "HTTP/1.1 401 Unauthorized"


async def test_double_headers_are_refused(server: Server) -> None:
    double = "".join(f"{name}: {value}\r\n" for name, value in [*GOOD.items()] * 2)
    line = await server.raw(f"POST {EVENTS_PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n{double}\r\n".encode())
    assert line == "HTTP/1.1 400 Bad Request"


async def test_a_compressed_body_is_not_unpacked(server: Server) -> None:
    """It is not unpacked, and so not JSON."""
    packed = gzip.compress(BODY)
    assert (await server.post(packed, {**JSON, "Content-Encoding": "gzip"}))[0] == 400


@pytest.mark.parametrize("request_line", ["", "GET", "POST /slack/events", "\x00\x01", "GET / HTTP/9.9"])
async def test_malformed_http_is_refused(server: Server, request_line: str) -> None:
    line = await server.raw(f"{request_line}\r\nHost: x\r\n\r\n".encode())
    assert line.split()[1] in {"400", "401"}
    assert (await server.send("GET", "/healthz"))[0] == 200


VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=80)


@settings(max_examples=150, deadline=None)
@given(stamp=VALUES | st.integers().map(str), claim=VALUES | st.from_regex("v0=[0-9a-f]{64}", fullmatch=True))
def test_no_headers_admit_a_stranger(stamp: str, claim: str) -> None:
    """Any headers are refused with 400 or 401, unless the signature holds."""
    headers = CIMultiDictProxy(CIMultiDict({"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": claim}))
    try:
        timestamp, signed = read_signature(headers)
    except (web.HTTPBadRequest, web.HTTPUnauthorized):
        return
    assert not SignatureVerifier(SECRET, FixedClock()).is_valid(BODY, timestamp, signed)


async def test_refusals_leave_nothing_in_the_log(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    with capture_logs() as logs, caplog.at_level("INFO"):
        await server.send("POST", EVENTS_PATH, b"a secret", {**GOOD})
        await server.send("POST", EVENTS_PATH, b"a secret", {**GOOD, "X-Slack-Request-Timestamp": "x"})
        await server.post(b"a secret")
    assert logs == []
    assert caplog.text == ""


NESTED = {
    "lists": (b"[", b"]"),
    "objects": (b'{"a":', b"}"),
    "both": (b'[{"a":', b"}]"),
    "never closed": (b'{"a":[', b""),
}


@pytest.mark.parametrize("depth", [10, 500, 900, 1_100, 5_000, 100_000])
@pytest.mark.parametrize(("opening", "closing"), NESTED.values(), ids=NESTED)
@pytest.mark.parametrize("is_form", [False, True], ids=["JSON", "form"])
async def test_json_of_any_depth_is_at_worst_a_bad_request(
    server: Server, opening: bytes, closing: bytes, depth: int, *, is_form: bool
) -> None:
    """A 500 would make Slack deliver it again."""
    depth = min(depth, 1_000_000 // len(opening + closing) // (3 if is_form else 1))
    said = opening * depth + b"1" + closing * depth
    answer = await server.post(b"payload=" + quote_plus(said).encode(), FORM) if is_form else await server.post(said)
    assert answer[0] in {200, 400, 404, 413}


async def test_an_event_with_something_deep_in_it_is_not_a_failure(server: Server) -> None:
    """As deep as can be decoded: whatever looks at the event afterwards must take it."""
    for depth in (50, 300, 900, 1_000, 1_015):
        deep = b'{"type":"event_callback","team_id":"T0","event":{"type":"message","x":%s1%s}}'
        status, _ = await server.post(deep % (b"[" * depth, b"]" * depth))
        assert status in {200, 400}, depth
