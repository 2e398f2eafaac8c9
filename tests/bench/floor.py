"""The floor of the benchmarks: a minimal bot that streams an answer into a thread.

It shares no code with the bot that is compared with it. It uses async Bolt in Socket Mode, a raw aiohttp
stream of the model, `chat.postMessage` for the first text and `chat.update` for the rest, at the bot's own
interval. It has no database, no recovery, no rendering and no second page. It runs on uvloop, as the bot
does; `contestants` starts it.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import aiohttp
import uvloop
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

EDIT_INTERVAL_SECONDS = 60 / 45
"""Seconds between two edits of one answer: `bot.slack.limits.EDIT_INTERVAL_SECONDS`."""


class FloorReply:
    """One answer that is being written into a thread."""

    def __init__(self, client: AsyncWebClient, channel: str, thread: str) -> None:
        self._client = client
        self._channel = channel
        self._thread = thread
        self._ts = ""
        self._shown = ""
        self.text = ""
        self.fresh = asyncio.Event()
        self.ended = asyncio.Event()

    async def show(self) -> None:
        """Write the newest text once an interval until the answer is complete."""
        while True:
            await self.fresh.wait()
            self.fresh.clear()
            is_last, text = self.ended.is_set(), self.text
            if text != self._shown:
                await self._write(text)
            if is_last:
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(self.ended.wait(), EDIT_INTERVAL_SECONDS)

    async def _write(self, text: str) -> None:
        self._shown = text
        if self._ts:
            await self._client.chat_update(channel=self._channel, ts=self._ts, text=text)
            return
        posted = await self._client.chat_postMessage(channel=self._channel, thread_ts=self._thread, text=text)
        self._ts = str(posted["ts"])


async def talk(session: aiohttp.ClientSession, question: str) -> AsyncIterator[str]:
    """Ask the model, and yield what it says."""
    body = {
        "model": "bench",
        "stream": True,
        "messages": [
            {"role": "system", "content": "You are a helpful assistant."},
            {"role": "user", "content": question},
        ],
    }
    address = os.environ["OPENAI_BASE_URL"] + "/chat/completions"
    async with session.post(address, json=body) as response:
        async for line in response.content:
            if line.startswith(b"data: {"):
                choices = json.loads(line[6:])["choices"]
                if choices and (text := choices[0]["delta"].get("content")):
                    yield text


async def main() -> None:
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        client = AsyncWebClient(
            token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"], session=session
        )
        app = AsyncApp(client=client, request_verification_enabled=False)

        @app.event("app_mention")
        async def mention(event: dict[str, Any]) -> None:
            reply = FloorReply(client, event["channel"], event["ts"])
            show = asyncio.create_task(reply.show())
            async for text in talk(session, event["text"]):
                reply.text += text
                reply.fresh.set()
            reply.ended.set()
            reply.fresh.set()
            await show

        @app.event("message")
        async def message() -> None:
            """Acknowledge other messages; otherwise Bolt warns, and Slack delivers them again."""

        await AsyncSocketModeHandler(app, os.environ["SLACK_APP_TOKEN"]).start_async()


if __name__ == "__main__":
    uvloop.run(main())
