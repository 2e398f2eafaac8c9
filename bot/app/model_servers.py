"""Reads from the settings which model servers to ask, the preferred one first.

    OPENAI_BASE_URL, OPENAI_API_KEY, ...                       the preferred server
    BOT_FALLBACKS=https://:key@host/v1#model,http://other/v1   those to ask when it cannot answer

An address of `BOT_FALLBACKS` may carry a key and a model of its own. An error stops the start with a sentence
that names the setting, and repeats no key.
"""

import json
from urllib.parse import unquote, urlsplit, urlunsplit

from pydantic import SecretStr

from bot.core.errors import SettingsError
from bot.llm.open_model import ModelServer
from bot.settings import Settings

IDENTIFIER_FIELDS = frozenset({"user", "safety_identifier", "prompt_cache_key"})


def read_model_servers(settings: Settings) -> tuple[ModelServer, ...]:
    """Return the preferred server first, then those to fall back on. Raises `SettingsError`."""
    identifiers = _parse_identifiers(settings.bot_identifiers)
    names = {"on": True, "off": False}.get(settings.bot_send_names)
    preferred = ModelServer(
        base_url=settings.openai_base_url,
        api_key=settings.openai_api_key.get_secret_value(),
        organization=settings.openai_organization,
        project=settings.openai_project,
        headers=_parse_headers(settings.bot_headers.get_secret_value()),
        kind=settings.bot_provider,
        identifiers=identifiers,
        names=names,
    )
    return (preferred, *map(_parse_fallback, _split_words(settings.bot_fallbacks.get_secret_value())))


def collect_secrets(settings: Settings) -> frozenset[str]:
    """Return all secrets of the settings, which no log may repeat. Raises `SettingsError`."""
    values = (getattr(settings, name) for name in Settings.model_fields)
    ours = {value.get_secret_value() for value in values if isinstance(value, SecretStr)}
    theirs = ((server.api_key, *server.headers.values()) for server in read_model_servers(settings))
    return frozenset(ours.union(*theirs))


def _parse_fallback(address: str) -> ModelServer:
    """Read `https://:key@host/v1#model`; key and model may be absent."""
    try:
        url = urlsplit(address)
        place = url.netloc.rpartition("@")[2] if url.hostname and url.port != 0 else ""
    except ValueError:
        url, place = urlsplit(""), ""
    if url.scheme not in {"http", "https"} or not place:
        raise SettingsError(
            "BOT_FALLBACKS is wrong; write each server as https://:key@host/v1#model, with commas between."
        )
    return ModelServer(
        base_url=urlunsplit((url.scheme, place, url.path.rstrip("/"), url.query, "")),
        api_key=unquote(url.password or ""),
        model=unquote(url.fragment),
    )


def _parse_headers(text: str) -> dict[str, str]:
    if not text:
        return {}
    try:
        headers = json.loads(text)
    except ValueError:
        headers = None
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        raise SettingsError('BOT_HEADERS is wrong; write a JSON object of texts, such as {"X-Team": "research"}.')
    return headers


def _parse_identifiers(text: str) -> frozenset[str] | None:
    if text == "auto":
        return None
    named = frozenset() if text == "none" else frozenset(_split_words(text))
    if unknown := named - IDENTIFIER_FIELDS:
        raise SettingsError(
            f"BOT_IDENTIFIERS is wrong: `{min(unknown)}` is not one of {', '.join(sorted(IDENTIFIER_FIELDS))}; "
            "auto and none are possible too."
        )
    return named


def _split_words(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
