"""The models that can be chosen, as far as their server tells.

Separate because a form must not wait for that server: its list is remembered for a while, and one that does
not come soon counts as none, which makes the form ask for a name.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

import structlog

from bot.core.chat.parameters import PARAMETERS
from bot.core.errors import ModelError
from bot.slack.admin.prompts.form import MODEL_FIELD, ModelChoices

MODEL_LIST_TIMEOUT_SECONDS = 1.0
"""Seconds."""
MODEL_LIST_TTL_SECONDS = 300.0
"""Seconds for which a list is believed."""
FAILURE_TTL_SECONDS = 30.0

log = structlog.get_logger()


class ModelList:
    """What a model server offers."""

    def __init__(
        self,
        fetch: Callable[[], Awaitable[Mapping[str, str]]],
        notes_for: Callable[[str], Mapping[str, str]] = lambda _model: {},
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`fetch` asks the server, and may raise a `ModelError`; for both see `form.Models`."""
        self._fetch = fetch
        self._notes_for = notes_for
        self._clock = clock
        self._known: Mapping[str, str] = {}
        self._until = float("-inf")

    async def __call__(self) -> ModelChoices:
        """Return what is known now, within a second."""
        if self._clock() >= self._until:
            self._known, keep = await self._fetch_list()
            self._until = self._clock() + keep
        return ModelChoices(offered=self._known, notes_for=lambda model: _group_by_parameter(self._notes_for(model)))

    async def _fetch_list(self) -> tuple[Mapping[str, str], float]:
        """Return a list, and for how many seconds to believe it."""
        try:
            async with asyncio.timeout(MODEL_LIST_TIMEOUT_SECONDS):
                return await self._fetch(), MODEL_LIST_TTL_SECONDS
        except (ModelError, TimeoutError) as error:
            log.info("The models are not known.", action="models_unknown", error=type(error).__name__)
            return {}, FAILURE_TTL_SECONDS


def _group_by_parameter(told: Mapping[str, str]) -> Mapping[str, str]:
    """Return what is told by parameters that stand in forms; of what is none of them, the model is told."""
    others = [f"{name}: {how}" for name, how in told.items() if name not in PARAMETERS]
    mine = {name: how for name, how in told.items() if name in PARAMETERS}
    return {**mine, MODEL_FIELD: "; ".join(others)} if others else mine
