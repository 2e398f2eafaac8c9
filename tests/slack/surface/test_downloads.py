"""Downloads: from Slack's own hosts only, with the bot's token, limited in size and time."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient
from yarl import URL

from bot.core.errors import FileUnreadable, SurfaceUnavailable
from bot.core.turns import File
from bot.slack.surface import downloads
from bot.slack.surface.downloads import FileDownloads
from bot.slack.transport.connect import open_web_client

TOKEN = "xoxb-1"


class Site:
    """A server in Slack's place, and one elsewhere; both record requests and their tokens."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.url = ""
        self.elsewhere = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.path, request.headers.get("Authorization", "")))
        match request.path:
            case "/plan":
                return web.Response(body=b"Tea.", content_type="text/plain")
            case "/page":
                return web.Response(text="<html>", content_type="text/html")
            case "/moved":
                raise web.HTTPFound("/plan")
            case "/login":
                raise web.HTTPFound("/page")
            case "/out":
                raise web.HTTPFound(f"{self.elsewhere}plan")
            case "/loop":
                raise web.HTTPFound("/loop")
            case "/slow":
                await asyncio.sleep(60)
                return web.Response()
            case "/large":
                response = web.StreamResponse()
                await response.prepare(request)
                while True:
                    await response.write(b"x" * 65_536)
            case path:
                return web.Response(status=int(path[1:]))


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    application = web.Application()
    application.router.add_get("/{path}", site.answer)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    for _ in range(2):
        await web.TCPSite(runner, "127.0.0.1", 0).start()
    site.url, site.elsewhere = (f"http://127.0.0.1:{address[1]}/" for address in runner.addresses)
    yield site
    await runner.cleanup()


async def fetched(site: Site, path: str, *, type_: str = "text/plain", limit: int = 1024**2) -> bytes:
    async with open_web_client(TOKEN, f"{site.url}api/") as client:
        file = File(name="plan", type=type_, url=path if "://" in path else f"{site.url}{path}")
        return await FileDownloads(client).download(file, limit=limit)


@pytest.mark.parametrize("path", ["plan", "moved"])
async def test_a_file_is_downloaded_with_the_token(site: Site, path: str) -> None:
    assert await fetched(site, path) == b"Tea."
    assert site.asked[0] == (f"/{path}", f"Bearer {TOKEN}")


async def test_the_token_is_sent_to_slacks_hosts_only(site: Site) -> None:
    with pytest.raises(FileUnreadable, match="outside Slack"):
        await fetched(site, f"{site.elsewhere}plan")
    assert site.asked == []
    with pytest.raises(FileUnreadable, match="files:read"):
        await fetched(site, "out")
    assert site.asked == [("/out", f"Bearer {TOKEN}")]


@pytest.mark.parametrize("path", ["page", "login", "loop", "403", "401"])
async def test_a_missing_scope_is_named(site: Site, path: str) -> None:
    """Slack shows its sign-in page, or redirects to it."""
    with pytest.raises(FileUnreadable, match="the scope files:read"):
        await fetched(site, path)


async def test_an_attached_web_page_is_read(site: Site) -> None:
    assert await fetched(site, "page", type_="text/html") == b"<html>"
    with pytest.raises(FileUnreadable, match="files:read"):
        await fetched(site, "login", type_="text/html")


async def test_an_endless_download_is_cancelled(site: Site) -> None:
    with pytest.raises(FileUnreadable, match="larger than 1 MB"):
        await fetched(site, "large")


async def test_a_slow_download_is_cancelled(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    assert downloads.DOWNLOAD_TIMEOUT.total == 20
    monkeypatch.setattr(downloads, "DOWNLOAD_TIMEOUT", aiohttp.ClientTimeout(total=0.2))
    with pytest.raises(SurfaceUnavailable):
        async with asyncio.timeout(5):
            await fetched(site, "slow")


async def test_deleted_files_and_failed_downloads_are_different_errors(site: Site) -> None:
    with pytest.raises(FileUnreadable, match="no longer exists"):
        await fetched(site, "404")
    with pytest.raises(SurfaceUnavailable):
        await fetched(site, "503")
    with pytest.raises(FileUnreadable, match="does not provide it"):
        async with open_web_client(TOKEN, site.url) as client:
            await FileDownloads(client).download(File(name="deleted"), limit=1)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://files.slack.com/files-pri/T1-F1/plan.pdf", True),
        ("https://acme.enterprise.slack.com/files-pri/T1-F1/plan.pdf", True),
        ("https://slack-files.slack-edge.com/x", True),
        ("http://files.slack.com/x", False),
        ("https://files.slack.com:8443/x", False),
        ("https://files.slack.com@evil.example/x", False),
        ("https://files.slack.com.evil.example/x", False),
        ("https://evilslack.com/x", False),
        ("https://docs.google.com/document/1", False),
        ("file:///etc/passwd", False),
        ("//files.slack.com/x", False),
        ("/etc/passwd", False),
        ("http://169.254.169.254/latest", False),
    ],
)
def test_which_hosts_are_slacks(url: str, *, expected: bool) -> None:
    assert FileDownloads(AsyncWebClient(token=TOKEN)).is_slack_url(URL(url)) is expected
