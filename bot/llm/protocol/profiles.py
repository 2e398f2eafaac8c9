"""What each model service does differently, as data: one profile a service.

Separate because these are facts about others, and the only place to look when one of them changes. Pure.
Rules: a profile is chosen from the address, or by name; a difference stands here only if the service
would not tell us of it by a refusal that `adapting` heals, or if each refusal would cost a question.
Sources: facts/model-api.md 1.3 to 1.6 and 3.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import httpx

from bot.core.errors import SettingsError

RENAMED_BY_MODERN_MODELS = MappingProxyType({"max_tokens": "max_completion_tokens"})
"""OpenAI's models since o1 refuse the old name; the older ones take both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One service. What is not said is as with most: only the documented fields of old, and no `name`."""

    name: str
    hosts: tuple[str, ...] = ()
    """Its hosts, or their parent domains; a name without a dot is a container's or a local one."""
    port: int = 0
    """The port on which such a server listens unless told otherwise."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Fields that it knows under another name."""
    refused: frozenset[str] = frozenset()
    """Parameters that it refuses or silently ignores."""
    takes_names: bool = False
    """Takes `name` in messages."""
    identifiers: tuple[str, ...] = ("user",)
    """Of `user`, `safety_identifier` and `prompt_cache_key`, those that are sent unless settings say."""
    streams_variants: bool = True
    """Streams every choice where `n` is above 1."""
    key_header: str = "Authorization"
    """`Authorization` carries `Bearer` and the key, any other header the key alone."""


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
    """Return the profile of that name, else the one of the service at an address.

    Raises `SettingsError` for a name that is none.
    """
    if name and name not in PROFILES:
        raise SettingsError(f"`{name}` is no kind of model service; there are {', '.join(PROFILES)}.")
    if name:
        return PROFILES[name]
    known = PROFILES.values()
    by_host = (
        known_one for known_one in known if any(_is_within(url.host, host) for host in known_one.hosts)
    )
    by_port = (known_one for known_one in known if known_one.port and known_one.port == url.port)
    return next(by_host, next(by_port, GENERIC))


def _is_within(host: str, parent: str) -> bool:
    return host == parent or host.endswith(f".{parent}")
