"""The real bot in this process, between a sandbox workspace and a sandbox model on loopback.

    async with run_sandbox_bot(tmp_path, MyPlugin()) as bot:
        assert await bot.ask("How are you? [[say=Fine.]]") == "Fine."
        assert bot.workspace.calls("chat.postMessage")
        assert bot.model.requests[0]["messages"][-1]["content"] == "How are you? [[say=Fine.]]"

It runs what `bot run` runs: Slack's Web API and Socket Mode, an SQLite database, HTTP to the model. A question takes
about a second. Directives such as `[[say=...]]` tell the model what to answer: see `bot.sandbox.model.directives`.
Settings come only from the arguments, never from the environment or a `.env` file.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from bot.app import run
from bot.app.sandbox_mode import SANDBOX_MODEL, connect_to_sandbox
from bot.core.turns import Turn
from bot.plugins import Outcome, Plugin, Plugins
from bot.sandbox.model.server import SandboxModel
from bot.sandbox.server import SandboxWorkspace
from bot.sandbox.workspace.records import BOT_USER_ID
from bot.settings import Settings

ADA, GENERAL = "U0ADA", "C0GENERAL"
TOKENS_PER_SECOND = 2_000.0
ANSWER_TIMEOUT_SECONDS = 30.0


class GivenSettings(Settings):
    """Settings that are read from nowhere."""

    @classmethod
    def settings_customise_sources(  # noqa: D102 - pydantic-settings' hook
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


class EndedTurns(Plugin):
    """Lets `SandboxBot.ask` wait until the turn of a message has ended."""

    name = "ended turns"

    def __init__(self) -> None:
        self._events: dict[str, asyncio.Event] = {}

    def event_of(self, message_id: str) -> asyncio.Event:
        """Return the event that is set when the turn of a message has ended."""
        return self._events.setdefault(message_id, asyncio.Event())

    async def observe(self, turn: Turn, outcome: Outcome) -> None:
        """Set the turn's event; the thread shows the whole answer by now."""
        self.event_of(turn.message_id).set()


@dataclass(frozen=True, slots=True)
class SandboxBot:
    """A running bot, and the two servers that it is connected to."""

    workspace: SandboxWorkspace
    model: SandboxModel
    _ended: EndedTurns = field(repr=False)

    async def ask(self, question: str, *, user: str = ADA, channel: str = GENERAL, thread_ts: str | None = None) -> str:
        """Ask as a person, wait for the answer, and return its text.

        In a channel the bot is mentioned. With `thread_ts` the question is asked in that thread. Raises TimeoutError,
        with the wire log, if there is no answer: the bot may have refused the person.
        """
        mention = "" if self.workspace.state.channel(channel).kind == "im" else f"<@{BOT_USER_ID}> "
        ts = await self.workspace.say(user, channel, mention + question, thread_ts=thread_ts)
        ended = self._ended.event_of(ts)
        await self.workspace.wait_until(ended.is_set, ANSWER_TIMEOUT_SECONDS)
        answer = [
            message.text
            for message in self.workspace.thread(channel, thread_ts or ts)
            if message.is_from_app and message.ts > ts
        ]
        return "\n".join(answer)


@asynccontextmanager
async def run_sandbox_bot(folder: Path, *plugins: Plugin, **settings: Any) -> AsyncIterator[SandboxBot]:
    """Run a bot until the block ends; its database is in `folder`.

    `settings` are further settings, by their names in `Settings`: `bot_system_prompt="Be brief."`.
    """
    ended = EndedTurns()
    async with SandboxWorkspace() as workspace, SandboxModel(rate=TOKENS_PER_SECOND) as model:
        given = GivenSettings(**{"openai_base_url": model.base_url, "bot_model": SANDBOX_MODEL, **settings})
        connected = await connect_to_sandbox(given, workspace, folder / "sandbox.db")
        stop, ready = asyncio.Event(), asyncio.Event()
        serving = asyncio.create_task(run.serve(connected, stop, ready=ready.set, plugins=Plugins([*plugins, ended])))
        starting = asyncio.create_task(ready.wait())
        try:
            await asyncio.wait({serving, starting}, return_when=asyncio.FIRST_COMPLETED)
            if not serving.done():
                yield SandboxBot(workspace, model, ended)
        finally:
            starting.cancel()
            stop.set()
            await serving  # raises what ended the bot
