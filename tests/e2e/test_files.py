"""Attached files over real sockets: what the model gets, and what the thread shows."""

import base64
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.sandbox.workspace.uploads import FileUpload
from tests.conversation.test_file_reader import pdf
from tests.e2e.conftest import ADA, GENERAL, BotWorld, new_world, ready_bot
from tests.program import Program

pytestmark = pytest.mark.asyncio(loop_scope="module")

DIRECT = "D0ADA"
PNG = b"\x89PNG\r\n\x1a\n rest"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[BotWorld]:
    async with new_world(tmp_path_factory.mktemp("files")) as world:
        yield world


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(world: BotWorld) -> AsyncIterator[Program]:
    async with ready_bot(world) as running:
        yield running


async def test_a_document_is_read_and_stays_part_of_the_conversation(world: BotWorld, bot: Program) -> None:
    """The text is the same in every request, so that the prompt cache works; the file is downloaded once."""
    plan = FileUpload("plan.pdf", pdf(60), "application/pdf")
    root = await world.workspace.say(ADA, DIRECT, "What is the plan?", files=[plan])
    remark = "_I read the first 50 of 60 pages of `plan.pdf`._"
    await world.wait_for_text(DIRECT, root, ends=remark)
    first = world.model.requests[-1]["messages"][-1]["content"]
    assert first.startswith("What is the plan?\n[attached file: plan.pdf]\n\n--- plan.pdf ---\n")
    assert "Tea on page 50\n--- end of plan.pdf ---" in first
    world.workspace.files.can_read = False
    await world.workspace.say(ADA, DIRECT, "[[say=More.]]", thread_ts=root)
    await world.wait_for_text(DIRECT, root, ends="More.")
    world.workspace.files.can_read = True
    assert first in [message["content"] for message in world.model.requests[-1]["messages"]]


async def test_a_picture_is_shown_to_the_model_with_its_question_only(world: BotWorld, bot: Program) -> None:
    cat = FileUpload("cat.png", PNG, "image/png")
    root = await world.workspace.say(ADA, GENERAL, "<@U0BOT> [[say=A cat.]]", files=[cat])
    await world.wait_for_text(GENERAL, root, ends="A cat.")
    text, picture = world.model.requests[-1]["messages"][-1]["content"]
    assert text["text"].endswith("[attached file: cat.png]")
    assert picture["image_url"]["url"] == f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    await world.workspace.say(ADA, GENERAL, "<@U0BOT> [[say=Still.]]", thread_ts=root)
    await world.wait_for_text(GENERAL, root, ends="Still.")
    contents = [message["content"] for message in world.model.requests[-1]["messages"]]
    assert text["text"] in contents


async def test_a_missing_scope_is_named_in_the_thread(world: BotWorld, bot: Program) -> None:
    """The model is asked all the same, and told that the file could not be read."""
    world.workspace.files.can_read = False
    root = await world.workspace.say(ADA, DIRECT, "And this?", files=[FileUpload("a.txt", b"Tea.", "text/plain")])
    shown = await world.wait_for_text(DIRECT, root, ends="the scope files:read._")
    world.workspace.files.can_read = True
    assert "_I could not read `a.txt`: Slack does not let me;" in shown
    assert "(Note: I could not read a.txt:" in world.model.requests[-1]["messages"][-1]["content"]
    assert "Tea." not in bot.text
