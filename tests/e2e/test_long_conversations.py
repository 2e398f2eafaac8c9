"""Conversations longer than the model's window, with the real program."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bot.conversation.request_builder import OUT_OF_VIEW_NOTE, SUMMARISED_NOTE
from bot.core.chat.summaries import SUMMARY_BEGINNING
from bot.sandbox.model.server import SandboxModel
from bot.sandbox.server import SandboxWorkspace
from tests.databases import KINDS, Kind, migrated_database
from tests.e2e.conftest import ADA, BotWorld, ready_bot
from tests.program import program, settings

DIRECT = "D0ADA"
QUESTIONS = 8
LONG = "And then, " * 60


async def wait_for_answer(world: BotWorld, root: str, text: str) -> None:
    """Wait until the thread shows an answer; there may be more below it."""
    await world.workspace.wait_until(lambda: text in world.bot_text(DIRECT, root), 30.0)


async def test_the_window_is_learnt_from_the_list_and_people_are_told_once(tmp_path: Path) -> None:
    """The model refuses longer requests, and gets none."""
    async with SandboxModel(rate=2_000, window=1_000) as model, SandboxWorkspace(port=0) as slack:
        world = BotWorld(slack, model, settings(slack, model), tmp_path)
        async with ready_bot(world):
            root = await slack.say(ADA, DIRECT, "Begin. [[say=Begun.]]")
            await world.wait_for_text(DIRECT, root, ends="Begun.")
            for number in range(1, QUESTIONS):
                await slack.say(ADA, DIRECT, f"{LONG} [[say=Answer {number}.]]", thread_ts=root)
                await wait_for_answer(world, root, f"Answer {number}.")
        assert world.bot_text(DIRECT, root).count(OUT_OF_VIEW_NOTE) == 1
        assert len(model.requests) == QUESTIONS, "none was refused"
        first = [request["messages"][1]["content"] for request in model.requests]
        assert len(set(first)) > 1, "something was left out"
        assert {request["messages"][0]["role"] for request in model.requests} == {"system"}


async def test_where_there_is_a_tokenizer_it_says_what_fits(tmp_path: Path) -> None:
    """The tokenizer counts 500 tokens where the estimate is 2,000: a run of letters is hard to estimate."""
    async with SandboxModel(rate=2_000) as model, SandboxWorkspace(port=0) as slack:
        world = BotWorld(slack, model, settings(slack, model, BOT_CONTEXT_TOKENS="1500"), tmp_path)
        async with ready_bot(world):
            root = await slack.say(ADA, DIRECT, f"{'a' * 4_000}\n\n[[say=First.]]")
            await world.wait_for_text(DIRECT, root, ends="First.")
            await slack.say(ADA, DIRECT, "[[say=Second.]]", thread_ts=root)
            await wait_for_answer(world, root, "Second.")
    assert "a" * 4_000 in model.requests[-1]["messages"][1]["content"]


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_out_of_view_is_summarised_across_a_restart(kind: Kind, tmp_path: Path) -> None:
    """The model writes the summaries between answers, and no request exceeds its window."""
    async with SandboxModel(rate=2_000, window=1_000) as model, SandboxWorkspace(port=0) as slack:
        with migrated_database(kind, tmp_path) as url:
            address = url.render_as_string(hide_password=False)
            env = settings(slack, model, BOT_SUMMARIES="on", DATABASE_URL=address)
            world = BotWorld(slack, model, env, tmp_path)
            async with program("run", cwd=world.folder, env=world.env) as bot:
                await bot.wait_for_output('"action": "ready"')
                root = await slack.say(ADA, DIRECT, "Begin. [[say=Begun.]]")
                await world.wait_for_text(DIRECT, root, ends="Begun.")
                for number in range(1, QUESTIONS):
                    await slack.say(ADA, DIRECT, f"{LONG} [[say=Answer {number}.]]", thread_ts=root)
                    await wait_for_answer(world, root, f"Answer {number}.")
                await bot.wait_for_output('"action": "summarised"')
                assert await bot.stop() == 0, bot.text
            async with ready_bot(world):
                for number in range(10):  # a summary that was being made at the stop is made anew
                    await slack.say(ADA, DIRECT, f"And? [[say=So {number}.]]", thread_ts=root)
                    await wait_for_answer(world, root, f"So {number}.")
                    if beginning(questions(model)[-1]).startswith(SUMMARY_BEGINNING):
                        break
        told = sentences(world.bot_text(DIRECT, root))
        assert told[-1] == SUMMARISED_NOTE
        assert all(one != following for one, following in pairwise(told)), "nothing is said twice"
        assert beginning(questions(model)[-1]).startswith(SUMMARY_BEGINNING)
        assert 0 < len(model.requests) - len(questions(model)) < len(questions(model))


def questions(model: SandboxModel) -> list[dict[str, Any]]:
    """Return the requests that are not for a summary."""
    return [each for each in model.requests if "You keep the record" not in each["messages"][0]["content"]]


def beginning(request: dict[str, Any]) -> str:
    """Return the beginning of the first message after the system prompt."""
    return str(request["messages"][1]["content"])


def sentences(shown: str) -> list[str]:
    """Return the sentences about older messages that the thread shows."""
    return re.findall(f"{re.escape(OUT_OF_VIEW_NOTE)}|{re.escape(SUMMARISED_NOTE)}", shown)
