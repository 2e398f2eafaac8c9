"""The main job over real sockets: what a person writes, and what the thread then shows."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.databases import KINDS, Kind, migrated_database
from tests.e2e.conftest import ADA, GENERAL, GRACE, BotWorld, new_world, ready_bot
from tests.program import Program

pytestmark = pytest.mark.asyncio(loop_scope="module")

DIRECT, RANDOM = "D0ADA", "C0RANDOM"


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=KINDS)
async def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[BotWorld]:
    """One world for all tests here, on each kind of database: what they ask stays in different threads."""
    kind: Kind = request.param
    folder = tmp_path_factory.mktemp("main")
    with migrated_database(kind, folder) as url:
        async with new_world(folder, DATABASE_URL=url.render_as_string(hide_password=False)) as world:
            yield world


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(world: BotWorld) -> AsyncIterator[Program]:
    async with ready_bot(world) as running:
        yield running


async def test_a_mention_is_answered_in_its_thread(world: BotWorld, bot: Program) -> None:
    root = await world.workspace.say(ADA, GENERAL, "<@U0BOT> [[say=An answer with **bold** and `code`.]]")
    await world.wait_for_text(GENERAL, root, ends="code`.")
    assert len(world.bot_texts(GENERAL, root)) == 1
    block = world.workspace.thread(GENERAL, root)[1].blocks[0]
    assert (block["type"], block["text"]) == ("markdown", "An answer with **bold** and `code`.")


async def test_a_mention_that_arrives_as_two_events_gets_one_answer(world: BotWorld, bot: Program) -> None:
    before = len(world.model.requests)
    roots = [await world.workspace.say(ADA, GENERAL, f"<@U0BOT> [[say=answer {n}.]]") for n in range(4)]
    for number, root in enumerate(roots):
        assert await world.wait_for_text(GENERAL, root, ends=f"answer {number}.") == f"answer {number}."
    assert len(world.model.requests) == before + len(roots)


async def test_a_direct_message_is_answered_in_its_thread_and_continues(world: BotWorld, bot: Program) -> None:
    root = await world.workspace.say(ADA, DIRECT, "[[say=First.]]")
    await world.wait_for_text(DIRECT, root, ends="First.")
    await world.workspace.say(ADA, DIRECT, "[[say=Second.]]", thread_ts=root)
    await world.wait_for_text(DIRECT, root, ends="Second.")
    messages = world.model.requests[-1]["messages"]
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]
    assert messages[2]["content"] == "First."


async def test_in_a_channel_a_reply_counts_only_with_a_mention(world: BotWorld, bot: Program) -> None:
    root = await world.workspace.say(ADA, GENERAL, "<@U0BOT> [[say=First.]]")
    await world.wait_for_text(GENERAL, root, ends="First.")
    await world.workspace.say(GRACE, GENERAL, "nobody asked the bot", thread_ts=root)
    await world.workspace.say(GRACE, GENERAL, "<@U0BOT> [[say=Second.]]", thread_ts=root)
    await world.wait_for_text(GENERAL, root, ends="Second.")
    speakers = [message["content"] for message in world.model.requests[-1]["messages"] if message["role"] == "user"]
    assert speakers[0].startswith("ada: ")
    assert speakers[1].startswith("grace: ")


async def test_people_are_told_apart_by_an_opaque_user(world: BotWorld, bot: Program) -> None:
    for person in (ADA, GRACE, ADA):
        root = await world.workspace.say(person, GENERAL, "<@U0BOT> [[say=ok]]")
        await world.wait_for_text(GENERAL, root, ends="ok")
    users = [request["user"] for request in world.model.requests[-3:]]
    assert users[0] == users[2] != users[1]
    assert all(len(user) == 64 and "U0" not in user for user in users)


async def test_a_long_answer_grows_and_continues_in_further_messages(world: BotWorld, bot: Program) -> None:
    text = "A sentence of seven words, again. " * 200 + "The end."
    root = await world.workspace.say(ADA, RANDOM, f"<@U0BOT> [[rate=250]] [[say={text}]]")
    await world.workspace.wait_until(lambda: world.workspace.calls("assistant.threads.setStatus") != [], 30)
    await world.wait_for_text(RANDOM, root, ends="The end.")
    messages = [m for m in world.workspace.thread(RANDOM, root) if m.user == "U0BOT"]
    assert len(messages[0].history) > 2, "the first message grew"
    assert len(messages) > 1
    assert world.bot_text(RANDOM, root).split() == text.split(), "complete, and nothing twice"
    calls = [call for call in world.workspace.calls() if call.arguments.get("channel") == RANDOM]
    assert all(call.response["ok"] for call in calls), "no limit of Slack's was met"


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("401", "OPENAI_API_KEY"),
        ("404", "BOT_MODEL"),
        ("empty", "empty answer"),
        ("cut", "broke off"),
        ("error", "broke off"),
        ("malformed", "broke off"),
    ],
)
async def test_a_model_error_is_a_sentence_and_the_next_question_works(
    world: BotWorld, bot: Program, fault: str, sentence: str
) -> None:
    root = await world.workspace.say(ADA, GENERAL, f"<@U0BOT> [[fault={fault}]]")
    await world.workspace.wait_until(lambda: sentence in world.bot_text(GENERAL, root), 30)
    assert "Traceback" not in world.bot_text(GENERAL, root)
    await world.workspace.say(ADA, GENERAL, "<@U0BOT> [[say=Works.]]", thread_ts=root)
    await world.wait_for_text(GENERAL, root, ends="Works.")


@pytest.mark.parametrize(
    "text",
    [
        "x" * 39_000,
        "שלום, מה שלומך? مرحبا ",
        "👩‍👩‍👧‍👦 🇩🇪 e\u0301",
        "```\nif a &lt; b: print(`x`)\n```",
        "&lt;script&gt; &amp;amp; *bold* ~~~ [[ ]] <https://a.example|a>",
    ],
    ids=["40,000 characters", "right to left", "emoji", "code", "markup"],
)
async def test_every_kind_of_text_is_answered(world: BotWorld, bot: Program, text: str) -> None:
    root = await world.workspace.say(ADA, DIRECT, f"{text}[[say=Understood.]]")
    await world.wait_for_text(DIRECT, root, ends="Understood.")


async def test_a_mention_without_a_word_is_answered(world: BotWorld, bot: Program) -> None:
    root = await world.workspace.say(ADA, GENERAL, "<@U0BOT>")
    await world.workspace.wait_until(lambda: world.bot_text(GENERAL, root) != "", 30)
