"""Rules for all tests: no network but loopback, and in CI a skipped test fails the run."""

import ipaddress
import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.settings import Settings
from tests.clock import wait_for_midnight
from tests.program import RunningSandbox, running_sandbox

LOCAL_NAMES = {"localhost", "", None}


def _only_loopback(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse every connection to another machine, from any library."""
    if event != "socket.connect" or not isinstance(arguments[1], tuple):
        return
    host = arguments[1][0]
    if host not in LOCAL_NAMES and not ipaddress.ip_address(host).is_loopback:
        raise AssertionError(f"A test tried to connect to {host}.")


sys.addaudithook(_only_loopback)


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the bot's settings from the environment."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """Fail the run in CI if a test was skipped."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    yield


@pytest.fixture
async def one_day() -> None:
    """Begin a minute or more before midnight UTC, since the program has the machine's time."""
    await wait_for_midnight(within=60)


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[RunningSandbox]:
    """Run `bot try`, with nothing set in its environment."""
    async with running_sandbox(tmp_path) as sandbox:
        yield sandbox
