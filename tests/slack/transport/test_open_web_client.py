"""The Web API client: its proxy, and that a call needs no thread."""

import threading

import pytest
from aiohttp import web

from bot.sandbox.server import SandboxWorkspace
from bot.slack.transport.connect import fetch_bot_identity, open_web_client


async def test_slack_is_reached_by_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked up once; exceptions in `NO_PROXY` count, and this machine is always one."""
    for name in (
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "https_proxy",
        "NO_PROXY",
        "no_proxy",
        "ALL_PROXY",
        "all_proxy",
    ):
        monkeypatch.delenv(name, raising=False)
    requests: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        requests.append(str(request.url))
        return web.json_response({"ok": True})

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{runner.addresses[0][1]}")
    try:
        async with open_web_client("xoxb-1", "http://slack.invalid/api/") as client:
            assert (await client.auth_test())["ok"]
        assert requests == ["http://slack.invalid/api/auth.test"]
        async with open_web_client("xoxb-1", "http://127.0.0.1:1/api/") as client:
            assert client.proxy is None
        monkeypatch.setenv("no_proxy", "slack.invalid")
        async with open_web_client("xoxb-1", "http://slack.invalid/api/") as client:
            assert client.proxy is None
    finally:
        await runner.cleanup()


async def test_the_granted_scopes_are_read_at_the_start(workspace: SandboxWorkspace) -> None:
    workspace.scopes = frozenset({"chat:write", "users:read"})
    async with open_web_client(workspace.bot_token, workspace.api_url) as client:
        assert (await fetch_bot_identity(client)).scopes == workspace.scopes


async def test_a_call_uses_no_thread(workspace: SandboxWorkspace) -> None:
    """A thread costs more than the call, and a password in `.netrc` would make every call fail."""
    before = threading.active_count()
    async with open_web_client(workspace.bot_token, workspace.api_url) as client:
        await client.auth_test()
    assert threading.active_count() == before
