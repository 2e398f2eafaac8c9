"""The prompt editor in a browser, with `bot try`: an admin, a second admin, and a person who is none."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.program import RunningSandbox, running_sandbox

pytestmark = pytest.mark.browser

SOON_MILLISECONDS = 30_000
"""Milliseconds that anything may take on a busy machine."""
ADA, GRACE = "U0ADA", "U0GRACE"
INSTRUCTIONS = "@Threadkeeper which instructions do you have?"


@pytest.fixture
async def two_admins(tmp_path: Path) -> AsyncIterator[RunningSandbox]:
    """Run `bot try` with a second admin, named in the settings."""
    async with running_sandbox(tmp_path, BOT_ADMINS=GRACE) as sandbox:
        yield sandbox


def modal(page: Page) -> Locator:
    return page.get_by_test_id("modal")


def field(page: Page, name: str) -> Locator:
    return modal(page).get_by_role("textbox", name=name).first


async def press(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name, exact=True).first.click()


async def edit_engineering(page: Page) -> None:
    """Choose a channel in Home, and wait for its form."""
    await page.get_by_test_id("home-tab").click()
    await page.locator('[data-action="steer_edit_channel"]').select_option(label="#engineering")
    await expect(modal(page)).to_contain_text("For #engineering", timeout=SOON_MILLISECONDS)


async def save(page: Page) -> None:
    await modal(page).get_by_test_id("modal-submit").click()


async def saved(page: Page, *fields: tuple[str, str]) -> None:
    for name, text in fields:
        await field(page, name).fill(text)
    await save(page)
    await expect(modal(page)).to_be_hidden(timeout=SOON_MILLISECONDS)


async def told(page: Page, channel: str = "C0ENG") -> Locator:
    """Ask the bot for its instructions, and return its answer."""
    await page.get_by_test_id(f"channel-{channel}").click()
    await page.get_by_test_id("composer").fill(INSTRUCTIONS)
    await page.get_by_test_id("composer").press("Enter")
    answers = page.get_by_test_id("thread-pane").get_by_test_id("message").filter(has_text="APP")
    await expect(answers.last.locator(".blocks")).to_contain_text("my instructions", timeout=SOON_MILLISECONDS)
    return answers.last


async def test_an_admin_changes_how_a_channel_is_answered(sandbox: RunningSandbox, open_page: OpenPage) -> None:
    """In Home and by the command; the next answer shows it, and other channels stay as they were."""
    page = await open_page(sandbox.url)
    await edit_engineering(page)
    await saved(page, ("System prompt", "You speak like a pirate."), ("Temperature", "0,3"))
    await expect(page.get_by_text("The prompt says: You speak like a pirate.")).to_be_visible(timeout=SOON_MILLISECONDS)
    await expect(page.get_by_text("Temperature 0.3")).to_be_visible()
    await expect(await told(page)).to_contain_text("You speak like a pirate.")

    await page.get_by_test_id("composer").fill("/threadkeeper prompt ")
    await page.get_by_test_id("composer").press("Enter")
    await expect(field(page, "System prompt")).to_have_value("You speak like a pirate.", timeout=SOON_MILLISECONDS)
    await saved(page, ("System prompt", "You speak like a queen."))
    await expect(await told(page)).to_contain_text("You speak like a queen.")
    await expect(await told(page, "C0RANDOM")).not_to_contain_text("queen")


async def test_a_wrong_value_is_refused_at_its_field(sandbox: RunningSandbox, open_page: OpenPage) -> None:
    page = await open_page(sandbox.url)
    await edit_engineering(page)
    await field(page, "Temperature").fill("3")
    await field(page, "System prompt").fill("Dear {name}")
    await save(page)
    prompt, temperature = (modal(page).locator(".block.refused").nth(number) for number in range(2))
    await expect(prompt).to_contain_text("`{name}` in line 1 is not a placeholder", timeout=SOON_MILLISECONDS)
    await expect(temperature).to_contain_text("`temperature` must be a number from 0 to 2.")
    await saved(page, ("System prompt", "Dear {user}"), ("Temperature", ""))


async def test_who_is_no_admin_can_change_nothing(sandbox: RunningSandbox, open_page: OpenPage) -> None:
    """They see no button in Home, are refused by the command, and see what applies."""
    page = await open_page(sandbox.url, f"user={GRACE}")
    await page.get_by_test_id("home-tab").click()
    await expect(page.get_by_text("What applies in your direct messages")).to_be_visible(timeout=SOON_MILLISECONDS)
    await expect(page.get_by_role("button", name="Edit", exact=True)).to_have_count(0)
    await expect(page.get_by_text("Only admins see this.")).to_have_count(0)
    await page.locator('[data-action="applies_in_channel"]').select_option(label="#engineering")
    await expect(modal(page)).to_contain_text("In #engineering:", timeout=SOON_MILLISECONDS)
    await expect(modal(page)).to_contain_text("Model: sandbox-small (from the deployment's settings)")
    await page.keyboard.press("Escape")
    await page.get_by_test_id("channel-C0ENG").click()
    await page.get_by_test_id("composer").fill("/threadkeeper prompt ")
    await page.get_by_test_id("composer").press("Enter")
    await expect(modal(page)).to_contain_text("Only admins of this workspace", timeout=SOON_MILLISECONDS)


async def test_history_shows_who_changed_what_and_takes_it_back(sandbox: RunningSandbox, open_page: OpenPage) -> None:
    page = await open_page(sandbox.url)
    await edit_engineering(page)
    await saved(page, ("System prompt", "You speak like a pirate."), ("Note", "For fun."))
    await edit_engineering(page)
    await saved(page, ("System prompt", "You speak like a queen."))
    await press(page, "History")
    versions = modal(page)
    await expect(versions).to_contain_text("+You speak like a queen.", timeout=SOON_MILLISECONDS)
    await expect(versions).to_contain_text("-You speak like a pirate.")
    await expect(versions).to_contain_text("Version 1 by @Ada Lovelace")
    await expect(versions).to_contain_text("For fun.")
    await versions.get_by_role("button", name="Restore this").click()
    await page.get_by_role("dialog").last.get_by_role("button", name="Restore this").click()
    await expect(versions).to_contain_text("Restored: version 1 applies again.", timeout=SOON_MILLISECONDS)
    await expect(versions).to_contain_text("Version 3")
    await page.keyboard.press("Escape")
    await expect(await told(page)).to_contain_text("You speak like a pirate.")


async def test_a_second_admin_is_shown_what_came_between(two_admins: RunningSandbox, open_page: OpenPage) -> None:
    """They may overwrite it, or drop their own version."""
    ada, grace = await open_page(two_admins.url), await open_page(two_admins.url, f"user={GRACE}")
    for page in (ada, grace):
        await edit_engineering(page)
    await saved(grace, ("System prompt", "You speak like a queen."), ("Note", "More dignity."))
    await field(ada, "System prompt").fill("You speak like a pirate.")
    await save(ada)
    shown = modal(ada)
    await expect(shown).to_contain_text("grace was faster", timeout=SOON_MILLISECONDS)
    for text in ("More dignity.", "-You speak like a queen.", "+You speak like a pirate."):
        await expect(shown).to_contain_text(text)
    await press(ada, "Drop my version")
    await expect(shown).to_be_hidden(timeout=SOON_MILLISECONDS)
    await expect(await told(ada)).to_contain_text("You speak like a queen.")


async def test_a_second_admin_overwrites_knowingly_and_loses_nothing(
    two_admins: RunningSandbox, open_page: OpenPage
) -> None:
    """A prompt typed in two fields stays in two, and is saved as one."""
    ada, grace = await open_page(two_admins.url), await open_page(two_admins.url, f"user={GRACE}")
    for page in (ada, grace):
        await edit_engineering(page)
    await saved(grace, ("System prompt", "You speak like a queen."))
    await press(ada, "More room")
    await field(ada, "System prompt, part 2").fill("You live at sea.")
    await field(ada, "System prompt").fill("You speak like a pirate.")
    await save(ada)
    await expect(modal(ada)).to_contain_text("grace was faster", timeout=SOON_MILLISECONDS)
    await expect(field(ada, "System prompt, part 2")).to_have_value("You live at sea.")
    await press(ada, "Overwrite")
    await expect(modal(ada)).to_be_hidden(timeout=SOON_MILLISECONDS)
    await expect(await told(ada)).to_contain_text("You speak like a pirate. You live at sea.")


async def explained(page: Page) -> Locator:
    """Ask why of the answer in the open thread, and return the explanation."""
    answer = page.get_by_test_id("thread-pane").get_by_test_id("message").last
    await answer.hover()
    await answer.locator("summary").click()
    await answer.get_by_role("button", name="Why this answer?").click()
    await expect(modal(page)).to_contain_text("Asked by @Grace Hopper", timeout=SOON_MILLISECONDS)
    await expect(modal(page)).to_contain_text("Model: sandbox-small")
    return modal(page)


async def test_an_answer_is_explained(sandbox: RunningSandbox, open_page: OpenPage) -> None:
    """Its author sees what it was made with; an admin sees the prompt, too, and the way to change it."""
    page = await open_page(sandbox.url)
    await edit_engineering(page)
    await saved(page, ("System prompt", "You speak like a pirate."))
    await page.get_by_test_id("switch-user").select_option(GRACE)
    await told(page)
    shown = await explained(page)
    await expect(shown).not_to_contain_text("pirate")
    await expect(shown.get_by_role("button", name="Edit for this channel")).to_have_count(0)
    await page.keyboard.press("Escape")

    await page.get_by_test_id("switch-user").select_option(ADA)
    await page.get_by_test_id("thread-summary").click()
    shown = await explained(page)
    await expect(shown).to_contain_text("You speak like a pirate.")
    await press(page, "Edit for this channel")
    await expect(field(page, "System prompt")).to_have_value("You speak like a pirate.", timeout=SOON_MILLISECONDS)
