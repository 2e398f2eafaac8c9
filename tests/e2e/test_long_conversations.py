"""A conversation outgrows the model's window, with the real program between Slack and the model."""

from pathlib import Path

from bot.asking import OUT_OF_VIEW
from bot.sandbox.model import SandboxModel
from bot.sandbox.server import SandboxWorkspace
from tests.e2e.conftest import ADA, World, ready_bot
from tests.program import settings

DIRECT = "D0ADA"
QUESTIONS = 8
LONG = "And then, " * 60


async def answered(world: World, root: str, text: str) -> None:
    """Wait until the thread shows an answer; there may be more below it."""
    await world.workspace.changed(lambda: text in world.complete(DIRECT, root), 30.0)


async def test_the_window_is_learnt_from_the_list_and_people_are_told_once(tmp_path: Path) -> None:
    """The model would refuse what is longer than its window, and never has to."""
    async with SandboxModel(rate=2_000, window=1_000) as model, SandboxWorkspace(port=0) as slack:
        world = World(slack, model, settings(slack, model), tmp_path)
        async with ready_bot(world):
            root = await slack.say(ADA, DIRECT, "Begin. [[say=Begun.]]")
            await world.until(DIRECT, root, ends="Begun.")
            for number in range(1, QUESTIONS):
                await slack.say(ADA, DIRECT, f"{LONG} [[say=Answer {number}.]]", thread_ts=root)
                await answered(world, root, f"Answer {number}.")
        assert world.complete(DIRECT, root).count(OUT_OF_VIEW) == 1
        assert len(model.requests) == QUESTIONS, "none was refused"
        first = [request["messages"][1]["content"] for request in model.requests]
        assert len(set(first)) > 1, "something was left out"
        assert {request["messages"][0]["role"] for request in model.requests} == {"system"}
