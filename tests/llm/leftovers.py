"""A fixture that fails a test which leaves a task running."""

import asyncio
from collections.abc import AsyncIterator

import pytest


@pytest.fixture(autouse=True)
async def nothing_left_running() -> AsyncIterator[None]:
    """Check that every task which a test started ends with the test, or soon after."""
    before = asyncio.all_tasks()
    yield
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    if left:  # a transport may need a moment to close
        await asyncio.wait(left, timeout=1)
    assert not [task for task in left if not task.done()]
