"""`bot run` in child processes that kill or freeze themselves at a named point of a turn.

`python -m tests.e2e.killable` reads orders from its standard input, one line of JSON each (see
`tests.e2e.bot_processes`), and forks a process for each order. The parent has imported everything, so a start
costs a fork and not a second. The child then runs the real program between real servers. The parent reports
each start and each end as a line on standard output, and kills all children when its input ends.

A point is a chain of moments: calls that begin or return, in this order. The calls are wrapped to watch them;
the bot's code is not changed.
"""

import asyncio
import contextlib
import functools
import inspect
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any

import aiohttp
import click

from bot import cli
from bot.conversation import worker
from bot.core.chat.stream import AnswerBuilder
from bot.llm import token_counter
from bot.llm.chat_completions import OpenAIChat
from bot.slack.surface import SlackSurface
from bot.slack.surface.native_streams import NativeStream, NativeStreams
from bot.store import notifications  # noqa: F401 - on PostgreSQL each process would import it anew
from bot.store.conversations import stop_requests, turn_queue
from bot.store.conversations.sql_store import SqlStore


class MomentKind(Enum):
    """Which moment of a call is meant."""

    BEGINS = "begins"
    RETURNS = "returns"
    GIVES = "gives"  # returns something that is not empty


@dataclass(frozen=True, slots=True)
class Moment:
    """A call of `owner.name` begins or returns."""

    owner: Any
    name: str
    when: MomentKind


ASKS = Moment(OpenAIChat, "stream", MomentKind.BEGINS)
HEARS = Moment(AnswerBuilder, "feed", MomentKind.RETURNS)
POSTS = Moment(SlackSurface, "post", MomentKind.BEGINS)
POSTED = Moment(SlackSurface, "post", MomentKind.RETURNS)
NOTED = Moment(SqlStore, "record_page", MomentKind.RETURNS)
EDITS = Moment(SlackSurface, "edit", MomentKind.BEGINS)
EDITED = Moment(SlackSurface, "edit", MomentKind.RETURNS)
STARTED = Moment(NativeStreams, "start_stream", MomentKind.GIVES)
ADDS = Moment(NativeStream, "append_page", MomentKind.BEGINS)
ADDED = Moment(NativeStream, "append_page", MomentKind.RETURNS)
SAVED = Moment(SqlStore, "save_answer", MomentKind.RETURNS)
SETTLES = Moment(SqlStore, "settle", MomentKind.BEGINS)
PROMOTED = Moment(SqlStore, "settle", MomentKind.GIVES)
CLAIMED = Moment(SqlStore, "claim", MomentKind.GIVES)
SOUGHT = Moment(SlackSurface, "find_pages", MomentKind.RETURNS)

STREAM_POINTS: Mapping[str, tuple[Moment, ...]] = MappingProxyType(
    {
        "a message that grows is started, not noted": (STARTED,),
        "a message that grows is noted": (STARTED, NOTED),
        "an addition is about to be made": (ADDED, ADDS),
        "between two additions": (ADDED, ADDED),
        "a message has ended, the next one is posted, not noted": (ADDED, POSTED),
        "the answer is saved, its last message still grows": (ADDED, SAVED),
        "its last message has ended, the turn is not settled": (SAVED, ADDED, SETTLES),
    }
)
"""Where it may die in a direct message, whose answers grow by additions."""

STRUCK = Moment(SqlStore, "forget_pages", MomentKind.RETURNS)

DELETED_POINTS: Mapping[str, tuple[Moment, ...]] = MappingProxyType(
    {
        "a deleted page is struck from the book": (STRUCK,),
        "it is about to be posted anew": (STRUCK, POSTS),
        "it is posted anew, not noted": (STRUCK, POSTED),
        "it is posted anew and noted": (STRUCK, NOTED),
    }
)
"""Where it may die when somebody has deleted the message that grew."""

FIXED_POINTS: Mapping[str, tuple[Moment, ...]] = MappingProxyType(
    {
        "what follows a message that takes no change is posted, not noted": (EDITED, POSTED),
        "it is noted": (EDITED, POSTED, NOTED),
    }
)
"""Likewise when that message may be edited no more."""

STOP_WRITTEN = "a stop is written, not committed"
STOP_COMMITTED = "a stop is committed, nobody heeds it"

