"""Native streams against the sandbox, over real sockets, and everything that ends one too early."""

import asyncio
import re
from dataclasses import replace

import pytest

from bot.core.errors import MessageLost, SurfaceBusy, SurfaceGone, SurfaceUnavailable
from bot.core.reply.commands import DisplayMode
from bot.core.turns import Action, Author, ThreadKey, Turn, TurnStatus
from bot.ports import GrowingMessage, Page
from bot.sandbox.server import SandboxWorkspace
from bot.slack import messages
from bot.slack.people.directory import People
from bot.slack.rendering import render
from bot.slack.surface import SlackSurface, native_streams
from bot.slack.surface.native_streams import StreamingMode
from bot.slack.transport import connect
from bot.slack.transport.unavailable_features import UNSUPPORTED_ERRORS

DIRECT = "D0ADA"


@pytest.fixture
async def turn(workspace: SandboxWorkspace) -> Turn:
    root = await workspace.say("U0ADA", DIRECT, "hello")
    return Turn(
        id=7,
        thread=ThreadKey(platform="slack", workspace="T0SANDBOX", channel=DIRECT, root=root),
        message_id=root,
        author=Author(id="U0ADA"),
        question="hello",
        status=TurnStatus.ANSWERING,
        token=2,
    )


def page(text: str, *actions: Action, ends: bool = True) -> Page:
    return Page(turn=7, number=0, text=text, actions=actions, is_last=ends)


async def start_stream(surface: SlackSurface, turn: Turn, text: str) -> GrowingMessage:
    growing = await surface.start_message(turn, page(text))
    assert growing
    return growing


def blocks(workspace: SandboxWorkspace, turn: Turn) -> list[str]:
    """Return the Markdown of the newest message, and the types of the blocks below it."""
    shown = workspace.thread(DIRECT, turn.thread.root)[-1].blocks
    return [block["text"] if block["type"] == "markdown" else block["type"] for block in shown]


async def test_a_message_grows_and_ends_with_its_buttons(
    workspace: SandboxWorkspace, surface: SlackSurface, turn: Turn
) -> None:
    growing = await start_stream(surface, turn, "one ")
    assert growing.can_show(page("one **two** "))
    await growing.append_page(page("one **two** ", Action.RETRY), last=False)
    assert blocks(workspace, turn) == ["one **two** "]
    await growing.append_page(page("one **two** three", Action.RETRY), last=True)
    assert blocks(workspace, turn) == ["one **two** three", "actions"]
    shown = workspace.thread(DIRECT, turn.thread.root)[-1]
    assert not shown.is_streaming
    assert await surface.find_pages(turn) == {0: growing.message_id}
    assert await surface.find_pages(replace(turn, id=8)) == {}, "it belongs to no other turn"
    assert not workspace.calls("chat.update")


@pytest.mark.parametrize("piece", ["see <!chan", "see `<!chan", "see @he", "see <@U0A", "    <!he"])
async def test_appended_pieces_never_ping(
    workspace: SandboxWorkspace, surface: SlackSurface, turn: Turn, piece: str
) -> None:
    """Even if each piece is harmless: the page is sanitized as a whole, and replaced if necessary."""
    growing = await start_stream(surface, turn, piece)
    whole = page(piece + {"U": "DA> ", "e": "re> ", "n": "nel> "}.get(piece[-1], "DA> ") + "it is")
    if growing.can_show(whole):
        await growing.append_page(whole, last=True)
    else:
        await surface.edit(turn.thread, growing.message_id, whole)
    assert blocks(workspace, turn) == [render.render(whole.text).blocks[0]["text"]]
    assert not re.search(r"<[!@]|@here", blocks(workspace, turn)[0])


@pytest.mark.parametrize("streaming", StreamingMode)
def test_where_answers_stream(streaming: StreamingMode) -> None:
    """In direct messages; in channels answers are shown by edits, which all readers see."""
    client = connect.Client(token="xoxb-unused")
    surface = SlackSurface(
        client,
        messages.BotIdentity(workspace="T0SANDBOX", user="U0BOT", bot_id="B0BOT"),
        People(client, "T0SANDBOX"),
        streaming=streaming,
    )
    ways = [
        surface.choose_display_mode(ThreadKey(platform="slack", workspace="T0SANDBOX", channel=channel, root="1.0"))
        for channel in (DIRECT, "C0GENERAL")
    ]
    assert (
        ways
        == {
            StreamingMode.AUTO: [DisplayMode.STREAM, DisplayMode.EDITS],
            StreamingMode.EDITS: [DisplayMode.EDITS, DisplayMode.EDITS],
            StreamingMode.NATIVE: [DisplayMode.STREAM, DisplayMode.STREAM],
            StreamingMode.OFF: [DisplayMode.WHOLE, DisplayMode.WHOLE],
        }[streaming]
    )


