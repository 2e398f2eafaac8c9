"""Streaming or editing fails in the middle of an answer: the thread still shows all of it, no word twice.

A table: what is refused, at which moment, and in how many messages the answer stands at the end.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from bot.sandbox.server import SandboxWorkspace
from bot.sandbox.workspace.records import WorkspaceMessage
from tests.e2e.bot_processes import open_bot_processes
from tests.e2e.cases import PATIENT, run_all, small_world
from tests.e2e.conftest import ADA, GENERAL
from tests.e2e.examination import CLEAN, Examination

DIRECT = "D0ADA"
ALL_CALLS = 1_000
"""Calls: more than an answer makes."""
START, APPEND, STOP = "chat.startStream", "chat.appendStream", "chat.stopStream"
UPDATE = "chat.update"


@dataclass
class FallbackScene:
    """A growing answer, and the workspace in which something disturbs it."""

    workspace: SandboxWorkspace
    asked: Examination
    channel: str
    root: str = ""
    refused: dict[str, int] = field(default_factory=dict)
    """By method: the number of calls before its fault was injected."""

    def inject_fault(self, method: str, **fault: Any) -> None:
        """Let the next call of a method fail; see `have_all_faults_happened`."""
        self.refused[method] = len(self.workspace.calls(method))
        self.workspace.inject_fault(method, **fault)

    def have_all_faults_happened(self) -> bool:
        """Whether all injected faults have happened."""
        return all(len(self.workspace.calls(method)) > count for method, count in self.refused.items())

    async def ask(self, *, words: int = 30, seconds: float = 3.0) -> None:
        """Ask for an answer that grows for some seconds."""
        self.root = await self.asked.ask(ADA, self.channel, words=words, seconds=seconds)

    async def wait_for_words(self, words: int = 1) -> None:
        """Wait until so many words of it are shown."""
        await self.workspace.wait_until(lambda: len(self.asked.bot_words(self.channel, self.root)) >= words, 30)

    @property
    def messages(self) -> list[WorkspaceMessage]:
        return [message for message in self.workspace.thread(self.channel, self.root) if message.is_from_app]


Trouble = Callable[[FallbackScene], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FallbackCase:
    """A disturbance, and what the thread shows at the end."""

    trouble: Trouble
    messages: tuple[int, ...] = (1,)
    """How many the answer may stand in; more than one where it depends on how fast things go."""
    channel: str = DIRECT
    stream_seconds: float = 300.0
    is_left_open: bool = False
    """Whether a stream stays that Slack does not let us end."""


def at_once(method: str, **fault: Any) -> Trouble:
    """Refuse the first call of a method."""

    async def trouble(scene: FallbackScene) -> None:
        scene.inject_fault(method, **fault)
        await scene.ask(seconds=5.0)

    return trouble


def later(*methods: str, words: int = 30, seconds: float = 3.0, **fault: Any) -> Trouble:
    """Refuse calls of methods from the first visible word on."""

    async def trouble(scene: FallbackScene) -> None:
        await scene.ask(words=words, seconds=seconds)
        await scene.wait_for_words()
        for method in methods:
            scene.inject_fault(method, **fault)

    return trouble


async def nothing(scene: FallbackScene) -> None:
    """Do nothing; time ends the stream."""
    await scene.ask()


async def deleted(scene: FallbackScene) -> None:
    """Delete the growing message."""
    await scene.ask()
    await scene.wait_for_words(words=5)
    await scene.workspace.delete(ADA, scene.channel, scene.messages[0].ts)


async def deleted_twice(scene: FallbackScene) -> None:
    """Delete it, and the one that is posted in its place: then no third one is posted."""
    await deleted(scene)
    await scene.wait_for_words()
    await scene.workspace.delete(ADA, scene.channel, scene.messages[0].ts)
    scene.asked.questions.clear()


def window(seconds: float) -> Trouble:
    """Close the edit window of messages after so many seconds."""

    async def trouble(scene: FallbackScene) -> None:
        scene.workspace.state.edit_window_seconds = seconds
        await scene.ask(seconds=6.0)

    return trouble


async def expired_and_window_closed(scene: FallbackScene) -> None:
    """From some words on, let the message neither grow nor be edited."""
    await scene.ask()
    await scene.wait_for_words(words=5)
    scene.workspace.state.edit_window_seconds = 0.0
    scene.inject_fault(APPEND, error="message_not_in_streaming_state")


TWO_PAGES: Mapping[str, Any] = MappingProxyType({"words": 1_000, "seconds": 9.0})
"""The second begins when there is room for another start: 17 a minute are made."""
UNSTARTED = (
    "unknown_method",
    "missing_scope",
    "channel_type_not_supported",
    "not_allowed_token_type",
    "missing_recipient_user_id",
    "internal_error",
)
UNGROWN = (
    "message_not_in_streaming_state",
    "message_not_owned_by_app",
    "msg_too_long",
    "invalid_chunks",
    "unknown_method",
    "missing_scope",
    "internal_error",
)
UNENDED = ("message_not_in_streaming_state", "msg_too_long", "invalid_blocks", "unknown_method")
OUTAGES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {"is too much": {"retry_after": 1}, "fails": {"status": 500}, "is answered by silence": {"drop": True}}
)

CASES: Mapping[str, FallbackCase] = MappingProxyType(
    {
        **{f"no stream begins: {e}": FallbackCase(trouble=at_once(START, error=e)) for e in UNSTARTED},
        **{f"a start {name}": FallbackCase(trouble=at_once(START, **fault)) for name, fault in OUTAGES.items()},
        **{
            f"no second stream begins: {e}": FallbackCase(trouble=later(START, **TWO_PAGES, error=e), messages=(2,))
            for e in ("unknown_method", "user_not_found")
        },
        **{
            f"the second start {name}": FallbackCase(trouble=later(START, **TWO_PAGES, **fault), messages=(2,))
            for name, fault in OUTAGES.items()
        },
        **{f"an addition: {e}": FallbackCase(trouble=later(APPEND, error=e)) for e in UNGROWN},
        **{f"an addition {name}": FallbackCase(trouble=later(APPEND, **fault)) for name, fault in OUTAGES.items()},
        **{f"the end: {e}": FallbackCase(trouble=later(STOP, error=e)) for e in UNENDED},
        **{f"the end {name}": FallbackCase(trouble=later(STOP, **fault)) for name, fault in OUTAGES.items()},
        "all of streaming is gone": FallbackCase(
            trouble=later(APPEND, STOP, error="unknown_method", times=ALL_CALLS),
            messages=(2,),
            is_left_open=True,
        ),
        "the stream's time is over": FallbackCase(trouble=nothing, stream_seconds=1.0),
        "the stream is deleted": FallbackCase(trouble=deleted),
        "the stream is deleted twice": FallbackCase(trouble=deleted_twice, messages=(0,)),
        "the stream ends, and may not be edited": FallbackCase(trouble=expired_and_window_closed, messages=(2, 3)),
        **{
            f"an edit: {e}": FallbackCase(trouble=later(UPDATE, error=e), channel=GENERAL, messages=(2,))
            for e in ("cant_update_message", "edit_window_closed", "msg_too_long")
        },
        **{
            f"an edit {name}": FallbackCase(trouble=later(UPDATE, **fault), channel=GENERAL)
            for name, fault in OUTAGES.items()
        },
        "the message is deleted": FallbackCase(trouble=deleted, channel=GENERAL),
        "the message is deleted twice": FallbackCase(trouble=deleted_twice, channel=GENERAL, messages=(0,)),
        "messages may be edited for two seconds": FallbackCase(trouble=window(2.0), channel=GENERAL, messages=(3, 4)),
        "messages may never be edited": FallbackCase(trouble=window(0.0), channel=GENERAL, messages=(2,)),
    }
)


async def test_each_way_is_the_others_fallback(tmp_path_factory: pytest.TempPathFactory) -> None:
    """In each case the thread shows the whole answer, has no status, and the next question is answered."""

    async def play(name: str, folder: Path) -> None:
        case = CASES[name]
        workspace = SandboxWorkspace(redelivery=PATIENT, stream_lifetime=case.stream_seconds)
        async with small_world("sqlite", folder, workspace) as world:
            bot = await processes.start(folder, world.env)
            await bot.wait_until_ready()
            scene = FallbackScene(workspace, Examination(workspace), case.channel)
            await case.trouble(scene)
            assert await scene.asked.wait_until_answered() == CLEAN, scene.asked.describe_calls() + bot.text
            await scene.asked.ask(ADA, case.channel)
            assert await scene.asked.wait_until_answered() == CLEAN, scene.asked.describe_calls() + bot.text
            assert await bot.stop() == 0, bot.text
            assert scene.asked.check() == CLEAN, "it stays so"
            shown = scene.messages
            assert scene.have_all_faults_happened(), scene.refused
            assert len(shown) in case.messages, [message.text for message in shown]
            assert any(message.is_streaming for message in shown) == case.is_left_open
            assert "Traceback" not in bot.text

    async with open_bot_processes() as processes:
        await run_all(CASES, play, tmp_path_factory)
