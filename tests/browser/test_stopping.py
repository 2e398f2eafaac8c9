"""Stopping an answer in a browser, with `bot try`."""

import pytest
from playwright.async_api import expect

from bot.core.reply.stopping import STOPPED_NOTE
from tests.browser.conftest import OpenPage
from tests.browser.test_main_job import ANSWER_TIMEOUT_MILLISECONDS, answer, ask
from tests.program import RunningSandbox

pytestmark = pytest.mark.browser

SLOW = "[[rate=30]] [[tokens=2000]]"


async def test_an_answer_is_stopped_gone_on_with_and_stopped_by_a_word(
    sandbox: RunningSandbox, open_page: OpenPage
) -> None:
    """The stop button is there while the answer grows; afterwards the buttons to continue and to retry are."""
    page = await open_page(sandbox.url)
    await ask(page, f"@Threadkeeper {SLOW}")
    shown = answer(page)
    stop = shown.get_by_role("button", name="Stop")
    await expect(stop).to_be_visible(timeout=ANSWER_TIMEOUT_MILLISECONDS)
    await stop.click()
    await expect(shown).to_contain_text(STOPPED_NOTE.strip("_"), timeout=ANSWER_TIMEOUT_MILLISECONDS)
    await expect(stop).to_have_count(0)
    text = await shown.inner_text()
    assert len(text.split()) > 5

    await shown.get_by_role("button", name="Go on").click()
    await expect(shown).not_to_contain_text(STOPPED_NOTE.strip("_"), timeout=ANSWER_TIMEOUT_MILLISECONDS)

    await ask(page, f"@Threadkeeper {SLOW}", field="thread-composer")
    await expect(answer(page, 1)).to_be_visible(timeout=ANSWER_TIMEOUT_MILLISECONDS)
    await ask(page, "@Threadkeeper stop", field="thread-composer")
    await expect(answer(page, 1)).to_contain_text(STOPPED_NOTE.strip("_"), timeout=ANSWER_TIMEOUT_MILLISECONDS)
    await expect(answer(page, 2)).to_have_count(0)
