"""The whole bot with model servers of other projects: what people see in a thread."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.core.errors import ModelBusy, ModelError, ModelInterrupted, ModelRejected
from bot.sandbox.model.server import SandboxModel
from bot.sandbox.server import SandboxWorkspace
from tests.e2e.conftest import ADA, GENERAL, BotWorld, ready_bot
from tests.program import settings
from tests.servers.conftest import INSTRUCTION, MOCK_KEY, PROXY_KEY, RunningProxy
from tests.servers.test_mocks import HELLO

DIRECT = "D0ADA"


@asynccontextmanager
async def bot_at(base_url: str, folder: Path, **more: str) -> AsyncIterator[BotWorld]:
    """Run the bot between a workspace and a model server."""
    nobody = SandboxModel()  # not entered: another server takes its place
    async with SandboxWorkspace(port=0) as slack:
        env = settings(slack, nobody, OPENAI_BASE_URL=base_url, **more)
        world = BotWorld(slack, nobody, env, folder)
        async with ready_bot(world):
            yield world


async def answers(world: BotWorld, question: str, answer: str) -> None:
    """Check that a mention and a direct message are answered completely, in one message each."""
    for channel in (GENERAL, DIRECT):
        root = await world.workspace.say(ADA, channel, f"<@U0BOT> {question}")
        await world.wait_for_text(channel, root, ends=answer[-5:])
        assert [text.split() for text in world.bot_texts(channel, root)] == [answer.split()]


async def says(world: BotWorld, question: str, error: type[ModelError]) -> None:
    """Check that a failed question is answered with the error's sentence."""
    root = await world.workspace.say(ADA, DIRECT, question)
    await world.workspace.wait_until(lambda: error.for_people in world.bot_text(DIRECT, root), 60)


@pytest.mark.usefixtures("upstream")
async def test_through_litellm(proxy: RunningProxy, tmp_path: Path) -> None:
    """Before the first word, and in the middle of an answer, whose text is kept."""
    answer = "Counted: " + ", ".join(str(number) for number in range(300)) + ". The end."
    async with bot_at(proxy.base_url, tmp_path, OPENAI_API_KEY=PROXY_KEY) as world:
        await answers(world, f"[[say={answer}]]", answer)
        await says(world, "[[fault=429]]", ModelBusy)
        await says(world, "[[tokens=400]] [[fault=cut]]", ModelInterrupted)
        await answers(world, "[[say=Still there.]]", "Still there.")


async def test_in_front_of_aimock(aimock: str, tmp_path: Path) -> None:
    async with bot_at(f"{aimock}/v1", tmp_path) as world:
        await answers(world, "hello", HELLO)
        await says(world, "limit", ModelBusy)
        await says(world, "cut", ModelInterrupted)
        await answers(world, "think", "Four.")


async def test_in_front_of_openai_mock_api(openai_mock: str, tmp_path: Path) -> None:
    more = {"OPENAI_API_KEY": MOCK_KEY, "BOT_MODEL": "gpt-4", "BOT_SYSTEM_PROMPT": INSTRUCTION}
    async with bot_at(openai_mock, tmp_path, **more) as world:
        await answers(world, "hello", HELLO)
        await says(world, "nobody taught it this", ModelRejected)
