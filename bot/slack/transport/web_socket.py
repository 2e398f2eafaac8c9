"""One WebSocket of Socket Mode: reads envelopes, handles them, and acknowledges them on the same socket.

Each envelope is handled in its own task and acknowledged only if the handler returned status 200. Once the
socket is told to close, it accepts no more envelopes, and finishes those in progress.

    hello              the connection is ready
    envelope           dispatch in a task -> {"envelope_id": ...}
    disconnect         Slack wants to renew the connection: `wait_for_disconnect` returns

Slack reports every edit of the bot's own messages. These envelopes need no handling; they are acknowledged
together, every 50 ms. Source: https://docs.slack.dev/apis/events-api/using-socket-mode
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any

import aiohttp
from slack_bolt.response import BoltResponse

from bot import json_codec
from bot.slack.payload import is_echo

GREETING_TIMEOUT_SECONDS = 2.0
"""For Slack's `hello`, before which it may still refuse; without one the socket counts as open after this."""
FINISH_TIMEOUT_SECONDS = 1.0
"""For envelopes in progress when the socket closes; Slack delivers slower ones again."""
CLOSE_TIMEOUT_SECONDS = 0.5
"""For Slack's close frame, which may never come."""
ECHO_BATCH_SECONDS = 0.05
"""How long acknowledgements of echoes are collected before they are sent; Slack waits three seconds."""
OK_STATUS = 200

Dispatch = Callable[[dict[str, Any], Mapping[str, str]], Awaitable[BoltResponse]]
"""Handles a payload; the mapping describes a retry, as HTTP headers."""


class WebSocket:
    """Reads from its creation until it is closed."""

    def __init__(self, connection: aiohttp.ClientWebSocketResponse, dispatch: Dispatch) -> None:
        self._connection = connection
        self._dispatch = dispatch
        self._first_frame = asyncio.Event()
        self._leaving = asyncio.Event()
        self._closing = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._echoes: list[str] = []  # envelopes to acknowledge
        self._reader = asyncio.create_task(self._read(), name="socket")
        self.reason = ""
        """Why Slack ended it; empty if the connection broke."""

    @property
    def is_live(self) -> bool:
        """Whether it is open and Slack has not announced its end."""
        return not self._leaving.is_set()

    async def wait_for_greeting(self) -> bool:
        """Wait for Slack's first frame; return whether the connection may be used."""
        with suppress(TimeoutError):
            async with asyncio.timeout(GREETING_TIMEOUT_SECONDS):
                await self._first_frame.wait()
        return self.is_live

    async def wait_for_disconnect(self) -> str:
        """Wait until Slack announces the end or the connection breaks; return the reason."""
        await self._leaving.wait()
        return self.reason

    async def close(self) -> None:
        """Accept nothing more, finish the envelopes in progress, and close. Takes two seconds at most."""
        self._closing = True
        self._leaving.set()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=FINISH_TIMEOUT_SECONDS)
        for task in (unfinished := tuple(self._tasks)):
            task.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT_SECONDS):
                await self._connection.close()
        self._reader.cancel()
        await asyncio.gather(self._reader, *unfinished, return_exceptions=True)

    async def _read(self) -> None:
        try:
            async for frame in self._connection:
                if frame.type is aiohttp.WSMsgType.TEXT:
                    self._handle_frame(frame.data)
                    self._first_frame.set()
        finally:
            self._leaving.set()
            self._first_frame.set()

    def _handle_frame(self, frame: str) -> None:
        try:
            message = json_codec.decode(frame)
        except ValueError:
            return  # not an envelope: nothing to acknowledge
        match message:
            case {"type": "disconnect"}:
                self.reason = self.reason or str(message.get("reason", ""))
                self._leaving.set()
            case {"envelope_id": str(envelope), "payload": dict(payload)} if not self._closing:
                if is_echo(payload):
                    self._queue_echo(envelope)
                else:
                    self._start_task(self._handle_envelope(envelope, payload, _retry_headers(message)))

    def _start_task(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work, name="envelope")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _handle_envelope(self, envelope: str, payload: dict[str, Any], retry: Mapping[str, str]) -> None:
        response = await self._dispatch(payload, retry)
        if response.status == OK_STATUS:
            await self._acknowledge(envelope, _acknowledgement_payload(response))

    def _queue_echo(self, envelope: str) -> None:
        self._echoes.append(envelope)
        if len(self._echoes) == 1:
            self._start_task(self._acknowledge_echoes())

    async def _acknowledge_echoes(self) -> None:
        await asyncio.sleep(ECHO_BATCH_SECONDS)
        echoes, self._echoes = self._echoes, []
        for envelope in echoes:
            await self._acknowledge(envelope, {})

    async def _acknowledge(self, envelope: str, carried: Mapping[str, Any]) -> None:
        with suppress(ConnectionError):  # it broke meanwhile: Slack delivers again
            await self._connection.send_str(json_codec.encode({"envelope_id": envelope, **carried}).decode())


def _retry_headers(message: Mapping[str, Any]) -> dict[str, str]:
    """Return an envelope's retry fields under the names of HTTP mode's headers."""
    headers = {"retry_attempt": "X-Slack-Retry-Num", "retry_reason": "X-Slack-Retry-Reason"}
    return {name: str(message[key]) for key, name in headers.items() if message.get(key)}


def _acknowledgement_payload(response: BoltResponse) -> dict[str, Any]:
    """Return the payload of an acknowledgement: none, a modal's response, or a text."""
    if not response.body:
        return {}
    is_json = response.headers.get("content-type", [""])[0].startswith("application/json")
    return {"payload": json_codec.decode(response.body) if is_json else {"text": response.body}}
