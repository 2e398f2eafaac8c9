"""Opens the HTTP client for a model server: its address, its key, its timeouts.

The client is httpx over aiohttp's transport, because plain httpx loses connections of its pool when requests
are cancelled (https://github.com/encode/httpcore/issues/1093). Redirects are not followed, since a key must
not travel to another host. A setting that cannot be sent stops the start with a sentence that names the
setting, but not the key.
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
"""Reading has no timeout here: the reader sets its own, because it knows whether the model has begun to
answer.
"""
TRANSPORT_ERRORS = (httpx.HTTPError, httpx.StreamError, ClientError, OSError)
"""What a request may raise. httpx-aiohttp passes some of aiohttp's own errors on; OSError includes timeouts.
"""
COMPLETIONS_PATH = "chat/completions"
AZURE_V1_PATH = "/openai/v1"
AZURE_VERSION = "2024-10-21"
"""The newest stable version of Azure's older API; `/openai/v1` needs none."""
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
    """Return a client for the API at `base_url` (with its `/v1`); the caller closes it.

    Without a key none is sent: local servers need none. `headers` and `query` are sent with every request,
    and so is a query in the address. `kind` names a profile if the address does not reveal it. Proxies are
    taken from the environment, except for this machine. Raises `SettingsError`.
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
            raise SettingsError("The model service's address contains a password; no key can be sent with it.")
        sent["Authorization"] = encode_basic_auth(url.username, url.password)
    azure = find_profile(url, kind).name == "azure"
    return HttpxAiohttpClient(
        base_url=url.copy_with(userinfo=b"", query=None, path=_choose_path(url, azure=azure)),
        params={**_choose_version(url, azure=azure), **url.params, **query},
        headers=sent,
        timeout=TRANSPORT_TIMEOUTS,
        limits=httpx.Limits(max_connections=1000),  # the worker limits how many answers run at once
        verify=url.scheme == "https",  # certificates are slow to load, and plain HTTP has none to verify
        trust_env=url.host not in {"localhost", "127.0.0.1", "::1"},
    )


def _choose_path(url: httpx.URL, *, azure: bool) -> str:
    """Return the path of the API: people paste the full address of completions, or only Azure's host."""
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
