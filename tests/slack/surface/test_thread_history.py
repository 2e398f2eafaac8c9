"""Reading threads of the sandbox, over real sockets: the bot's pages, and messages of people."""

from collections.abc import Callable
from typing import Any

import pytest

from bot.core.errors import SurfaceBusy, SurfaceError, SurfaceUnavailable
from bot.core.turns import AddressingKind, Author, ThreadKey, Turn, TurnStatus
from bot.ports import Page
from bot.sandbox.server import SandboxWorkspace
from bot.slack.surface import SlackSurface, thread_history
from bot.slack.surface.thread_history import ReadBounds

ADA, GRACE, GENERAL = "U0ADA", "U0GRACE", "C0GENERAL"


@pytest.fixture
async def thread(workspace: SandboxWorkspace) -> ThreadKey:
    root = await workspace.say(ADA, GENERAL, "hello")
    return ThreadKey(platform="slack", workspace="T0SANDBOX", channel=GENERAL, root=root)


Say = Callable[..., Any]


@pytest.fixture
def say(workspace: SandboxWorkspace, thread: ThreadKey) -> Say:
    """Return a function that posts in the thread."""

    async def into_the_thread(text: str, user: str = GRACE) -> str:
        return await workspace.say(user, GENERAL, text, thread_ts=thread.root)

    return into_the_thread


def turn(thread: ThreadKey, *pages: str, message_id: str = "", id: int = 7) -> Turn:  # noqa: A002 - Turn's name
    return Turn(
        id=id,
        thread=thread,
        message_id=message_id or thread.root,
        author=Author(id=ADA),
        question="hello",
        status=TurnStatus.ANSWERING,
        token=2,
        pages=pages,
    )


def page(number: int, *, turn: int = 7) -> Page:
    return Page(turn=turn, number=number, text=f"page {number}")


async def test_the_pages_of_a_turn_are_found_among_everything_else(
    surface: SlackSurface, thread: ThreadKey, say: Say
) -> None:
    await surface.post(thread, page(0, turn=6))
    first = await surface.post(thread, page(0))
    await say("meanwhile")
    second = await surface.post(thread, page(1))
    await surface.post(thread, page(0, turn=8))
    assert await surface.find_pages(turn(thread)) == {0: first, 1: second}
    assert await surface.find_pages(turn(thread, id=9)) == {}


async def test_a_page_is_found_after_it_was_edited(surface: SlackSurface, thread: ThreadKey) -> None:
    first = await surface.post(thread, page(0))
    await surface.edit(thread, first, Page(turn=7, number=0, text="more"))
    assert await surface.find_pages(turn(thread)) == {0: first}


async def test_a_page_is_found_in_a_thread_of_thousands(
    workspace: SandboxWorkspace, surface: SlackSurface, thread: ThreadKey, say: Say
) -> None:
    """The search begins at the question, or after the last known page."""
    for number in range(800):
        await say(str(number))
    question = await say("<@U0BOT> well?")
    first = await surface.post(thread, page(0))
    for number in range(800):
        await say(str(number))
    second = await surface.post(thread, page(1))
    assert await surface.find_pages(turn(thread, message_id=question)) == {0: first}
    assert await surface.find_pages(turn(thread, second, message_id=question)) == {}
    assert len(workspace.calls("conversations.replies")) <= 4


async def test_other_apps_metadata_is_ignored(
    workspace: SandboxWorkspace, surface: SlackSurface, thread: ThreadKey
) -> None:
    """Another app may attach any metadata to its messages."""
    posted = await surface.post(thread, page(0))
    message = workspace.state.message(GENERAL, posted)
    workspace.state.replace(message, user=GRACE)
    assert await surface.find_pages(turn(thread)) == {}


