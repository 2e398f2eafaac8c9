"""Thumbs below answers with the real program: any person may vote, once; a setting turns them off."""

import asyncio
from typing import Any

from sqlalchemy import text

from bot.core.history.feedback import Verdict, VoteCounts
from bot.sandbox.workspace.records import WorkspaceMessage
from bot.store import migrate
from bot.store.conversations.feedback import SqlVotes
from bot.store.database import parse_database_url
from tests.databases import open_database
from tests.e2e.conftest import ADA, GENERAL, GRACE, BotWorld, ready_bot
from tests.program import START_TIMEOUT_SECONDS

SAID = "One two three four five six seven eight nine ten, and so on for a while, until it is enough."


async def answer(world: BotWorld) -> WorkspaceMessage:
    """Have a question answered, slowly enough that the answer grows; return the message that shows it."""
    root = await world.workspace.say(ADA, GENERAL, f"<@U0BOT> [[rate=20]] [[say={SAID}]]")
    await world.wait_for_text(GENERAL, root, ends=SAID)
    await world.workspace.wait_until(
        lambda: not _buttons(world.workspace.thread(GENERAL, root)[-1], "actions"), START_TIMEOUT_SECONDS
    )
    return world.workspace.thread(GENERAL, root)[-1]


def _buttons(message: WorkspaceMessage, kind: str) -> list[dict[str, Any]]:
    return [each for block in message.blocks if block["type"] == kind for each in block["elements"]]


async def press(world: BotWorld, message: WorkspaceMessage, user: str, verdict: Verdict, turn: str = "") -> None:
    (pair,) = _buttons(message, "context_actions")
    value = pair["positive_button" if verdict is Verdict.GOOD else "negative_button"]["value"]
    pressed = {
        "type": "feedback_buttons",
        "action_id": pair["action_id"],
        "value": f"{verdict}:{turn}" if turn else value,
    }
    await world.workspace.interactivity.act_on_message(user, GENERAL, message.ts, pressed, {})


async def test_votes_are_counted_once_for_each_person_and_answer(world: BotWorld) -> None:
    world.env |= {"DATABASE_URL": f"sqlite:///{world.folder / 'thumbs.db'}"}
    url = parse_database_url(world.env["DATABASE_URL"])
    migrate.upgrade_database(url)
    async with open_database(url, exclusive=False) as database:

        async def score() -> VoteCounts:
            rows = await database.tx(
                lambda connection: connection.execute(text("SELECT is_good FROM votes")).scalars().all()
            )
            return VoteCounts(sum(map(bool, rows)), len(rows) - sum(map(bool, rows)))

        async def until(expected: VoteCounts) -> None:
            async with asyncio.timeout(START_TIMEOUT_SECONDS):
                while True:
                    if await score() == expected:
                        return
                    await asyncio.sleep(0.05)

        async with ready_bot(world):
            shown = await answer(world)
            await press(world, shown, GRACE, Verdict.BAD)
            await until(VoteCounts(bad=1))
            await press(world, shown, ADA, Verdict.GOOD)
            await until(VoteCounts(good=1, bad=1))
            await press(world, shown, GRACE, Verdict.GOOD, turn="99")
            await press(world, shown, GRACE, Verdict.GOOD)
            await until(VoteCounts(good=2))
        world.env["BOT_FEEDBACK"] = "false"
        async with ready_bot(world):
            assert not _buttons(await answer(world), "context_actions")
        assert await score() == VoteCounts(good=2)
        assert await SqlVotes(database).count_votes_by_version([1]) == {}, "no admin had set anything"
