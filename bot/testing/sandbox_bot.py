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

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from sqlalchemy import Connection, select

from bot.app import run
from bot.app.sandbox_mode import SANDBOX_MODEL, connect_to_sandbox
from bot.core.turns import OPEN_STATUSES
from bot.plugins import Plugin, Plugins
from bot.sandbox.model.server import SandboxModel
from bot.sandbox.server import SandboxWorkspace
from bot.sandbox.workspace.records import BOT_USER_ID
from bot.settings import Settings
from bot.store.database import Database, parse_database_url
from bot.store.schema import turns

ADA, GENERAL = "U0ADA", "C0GENERAL"
TOKENS_PER_SECOND = 2_000.0
ANSWER_TIMEOUT_SECONDS = 30.0
POLL_SECONDS = 0.02


class GivenSettings(Settings):
    """Settings that come from arguments only; an unknown name raises `pydantic.ValidationError`."""

    model_config = SettingsConfigDict(extra="forbid")

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


@dataclass(frozen=True, slots=True)
class SandboxBot:
    """A running bot, and the two servers that it is connected to."""

    workspace: SandboxWorkspace
    model: SandboxModel
    _database: Database = field(repr=False)

    async def ask(self, question: str, *, user: str = ADA, channel: str = GENERAL, thread_ts: str | None = None) -> str:
        """Ask as a person, wait for the answer, and return its text.

        In a channel the bot is mentioned. With `thread_ts` the question is asked in that thread. Raises TimeoutError,
        with the wire log, if there is no answer: the bot may have refused the person.
        """
        mention = "" if self.workspace.state.channel(channel).kind == "im" else f"<@{BOT_USER_ID}> "
        ts = await self.workspace.say(user, channel, mention + question, thread_ts=thread_ts)
        await self._wait_until_ended(ts)
        thread = self.workspace.thread(channel, thread_ts or ts)
        return "\n".join(message.text for message in thread if message.is_from_app and message.ts > ts)

    async def _wait_until_ended(self, message_id: str) -> None:
        """Wait until the bot's database says that the turn of a message has ended: then the thread shows all of it."""
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
                while not await self._database.tx(_has_ended, message_id):  # noqa: ASYNC110 - nothing announces it
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            raise TimeoutError(self.workspace.describe_log(ANSWER_TIMEOUT_SECONDS)) from None


def _has_ended(connection: Connection, message_id: str) -> bool:
    status = connection.execute(select(turns.c.status).where(turns.c.message_id == message_id)).scalar_one_or_none()
    return status is not None and status not in OPEN_STATUSES


@asynccontextmanager
async def run_sandbox_bot(folder: Path, *plugins: Plugin, **settings: Any) -> AsyncIterator[SandboxBot]:
    """Run a bot until the block ends; its database is in `folder`.

    `settings` are further settings, by their names in `Settings`: `bot_system_prompt="Be brief."`.
    """
    async with SandboxWorkspace() as workspace, SandboxModel(rate=TOKENS_PER_SECOND) as model:
        given = GivenSettings(
            **{
                "openai_base_url": model.base_url,
                "bot_model": SANDBOX_MODEL,
                "bot_answers_per_person": 0,  # a test asks faster than a person can
                "bot_questions_per_minute": 0,
                **settings,
            }
        )
        connected = connect_to_sandbox(given, workspace, folder / "sandbox.db")
        database = Database(parse_database_url(connected.database_url), exclusive=False)
        stop, ready = asyncio.Event(), asyncio.Event()
        serving = asyncio.create_task(run.serve(connected, stop, ready=ready.set, plugins=Plugins(plugins)))
        starting = asyncio.create_task(ready.wait())
        try:
            await asyncio.wait({serving, starting}, return_when=asyncio.FIRST_COMPLETED)
            if not serving.done():
                await database.open()
                yield SandboxBot(workspace, model, database)
        finally:
            starting.cancel()
            await database.close()
            stop.set()
            await serving  # raises what ended the bot
