"""Drafts in a browser, with `bot try`: an admin tries a draft of a prompt, then publishes it."""

import re

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.test_admin import SOON_MILLISECONDS, edit_engineering, field, modal, press, saved, told
from tests.program import RunningSandbox

pytestmark = pytest.mark.browser

INSTRUCTIONS = "Which instructions do you have?"
UNPUBLISHED = "Answered with a draft that is not published."


def thread(page: Page) -> Locator:
    return page.get_by_test_id("thread-pane")


def newest(page: Page) -> Locator:
    return thread(page).get_by_test_id("message").last


async def try_it(page: Page, *fields: tuple[str, str]) -> None:
    """Try a draft for a channel, and go to its thread."""
    await edit_engineering(page)
    for name, text in (*fields, ("Try it first", INSTRUCTIONS)):
        await field(page, name).fill(text)
    await press(page, "Try it")
    await expect(modal(page)).to_contain_text(
        "I answer your question in our direct messages", timeout=SOON_MILLISECONDS
    )
    await modal(page).get_by_role("link", name="our direct messages").click()
    await page.keyboard.press("Escape")
    await expect(field(page, "Try it first")).to_have_value(
        INSTRUCTIONS, timeout=SOON_MILLISECONDS
    )  # the form is below
    await page.keyboard.press("Escape")
    await expect(modal(page)).to_be_hidden(timeout=SOON_MILLISECONDS)


async def test_a_draft_is_tried_asked_further_and_published(sandbox: RunningSandbox, open_page: OpenPage) -> None:
    """Only its thread uses it until it is published, and no other person may see that thread."""
    page = await open_page(sandbox.url)
    await try_it(page, ("System prompt", "You speak like a pirate of {channel}."), ("Temperature", "0.3"))
    await expect(thread(page)).to_contain_text("Draft for #engineering, version 1, not published")
    await expect(newest(page)).to_contain_text("You speak like a pirate of #engineering.", timeout=SOON_MILLISECONDS)
    await expect(newest(page)).to_contain_text(UNPUBLISHED, timeout=SOON_MILLISECONDS)
    await page.get_by_test_id("thread-composer").fill(f"Once more: {INSTRUCTIONS}")
    await page.get_by_test_id("thread-composer").press("Enter")
    answers = thread(page).get_by_test_id("message").filter(has_text=UNPUBLISHED)
    await expect(answers).to_have_count(2, timeout=SOON_MILLISECONDS)
    await expect(await told(page)).not_to_contain_text("pirate")

    await page.go_back()
    await page.go_back()
    await expect(thread(page)).to_contain_text("not published", timeout=SOON_MILLISECONDS)
    await thread(page).get_by_role("button", name="Publish").click()
    await page.get_by_role("dialog").last.get_by_role("button", name="Publish").click()
    await expect(thread(page)).to_contain_text("Published for #engineering: Version 1", timeout=SOON_MILLISECONDS)
    await expect(thread(page).get_by_role("button", name="Publish")).to_have_count(0)
    await expect(await told(page)).to_contain_text("You speak like a pirate of #engineering.")


async def test_a_draft_leads_back_to_the_form_and_nothing_is_lost(sandbox: RunningSandbox, open_page: OpenPage) -> None:
    page = await open_page(sandbox.url)
    await try_it(page, ("System prompt", "You speak like a pirate."), ("Note", "For fun."))
    await thread(page).get_by_role("button", name="Back to the editor").click()
    await expect(modal(page)).to_contain_text("Your draft for #engineering, not published", timeout=SOON_MILLISECONDS)
    await expect(field(page, "System prompt")).to_have_value("You speak like a pirate.")
    await expect(field(page, "Note")).to_have_value("For fun.")
    await saved(page, ("System prompt", "You speak like a queen."))
    await expect(await told(page)).to_contain_text("You speak like a queen.")


async def test_what_is_wrong_with_a_draft_is_told_at_its_field(sandbox: RunningSandbox, open_page: OpenPage) -> None:
    """The typed text stays in its field."""
    page = await open_page(sandbox.url)
    await edit_engineering(page)
    await field(page, "System prompt").fill("Dear {name}")
    await press(page, "Try it")
    await expect(modal(page)).to_contain_text("{name} in line 1 is not a placeholder", timeout=SOON_MILLISECONDS)
    await expect(modal(page)).to_contain_text("Write a question here")
    await expect(field(page, "System prompt")).to_have_value("Dear {name}")


async def test_a_discarded_draft_is_gone(sandbox: RunningSandbox, open_page: OpenPage) -> None:
    """Its thread continues as a conversation like any other."""
    page = await open_page(sandbox.url)
    await try_it(page, ("System prompt", "You speak like a pirate."))
    await expect(newest(page)).to_contain_text(UNPUBLISHED, timeout=SOON_MILLISECONDS)
    await thread(page).get_by_role("button", name="Discard").click()
    await page.get_by_role("dialog").last.get_by_role("button", name="Discard").click()
    await expect(thread(page)).to_contain_text("Discarded", timeout=SOON_MILLISECONDS)
    await page.get_by_test_id("thread-composer").fill(f"And now: {INSTRUCTIONS}")
    await page.get_by_test_id("thread-composer").press("Enter")
    await expect(newest(page)).to_contain_text(re.compile("You are a helpful assistant"), timeout=SOON_MILLISECONDS)
    await expect(newest(page)).not_to_contain_text(UNPUBLISHED)


async def test_a_level_is_found_by_a_word(sandbox: RunningSandbox, open_page: OpenPage) -> None:
    """The search result can be edited; a person who is no admin has no search."""
    page = await open_page(sandbox.url)
    await edit_engineering(page)
    await saved(page, ("System prompt", "You speak like a pirate."))
    await press(page, "Find…")
    await field(page, "Or search levels that set something").fill("queen")
    await modal(page).get_by_test_id("modal-submit").click()
    await expect(modal(page)).to_contain_text("No level matches.", timeout=SOON_MILLISECONDS)
    await field(page, "Or search levels that set something").fill("Pirate")
    await modal(page).get_by_test_id("modal-submit").click()
    await expect(modal(page)).to_contain_text("1 level, page 1 of 1.", timeout=SOON_MILLISECONDS)
    await modal(page).get_by_role("button", name="Edit").click()
    await expect(field(page, "System prompt")).to_have_value("You speak like a pirate.", timeout=SOON_MILLISECONDS)
