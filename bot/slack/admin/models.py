"""The models that can be chosen, as far as their server tells.

Separate because a form must not wait for that server: its list is remembered for a while, and one that does
not come soon counts as none, which makes the form ask for a name.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from bot.core.errors import ModelError
from bot.slack.admin.form import Models

PATIENCE = 1.0
"""Seconds."""
KEEP = 300.0
"""Seconds for which a list is believed."""
KEEP_FAILURE = 30.0

log = structlog.get_logger()


class KnownModels:
    """What a model server offers."""

    def __init__(
        self, fetch: Callable[[], Awaitable[Models]], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`fetch` asks the server, and may raise a `ModelError`."""
        self._fetch = fetch
        self._clock = clock
        self._known: Models = {}
        self._until = float("-inf")

    async def __call__(self) -> Models:
        """Return the models, or none, within a second."""
        if self._clock() >= self._until:
            self._known, keep = await self._ask()
            self._until = self._clock() + keep
        return self._known

    async def _ask(self) -> tuple[Models, float]:
        """Return a list, and for how many seconds to believe it."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._fetch(), KEEP
        except (ModelError, TimeoutError) as error:
            log.info("The models are not known.", action="models_unknown", error=type(error).__name__)
            return {}, KEEP_FAILURE
