"""The surface against the sandbox, over real sockets: Slack's calls and Slack's refusals."""

import time
from dataclasses import replace

import pytest

from bot.core.errors import MessageLost, SurfaceBusy, SurfaceError, SurfaceGone, SurfaceUnavailable
from bot.core.reply.commands import DisplayMode
from bot.core.turns import Action, ThreadKey
from bot.ports import Page
from bot.sandbox.server import SandboxWorkspace
from bot.slack.people.directory import People
from bot.slack.surface import SlackSurface
from bot.slack.transport import connect

GENERAL = "C0GENERAL"


@pytest.fixture
async def thread(workspace: SandboxWorkspace) -> ThreadKey:
    root = await workspace.say("U0ADA", GENERAL, "hello")
    return ThreadKey(platform="slack", workspace="T0SANDBOX", channel=GENERAL, root=root)


def page(text: str, *actions: Action) -> Page:
    return Page(turn=7, number=0, text=text, actions=actions)


async def test_a_page_is_posted_and_edited_in_the_thread(
    workspace: SandboxWorkspace, surface: SlackSurface, thread: ThreadKey
) -> None:
    """It is shown as Markdown and, complete, as text; without the label "edited"."""
    message_id = await surface.post(thread, page("**one**"))
    await surface.edit(thread, message_id, page("**one** & two"))
    _, shown = workspace.thread(GENERAL, thread.root)
    assert shown.ts == message_id
    assert shown.text == "*one* &amp; two"
    assert [block["text"] for block in shown.blocks] == ["**one** & two"]
    assert not shown.edited


async def test_buttons_are_below_a_page_until_an_edit_removes_them(
    workspace: SandboxWorkspace, surface: SlackSurface, thread: ThreadKey
) -> None:
    message_id = await surface.post(thread, page("it failed", Action.RETRY, Action.AGAIN))
    _, shown = workspace.thread(GENERAL, thread.root)
    text, buttons = shown.blocks
    assert text["text"] == "it failed"
    assert [button["text"]["text"] for button in buttons["elements"]] == ["Try again", "Answer again"]
    assert shown.text == "it failed", "a reader without blocks reads the same"
    await surface.edit(thread, message_id, page("it works"))
    assert [block["type"] for block in workspace.thread(GENERAL, thread.root)[1].blocks] == ["markdown"]


async def test_a_page_is_removed(workspace: SandboxWorkspace, surface: SlackSurface, thread: ThreadKey) -> None:
    await surface.delete_message(thread, await surface.post(thread, page("one")))
    assert len(workspace.thread(GENERAL, thread.root)) == 1


async def test_nothing_pings_and_nothing_unfurls(
    workspace: SandboxWorkspace, surface: SlackSurface, thread: ThreadKey
) -> None:
    await surface.post(thread, page("<!channel> <@U0ADA> @here https://a.example"))
    (call,) = workspace.calls("chat.postMessage")
    sent = call.arguments["text"] + str(call.arguments["blocks"])
    assert "<!channel>" not in sent
    assert "<@U0ADA>" not in sent
    assert str(call.arguments["unfurl_links"]).lower() in {"false", "0"}
    assert str(call.arguments["unfurl_media"]).lower() in {"false", "0"}


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"retry_after": 7}, SurfaceBusy),
        ({"error": "ratelimited"}, SurfaceBusy),
        ({"status": 500}, SurfaceUnavailable),
        ({"status": 503}, SurfaceUnavailable),
        ({"drop": True}, SurfaceUnavailable),
        ({"error": "internal_error"}, SurfaceUnavailable),
        ({"error": "channel_not_found"}, SurfaceGone),
        ({"error": "message_not_found"}, SurfaceGone),
        ({"error": "token_revoked"}, SurfaceGone),
        ({"error": "an_error_slack_adds_next_year"}, SurfaceGone),
    ],
    ids=str,
)
async def test_slacks_errors_are_translated(
    workspace: SandboxWorkspace,
    surface: SlackSurface,
    thread: ThreadKey,
    fault: dict[str, object],
    expected: type[SurfaceError],
) -> None:
    workspace.inject_fault("chat.postMessage", **fault)  # type: ignore[arg-type]  # a table of keyword arguments
    with pytest.raises(expected) as refused:
        await surface.post(thread, page("one"))
    if isinstance(refused.value, SurfaceBusy) and "retry_after" in fault:
        assert refused.value.retry_after == 7
    assert workspace.bot_token not in str(refused.value)


