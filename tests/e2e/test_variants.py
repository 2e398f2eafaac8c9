"""Several answers to one question over real sockets: shown one at a time, flipped and chosen by buttons."""

from bot.core.config import Scope, ScopeConfig
from bot.core.turns import Action, Author
from bot.slack.rendering.buttons import BUTTON_LABELS
from bot.store import migrate
from bot.store.config.versions import SqlConfigVersions
from bot.store.database import parse_database_url
from tests.databases import open_database
from tests.e2e.conftest import ADA, GENERAL, GRACE, BotWorld, ready_bot
from tests.program import START_TIMEOUT_SECONDS


async def press(world: BotWorld, root: str, action: Action, *, by: str = ADA) -> None:
    """Press a button below the newest message of the thread."""
    message = world.workspace.thread(GENERAL, root)[-1]
    (buttons,) = (block for block in message.blocks if block["type"] == "actions")
    (button,) = (each for each in buttons["elements"] if each["text"]["text"] == BUTTON_LABELS[action])
    pressed = {**button, "block_id": buttons["block_id"]}
    await world.workspace.interactivity.act_on_message(by, GENERAL, message.ts, pressed, {})


def has_no_buttons(world: BotWorld, root: str) -> bool:
    """Whether the newest message has no buttons."""
    return all(block["type"] != "actions" for block in world.workspace.thread(GENERAL, root)[-1].blocks)


async def ask_for_three(world: BotWorld) -> None:
    """Set three variants for the whole workspace."""
    world.env |= {"DATABASE_URL": f"sqlite:///{world.folder / 'variants.db'}"}
    url = parse_database_url(world.env["DATABASE_URL"])
    migrate.upgrade_database(url)
    async with open_database(url) as database:
        key = Scope(platform="slack", workspace="T0SANDBOX")
        await SqlConfigVersions(database).save(key, ScopeConfig(parameters={"n": 3}), based_on=0, by=Author(id=ADA))


async def test_variants_are_flipped_and_chosen_in_the_thread(world: BotWorld) -> None:
    """In one message, by the person who asked, also after a restart; the model is sent the chosen one."""
    await ask_for_three(world)
    async with ready_bot(world):
        root = await world.workspace.say(ADA, GENERAL, "<@U0BOT> Why is the sky blue? [[tokens=30]]")
        await world.wait_for_text(GENERAL, root, ends="_1 of 3_")
        assert world.model.requests[-1]["n"] == 3
        await press(world, root, Action.NEXT)
        second = await world.wait_for_text(GENERAL, root, ends="_2 of 3_")
        assert second.startswith("Answer 2.")
        await press(world, root, Action.NEXT, by=GRACE)
    async with ready_bot(world):
        await press(world, root, Action.NEXT)
        await world.wait_for_text(GENERAL, root, ends="_3 of 3_")
        await press(world, root, Action.PREVIOUS)
        assert await world.wait_for_text(GENERAL, root, ends="_2 of 3_") == second, "what others press does nothing"
        await press(world, root, Action.CHOOSE)
        await world.workspace.wait_until(lambda: has_no_buttons(world, root), START_TIMEOUT_SECONDS)
        assert world.bot_text(GENERAL, root) == second
        await world.workspace.say(ADA, GENERAL, "<@U0BOT> [[say=Yes.]]", thread_ts=root)
        await world.wait_for_text(GENERAL, root, ends="_1 of 3_")
    assert len(world.bot_texts(GENERAL, root)) == 2
    told = world.model.requests[-1]["messages"][-2]
    assert told["role"] == "assistant"
    assert told["content"].startswith("Answer 2.")
