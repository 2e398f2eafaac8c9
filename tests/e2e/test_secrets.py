"""The log during failures: no key, no token and no word of a conversation."""

import json

from bot.core.errors import ModelKeyRefused
from tests.e2e.conftest import ADA, GENERAL, BotWorld
from tests.llm.raw_server import raw_server, reply
from tests.program import program

FAULTS = (
    "401",
    "403",
    "413",
    "422",
    "500",
    "502",
    "filtered",
    "too_long",
    "cut",
    "error",
    "malformed",
    "empty",
)
SLACK_FAULTS = ("chat.postMessage", "chat.update", "users.info", "assistant.threads.setStatus")
QUESTION, ANSWER, PROMPT, USER_KEY = "swordfish", "halibut", "mackerel", "a-key-for-the-hash"


async def test_the_log_holds_no_secret_and_no_text(world: BotWorld) -> None:
    """At level debug, during failures of the model, of Slack and of the connection."""
    world.env |= {
        "BOT_LOG_LEVEL": "debug",
        "BOT_SYSTEM_PROMPT": f"You are a {PROMPT}.",
        "BOT_USER_KEY": USER_KEY,
    }
    for method in SLACK_FAULTS:
        world.workspace.inject_fault(method, status=500)
        world.workspace.inject_fault(method, error="invalid_blocks")
    async with program("run", cwd=world.folder, env=world.env) as running:
        await running.wait_for_output('"action": "ready"')
        answer = f"[[say={ANSWER} {ANSWER} {ANSWER} {ANSWER}]]"
        roots = [
            await world.workspace.say(ADA, GENERAL, f"<@U0BOT> {QUESTION} {answer} [[fault={fault}]]")
            for fault in FAULTS
        ]
        await world.workspace.disconnect(None)
        await world.workspace.wait_until(lambda: all(world.bot_text(GENERAL, root) for root in roots), 120)
        assert await running.stop() == 0
    assert '"action": "model_failed"' in running.text
    assert "Traceback" not in running.text
    secrets = (world.env["OPENAI_API_KEY"], world.workspace.bot_token, world.workspace.app_token, USER_KEY)
    for text in (*secrets, QUESTION, ANSWER, PROMPT):
        assert text not in running.text


async def test_a_server_that_repeats_a_key_does_not_get_it_into_the_log(world: BotWorld) -> None:
    """In any form: the log removes the configured key itself."""
    said = {"error": {"message": "Who gave you hunter2-horse? Not in correct-battery, nor in staple-77"}}
    async with raw_server([reply(401, json.dumps(said).encode())]) as server:
        world.env |= {
            "OPENAI_BASE_URL": server.base_url,
            "OPENAI_API_KEY": "hunter2-horse",
            "BOT_HEADERS": '{"X-Team": "correct-battery"}',
            "BOT_FALLBACKS": f"{server.base_url.replace('//', '//:staple-77@')}",
        }
        async with program("run", cwd=world.folder, env=world.env) as running:
            await running.wait_for_output('"action": "ready"')
            root = await world.workspace.say(ADA, GENERAL, "<@U0BOT> Well?")
            await world.wait_for_text(GENERAL, root, ends=ModelKeyRefused.for_people)
        async with program("models", cwd=world.folder, env=world.env) as listing:
            await listing.wait()
    assert "Who gave you [removed]? Not in [removed], nor in [removed]" in running.text
    assert "Who gave you [removed]? Not in [removed], nor in [removed]" in listing.text
    for secret in ("hunter2", "battery", "staple"):
        assert secret not in running.text + listing.text
