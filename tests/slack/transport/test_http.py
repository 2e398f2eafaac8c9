"""HTTP mode with raw requests: which are accepted, and what the health checks say."""

import json
from urllib.parse import urlencode

import pytest
from slack_sdk.signature import SignatureVerifier

from bot.app.health import serve_health
from bot.core.errors import SettingsError
from bot.slack.transport.http import EVENTS_PATH, MAX_BODY_BYTES
from tests.slack.transport.http_server import BODY, EVENT, FORM, GOOD, JSON, SECRET, Server, compute_signature


def test_the_tests_signature_is_slacks() -> None:
    """The tests' own signature equals slack_sdk's, which refuses bodies that are not UTF-8."""
    expected = SignatureVerifier(SECRET).generate_signature(timestamp="1531420618", body=BODY)
    assert compute_signature(BODY, "1531420618", SECRET) == expected


async def test_a_signed_event_is_handled(server: Server) -> None:
    assert await server.post(BODY) == (200, "")
    assert server.received.bodies == [EVENT]


async def test_a_button_and_a_command_are_handled(server: Server) -> None:
    press = {
        "type": "block_actions",
        "actions": [{"action_id": "press", "type": "button"}],
        "user": {"id": "U1"},
    }
    command = {"command": "/prompt", "text": "", "user_id": "U1", "team_id": "T0"}
    assert (await server.post(urlencode({"payload": json.dumps(press)}).encode(), FORM))[0] == 200
    assert (await server.post(urlencode(command).encode(), FORM))[0] == 200
    assert server.received.bodies == [press, command]


async def test_slacks_url_verification_is_answered(server: Server) -> None:
    status, text = await server.post(b'{"type": "url_verification", "challenge": "3eZbrw1a"}')
    assert (status, json.loads(text)) == (200, {"challenge": "3eZbrw1a"})


async def test_a_retry_is_handled_like_a_first_delivery_and_known_as_one(server: Server) -> None:
    retry = {"X-Slack-Retry-Num": "2", "X-Slack-Retry-Reason": "http_timeout"}
    assert (await server.post(BODY, {**JSON, **retry}))[0] == 200
    assert server.received.retries == ["2"]


async def test_a_failure_is_a_500_so_that_slack_delivers_again(server: Server) -> None:
    server.received.fails = True
    assert (await server.post(BODY))[0] == 500
    server.received.fails = False
    assert (await server.post(BODY))[0] == 200


async def test_the_largest_body_is_taken(server: Server) -> None:
    body = json.dumps(EVENT | {"filler": "x" * (MAX_BODY_BYTES - 200)}).encode()
    assert (await server.post(body))[0] == 200


async def test_a_stopped_process_answers_503(server: Server) -> None:
    assert server.requests.is_connected
    await server.requests.stop()
    assert not server.requests.is_connected
    assert (await server.post(BODY))[0] == 503
    assert (await server.send("GET", "/healthz"))[0] == 200
    assert server.received.bodies == []


async def test_readiness_names_what_is_missing(server: Server) -> None:
    status, text = await server.send("GET", "/readyz")
    assert (status, json.loads(text)) == (200, {"slack": True, "database": True, "worker": True})
    server.checks["database"] = False
    status, text = await server.send("GET", "/readyz")
    assert (status, json.loads(text)["database"]) == (503, False)
    assert (await server.send("GET", "/healthz"))[0] == 200, "alive, whatever is missing"


async def test_health_is_served_without_any_delivery(server: Server) -> None:
    """In Socket Mode there are no other routes."""
    async with serve_health("127.0.0.1", 0, dict) as port:
        alone = Server(port, server.requests, {}, server.received)
        assert (await alone.send("GET", "/readyz"))[0] == 200
        assert (await alone.send("POST", EVENTS_PATH, BODY, GOOD))[0] == 404


async def test_a_taken_port_is_named(server: Server) -> None:
    with pytest.raises(SettingsError, match=f"^PORT {server.port} "):
        async with serve_health("127.0.0.1", server.port, dict):
            pass