async def test_a_server_that_refuses_the_blocks_gets_the_text(
    workspace: SandboxWorkspace, surface: SlackSurface, thread: ThreadKey
) -> None:
    workspace.inject_fault("chat.postMessage", error="invalid_blocks")
    await surface.post(thread, page("**one**"))
    assert workspace.thread(GENERAL, thread.root)[1].text == "*one*"


@pytest.mark.parametrize(("age", "way"), [(0.0, DisplayMode.WHOLE), (60.0, DisplayMode.EDITS)])
async def test_if_messages_may_not_be_edited_answers_are_posted_whole(
    workspace: SandboxWorkspace, surface: SlackSurface, thread: ThreadKey, age: float, way: DisplayMode
) -> None:
    """An old message that may not be edited says nothing about others."""
    workspace.inject_fault("chat.update", error="edit_window_closed")
    assert surface.choose_display_mode(thread) is DisplayMode.EDITS
    with pytest.raises(MessageLost):
        await surface.edit(thread, f"{time.time() - age:.6f}", page("one"))
    assert surface.choose_display_mode(thread) is way
    assert surface.choose_display_mode(replace(thread, channel="D0ADA")) is DisplayMode.STREAM


async def test_thumbs_are_below_an_answer_that_may_be_judged(
    workspace: SandboxWorkspace, surface: SlackSurface, thread: ThreadKey
) -> None:
    """Below the buttons, in the same write as the text."""
    await surface.post(thread, page("so", Action.CONTINUE, Action.JUDGE))
    _, shown = workspace.thread(GENERAL, thread.root)
    assert [block["type"] for block in shown.blocks] == ["markdown", "actions", "context_actions"]
    (pair,) = shown.blocks[-1]["elements"]
    values = [pair[name]["value"] for name in ("positive_button", "negative_button")]
    assert values == ["good:7", "bad:7"]
    assert len(workspace.calls("chat.postMessage")) == 1


async def test_plain_buttons_replace_unknown_thumbs(
    workspace: SandboxWorkspace, surface: SlackSurface, thread: ThreadKey
) -> None:
    """The first refusal is remembered, and no text is lost."""
    workspace.inject_fault("chat.postMessage", error="invalid_blocks")
    for text in ("one", "two"):
        await surface.post(thread, page(text, Action.JUDGE))
    for text, shown in zip(("one", "two"), workspace.thread(GENERAL, thread.root)[1:], strict=True):
        assert [block["type"] for block in shown.blocks] == ["markdown", "actions"]
        assert [button["value"] for button in shown.blocks[-1]["elements"]] == ["good:7", "bad:7"]
        assert shown.text == text
    assert len(workspace.calls("chat.postMessage")) == 3


async def test_blocks_refused_for_their_text_do_not_disable_thumbs(
    workspace: SandboxWorkspace, surface: SlackSurface, thread: ThreadKey
) -> None:
    workspace.inject_fault("chat.postMessage", error="invalid_blocks", times=2)
    await surface.post(thread, page("one", Action.JUDGE))
    assert not workspace.thread(GENERAL, thread.root)[1].blocks
    await surface.post(thread, page("two", Action.JUDGE))
    assert workspace.thread(GENERAL, thread.root)[2].blocks[-1]["type"] == "context_actions"


async def test_thumbs_can_be_turned_off(workspace: SandboxWorkspace, thread: ThreadKey) -> None:
    async with connect.open_web_client(workspace.bot_token, workspace.api_url) as client:
        surface = SlackSurface(
            client, await connect.fetch_bot_identity(client), People(client, "T0SANDBOX"), asks_feedback=False
        )
        await surface.post(thread, page("one", Action.JUDGE))
    assert [block["type"] for block in workspace.thread(GENERAL, thread.root)[1].blocks] == ["markdown"]


async def test_prompts_can_name_where_they_apply(surface: SlackSurface, thread: ThreadKey) -> None:
    """The channel's name or "a direct message", and the workspace's name."""
    direct = replace(thread, channel="D0ADA")
    assert (surface.is_direct(thread), surface.is_direct(direct)) == (False, True)
    assert await surface.read_place_names(thread) == {"channel": "#general", "workspace": "Sandbox"}
    assert await surface.read_place_names(direct) == {"channel": "a direct message", "workspace": "Sandbox"}
