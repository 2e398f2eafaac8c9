"""The main job in a browser, with `bot try`: a person asks, the answer grows in the thread."""

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.program import RunningSandbox

pytestmark = pytest.mark.browser

ANSWER_TIMEOUT_MILLISECONDS = 60_000
"""Milliseconds that an answer may take on a busy machine."""


WATCH = """() => {
    window.lengths = [];
    const look = () => {
        const messages = [...document.querySelectorAll("[data-testid=thread-pane] [data-testid=message]")];
        const answer = messages.find(each => each.innerText.includes("APP"))?.querySelector(".blocks");
        const length = answer?.innerText.length;
        if (length && length !== window.lengths.at(-1)) window.lengths.push(length);
    };
    new MutationObserver(look).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""
"""Notes each length that the bot's first answer has on the page, whenever somebody looks."""


def answer(page: Page, number: int = 0) -> Locator:
    """Return the bot's message in the thread, the first or a later one."""
    messages = page.get_by_test_id("thread-pane").get_by_test_id("message")
    return messages.filter(has_text="APP").nth(number).locator(".blocks")


async def ask(page: Page, text: str, *, field: str = "composer") -> None:
    await page.get_by_test_id(field).fill(text)
    await page.get_by_test_id(field).press("Enter")


async def test_a_question_is_answered_growing_and_a_second_one_in_the_thread(
    sandbox: RunningSandbox, open_page: OpenPage
) -> None:
    """The answer grows at least twice and ends complete; after a reload all of it is still there."""
    page = await open_page(sandbox.url)
    await page.evaluate(WATCH)
    await ask(page, "@Threadkeeper [[rate=20]] [[say=" + "Words that come one by one. " * 12 + "The end.]]")
    await expect(answer(page)).to_contain_text("The end.", timeout=ANSWER_TIMEOUT_MILLISECONDS)
    lengths = await page.evaluate("window.lengths")
    assert lengths == sorted(set(lengths))
    assert len(lengths) >= 3
    assert (await answer(page).inner_text()).count("one by one") == 12

    await ask(page, "@Threadkeeper [[say=And **again**.]]", field="thread-composer")
    await expect(answer(page, 1)).to_have_text("And again.", timeout=ANSWER_TIMEOUT_MILLISECONDS)
    await page.reload()
    await expect(answer(page)).to_contain_text("The end.")
    await expect(answer(page, 1).locator("strong")).to_have_text("again")


async def test_a_direct_message_is_answered_in_its_thread(sandbox: RunningSandbox, open_page: OpenPage) -> None:
    page = await open_page(sandbox.url, "user=U0GRACE")
    await page.get_by_test_id("channel-D0GRACE").click()
    await ask(page, "[[say=Hello *Grace*.]]")
    await expect(answer(page)).to_have_text("Hello Grace.", timeout=ANSWER_TIMEOUT_MILLISECONDS)
