"""The sandbox's page in a browser: what a person sees and can do. The test plays the bot."""

import pytest
from playwright.async_api import Locator, Page, expect
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.server import SandboxWorkspace
from tests.browser.conftest import OpenPage

pytestmark = pytest.mark.browser

ADA, GRACE, GENERAL, DIRECT = "U0ADA", "U0GRACE", "C0GENERAL", "D0ADA"
PHONE = {"width": 390, "height": 844}


def markdown(text: str) -> list[dict[str, str]]:
    return [{"type": "markdown", "text": text}]


def replies(page: Page) -> Locator:
    return page.get_by_test_id("thread-pane").get_by_test_id("message")


async def ask(page: Page, text: str) -> None:
    await page.get_by_test_id("composer").fill(text)
    await page.get_by_test_id("composer").press("Enter")


async def test_a_question_opens_its_thread_and_the_answer_grows_there(
    workspace: SandboxWorkspace, slack: AsyncWebClient, open_page: OpenPage
) -> None:
    """The keyboard completes the name; finished parts keep their elements while the answer grows."""
    page = await open_page(workspace.url)
    composer = page.get_by_test_id("composer")
    await composer.press_sequentially("@thr")
    await composer.press("Enter")
    await composer.press_sequentially("how are you?")
    await composer.press("Enter")
    await workspace.wait_until(lambda: workspace.state.messages(GENERAL))
    root = workspace.state.messages(GENERAL)[0]
    assert root.text == "<@U0BOT> how are you?"

    await slack.assistant_threads_setStatus(channel_id=GENERAL, thread_ts=root.ts, status="is thinking...")
    await expect(page.get_by_test_id("status")).to_have_text("Threadkeeper is thinking...")
    first = await slack.chat_postMessage(channel=GENERAL, thread_ts=root.ts, text="f", blocks=markdown("First."))
    await expect(replies(page).nth(1)).to_contain_text("First.")
    await expect(page.get_by_test_id("status")).to_have_count(0)
    await replies(page).nth(1).locator("p").evaluate("node => node.marked = true")
    grown = "First.\n\n```py\nsecond = 2\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |"
    await slack.chat_update(channel=GENERAL, ts=first["ts"], text="f", blocks=markdown(grown))
    await expect(replies(page).nth(1).locator("td")).to_have_text(["1", "2"])
    assert await replies(page).nth(1).locator("p").first.evaluate("node => node.marked")
    await expect(replies(page).nth(1).get_by_text("(edited)")).to_be_hidden()


async def test_a_direct_message_shows_suggestions_and_the_title_of_its_thread(
    workspace: SandboxWorkspace, slack: AsyncWebClient, open_page: OpenPage
) -> None:
    """Both are shown at once and after a reload; a long title leaves room beside it."""
    page = await open_page(workspace.url, "channel=D0ADA")
    await expect(page.get_by_test_id("suggestion")).to_have_count(3)
    prompts = [{"title": "Explain <b>it</b>", "message": "Explain this: "}]
    await slack.assistant_threads_setSuggestedPrompts(channel_id=DIRECT, prompts=prompts)
    await expect(page.get_by_test_id("suggestion")).to_have_text(["Explain <b>it</b>"])
    await page.reload()
    await page.get_by_test_id("suggestion").click()
    await expect(page.get_by_test_id("composer")).to_have_value("Explain this: ")
    await page.get_by_test_id("composer").press("Enter")
    await workspace.wait_until(lambda: workspace.state.messages(DIRECT))
    root = workspace.state.messages(DIRECT)[0].ts
    await slack.chat_postMessage(channel=DIRECT, thread_ts=root, text="Well.")
    await expect(page.get_by_test_id("thread-title")).to_have_text("Thread")
    title = "Why is it that " + "it rains and rains and " * 8
    await slack.agents_sessions_setStatus(channel_id=DIRECT, thread_ts=root, status="active", title=title.strip())
    await expect(page.get_by_test_id("thread-title")).to_have_text(title.strip())
    await page.reload()
    await expect(page.get_by_test_id("thread-title")).to_have_text(title.strip())
    await expect(page.get_by_role("button", name="Close the thread")).to_be_in_viewport(ratio=1)


async def test_a_growing_answer_follows_only_a_reader_at_the_end(
    workspace: SandboxWorkspace, slack: AsyncWebClient, open_page: OpenPage
) -> None:
    root = await workspace.say(ADA, GENERAL, "tell me")
    text = "\n\n".join(f"Paragraph {number}." for number in range(60))
    first = await slack.chat_postMessage(channel=GENERAL, thread_ts=root, text="f", blocks=markdown(text[:700]))
    page = await open_page(workspace.url, f"channel={GENERAL}&thread={root}")
    pane = page.locator("#thread-timeline")
    await slack.chat_update(channel=GENERAL, ts=first["ts"], text="f", blocks=markdown(text))
    await expect(page.get_by_text("Paragraph 59.")).to_be_in_viewport()
    await pane.evaluate("node => node.scrollTop = 100")
    await expect(page.get_by_role("button", name="Latest messages")).to_be_visible()
    await slack.chat_update(channel=GENERAL, ts=first["ts"], text="f", blocks=markdown(text + "\n\nThe end."))
    await expect(page.get_by_text("The end.")).to_be_attached()
    assert await pane.evaluate("node => node.scrollTop") == 100
    await page.get_by_role("button", name="Latest messages").click()
    await expect(page.get_by_text("The end.")).to_be_in_viewport()


