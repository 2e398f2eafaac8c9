"""Suggested prompts, titles and sessions in a direct message, with the real program."""

from bot.sandbox.workspace.records import AgentSession
from tests.e2e.conftest import ADA, BotWorld, ready_bot

DIRECT = "D0ADA"


async def test_suggestions_a_title_and_a_session_that_rests(world: BotWorld) -> None:
    """Opening Home sets no suggestions; those that were set stay."""
    world.env |= {"BOT_SUGGESTED_PROMPTS": "Explain: Explain this: | Draft: Draft a reply."}
    async with ready_bot(world):
        state = world.workspace.state
        world.workspace.interactivity.open_home(ADA, "home")
        await world.workspace.wait_until(lambda: world.workspace.calls("views.publish") != [], 30)
        assert not state.prompts
        world.workspace.interactivity.open_home(ADA, "messages")
        await world.workspace.wait_until(lambda: DIRECT in state.prompts, 30)
        assert state.prompts[DIRECT] == {"Explain": "Explain this:", "Draft": "Draft a reply."}
        root = await world.workspace.say(ADA, DIRECT, "**Why** is it wet?\n[[rate=20]] [[say=It rains and rains.]]")
        await world.wait_for_text(DIRECT, root, ends="It rains and rains.")
        at_rest = AgentSession(status="active", title="Why is it wet?")
        await world.workspace.wait_until(lambda: state.sessions.get((DIRECT, root)) == at_rest, 30)
        assert not world.workspace.statuses
