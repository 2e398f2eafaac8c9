"""The limits of a person in the whole program, with their defaults."""

from bot.core.access.permission_check import AccessRefusal
from bot.settings import Settings
from tests.e2e.conftest import ADA, GENERAL, GRACE, BotWorld, ready_bot
from tests.e2e.test_access import collect_notices
from tests.program import NO_PERSON_LIMITS

ANSWERS, QUESTIONS = (
    Settings.model_fields[name].default for name in ("bot_answers_per_person", "bot_questions_per_minute")
)


async def test_a_person_who_asks_much_is_told_once_and_keeps_nobody_waiting(world: BotWorld) -> None:
    """Three of Ada's questions are with the model, further ones wait, and beyond twenty none is taken."""
    for name in NO_PERSON_LIMITS:
        del world.env[name]
    notices = collect_notices(world)
    async with ready_bot(world):
        for number in range(QUESTIONS + 3):
            await world.workspace.say(ADA, GENERAL, f"<@U0BOT> {number} [[delay=300]]")
        root = await world.workspace.say(GRACE, "C0RANDOM", "<@U0BOT> [[say=ok]]")
        await world.wait_for_text("C0RANDOM", root, ends="ok")
        assert len(world.model.requests) == ANSWERS + 1
        assert [(notice.user, notice.text) for notice in notices] == [(ADA, AccessRefusal.TOO_OFTEN.for_people)]
