"""Feedback in a browser, with `bot try`: a person complains about an answer, an admin reads it."""

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.test_admin import ADA, GRACE, SOON_MILLISECONDS, edit_engineering, modal, press, save, saved
from tests.program import RunningSandbox

pytestmark = pytest.mark.browser

QUESTION = "@Threadkeeper [[say=A teapot is a small planet, and it has been one for as long as anyone knows.]]"


async def answered(page: Page) -> Locator:
    """Ask in a channel; return the answer when its thumbs are shown."""
    await page.get_by_test_id("channel-C0ENG").click()
    await page.get_by_test_id("composer").fill(QUESTION)
    await page.get_by_test_id("composer").press("Enter")
    answer = page.get_by_test_id("thread-pane").get_by_test_id("message").last
    await expect(answer.get_by_test_id("feedback")).to_have_count(2, timeout=SOON_MILLISECONDS)
    return answer


async def test_an_answer_is_judged_and_the_reason_is_told(sandbox: RunningSandbox, open_page: OpenPage) -> None:
    page = await open_page(sandbox.url, f"user={GRACE}")
    answer = await answered(page)
    await answer.get_by_role("button", name="Bad answer").click()
    await expect(modal(page)).to_contain_text("Your vote counts.", timeout=SOON_MILLISECONDS)
    await modal(page).get_by_label("Something in it is wrong").check()
    await modal(page).get_by_role("textbox").fill("It is made of china.")
    await save(page)
    await expect(modal(page)).to_be_hidden(timeout=SOON_MILLISECONDS)
    await expect(answer.get_by_role("button", name="Bad answer")).to_have_attribute("aria-pressed", "true")
    await expect(answer).to_contain_text("A teapot is a small planet")


async def test_an_admin_reads_what_people_think(sandbox: RunningSandbox, open_page: OpenPage) -> None:
    """The complaint with its reasons, and the score of the version that the answer was made with."""
    page = await open_page(sandbox.url)
    await edit_engineering(page)
    await saved(page, ("System prompt", "You know all about teapots."))
    await page.get_by_test_id("switch-user").select_option(GRACE)
    answer = await answered(page)
    await answer.get_by_role("button", name="Bad answer").click()
    await modal(page).get_by_label("Something in it is wrong").check(timeout=SOON_MILLISECONDS)
    await modal(page).get_by_role("textbox").fill("It is made of china.")
    await save(page)
    await expect(modal(page)).to_be_hidden(timeout=SOON_MILLISECONDS)

    await page.get_by_test_id("switch-user").select_option(ADA)
    await page.get_by_test_id("home-tab").click()
    await expect(page.get_by_text("👍 0  👎 1 in the last 30 days.")).to_be_visible(timeout=SOON_MILLISECONDS)
    await press(page, "Complaints")
    for text in ("@Grace Hopper", "Something in it is wrong", "It is made of china.", "open the thread"):
        await expect(modal(page)).to_contain_text(text, timeout=SOON_MILLISECONDS)
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="History").last.click()
    await expect(modal(page)).to_contain_text("👍 0  👎 1 on answers made with it", timeout=SOON_MILLISECONDS)
