"""A bot in the sandbox, as tests of plugins start it: its threads, its settings, and its failures."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.core.errors import SettingsError
from bot.testing.sandbox_bot import run_sandbox_bot


async def test_it_answers_in_channels_threads_and_direct_messages(tmp_path: Path) -> None:
    async with run_sandbox_bot(tmp_path) as bot:
        assert await bot.ask("[[say=One.]]") == "One."
        (root,) = (each.ts for each in bot.workspace.state.messages("C0GENERAL") if each.thread_ts is None)
        assert await bot.ask("[[say=Two.]]", user="U0GRACE", thread_ts=root) == "Two."
        assert await bot.ask("[[say=Three.]]", channel="D0ADA") == "Three."
        assert len(bot.model.requests) == 3


async def test_a_failed_answer_is_the_sentence_that_people_see(tmp_path: Path) -> None:
    async with run_sandbox_bot(tmp_path) as bot:
        assert "model" in await bot.ask("[[fault=401]]")


async def test_a_misspelt_setting_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="bot_systm_prompt"):
        async with run_sandbox_bot(tmp_path, bot_systm_prompt="Be brief."):
            pass


async def test_a_bot_that_cannot_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="BOT_SYSTEM_PROMPT"):
        async with run_sandbox_bot(tmp_path, bot_system_prompt="x" * 1_000_000):
            pass
