"""Budgets in a browser, with `bot try`: an admin sets one, and people reach it."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.program import RunningSandbox

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("one_day")]

SOON_MILLISECONDS = 30_000
"""Milliseconds that anything may take on a busy machine."""


async def set_budget(page: Page, button: str, amount: str) -> None:
    """Set what each person may spend a day, in Home."""
    await page.get_by_test_id("home-tab").click()
    await page.get_by_role("button", name=button, exact=True).click()
    form = page.get_by_test_id("modal")
    await form.get_by_role("textbox", name="At most").fill(amount)
    await form.get_by_test_id("modal-submit").click()
    await expect(form).to_be_hidden(timeout=SOON_MILLISECONDS)


async def test_a_budget_is_set_met_and_raised(sandbox: RunningSandbox, open_page: OpenPage) -> None:
    """The thread names the budget; after it was raised the button works; Home shows the cost."""
    page, home = await open_page(sandbox.url), await open_page(sandbox.url)
    await set_budget(home, "Set a budget", "10")
    await expect(home.get_by_text("Each person: 10 tokens a day")).to_be_visible(timeout=SOON_MILLISECONDS)
    await page.get_by_test_id("channel-C0ENG").click()
    await page.get_by_test_id("composer").fill("@Threadkeeper [[say=one two]]")
    await page.get_by_test_id("composer").press("Enter")
    thread = page.get_by_test_id("thread-pane")
    await expect(thread).to_contain_text(
        "has too little left for this: 0 of 10 tokens used.", timeout=SOON_MILLISECONDS
    )
    await set_budget(home, "Change", "50,000")
    await thread.get_by_role("button", name="Try again").click()
    await expect(thread).to_contain_text("one two", timeout=SOON_MILLISECONDS)
    await expect(thread.get_by_test_id("feedback")).to_have_count(2, timeout=SOON_MILLISECONDS)  # with the last write
    await page.get_by_test_id("home-tab").click()
    await expect(page.get_by_text("You, today: 1 model call")).to_be_visible(timeout=SOON_MILLISECONDS)
    await expect(page.get_by_text("Money a day. The most was 0.")).to_be_visible(timeout=SOON_MILLISECONDS)
    await page.get_by_role("button", name="Details").click()
    await expect(page.get_by_test_id("modal")).to_contain_text("sandbox-small: 1 model call", timeout=SOON_MILLISECONDS)
