"""Suggested prompts in direct messages, against the sandbox: when they are set, and when not."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.sandbox.server import SandboxWorkspace
from bot.slack.events import suggested_prompts
from bot.slack.events.suggested_prompts import SuggestedPrompts
from bot.slack.transport import connect
from bot.slack.transport.unavailable_features import UNSUPPORTED_ERRORS

DIRECT, OTHER = "D0ADA", "D0GRACE"
METHOD = "assistant.threads.setSuggestedPrompts"
QUESTIONS = {"Explain": "Explain in a few sentences:", "Draft": "Draft a reply to this:"}


@pytest.fixture
async def offered(workspace: SandboxWorkspace) -> AsyncIterator[SuggestedPrompts]:
    async with connect.open_web_client(workspace.bot_token, workspace.api_url) as client:
        yield SuggestedPrompts(client, QUESTIONS)


async def test_opening_the_direct_message_sets_the_prompts(
    workspace: SandboxWorkspace, offered: SuggestedPrompts
) -> None:
    """Once, however often and simultaneously it is opened; separately for each direct message."""
    await asyncio.gather(*(offered.show_prompts(DIRECT) for _ in range(3)))
    await offered.show_prompts(OTHER)
    assert workspace.state.prompts == {DIRECT: QUESTIONS, OTHER: QUESTIONS}
    assert [call.arguments["channel_id"] for call in workspace.calls(METHOD)] == [DIRECT, OTHER]


async def test_prompts_are_set_again_after_an_hour(
    workspace: SandboxWorkspace, offered: SuggestedPrompts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suggested_prompts, "SHOWN_TTL_SECONDS", 0.0)
    await offered.show_prompts(DIRECT)
    await offered.show_prompts(DIRECT)
    assert len(workspace.calls(METHOD)) == 2


@pytest.mark.parametrize("error", sorted(UNSUPPORTED_ERRORS))
async def test_without_the_agent_feature_the_method_is_called_once(
    workspace: SandboxWorkspace, offered: SuggestedPrompts, error: str
) -> None:
    workspace.inject_fault(METHOD, error=error)
    await offered.show_prompts(DIRECT)
    await offered.show_prompts(OTHER)
    assert len(workspace.calls(METHOD)) == 1
    assert not workspace.state.prompts


@pytest.mark.parametrize("error", ["fatal_error", "channel_not_found", "ratelimited"])
async def test_after_an_error_the_next_opening_tries_again(
    workspace: SandboxWorkspace, offered: SuggestedPrompts, error: str
) -> None:
    workspace.inject_fault(METHOD, error=error)
    await offered.show_prompts(DIRECT)
    await offered.show_prompts(DIRECT)
    assert workspace.state.prompts == {DIRECT: QUESTIONS}


async def test_without_questions_the_manifests_prompts_stay(workspace: SandboxWorkspace) -> None:
    async with connect.open_web_client(workspace.bot_token, workspace.api_url) as client:
        await SuggestedPrompts(client, {}).show_prompts(DIRECT)
    assert not workspace.calls(METHOD)
