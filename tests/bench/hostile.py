"""What hostile texts cost other people: `uv run python -m tests.bench.hostile [rounds]`.

The real program runs between the sandbox's workspace and a model that answers with blanks. In each hostile round a
thread holds twenty messages of 38,000 characters, of the kinds that patterns and parsers take badly, and somebody
asks there; the answer consists of 12,000 blanks. At the same moment another person asks in another channel. Quiet
rounds, in turn with these, have only that question. Printed as JSON, in milliseconds: how long the other question
took to reach the model (median), and the longest that `/healthz` took to answer, which is as long as the loop stood
still: of a round (median), and of all.
"""

import asyncio
import json
import socket
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median

from aiohttp import web

from bot.sandbox.server import SandboxWorkspace
from tests.program import NO_PERSON_LIMITS, program

ROUNDS = 20
HOSTILE_RUNS = (" ", "\t", "![", "[", ">", "|", "`", "*", "_", "0")
HOSTILE_MESSAGES = 20
MESSAGE_CHARACTERS = 38_000
ANSWER_BLANKS = 12_000
PIECE_CHARACTERS = 200
PIECE_SECONDS = 0.02
PROBE_SECONDS = 0.01
TIMEOUT_SECONDS = 60.0
ATTACKER, OTHER = "U0ADA", "U0GRACE"
ATTACKED_CHANNEL, OTHER_CHANNEL = "C0GENERAL", "C0RANDOM"
BLANKS = "blanks, please"
PROBE = """
import http.client, select, sys, time
connection, longest = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1])), 0.0
while not select.select([sys.stdin], [], [], float(sys.argv[2]))[0]:
    start = time.perf_counter()
    connection.request("GET", "/healthz")
    connection.getresponse().read()
    longest = max(longest, time.perf_counter() - start)
print(longest)
"""
"""A process of its own: the sandbox, which runs in this one, has to serve the hostile messages, too."""


class BlankModel:
    """A model server: it answers `blanks, please` with blanks, all else with a word, and notes when it was asked."""

    def __init__(self) -> None:
        self.asked_at: dict[str, float] = {}
        self.complete = 0

    async def open(self, opened: AsyncExitStack) -> str:
        """Listen until `opened` closes, and return the base URL."""
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._answer)
        runner = web.AppRunner(app)
        await runner.setup()
        opened.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", port := find_free_port()).start()
        return f"http://127.0.0.1:{port}/v1"

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        question = str((await request.json())["messages"][-1]["content"]).strip().splitlines()[-1].strip()
        self.asked_at.setdefault(question, time.perf_counter())
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        pieces = [" " * PIECE_CHARACTERS] * (ANSWER_BLANKS // PIECE_CHARACTERS) if BLANKS in question else []
        for piece in pieces:
            await response.write(_event({"content": piece}))
            await asyncio.sleep(PIECE_SECONDS)
        await response.write(_event({"content": "fine"}) + _event({}, "stop") + b"data: [DONE]\n\n")
        self.complete += 1
        return response


class HostileBench:
    """The bot between both servers, and what was measured of each kind of round."""

    def __init__(self, workspace: SandboxWorkspace, model: BlankModel, port: int) -> None:
        self._workspace, self._model, self._port = workspace, model, port
        self.delays: dict[str, list[float]] = {"quiet": [], "hostile": []}
        self.stalls: dict[str, list[float]] = {"quiet": [], "hostile": []}

    async def run_round(self, kind: str, number: int) -> None:
        """Ask one question, in a hostile round beside a hostile thread."""
        question, expected = f"{kind} question {number}", self._model.complete + 1
        pipe = asyncio.subprocess.PIPE
        probe = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", PROBE, str(self._port), str(PROBE_SECONDS)), stdin=pipe, stdout=pipe
        )
        if kind == "hostile":
            root = await self._workspace.say(ATTACKER, ATTACKED_CHANNEL, "Look at this.")
            for count in range(HOSTILE_MESSAGES):
                run = HOSTILE_RUNS[count % len(HOSTILE_RUNS)]
                text = run * (MESSAGE_CHARACTERS // len(run))
                await self._workspace.say(ATTACKER, ATTACKED_CHANNEL, f"a{text}b", thread_ts=root)
                await asyncio.sleep(PROBE_SECONDS)
            mention = f"<@{self._workspace.bot_user}> {BLANKS} {number}"
            await self._workspace.say(ATTACKER, ATTACKED_CHANNEL, mention, thread_ts=root)
            expected += 1
        asked_at = time.perf_counter()
        await self._workspace.say(OTHER, OTHER_CHANNEL, f"<@{self._workspace.bot_user}> {question}")
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while self._model.complete < expected or question not in self._model.asked_at:  # noqa: ASYNC110 - as patient as the probe
                await asyncio.sleep(PROBE_SECONDS)
        self.delays[kind].append(self._model.asked_at[question] - asked_at)
        await asyncio.sleep(1.0)  # the answer's last writes
        longest, _ = await probe.communicate(b"")
        self.stalls[kind].append(float(longest))


async def measure(rounds: int) -> dict[str, dict[str, float]]:
    """Return the figures of both kinds of rounds, in milliseconds."""
    async with AsyncExitStack() as opened:
        workspace = await opened.enter_async_context(SandboxWorkspace(port=0))
        model, port = BlankModel(), find_free_port()
        env = {
            "SLACK_BOT_TOKEN": workspace.bot_token,
            "SLACK_APP_TOKEN": workspace.app_token,
            "SLACK_API_URL": workspace.api_url,
            "OPENAI_BASE_URL": await model.open(opened),
            "OPENAI_API_KEY": "sk-bench",
            "BOT_MODEL": "blank",
            "PORT": str(port),
            "PYTHONDEVMODE": "",
            **NO_PERSON_LIMITS,
        }
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        running = await opened.enter_async_context(program("run", cwd=folder, env=env))
        await running.wait_for_output('"action": "ready"')
        bench = HostileBench(workspace, model, port)
        await bench.run_round("quiet", 0)
        bench.delays["quiet"].clear()
        bench.stalls["quiet"].clear()
        for number in range(1, rounds + 1):
            for kind in ("quiet", "hostile"):
                await bench.run_round(kind, number)
        print(*(line for line in running.text.splitlines() if "loop_stalled" in line), sep="\n", file=sys.stderr)  # noqa: T201 - a command
    return {
        kind: {
            "median_delay_ms": round(1000 * median(delays), 1),
            "median_stall_ms": round(1000 * median(bench.stalls[kind]), 1),
            "longest_stall_ms": round(1000 * max(bench.stalls[kind]), 1),
        }
        for kind, delays in bench.delays.items()
    }


def find_free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _event(delta: dict[str, str], reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "blank", "choices": [choice]}
    return b"data: %b\n\n" % json.dumps(chunk).encode()


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))))  # noqa: T201 - a command
