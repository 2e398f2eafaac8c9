"""Fetches the list of a server's models: `GET {base_url}/models`.

Admins choose a model from it, and are warned if it will be shut down; the windows of the models limit the
length of conversations. A field that a server does not send is None. A response that is not a list of models
raises a `ModelError`.
"""

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from bot.core.errors import ModelSlow, ModelUnavailable, ModelUnreadable
from bot.llm.http.client import TRANSPORT_ERRORS
from bot.llm.protocol.error_body import parse_error_body, redact_for_log
from bot.llm.protocol.error_translation import make_model_error

LIST_TIMEOUT_SECONDS = 15.0
"""Seconds for the whole list."""
MAX_LIST_BYTES = 8 * 1024 * 1024
"""OpenRouter's list has about half a million bytes."""
WINDOW_KEYS = (
    "max_model_len",  # vLLM
    "context_length",  # OpenRouter
    "context_window",  # Groq
    "max_context_length",  # Mistral
    "max_input_tokens",  # LiteLLM
    "n_ctx",  # llama-server: what it runs with
    "n_ctx_train",  # llama-server: what the model was made for
)
"""Fields in which servers state how many tokens a model accepts, the best first."""
AZURE_DEPLOYMENTS_PATH = "/deployments/"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """One model, as its server describes it."""

    id: str
    shutdown_date: str | None = None
    """The day on which the service ends it, as the service writes it: `2027-01-14`."""
    context_window: int | None = None
    """Tokens of prompt and answer together."""


async def fetch_models(client: httpx.AsyncClient) -> list[ModelInfo]:
    """Return the models of a server in its own order. Raises a `ModelError`."""
    try:
        async with (
            asyncio.timeout(LIST_TIMEOUT_SECONDS) as limit,
            client.stream("GET", _choose_url(client)) as response,
        ):
            body = await _read_limited(response)
    except TRANSPORT_ERRORS as error:
        kind = ModelSlow if limit.expired() else ModelUnavailable
        raise kind(redact_for_log(str(error) or type(error).__name__)) from error
    if not response.is_success:
        raise make_model_error(parse_error_body(response.status_code, body), response.headers, now=time.time())
    try:
        return list(_parse_models(json.loads(body)))
    except (ValueError, RecursionError) as error:  # RecursionError: brackets without end
        raise ModelUnreadable("The response is not a list of models.") from error


def _choose_url(client: httpx.AsyncClient) -> httpx.URL | str:
    """Return the URL of the list: Azure has it outside of the deployment that the client's address names."""
    path = client.base_url.path
    if AZURE_DEPLOYMENTS_PATH in path:
        return client.base_url.copy_with(path=f"{path.partition(AZURE_DEPLOYMENTS_PATH)[0]}/models")
    return "models"


async def _read_limited(response: httpx.Response) -> bytes:
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > MAX_LIST_BYTES:
            break
    return bytes(body)


def _parse_models(listing: Any) -> Iterator[ModelInfo]:
    """Yield the models of a list in any of the known shapes: `data`, llama-server's `models`, a bare list."""
    listed = (listing.get("data") or listing.get("models") or []) if isinstance(listing, dict) else listing
    if not isinstance(listed, list):
        raise ValueError(type(listed))  # noqa: TRY004 - a wrong value from outside, as broken JSON is
    for entry in listed:
        name = (entry.get("id") or entry.get("name")) if isinstance(entry, dict) else None
        if isinstance(name, str):
            date = entry.get("shutdown_date")
            yield ModelInfo(
                id=name, shutdown_date=date if isinstance(date, str) else None, context_window=_find_window(entry)
            )


def _find_window(entry: dict[str, Any]) -> int | None:
    meta = entry.get("meta")
    fields = {**(meta if isinstance(meta, dict) else {}), **entry}
    sizes = (fields.get(key) for key in WINDOW_KEYS)
    return next((size for size in sizes if isinstance(size, int) and size > 0), None)
