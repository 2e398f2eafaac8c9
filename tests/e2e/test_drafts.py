"""A draft survives a restart: it is tried, asked further after a restart, and published."""

from typing import Any

from bot.sandbox.workspace.records import WorkspaceMessage
from bot.slack.admin.prompts import draft_view, form
from tests.e2e.conftest import ADA, GENERAL, BotWorld, ready_bot
from tests.program import START_TIMEOUT_SECONDS
from tests.slack.admin.form_state import state

ASK = "Which instructions do you have?"
PROMPT = "You speak like a pirate of {channel}."
SPOKEN = "You speak like a pirate of #general."


def bot_messages_to_ada(world: BotWorld) -> list[WorkspaceMessage]:
    """Return the bot's direct messages to Ada with all replies, oldest first."""
    return world.workspace.state.messages(world.workspace.state.im(ADA).id)


async def try_it(world: BotWorld) -> WorkspaceMessage:
    """Try a draft for a channel; return the first message of its thread after the answer."""
    views = world.workspace.views
    await world.workspace.interactivity.command(ADA, GENERAL, "/threadkeeper", "prompt")
    await world.workspace.wait_until(
        lambda: any(view.content.get("submit") for view in views.stack(ADA)), START_TIMEOUT_SECONDS
    )
    view = views.stack(ADA)[-1]
    filled = state(view.content["blocks"], {"prompt:line:0": PROMPT, form.QUESTION_FIELD: ASK})
    pressed = {"action_id": form.TRY_ACTION, "type": "button"}
    await world.workspace.interactivity.act_on_view(ADA, view.id, pressed, filled)
    await world.workspace.wait_until(
        lambda: any(SPOKEN in each.text for each in bot_messages_to_ada(world)), START_TIMEOUT_SECONDS
    )
    return bot_messages_to_ada(world)[0]


def button(head: WorkspaceMessage, action: str) -> dict[str, Any]:
    elements = (each for block in head.blocks for each in block.get("elements", ()))
    return next(each for each in elements if each.get("action_id") == action)


async def test_a_draft_outlives_the_process_that_began_it(world: BotWorld) -> None:
    """Questions in its thread are answered with it; after publishing it applies in its channel."""
    async with ready_bot(world):
        head = await try_it(world)
    async with ready_bot(world):
        await world.workspace.say(ADA, head.channel, f"Again: {ASK}", thread_ts=head.ts)
        await world.workspace.wait_until(
            lambda: sum(SPOKEN in each.text for each in bot_messages_to_ada(world)) == 2, START_TIMEOUT_SECONDS
        )
        await world.workspace.interactivity.act_on_message(
            ADA, head.channel, head.ts, button(head, draft_view.PUBLISH_ACTION), {}
        )
        await world.workspace.wait_until(
            lambda: bot_messages_to_ada(world)[0].text == "Published", START_TIMEOUT_SECONDS
        )
        root = await world.workspace.say(ADA, GENERAL, f"<@U0BOT> {ASK}")
        await world.workspace.wait_until(lambda: SPOKEN in world.bot_text(GENERAL, root), START_TIMEOUT_SECONDS)
