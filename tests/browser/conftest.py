"""A real Chromium with the sandbox's page, driven by Playwright; the browser is the system's."""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from playwright.async_api import Browser, Page, async_playwright
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.server import SandboxWorkspace

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
CHROMIUM_FLAGS = [
    "--no-sandbox",  # containers seldom allow Chromium's own
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP_SIZE = {"width": 1280, "height": 800}

OpenPage = Callable[..., Awaitable[Page]]
"""Opens the page at a fragment ("channel=C0ENG"), in a window of a size."""


def find_chromium() -> str | None:
    """Return the path of the browser, if one is installed."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


@pytest.fixture
def chromium() -> str:
    """Find the browser; without one the test is skipped, in CI it fails."""
    if path := find_chromium():
        return path
    reason = "No Chromium here: install it, or name it in CHROMIUM."
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def open_page(browser: Browser) -> AsyncIterator[OpenPage]:
    """Open pages; a JavaScript error in any of them fails the test."""
    errors: list[str] = []
    async with AsyncExitStack() as opened:

        async def open_page(url: str, fragment: str = "", size: dict[str, int] | None = None) -> Page:
            width, height = (size or DESKTOP_SIZE).values()
            context = await browser.new_context(viewport={"width": width, "height": height})
            opened.push_async_callback(context.close)
            page = await context.new_page()
            page.on("pageerror", lambda error: errors.append(str(error)))
            await page.goto(f"{url}#{fragment}")
            await page.get_by_test_id("channel-C0GENERAL").wait_for(state="attached")
            return page

        yield open_page
    assert not errors


@pytest.fixture
async def workspace() -> AsyncIterator[SandboxWorkspace]:
    async with SandboxWorkspace() as running:
        yield running


@pytest.fixture
def slack(workspace: SandboxWorkspace) -> AsyncWebClient:
    """Open a Slack client with which the test plays the bot."""
    return AsyncWebClient(base_url=workspace.api_url, token=workspace.bot_token)
