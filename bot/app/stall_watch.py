"""Logs each stall of the event loop, with its length and what ran: while one lasts, the process serves nobody.

    loop     beat   beat   |----- a slow function -----|  beat: late by 3.1 s, logged
    thread     look   look   look: no beat, so look at the loop's stack

A task on the loop beats ten times a second. A thread looks as often whether the last beat is old, and then notes
the function of the bot in which the loop is. The thread is needed because the loop cannot look at itself. A function
in C, such as a search with a regular expression, lets the thread look only when it ends, at its caller: that names
it well enough. When nothing stalls, both only compare two times.

No text is logged but names of functions, files and tasks.
"""

import asyncio
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from types import FrameType

import structlog

STALL_SECONDS = 0.25
"""A shorter stall is not logged. Slack delivers again what is not acknowledged within 3 s."""
BEAT_SECONDS = 0.1

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Stall:
    """A time in which the event loop ran one piece of code and nothing else."""

    seconds: float
    ran: str
    """Where in the bot it was, as far as that was seen."""


class StallDetector:
    """Finds stalls from beats and looks; times are in seconds, on any clock that does not go backwards."""

    def __init__(self, now: float) -> None:
        self._beat_at = now
        self._seen = ""

    def look(self, now: float, describe: Callable[[], str]) -> None:
        """Note what runs, if a beat is overdue; the first look at a stall that shows something counts."""
        if now - self._beat_at > STALL_SECONDS and not self._seen:
            self._seen = describe()

    def beat(self, now: float) -> Stall | None:
        """Note that the loop runs; return the stall that ended, if there was one."""
        seconds, ran = now - self._beat_at - BEAT_SECONDS, self._seen
        self._beat_at, self._seen = now, ""
        return Stall(seconds, ran or "nothing of the bot") if seconds > STALL_SECONDS else None


@asynccontextmanager
async def watch_event_loop() -> AsyncIterator[None]:
    """Log the stalls of the running loop until the end of the block."""
    loop, loop_thread, is_over = asyncio.get_running_loop(), threading.get_ident(), threading.Event()
    detector = StallDetector(time.monotonic())

    def describe() -> str:
        task = asyncio.current_task(loop)
        place = describe_frame(sys._current_frames().get(loop_thread))  # noqa: SLF001 - documented, and the only way
        return f"{place} in task {task.get_name()}" if place and task else place

    def look_regularly() -> None:
        while not is_over.wait(BEAT_SECONDS):
            detector.look(time.monotonic(), describe)

    def beat() -> None:
        if stall := detector.beat(time.monotonic()):
            log.warning(
                "The event loop stood still; nobody was served meanwhile.",
                action="loop_stalled",
                seconds=round(stall.seconds, 2),
                ran=stall.ran,
            )

    async def beat_regularly() -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            beat()

    threading.Thread(target=look_regularly, name="stall-watch", daemon=True).start()
    task = asyncio.create_task(beat_regularly(), name="stall-watch")
    try:
        yield
    finally:
        beat()  # a stall that lasted until now would stay unknown
        is_over.set()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def describe_frame(frame: FrameType | None) -> str:
    """Return the innermost function of the bot on a stack, such as `remove_mention at bot.slack.message_text:31`."""
    while frame:
        module = str(frame.f_globals.get("__name__", ""))
        if module.startswith("bot."):
            return f"{frame.f_code.co_qualname} at {module}:{frame.f_lineno}"
        frame = frame.f_back
    return ""
