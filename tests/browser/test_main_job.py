"""The main job in a browser: `bot try` as it is, and a person who asks."""

from typing import Protocol

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import OpenPage

pytestmark = pytest.mark.browser

COMPLETE = 60_000
"""Milliseconds that an answer may take on a busy machine."""


class Sandbox(Protocol):
    """What `bot try` runs."""

    url: str


def answer(page: Page, number: int = 0) -> Locator:
    """Return the bot's message in the thread, the first or a later one."""
    messages = page.get_by_test_id("thread-pane").get_by_test_id("message")
    return messages.filter(has_text="APP").nth(number).locator(".blocks")


async def ask(page: Page, text: str, *, field: str = "composer") -> None:
    await page.get_by_test_id(field).fill(text)
    await page.get_by_test_id(field).press("Enter")


async def seen_growing(shown: Locator, end: str) -> list[int]:
    """Wait until the answer ends, and return the lengths it had on the way."""
    lengths: list[int] = []
    await expect(shown).to_be_visible(timeout=COMPLETE)
    while not (text := await shown.inner_text()).rstrip().endswith(end):
        lengths.append(len(text))
        await expect(shown).not_to_have_text(text, timeout=COMPLETE)
    return [*lengths, len(text)]


async def test_a_question_is_answered_growing_and_a_second_one_in_the_thread(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    """The answer grows at least twice and ends complete; after a reload all of it is still there."""
    page = await open_page(sandbox.url)
    await ask(page, "@Threadkeeper [[rate=40]] [[say=" + "Words that come one by one. " * 12 + "The end.]]")
    lengths = await seen_growing(answer(page), "The end.")
    assert lengths == sorted(set(lengths))
    assert len(lengths) >= 3
    assert (await answer(page).inner_text()).count("one by one") == 12

    await ask(page, "@Threadkeeper [[say=And **again**.]]", field="thread-composer")
    await expect(answer(page, 1)).to_have_text("And again.", timeout=COMPLETE)
    await page.reload()
    await expect(answer(page)).to_contain_text("The end.")
    await expect(answer(page, 1).locator("strong")).to_have_text("again")


async def test_a_direct_message_is_answered_in_its_thread(sandbox: Sandbox, open_page: OpenPage) -> None:
    page = await open_page(sandbox.url, "user=U0GRACE")
    await page.get_by_test_id("channel-D0GRACE").click()
    await ask(page, "[[say=Hello *Grace*.]]")
    await expect(answer(page)).to_have_text("Hello Grace.", timeout=COMPLETE)
