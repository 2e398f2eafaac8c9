"""What is measured, each as a coroutine that returns plain numbers: seconds, megabytes, counts.

`live` repeats them, compares contestants and stores the figures. Contestants that are compared take turns on
the same machine. A figure counts only if the thread shows what the model sent.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from itertools import pairwise
from statistics import median
from typing import Any

from bot.sandbox.server import SandboxWorkspace
from bot.sandbox.workspace.records import BOT_USER_ID, MessagePosted, MessageReplaced, WorkspaceChange
from tests.bench.contestants import NAMES, Contestant, start_contestant
from tests.bench.model_server import SpokenAnswer
from tests.bench.slack_server import FastSlackServer
from tests.bench.thread_recorder import ObservedThread, ThreadRecorder

Figures = dict[str, Any]

THINKING_SECONDS = 0.3
"""Seconds before the model's first token, as a fast service needs."""
WARM_UP = 5
ANSWER_TIMEOUT_SECONDS = 180.0


async def shown(at: Contestant, seed: int, thread: ObservedThread, give_up: float = 0.0) -> SpokenAnswer:
    """Wait until a thread shows a whole answer. Raises `AssertionError` at `give_up`."""
    give_up = give_up or time.perf_counter() + ANSWER_TIMEOUT_SECONDS
    while not ((said := at.model.said.get(seed)) and at.shows(thread, said)):
        assert time.perf_counter() < give_up, f"{at.name} does not show answer {seed}"
        await asyncio.sleep(0.005)
    return said


async def alone(rounds: int, latency: float, names: Sequence[str] = NAMES) -> Mapping[str, Figures]:
    """Ask one question at a time: measure the delay of the first text and of the complete answer."""
    figures: dict[str, Figures] = {name: {"first": [], "last": []} for name in names}
    async with AsyncExitStack() as opened:
        contestants = [
            await opened.enter_async_context(
                start_contestant(name, await opened.enter_async_context(FastSlackServer(latency)))
            )
            for name in names
        ]
        for seed in range(1, rounds + WARM_UP + 1):
            for at in contestants[seed % len(contestants) :] + contestants[: seed % len(contestants)]:
                thread = await at.ask(seed, tokens=50 + seed % 20, rate=50.0, delay=THINKING_SECONDS)
                said = await shown(at, seed, thread)
                await asyncio.sleep(0.05)
                if seed > WARM_UP:
                    first = thread.first_text(said.text)
                    figures[at.name]["first"].append(first - thread.asked_at - THINKING_SECONDS)
                    figures[at.name]["last"].append(thread.writes[-1][0] - said.last_at)
    return figures


async def swarm(name: str, count: int, *, tokens: int = 200, rate: float = 10.0, ramp: float = 5.0) -> Figures:
    """Ask many questions at once: measure CPU time per token, and memory."""
    async with FastSlackServer() as slack, start_contestant(name, slack) as at:
        warm = await at.ask(count + 1, tokens=20, rate=50.0, delay=0.0)
        await shown(at, count + 1, warm)
        resting, before = at.memory(), at.cpu()
        calls = dict(slack.calls)
        began = time.perf_counter()
        threads: dict[int, ObservedThread] = {}
        for seed in range(1, count + 1):
            await asyncio.sleep(began + ramp * seed / count - time.perf_counter())
            threads[seed] = await at.ask(seed, tokens=tokens, rate=rate, delay=THINKING_SECONDS)
        said = [await shown(at, seed, thread) for seed, thread in threads.items()]
        await asyncio.sleep(1.0)
        cpu = at.cpu() - before
        late = [thread.writes[-1][0] - each.last_at for each, thread in zip(said, threads.values(), strict=True)]
        spoken = [each.last_at - each.asked_at - THINKING_SECONDS for each in said]
        first = [
            thread.first_text(each.text) - thread.asked_at - THINKING_SECONDS
            for each, thread in zip(said, threads.values(), strict=True)
        ]
        return {
            "deltas": sum(each.tokens for each in said),
            "cpu": cpu,
            "cpu_per_delta": cpu / sum(each.tokens for each in said),
            "memory": at.memory(),
            "resting": resting,
            "first": median(first),
            "late": median(late),
            "model_late": median(spoken) - tokens / rate,
            "writes": {each: number - calls.get(each, 0) for each, number in slack.calls.items()},
        }


class LimitedSlack:
    """The sandbox with Slack's limits; questions go to its channels in turn."""

    CHANNELS = ("C0GENERAL", "C0ENG", "C0RANDOM")

    def __init__(self, workspace: SandboxWorkspace) -> None:
        self.workspace = workspace
        self.screen = ThreadRecorder(time.perf_counter)
        self.bot_token, self.app_token = workspace.bot_token, workspace.app_token
        workspace.state.observe(self._seen)
        self._asked = 0

    @property
    def api_url(self) -> str:
        return self.workspace.api_url

    @property
    def connected(self) -> int:
        return self.workspace.socket_count

    async def say(self, text: str) -> str:
        self._asked += 1
        ts = await self.workspace.say("U0ADA", self.CHANNELS[self._asked % len(self.CHANNELS)], text)
        self.screen.record_question(ts)
        return ts

    def _seen(self, change: WorkspaceChange) -> None:
        if isinstance(change, MessagePosted | MessageReplaced) and change.message.user == BOT_USER_ID:
            self.screen.record_message(change.message)


Plan = tuple[int, float]
"""Tokens, and tokens per second."""


async def limited(name: str, plans: Sequence[Plan], patience: float = ANSWER_TIMEOUT_SECONDS) -> Figures:
    """Ask many questions under Slack's limits: count refusals, measure gaps and delays.

    All figures but the first two are of answers that became complete.
    """
    async with SandboxWorkspace(port=0) as workspace:
        slack = LimitedSlack(workspace)
        async with start_contestant(name, slack, unlimited=False) as at:
            threads = {
                seed: await at.ask(seed, tokens=tokens, rate=rate, delay=THINKING_SECONDS)
                for seed, (tokens, rate) in enumerate(plans, 1)
            }
            longest = max(tokens / rate for tokens, rate in plans)
            give_up = time.perf_counter() + longest + patience
            complete: list[tuple[ObservedThread, SpokenAnswer]] = []
            for seed, thread in threads.items():
                with suppress(AssertionError):
                    complete.append((thread, await shown(at, seed, thread, give_up)))
            refused = [call.method for call in workspace.trace_log.calls if call.status == 429]
    return {
        "refused": len(refused),
        "asked": len(plans),
        "first": [thread.first_text(said.text) - thread.asked_at for thread, said in complete],
        "whole": [thread.writes[-1][0] - thread.asked_at for thread, _ in complete],
        "last": [thread.writes[-1][0] - said.last_at for thread, said in complete],
        "gaps": [stale(thread, said) for thread, said in complete],
        "writes": [len(thread.writes) for thread, _ in complete],
        "messages": [len(thread.pages) for thread, _ in complete],
    }


def stale(thread: ObservedThread, said: SpokenAnswer) -> list[float]:
    """Return the seconds between two writes of a thread while the model sends, the first text included."""
    written = [at for at, _ in thread.writes if said.first_at < at < said.last_at]
    return [after - before for before, after in pairwise([said.first_at, *written, said.last_at])]