@pytest.mark.parametrize("error", sorted(UNSUPPORTED_ERRORS))
async def test_after_a_refusal_streams_count_as_unavailable(
    workspace: SandboxWorkspace, surface: SlackSurface, turn: Turn, error: str
) -> None:
    workspace.inject_fault("chat.startStream", error=error)
    assert surface.choose_display_mode(turn.thread) is DisplayMode.STREAM
    assert await surface.start_message(turn, page("one")) is None
    assert surface.choose_display_mode(turn.thread) is DisplayMode.EDITS


@pytest.mark.parametrize("method", ["chat.appendStream", "chat.stopStream"])
async def test_after_a_refused_append_no_stream_is_started(
    workspace: SandboxWorkspace, surface: SlackSurface, turn: Turn, method: str
) -> None:
    growing = await start_stream(surface, turn, "one ")
    workspace.inject_fault(method, error="missing_scope")
    with pytest.raises(SurfaceGone):
        await growing.append_page(page("one two "), last=method == "chat.stopStream")
    assert surface.choose_display_mode(turn.thread) is DisplayMode.EDITS


async def test_a_stream_that_slack_does_not_end_stays_as_it_is(
    workspace: SandboxWorkspace, surface: SlackSurface, turn: Turn
) -> None:
    """It cannot be replaced, so the rest is posted below it."""
    growing = await start_stream(surface, turn, "one ")
    workspace.inject_fault("chat.stopStream", error="unknown_method")
    with pytest.raises(MessageLost) as lost:
        await surface.edit(turn.thread, growing.message_id, page("one two"))
    assert lost.value.stays


async def test_an_error_of_one_stream_does_not_affect_others(
    workspace: SandboxWorkspace, surface: SlackSurface, turn: Turn
) -> None:
    workspace.inject_fault("chat.startStream", error="missing_recipient_user_id")
    assert await surface.start_message(turn, page("one")) is None
    assert surface.choose_display_mode(turn.thread) is DisplayMode.STREAM


async def test_a_stream_that_has_ended_is_edited(
    workspace: SandboxWorkspace, surface: SlackSurface, turn: Turn
) -> None:
    """After five minutes, or stopped by a person: the message continues by edits and gets its buttons."""
    growing = await start_stream(surface, turn, "one ")
    workspace.inject_fault("chat.appendStream", error="message_not_in_streaming_state")
    with pytest.raises(SurfaceGone):
        await growing.append_page(page("one two "), last=False)
    await surface.edit(turn.thread, growing.message_id, page("one two three", Action.RETRY))
    assert blocks(workspace, turn) == ["one two three", "actions"]
    assert await surface.find_pages(replace(turn, id=8)) == {}, "it belongs to no other turn"


async def test_a_429_appends_nothing(workspace: SandboxWorkspace, surface: SlackSurface, turn: Turn) -> None:
    growing = await start_stream(surface, turn, "one ")
    workspace.inject_fault("chat.appendStream", retry_after=1)
    with pytest.raises(SurfaceBusy):
        await growing.append_page(page("one two "), last=False)
    await growing.append_page(page("one two three "), last=False)
    assert blocks(workspace, turn) == ["one two three "]


async def test_a_dead_processs_stream_is_found_and_replaced(
    workspace: SandboxWorkspace, surface: SlackSurface, turn: Turn
) -> None:
    """It stops growing and shows the new text; other messages of the bot are left alone."""
    growing = await start_stream(surface, turn, "one two thr")
    assert await surface.find_pages(turn) == {0: growing.message_id}
    await surface.edit(turn.thread, growing.message_id, page("all of it"))
    assert blocks(workspace, turn) == ["all of it"]
    assert not workspace.thread(DIRECT, turn.thread.root)[-1].is_streaming
    assert await surface.find_pages(turn) == {0: growing.message_id}


async def test_a_stream_that_may_have_started_is_found(
    workspace: SandboxWorkspace, surface: SlackSurface, turn: Turn
) -> None:
    workspace.inject_fault("chat.startStream", drop=True)
    with pytest.raises(SurfaceUnavailable):
        await surface.start_message(turn, page("one"))
    assert list(await surface.find_pages(turn)) in ([], [0])


async def test_after_four_minutes_nothing_is_appended(
    surface: SlackSurface, turn: Turn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slack would refuse to append after five."""
    monkeypatch.setattr(native_streams, "STREAM_LIFETIME_SECONDS", 0.2)
    growing = await start_stream(surface, turn, "one ")
    assert growing.can_show(page("one two "))
    await asyncio.sleep(0.3)
    assert not growing.can_show(page("one two "))
