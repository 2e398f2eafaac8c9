"""What each model service does differently, as data: one profile for each service.

A profile is chosen by the server's address, or by name. It holds only differences that the service does not
report with an error (those are learned, see `adaptation`), or for which each error would cost a question.
Sources: the services' own pages (https://console.groq.com/docs/openai,
https://docs.ollama.com/api/openai-compatibility), OpenAI's API types
(https://github.com/openai/openai-python/blob/main/src/openai/types/chat/completion_create_params.py), and
errors that users of each service reported.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import httpx

from bot.core.errors import SettingsError

RENAMED_BY_MODERN_MODELS = MappingProxyType({"max_tokens": "max_completion_tokens"})
"""OpenAI's models since o1 refuse the old name; the older ones accept both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One service. The defaults are those of most services: only the old documented fields, and no `name`."""

    name: str
    hosts: tuple[str, ...] = ()
    """Its hosts, or their parent domains; a name without a dot is a container or a local host."""
    port: int = 0
    """The default port of such a server."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Fields that the service knows by another name."""
    refused: frozenset[str] = frozenset()
    """Parameters that the service refuses or silently ignores."""
    takes_names: bool = False
    """Whether it accepts `name` in messages."""
    identifiers: tuple[str, ...] = ("user",)
    """Which of `user`, `safety_identifier` and `prompt_cache_key` are sent, unless settings decide."""
    streams_variants: bool = True
    """Whether it streams every choice if `n` is above 1."""
    key_header: str = "Authorization"
    """`Authorization` carries `Bearer` and the key; any other header carries the key alone."""


GENERIC = Profile(name="generic")

PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        profile.name: profile
        for profile in (
            Profile(
                name="openai",
                hosts=("api.openai.com",),
                renamed=RENAMED_BY_MODERN_MODELS,
                takes_names=True,
                identifiers=("user", "prompt_cache_key"),
            ),
            Profile(
                name="azure",
                hosts=("openai.azure.com", "cognitiveservices.azure.com", "services.ai.azure.com"),
                renamed=RENAMED_BY_MODERN_MODELS,
                takes_names=True,
                key_header="api-key",
            ),
            Profile(name="openrouter", hosts=("openrouter.ai",)),
            Profile(name="vllm", hosts=("vllm",), port=8000),
            Profile(name="llama.cpp", hosts=("llama-server", "llama.cpp"), port=8080),
            Profile(
                name="ollama",
                hosts=("ollama",),
                port=11434,
                refused=frozenset({"logit_bias", "n", "system_role"}),
                identifiers=(),
            ),
            Profile(name="litellm", hosts=("litellm",), port=4000, streams_variants=False),
            Profile(name="groq", hosts=("api.groq.com",), refused=frozenset({"logit_bias", "n"})),
            Profile(
                name="mistral",
                hosts=("api.mistral.ai",),
                renamed=MappingProxyType({"seed": "random_seed"}),
                refused=frozenset({"logit_bias", "verbosity", "service_tier", "system_role"}),
                identifiers=(),
            ),
            Profile(
                name="gemini",
                hosts=("generativelanguage.googleapis.com",),
                refused=frozenset({"frequency_penalty", "logit_bias", "seed"}),
                identifiers=(),
            ),
            GENERIC,
        )
    }
)


def find_profile(url: httpx.URL, name: str = "") -> Profile:
    """Return the profile of that name, else the one that fits the address.

    Raises `SettingsError` for an unknown name.
    """
    if name and name not in PROFILES:
        raise SettingsError(f"`{name}` is not a known kind of model service; the kinds are {', '.join(PROFILES)}.")
    if name:
        return PROFILES[name]
    known = PROFILES.values()
    by_host = (known_one for known_one in known if any(_is_within(url.host, host) for host in known_one.hosts))
    by_port = (known_one for known_one in known if known_one.port and known_one.port == url.port)
    return next(by_host, next(by_port, GENERIC))


def _is_within(host: str, parent: str) -> bool:
    return host == parent or host.endswith(f".{parent}")
