"""The models that a form can offer, as the model server lists them.

Opening a form must not wait for that server. A list is reused for five minutes, and a failure for half a
minute; a server that does not answer within a second offers no models, and the form then asks for a name.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

import structlog
from cachetools import TLRUCache

from bot.core.chat.parameters import PARAMETERS
from bot.core.errors import ModelError
from bot.slack.admin.prompts.form import MODEL_FIELD, ModelChoices

MODEL_LIST_TIMEOUT_SECONDS = 1.0
"""Seconds."""
MODEL_LIST_TTL_SECONDS = 300.0
"""How long a list of models is believed."""
FAILURE_TTL_SECONDS = 30.0
_LIST = "models"
"""The only key of the cache."""

log = structlog.get_logger()


class ModelList:
    """The models of one server, remembered for a while."""

    def __init__(
        self,
        fetch: Callable[[], Awaitable[Mapping[str, str]]],
        notes_for: Callable[[str], Mapping[str, str]] = lambda _model: {},
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`fetch` asks the server, and may raise a `ModelError`; for both arguments see `ModelChoices`."""
        self._fetch = fetch
        self._notes_for = notes_for
        self._cache = TLRUCache[str, Mapping[str, str] | None](1, ttu=_expires_at, timer=clock)

    async def __call__(self) -> ModelChoices:
        """Return the models that are known, within a second."""
        if _LIST not in self._cache:
            self._cache[_LIST] = await self._fetch_list()
        offered = self._cache.get(_LIST) or {}
        return ModelChoices(offered=offered, notes_for=lambda model: _group_by_parameter(self._notes_for(model)))

    async def _fetch_list(self) -> Mapping[str, str] | None:
        """Return the models that the server lists, or None if it does not answer."""
        try:
            async with asyncio.timeout(MODEL_LIST_TIMEOUT_SECONDS):
                return await self._fetch()
        except (ModelError, TimeoutError) as error:
            log.info("The list of models could not be fetched.", action="models_unknown", error=type(error).__name__)
            return None


def _expires_at(_key: str, models: Mapping[str, str] | None, now: float) -> float:
    return now + (FAILURE_TTL_SECONDS if models is None else MODEL_LIST_TTL_SECONDS)


def _group_by_parameter(notes: Mapping[str, str]) -> Mapping[str, str]:
    """Return the notes by form field. Notes about parameters that no form has become the model's own note."""
    of_no_field = [f"{name}: {note}" for name, note in notes.items() if name not in PARAMETERS]
    of_fields = {name: note for name, note in notes.items() if name in PARAMETERS}
    return {**of_fields, MODEL_FIELD: "; ".join(of_no_field)} if of_no_field else of_fields
