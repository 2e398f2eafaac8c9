"""Access rules in a browser: an admin changes them in Home, and people are refused or let in."""

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.program import RunningSandbox

pytestmark = pytest.mark.browser

SOON_MILLISECONDS = 30_000
"""Milliseconds that anything may take on a busy machine."""
ADA, GRACE, LIN, NOOR = "U0ADA", "U0GRACE", "U0LIN", "U0NOOR"


def modal(page: Page) -> Locator:
    return page.get_by_test_id("modal")


async def home(page: Page, *, user: str = "") -> None:
    """Open the Home tab, as `user` if given."""
    await page.get_by_test_id("channel-C0ENG").click()
    if user:
        await page.get_by_test_id("switch-user").select_option(user)
    await page.get_by_test_id("home-tab").click()
    await expect(page.get_by_text("What applies in your direct messages")).to_be_visible(timeout=SOON_MILLISECONDS)


async def change(page: Page) -> None:
    await page.get_by_role("button", name="Change who may do what").click()
    await expect(modal(page)).to_contain_text("Who may ask me, and where.", timeout=SOON_MILLISECONDS)


async def choose(page: Page, label: str, *names: str) -> None:
    """Tick names in the list with that label."""
    field = modal(page).locator(".block", has_text=label).locator("details")
    await field.locator("summary").click()
    for name in names:
        await field.get_by_label(name, exact=True).click()
    await field.locator("summary").click()


async def saved(page: Page) -> None:
    await modal(page).get_by_test_id("modal-submit").click()
    await expect(modal(page)).to_be_hidden(timeout=SOON_MILLISECONDS)


async def asked(page: Page, user: str, channel: str = "C0ENG") -> None:
    """Ask a question as a person."""
    await page.get_by_test_id("switch-user").select_option(user)
    await page.get_by_test_id(f"channel-{channel}").click()
    await page.get_by_test_id("composer").fill("@Threadkeeper are you there?")
    await page.get_by_test_id("composer").press("Enter")


async def test_an_admin_decides_who_may_ask(sandbox: RunningSandbox, open_page: OpenPage) -> None:
    """A guest is refused until the box is ticked; a person whom an admin denies is refused from then on."""
    page = await open_page(sandbox.url)
    await asked(page, LIN)
    notice = page.get_by_text("I don't answer guests here")
    await expect(notice).to_be_visible(timeout=SOON_MILLISECONDS)
    await expect(page.get_by_text("Only visible to you")).to_be_visible()
    await home(page, user=ADA)
    await expect(notice).to_be_hidden()
    await change(page)
    await choose(page, "Never these people", "Grace Hopper")
    await modal(page).get_by_label("Guests of several channels").check()
    await saved(page)
    await expect(page.get_by_text("Never these people: @Grace Hopper")).to_be_visible(timeout=SOON_MILLISECONDS)
    await asked(page, GRACE)
    refusal = page.get_by_text("You can't use me here.").locator("visible=true")  # Home, behind, says it too
    await expect(refusal).to_be_visible(timeout=SOON_MILLISECONDS)
    await asked(page, LIN)
    await expect(page.get_by_test_id("thread-pane").get_by_text("APP")).to_be_visible(timeout=SOON_MILLISECONDS)


async def test_an_admin_names_another_and_takes_it_back(sandbox: RunningSandbox, open_page: OpenPage) -> None:
    page = await open_page(sandbox.url)
    await home(page, user=GRACE)
    await expect(page.get_by_role("button", name="Change who may do what")).to_have_count(0)
    await home(page, user=ADA)
    await change(page)
    await choose(page, "Admins besides Slack's", "Grace Hopper")
    await saved(page)
    await home(page, user=GRACE)
    await expect(page.get_by_text("Admins besides Slack's: @Grace Hopper")).to_be_visible(timeout=SOON_MILLISECONDS)
    await home(page, user=ADA)
    grants = page.locator(".block", has=page.get_by_role("button", name="Change who may do what"))
    await grants.get_by_role("button", name="History").click()
    await expect(modal(page)).to_contain_text("+may configure: grace (U0GRACE)", timeout=SOON_MILLISECONDS)
    await page.keyboard.press("Escape")
    await change(page)
    await choose(page, "Admins besides Slack's", "Grace Hopper")
    await saved(page)
    await home(page, user=GRACE)
    await expect(page.get_by_role("button", name="Change who may do what")).to_have_count(0, timeout=SOON_MILLISECONDS)


async def test_somebody_is_let_edit_one_channel(sandbox: RunningSandbox, open_page: OpenPage) -> None:
    """Their Home has only that channel; the next answer there follows the prompt that they set."""
    page = await open_page(sandbox.url)
    await home(page, user=ADA)
    await page.locator('[data-action="grant_edit_channel"]').select_option(label="#engineering")
    await expect(modal(page)).to_contain_text("Who may edit #engineering besides admins", timeout=SOON_MILLISECONDS)
    await choose(page, "Who may edit it", "Grace Hopper")
    await saved(page)
    await expect(page.get_by_text("#engineering: @Grace Hopper")).to_be_visible(timeout=SOON_MILLISECONDS)

    await home(page, user=GRACE)
    await expect(page.get_by_text("Channels that you may edit")).to_be_visible(timeout=SOON_MILLISECONDS)
    await expect(page.get_by_role("button", name="Edit", exact=True)).to_have_count(1)
    await page.get_by_role("button", name="Edit", exact=True).click()
    await expect(modal(page)).to_contain_text("For #engineering", timeout=SOON_MILLISECONDS)
    await expect(modal(page)).not_to_contain_text("The prompt above")
    await modal(page).get_by_role("textbox", name="System prompt").first.fill("You speak like a pirate.")
    await saved(page)
    await page.get_by_test_id("channel-C0ENG").click()
    await page.get_by_test_id("composer").fill("@Threadkeeper which instructions do you have?")
    await page.get_by_test_id("composer").press("Enter")
    answers = page.get_by_test_id("thread-pane").get_by_test_id("message").filter(has_text="APP")
    await expect(answers.last).to_contain_text("You speak like a pirate.", timeout=SOON_MILLISECONDS)