async def test_another_question_in_the_thread_is_there_after_a_reload(
    workspace: SandboxWorkspace, slack: AsyncWebClient, open_page: OpenPage
) -> None:
    root = await workspace.say(ADA, GENERAL, "<@U0BOT> one")
    await slack.chat_postMessage(channel=GENERAL, thread_ts=root, text="a", blocks=markdown("Answer."))
    page = await open_page(workspace.url)
    await expect(page.get_by_test_id("thread-summary")).to_contain_text("1 reply")
    await page.get_by_test_id("thread-summary").click()
    await page.get_by_test_id("thread-composer").fill("and two?\nin two lines")
    await page.get_by_test_id("thread-send").click()
    await expect(replies(page)).to_have_count(3)
    await page.reload()
    await expect(replies(page).nth(2)).to_contain_text("and two?")
    await expect(page.get_by_test_id("thread-summary")).to_contain_text("2 replies")
    assert workspace.thread(GENERAL, root)[2].text == "and two?\nin two lines"


async def test_each_person_sees_their_own_direct_messages(
    workspace: SandboxWorkspace, slack: AsyncWebClient, open_page: OpenPage
) -> None:
    page = await open_page(workspace.url)
    await page.get_by_test_id("channel-D0ADA").click()
    await page.get_by_test_id("suggestion").first.click()
    await page.get_by_test_id("composer").press("Enter")
    await expect(page.get_by_test_id("message")).to_have_count(1)
    await page.get_by_test_id("switch-user").select_option(GRACE)
    await expect(page.get_by_test_id("channel-D0GRACE")).to_be_visible()
    await expect(page.get_by_test_id("channel-D0ADA")).to_have_count(0)
    await expect(page.get_by_test_id("message")).to_have_count(0)
    await ask(page, "hello from Grace")
    await expect(page.get_by_test_id("message")).to_contain_text("Grace Hopper")
    await page.reload()
    await expect(page.get_by_test_id("switch-user")).to_have_value(GRACE)


async def test_what_people_and_bots_write_is_never_markup(
    workspace: SandboxWorkspace, slack: AsyncWebClient, open_page: OpenPage
) -> None:
    evil = "<img src=x onerror=\"document.title='hacked'\"> **bold**"
    await slack.chat_postMessage(channel=GENERAL, text="e", blocks=markdown(evil))
    plain = [{"type": "section", "text": {"type": "plain_text", "text": evil}}]
    await slack.chat_postMessage(channel=GENERAL, text="e", blocks=plain)
    page = await open_page(workspace.url)
    await ask(page, evil)
    await expect(page.get_by_test_id("message")).to_have_count(3)
    for message in await page.get_by_test_id("message").all():
        await expect(message).to_contain_text("<img src=x")
        await expect(message.locator(".blocks img")).to_have_count(0)
    await expect(page).to_have_title("#general - Sandbox")


async def test_ones_own_message_can_be_edited_and_deleted(workspace: SandboxWorkspace, open_page: OpenPage) -> None:
    await workspace.say(ADA, GENERAL, "<@U0BOT> helo")
    page = await open_page(workspace.url)
    message = page.get_by_test_id("message")
    await message.hover()
    await message.get_by_role("button", name="Edit").click()
    editor = message.get_by_role("combobox", name="Edit the message")
    await expect(editor).to_have_value("@Threadkeeper helo")
    await editor.fill("@Threadkeeper hello")
    await editor.press("Enter")
    await expect(message).to_contain_text("@Threadkeeper hello")
    await expect(message.get_by_text("(edited)")).to_be_visible()
    assert workspace.state.messages(GENERAL)[0].text == "<@U0BOT> hello"
    await message.hover()
    await message.get_by_role("button", name="Delete").click()
    await expect(message).to_have_count(0)


async def test_the_page_finds_its_workspace_again(open_page: OpenPage) -> None:
    """A banner says that the connection is lost; the page reconnects when the workspace is back."""
    async with SandboxWorkspace() as workspace:
        page = await open_page(workspace.url)
        port = int(workspace.url.rsplit(":", 1)[1].strip("/"))
    banner = page.get_by_role("alert").filter(has_text="connection")
    await expect(banner).to_be_visible()
    async with SandboxWorkspace(port=port) as workspace:
        await expect(banner).to_be_hidden()
        await ask(page, "back again")
        await expect(page.get_by_test_id("message")).to_contain_text("back again")


async def test_the_wire_log_shows_each_call(
    workspace: SandboxWorkspace, slack: AsyncWebClient, open_page: OpenPage
) -> None:
    page = await open_page(workspace.url)
    await slack.auth_test()
    await page.get_by_test_id("trace-toggle").click()
    entry = page.get_by_test_id("trace-panel").get_by_test_id("trace-entry").filter(has_text="auth.test")
    await expect(entry).to_contain_text("ok")


async def test_on_a_phone_the_panes_are_overlays(
    workspace: SandboxWorkspace, slack: AsyncWebClient, open_page: OpenPage
) -> None:
    root = await workspace.say(ADA, GENERAL, "a question")
    wide = "| " + " | ".join("column" for _ in range(12)) + " |\n|" + "---|" * 12
    await slack.chat_postMessage(channel=GENERAL, thread_ts=root, text="w", blocks=markdown(f"{wide}\n\n`{'x' * 200}`"))
    page = await open_page(workspace.url, size=PHONE)
    await page.get_by_test_id("thread-summary").click()
    await expect(replies(page)).to_have_count(2)
    assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    await page.get_by_role("button", name="Close the thread").click()
    await expect(page.get_by_test_id("channel-C0ENG")).not_to_be_in_viewport()
    await page.get_by_role("button", name="Channels").click()
    await page.get_by_test_id("channel-C0ENG").click()
    await expect(page.get_by_role("heading", level=1, name="#engineering")).to_be_visible()
    await expect(page.get_by_test_id("channel-C0ENG")).not_to_be_in_viewport()