POINTS: Mapping[str, tuple[Moment, ...]] = MappingProxyType(
    {
        "the question is written, not committed": (Moment(turn_queue, "accept_question", MomentKind.GIVES),),
        "the question is committed, not acknowledged": (Moment(SqlStore, "accept", MomentKind.GIVES),),
        "the question is acknowledged": (
            Moment(SqlStore, "accept", MomentKind.GIVES),
            Moment(aiohttp.ClientWebSocketResponse, "send_str", MomentKind.RETURNS),
        ),
        "the conversation is read": (Moment(SqlStore, "read_context", MomentKind.RETURNS),),
        "the model is about to be asked": (ASKS,),
        "the model has said one word": (HEARS,),
        "the first page is about to be posted": (POSTS,),
        "the first page is posted, not noted": (POSTED,),
        "the note is written, not committed": (Moment(turn_queue, "record_page", MomentKind.RETURNS),),
        "the first page is noted": (NOTED,),
        "between two edits": (EDITED,),
        "an edit is about to be made": (EDITED, EDITS),
        "in mid-answer": (EDITED, HEARS),
        "the second page is posted, not noted": (NOTED, POSTED),
        "the second page is noted": (NOTED, NOTED),
        "the answer has ended, not saved": (Moment(SqlStore, "save_answer", MomentKind.BEGINS),),
        "the answer is written, not committed": (Moment(turn_queue, "save_answer", MomentKind.RETURNS),),
        "the answer is saved": (SAVED,),
        "the last edit is about to be made": (SAVED, EDITS),
        "the last edit is made, the turn not settled": (SAVED, EDITED, SETTLES),
        "the settling is written, not committed": (Moment(turn_queue, "settle_turn", MomentKind.GIVES),),
        "the turn is settled, the next one promoted": (PROMOTED,),
        "the promoted turn is posted, not noted": (PROMOTED, POSTED),
        "a turn is claimed again": (CLAIMED,),
        "its messages are looked for": (CLAIMED, SOUGHT),
        "it is shown again": (CLAIMED, EDITED),
        "it is settled at last": (CLAIMED, SETTLES),
        STOP_WRITTEN: (Moment(stop_requests, "request_stop", MomentKind.GIVES),),
        STOP_COMMITTED: (Moment(SqlStore, "stop", MomentKind.GIVES),),
    }
)
"""Where a process may die, by a name that says what has happened until then."""

ALL_POINTS = {**POINTS, **STREAM_POINTS, **DELETED_POINTS, **FIXED_POINTS}


def watched(call: Callable[..., Any], tell: Callable[[MomentKind], None]) -> Callable[..., Any]:
    """Wrap a function so that it reports when it begins and what it returns."""

    def returned(result: Any) -> Any:
        tell(MomentKind.RETURNS)
        if result:
            tell(MomentKind.GIVES)
        return result

    @functools.wraps(call)
    async def asynchronous(*args: Any, **kwargs: Any) -> Any:
        tell(MomentKind.BEGINS)
        return returned(await call(*args, **kwargs))

    @functools.wraps(call)
    def synchronous(*args: Any, **kwargs: Any) -> Any:
        tell(MomentKind.BEGINS)
        return returned(call(*args, **kwargs))

    return asynchronous if inspect.iscoroutinefunction(call) else synchronous


def arm(point: str, number: int) -> None:
    """Arrange that this process sends itself a signal at a point."""
    ahead = list(ALL_POINTS[point])

    def passes(moment: Moment) -> None:
        if ahead and moment == ahead[0]:
            ahead.pop(0)
            if not ahead:
                os.kill(os.getpid(), number)

    for owner, name in {(moment.owner, moment.name) for moment in ahead}:
        tell = functools.partial(_pass, passes, owner, name)
        setattr(owner, name, watched(getattr(owner, name), tell))


def _pass(passes: Callable[[Moment], None], owner: Any, name: str, when: MomentKind) -> None:
    passes(Moment(owner, name, when))


def live(order: Mapping[str, Any]) -> None:
    """Run the bot in this process."""
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["env"])
    output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    silence = os.open(os.devnull, os.O_RDONLY)
    for number, target in enumerate((silence, output, output)):
        os.dup2(target, number)
    # Who is killed at random moments for a minute has bad luck more often than any question should have.
    worker.MAX_ATTEMPTS = order["most_attempts"] or worker.MAX_ATTEMPTS
    signal.signal(signal.SIGUSR1, count)
    if order["point"]:
        arm(order["point"], order["signal"])
    sys.argv = ["bot", "run"]
    cli.main()


def count(*_signal: object) -> None:
    """Print the number of tasks of the running loop."""
    say(tasks=len(asyncio.all_tasks()))


def reap(*_signal: object) -> None:
    """Report each child that has ended, with its exit code."""
    with contextlib.suppress(ChildProcessError):
        while (death := os.waitpid(-1, os.WNOHANG))[0]:
            LIVING.discard(death[0])
            say(ended=death[0], code=os.waitstatus_to_exitcode(death[1]))


def say(**news: int) -> None:
    """Print one line of JSON, unbuffered."""
    os.write(1, (json.dumps(news) + "\n").encode())


LIVING: set[int] = set()


def main() -> None:
    """Fork a bot for each order."""
    cli.commands.get_command(click.Context(cli.commands), "run")  # imports what it needs
    token_counter.load_counter()  # likewise: its tables are most of a bot's memory, and can be shared
    signal.signal(signal.SIGCHLD, reap)
    for line in sys.stdin:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})  # a birth is told before its death
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
            live(json.loads(line))
            return
        LIVING.add(pid)
        say(started=pid)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    for pid in tuple(LIVING):
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
