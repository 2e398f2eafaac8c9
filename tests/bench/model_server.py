"""A model server that needs little CPU time: `POST /v1/chat/completions`, streamed.

The sandbox's model checks requests and composes answers; that work would disturb measurements on the same
machine. Here a question names its answer, `seed=1 tokens=200 rate=10 delay=0.3`, and the server keeps the
times of each answer under its seed.
"""

import asyncio
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, cast

from tests.bench.words import tokens

_PLAN = re.compile(r"seed=(\d+) tokens=(\d+) rate=([\d.]+) delay=([\d.]+)")
_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"
    b"Cache-Control: no-cache\r\n\r\n"
)
_MODELS = b'{"object":"list","data":[{"id":"bench","object":"model"}]}'


@dataclass(slots=True)
class SpokenAnswer:
    """One answer with its times, by `time.perf_counter`."""

    text: str
    tokens: int
    asked_at: float
    first_at: float = 0.0
    last_at: float = 0.0


class FastModelServer:
    """The server; an async context manager."""

    def __init__(self) -> None:
        self.said: dict[int, SpokenAnswer] = {}
        """By seed."""
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _ModelConnection(self), "127.0.0.1", 0, backlog=2_000)
        self.base_url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._server.close()

    def answer(self, transport: asyncio.Transport, request: Mapping[str, Any]) -> None:
        """Answer a request on its connection, in time."""
        task = asyncio.create_task(self._talk(transport, request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _talk(self, transport: asyncio.Transport, request: Mapping[str, Any]) -> None:
        clock = time.perf_counter  # uvloop's own counts whole milliseconds
        plan = _PLAN.search(str(request["messages"][-1]["content"]))  # a text, or a list of parts
        assert plan, "The question holds no plan."
        seed, count, rate, delay = int(plan[1]), int(plan[2]), float(plan[3]), float(plan[4])
        pieces = tokens(seed, count)
        said = self.said[seed] = SpokenAnswer("".join(pieces), count, clock())
        transport.write(_HEAD + _event({"role": "assistant", "content": ""}))
        for number, piece in enumerate(pieces):
            due = said.asked_at + delay + number / rate
            if (pause := due - clock()) > 0:
                await asyncio.sleep(pause)
            if transport.is_closing():
                return  # the client has disconnected
            said.last_at = clock()
            said.first_at = said.first_at or said.last_at
            transport.write(_event({"content": piece}))
        transport.write(_event({}, "stop") + _chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n")


class _ModelConnection(asyncio.Protocol):
    """As much of HTTP/1.1 as the clients here speak: requests of a known length, one after the other."""

    def __init__(self, server: FastModelServer) -> None:
        self._server = server
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one by its methods only

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
        size = int(length[1]) if length else 0
        if not found or len(body) < size:
            return
        self._received = body[size:]
        if head.startswith(b"POST"):
            self._server.answer(self._transport, json.loads(body[:size]))
        else:
            self._transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
                % (len(_MODELS), _MODELS)
            )


def _event(delta: Mapping[str, str], reason: str | None = None) -> bytes:
    chunk = {
        "id": "chatcmpl-bench",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": "bench",
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}],
        "usage": None,
    }
    return _chunk(b"data: %b\n\n" % json.dumps(chunk).encode())


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)
