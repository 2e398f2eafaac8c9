"""Fixtures of the model's tests."""

from collections.abc import AsyncIterator

import pytest

from bot.sandbox.model.server import SandboxModel
from tests.llm.leftovers import nothing_left_running

__all__ = ["nothing_left_running"]


@pytest.fixture
async def sandbox() -> AsyncIterator[SandboxModel]:
    async with SandboxModel(rate=5_000) as model:
        yield model
