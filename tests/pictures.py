"""The pictures in the documents, taken of the program itself: `uv run python -m tests.pictures`."""

import asyncio
import re
import tempfile
from pathlib import Path

from playwright.async_api import Page, async_playwright, expect

from tests.browser.conftest import CHROMIUM_FLAGS, find_chromium
from tests.browser.test_admin import SOON_MILLISECONDS, edit_engineering, field, saved
from tests.browser.test_drafts import UNPUBLISHED, newest, try_it
from tests.program import ROOT, running_sandbox

WIDTH, HEIGHT = 1280, 800


async def main() -> None:
    """Take all pictures."""
    with tempfile.TemporaryDirectory() as folder:
        async with (
            running_sandbox(Path(folder)) as sandbox,
            async_playwright() as playwright,
        ):
            browser = await playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_FLAGS)
            page = await browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
            await page.goto(sandbox.url)
            await first_answer(page)
            await admins(page)
            await page.keyboard.press("Escape")
            await trial(page)
            await browser.close()


async def first_answer(page: Page) -> None:
    """Take a growing answer in a channel, with the calls that it takes."""
    await page.get_by_test_id("trace-toggle").click()
    await page.get_by_test_id("composer").fill("@Threadkeeper explain bubble sort with a short Python example")
    await page.get_by_test_id("composer").press("Enter")
    await expect(newest(page).get_by_role("button", name="Stop")).to_be_visible(timeout=SOON_MILLISECONDS)
    await page.screenshot(path=ROOT / "docs" / "sandbox.png")
    await expect(newest(page)).to_contain_text("which instructions", timeout=SOON_MILLISECONDS)
    await page.get_by_test_id("trace-toggle").click()


async def admins(page: Page) -> None:
    """Take the prompt form of a channel that was edited before."""
    await edit_engineering(page)
    await saved(
        page,
        ("System prompt", "You help engineers. Answer with code where it helps, and name your sources."),
        ("Temperature", "0.3"),
        ("Note", "The reviewers asked for sources."),
    )
    await edit_engineering(page)
    await expect(field(page, "System prompt")).to_have_value(re.compile("engineers"))
    await page.screenshot(path=ROOT / "docs" / "admins.png")


async def trial(page: Page) -> None:
    """Take the thread in which a draft is tried."""
    await try_it(page, ("System prompt", "You help engineers of {channel}. Name your sources, and be brief."))
    await expect(newest(page)).to_contain_text(UNPUBLISHED, timeout=SOON_MILLISECONDS)
    await page.screenshot(path=ROOT / "docs" / "trial.png")


if __name__ == "__main__":
    asyncio.run(main())
