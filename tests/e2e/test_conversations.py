"""Prompts and long threads that were stored before the bot started."""

from bot.core.chat.context_window import estimate_tokens
from bot.core.config import Prompt, Scope, ScopeConfig
from bot.core.requests import Answer
from bot.core.turns import AddressingKind, Author, IncomingMessage, ThreadKey, TurnStatus
from bot.store import migrate
from bot.store.config.versions import SqlConfigVersions
from bot.store.conversations.sql_store import SqlStore
from bot.store.database import parse_database_url
from tests.databases import open_database
from tests.e2e.conftest import ADA, GENERAL, GRACE, BotWorld, ready_bot

DIRECT = "D0ADA"
TURNS = 2_500
"""Five thousand messages: a question and an answer each."""


def thread(channel: str, root: str) -> ThreadKey:
    return ThreadKey(platform="slack", workspace="T0SANDBOX", channel=channel, root=root)


async def test_a_thread_of_five_thousand_messages_is_answered(world: BotWorld) -> None:
    """The request has the system prompt, then the newest turns that fit, whole and in order, then the question."""
    world.env |= {"DATABASE_URL": f"sqlite:///{world.folder / 'long.db'}", "BOT_CONTEXT_TOKENS": "3000"}
    url = parse_database_url(world.env["DATABASE_URL"])
    migrate.upgrade_database(url)
    root = await world.workspace.say(ADA, DIRECT, "[[say=Begun.]]")
    async with open_database(url) as database:
        store = SqlStore(database, owner="before")
        await store.open()
        for number in range(TURNS):
            turn = await store.accept(
                IncomingMessage(
                    thread=thread(DIRECT, root),
                    message_id=f"{number}",
                    author=Author(id=ADA),
                    text=f"question {number}",
                    addressed=AddressingKind.DIRECT,
                ),
                claim=True,
            )
            assert turn is not None
            await store.save_answer(turn, Answer(text=f"answer {number}"))
            await store.settle(turn, TurnStatus.DONE)
    async with ready_bot(world):
        await world.wait_for_text(DIRECT, root, ends="Begun.")
        await world.workspace.say(ADA, DIRECT, "[[say=Answered.]]", thread_ts=root)
        await world.wait_for_text(DIRECT, root, ends="Answered.")
    contents = [message["content"] for message in world.model.requests[-1]["messages"]]
    numbers = [int(content.split()[1]) for content in contents if content.startswith("question")]
    assert numbers == list(range(numbers[0], TURNS))
    assert 50 < len(numbers) < TURNS
    assert sum(map(estimate_tokens, contents)) < 3_000


async def test_a_prompt_of_the_database_applies_and_a_setting_elsewhere(world: BotWorld) -> None:
    world.env |= {
        "DATABASE_URL": f"sqlite:///{world.folder / 'prompts.db'}",
        "BOT_SYSTEM_PROMPT": "Be brief.",
    }
    url = parse_database_url(world.env["DATABASE_URL"])
    migrate.upgrade_database(url)
    async with open_database(url) as database:
        key = Scope(platform="slack", workspace="T0SANDBOX", channel=GENERAL)
        wanted = ScopeConfig(prompt=Prompt("Speak like an engineer."))
        await SqlConfigVersions(database).save(key, wanted, based_on=0, by=Author(id=ADA))
    async with ready_bot(world):
        for channel, prompt in ((GENERAL, "Speak like an engineer."), (DIRECT, "Be brief.")):
            root = await world.workspace.say(ADA, channel, "<@U0BOT> [[say=ok]]")
            await world.wait_for_text(channel, root, ends="ok")
            first = world.model.requests[-1]["messages"][0]
            assert (first["role"], first["content"]) == ("system", prompt)


async def test_a_service_that_takes_names_is_told_who_writes(world: BotWorld) -> None:
    """In the `name` field, in valid characters; with several people in the text, too."""
    world.env |= {"BOT_PROVIDER": "azure", "BOT_HEADERS": '{"Authorization": "Bearer sk-sandbox"}'}
    async with ready_bot(world):
        root = await world.workspace.say(ADA, GENERAL, "<@U0BOT> [[say=First.]]")
        await world.wait_for_text(GENERAL, root, ends="First.")
        await world.workspace.say(GRACE, GENERAL, "<@U0BOT> [[say=Second.]]", thread_ts=root)
        await world.wait_for_text(GENERAL, root, ends="Second.")
    users = [each for each in world.model.requests[-1]["messages"] if each["role"] == "user"]
    assert [each["name"] for each in users] == ["ada", "grace"]
    assert [each["content"].split(":")[0] for each in users] == ["ada", "grace"]


async def test_where_threads_are_followed_a_reply_needs_no_mention(world: BotWorld) -> None:
    """Only in threads where the bot was asked before."""
    world.env |= {"BOT_FOLLOW_THREADS": "on"}
    async with ready_bot(world):
        other = await world.workspace.say(ADA, GENERAL, "a thread without the bot")
        await world.workspace.say(GRACE, GENERAL, "a reply in it", thread_ts=other)
        root = await world.workspace.say(ADA, GENERAL, "<@U0BOT> [[say=First.]]")
        await world.wait_for_text(GENERAL, root, ends="First.")
        await world.workspace.say(GRACE, GENERAL, "[[say=Second.]]", thread_ts=root)
        await world.wait_for_text(GENERAL, root, ends="Second.")
        assert world.bot_texts(GENERAL, other) == []
        assert len(world.model.requests) == 2


async def test_a_restart_keeps_the_conversation(world: BotWorld) -> None:
    root = await world.workspace.say(ADA, DIRECT, "[[say=Before.]]")
    async with ready_bot(world):
        await world.wait_for_text(DIRECT, root, ends="Before.")
    async with ready_bot(world):
        await world.workspace.say(ADA, DIRECT, "[[say=After.]]", thread_ts=root)
        await world.wait_for_text(DIRECT, root, ends="After.")
    roles = [message["role"] for message in world.model.requests[-1]["messages"]]
    assert roles == ["system", "user", "assistant", "user"]
