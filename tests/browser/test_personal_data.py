"""Personal data in a browser, with `bot try`: look at them, have them sent, erase them."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.test_admin import GRACE, SOON_MILLISECONDS, modal, press
from tests.browser.test_thumbs import answered
from tests.program import RunningSandbox

pytestmark = pytest.mark.browser


async def home(page: Page) -> None:
    await page.get_by_test_id("home-tab").click()
    await expect(page.get_by_text("Your data", exact=True)).to_be_visible(timeout=SOON_MILLISECONDS)


async def test_people_see_their_data_have_it_sent_and_erase_it(sandbox: RunningSandbox, open_page: OpenPage) -> None:
    page = await open_page(sandbox.url, f"user={GRACE}")
    await home(page)
    await expect(page.get_by_text("I have stored no message and no vote of yours.")).to_be_visible(
        timeout=SOON_MILLISECONDS
    )
    await answered(page)
    await home(page)
    await expect(page.get_by_text("1 message of yours, with my answers")).to_be_visible(timeout=SOON_MILLISECONDS)

    await press(page, "Send me my data")
    await expect(modal(page)).to_contain_text("I have sent you a file", timeout=SOON_MILLISECONDS)
    await page.keyboard.press("Escape")
    await page.get_by_test_id("channel-D0GRACE").click()
    link = page.get_by_role("link", name="threadkeeper-my-data.jsonl")
    async with page.expect_download() as download:
        await link.click()
    assert "A teapot is a small planet" in (await (await download.value).path()).read_text()

    await home(page)
    await press(page, "Erase my data")
    await page.get_by_role("dialog").last.get_by_role("button", name="Erase my data").click()
    await expect(modal(page)).to_contain_text("Erased: 1 message,", timeout=SOON_MILLISECONDS)
    await page.keyboard.press("Escape")
    await expect(page.get_by_text("I have stored no message and no vote of yours.")).to_be_visible(
        timeout=SOON_MILLISECONDS
    )