@pytest.mark.parametrize("error", ["missing_scope", "unknown_method", "not_in_channel", "thread_not_found"])
async def test_an_unreadable_thread_is_empty(
    workspace: SandboxWorkspace, surface: SlackSurface, thread: ThreadKey, error: str
) -> None:
    await surface.post(thread, page(0))
    workspace.inject_fault("conversations.replies", error=error, times=2)
    assert await surface.find_pages(turn(thread)) == {}
    assert await surface.read_messages(thread, limit=9) == []


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"retry_after": 7}, SurfaceBusy),
        ({"status": 503}, SurfaceUnavailable),
        ({"drop": True}, SurfaceUnavailable),
    ],
    ids=str,
)
async def test_temporary_errors_are_raised(
    workspace: SandboxWorkspace,
    surface: SlackSurface,
    thread: ThreadKey,
    fault: dict[str, Any],
    expected: type[SurfaceError],
) -> None:
    workspace.inject_fault("conversations.replies", **fault, times=4)  # aiohttp itself reads again once
    with pytest.raises(expected):
        await surface.find_pages(turn(thread))
    with pytest.raises(expected):
        await surface.read_messages(thread, limit=9)


async def test_messages_of_people_are_read_with_names_and_of_bots_not(
    workspace: SandboxWorkspace, surface: SlackSurface, thread: ThreadKey, say: Say
) -> None:
    await say("ask <@U0ADA> & me")
    await surface.post(thread, page(0))
    gone = await say("never mind")
    await workspace.delete(GRACE, GENERAL, gone)
    ts = await say("<@U0BOT> what now?", ADA)
    said = await surface.read_messages(thread, limit=9)
    assert [(each.author.name, each.text) for each in said] == [
        ("ada", "hello"),
        ("grace", "ask @ada & me"),
        ("ada", "what now?"),
    ]
    assert {each.addressed for each in said} == {AddressingKind.OVERHEARD}
    assert {each.thread for each in said} == {thread}
    assert (said[-1].message_id, said[-1].sent_at) == (ts, float(ts))


async def test_a_deleted_first_message_is_not_read(
    workspace: SandboxWorkspace, surface: SlackSurface, thread: ThreadKey, say: Say
) -> None:
    await say("a reply")
    await workspace.delete(ADA, GENERAL, thread.root)
    assert [each.text for each in await surface.read_messages(thread, limit=9)] == ["a reply"]


async def test_the_newest_messages_after_a_time_are_read(surface: SlackSurface, thread: ThreadKey, say: Say) -> None:
    times = [float(await say(str(number))) for number in range(5)]
    assert [each.text for each in await surface.read_messages(thread, limit=2)] == ["3", "4"]
    assert [each.text for each in await surface.read_messages(thread, limit=9, since=times[2])] == ["3", "4"]
    assert await surface.read_messages(thread, limit=9, since=times[4]) == []


async def test_a_long_thread_is_read_in_a_few_calls(
    workspace: SandboxWorkspace, surface: SlackSurface, thread: ThreadKey, say: Say
) -> None:
    for number in range(2_500):
        await say(str(number))
    assert [each.text for each in await surface.read_messages(thread, limit=3)] == ["2497", "2498", "2499"]
    assert len(workspace.calls("conversations.replies")) == 3


async def test_with_fifteen_messages_a_minute_the_beginning_is_read(
    workspace: SandboxWorkspace,
    surface: SlackSurface,
    thread: ThreadKey,
    say: Say,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Slack's limits for apps distributed outside its Marketplace: a whole thread would take minutes."""
    for number in range(30):
        await say(str(number))
    monkeypatch.setattr(thread_history, "READ_BOUNDS", ReadBounds(calls=10, size=15))
    workspace.inject_fault("conversations.replies")
    workspace.inject_fault("conversations.replies", retry_after=60)
    assert len(await surface.read_messages(thread, limit=99)) == 15


async def test_with_fifteen_messages_a_minute_a_page_is_found(
    workspace: SandboxWorkspace,
    surface: SlackSurface,
    thread: ThreadKey,
    say: Say,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If it started over after each refusal, it would never get beyond the first part."""
    for number in range(20):
        await say(str(number))
    first = await surface.post(thread, page(0))
    monkeypatch.setattr(thread_history, "FIND_BOUNDS", ReadBounds(calls=3, size=15))
    workspace.inject_fault("conversations.replies")
    workspace.inject_fault("conversations.replies", retry_after=1)
    assert await surface.find_pages(turn(thread)) == {0: first}
