"""A model server's address and keys -> an HTTP client for it.

Separate from `chat`, which asks, because the forms of address and of key are the services' own, and a list
of models is fetched with the same client. Rules: httpx over aiohttp's transport, since plain httpx leaks
its pool when a request is cancelled (facts/model-api.md 4.1); redirects are not followed, a key must not
travel; whatever cannot be sent stops the start with a sentence that names the setting and not the key.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

import httpx
from aiohttp import ClientError, encode_basic_auth
from httpx_aiohttp import HttpxAiohttpClient

from bot.core.errors import SettingsError
from bot.llm.protocol.profiles import find_profile

TRANSPORT_TIMEOUTS = httpx.Timeout(connect=5.0, write=30.0, pool=10.0, read=None)
"""Reading has no limit here: who reads sets its own, and knows whether the model has begun to speak."""
TRANSPORT_ERRORS = (httpx.HTTPError, httpx.StreamError, ClientError, OSError)
"""What a request may raise; httpx-aiohttp lets some of aiohttp's own errors pass. OSError: timeouts too."""
COMPLETIONS_PATH = "chat/completions"
AZURE_V1_PATH = "/openai/v1"
AZURE_VERSION = "2024-10-21"
"""The newest version of Azure's older API that is no preview; `/openai/v1` needs none."""
NO_VALUES: Mapping[str, str] = MappingProxyType({})


def open_client(
    base_url: str,
    api_key: str = "",
    organization: str = "",
    *,
    project: str = "",
    headers: Mapping[str, str] = NO_VALUES,
    query: Mapping[str, str] = NO_VALUES,
    kind: str = "",
) -> httpx.AsyncClient:
    """Return a client for the API at `base_url` (with its `/v1`); its owner closes it.

    Without a key none is sent: local servers need none. `headers` and `query` go with every request; a
    query in the address does too. `kind` names a profile where the address does not tell. Proxies are
    taken from the environment, except towards this machine. Raises `SettingsError`.
    """
    url = _parse_url(base_url)
    sent = httpx.Headers({"Accept-Encoding": "identity"})  # a compressed stream tends to arrive in lumps
    if api_key:
        header, key = find_profile(url, kind).key_header, _check_key("OPENAI_API_KEY", api_key)
        sent[header] = f"Bearer {key}" if header == "Authorization" else key
    if organization:
        sent["OpenAI-Organization"] = _check_key("OPENAI_ORGANIZATION", organization)
    if project:
        sent["OpenAI-Project"] = _check_key("OPENAI_PROJECT", project)
    sent.update({name: _check_header(name, value) for name, value in headers.items()})
    if url.userinfo:
        if "Authorization" in sent:
            raise SettingsError("The model service's address holds a password; no key can be sent beside it.")
        sent["Authorization"] = encode_basic_auth(url.username, url.password)
    azure = find_profile(url, kind).name == "azure"
    return HttpxAiohttpClient(
        base_url=url.copy_with(userinfo=b"", query=None, path=_choose_path(url, azure=azure)),
        params={**_choose_version(url, azure=azure), **url.params, **query},
        headers=sent,
        timeout=TRANSPORT_TIMEOUTS,
        limits=httpx.Limits(max_connections=1000),  # how many answers run at once is the worker's decision
        verify=url.scheme == "https",  # certificates are slow to load, and plain HTTP has none to verify
        trust_env=url.host not in {"localhost", "127.0.0.1", "::1"},
    )


def _choose_path(url: httpx.URL, *, azure: bool) -> str:
    """Return the path of the API: people paste the whole address of a completion, or only Azure's host."""
    path = url.path.rstrip("/").removesuffix(f"/{COMPLETIONS_PATH}")
    return AZURE_V1_PATH if azure and path in {"", "/openai"} else path


def _choose_version(url: httpx.URL, *, azure: bool) -> Mapping[str, str]:
    """Return the version that Azure's older form of address needs."""
    return {"api-version": AZURE_VERSION} if azure and "/deployments/" in url.path else NO_VALUES


def _parse_url(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in {"http", "https"} or not url.host:
        raise SettingsError("`OPENAI_BASE_URL` must be an address such as `https://api.openai.com/v1`.")
    return url


def _check_key(name: str, value: str) -> str:
    if not value.isascii() or not value.isprintable() or " " in value:
        raise SettingsError(f"`{name}` holds a space, a line break or a character that no key has.")
    return value


def _check_header(name: str, value: str) -> str:
    if not re.fullmatch(r"[\w-]+", name, re.ASCII) or not value.isascii() or not value.isprintable():
        raise SettingsError("A header for the model service has a name or a value that cannot be sent.")
    return value
