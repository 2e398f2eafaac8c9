"""Scopes, and the config that admins set for each of them.

A scope is a deployment, a workspace, all direct messages of a workspace, a channel or a thread:

    Scope()                                                    the deployment
    Scope(platform="slack", workspace="T1")                    a workspace
    Scope(platform="slack", workspace="T1", channel="C1")      a channel

`chat.scoped_config` combines what the scopes of a thread set.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.core.parameter_types import ParameterValue
from bot.core.turns import Author


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where a config applies: an empty part means "any"; all empty is the whole deployment."""

    platform: str = ""
    workspace: str = ""
    channel: str = ""
    """A channel's id, or `DIRECT_MESSAGES` for all direct messages of the workspace."""
    root: str = ""


DIRECT_MESSAGES = "direct"
"""Stands for the channel in the scope of all direct messages of a workspace."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A system prompt as one scope sets it; placeholders are not filled in yet."""

    text: str
    appends: bool = False
    """Whether it is appended to the prompts of the scopes above; otherwise it replaces them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeConfig:
    """What one scope sets; everything else is inherited from the scope above."""

    prompt: Prompt | None = None
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    """By their names in `core.chat.parameters`, including the model; only those that are set."""
    locks: frozenset[str] = frozenset()
    """Fields that scopes below may not set: `prompt`, or names of parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigVersion:
    """What an admin saved for a scope. It never changes; a later save adds a new version."""

    id: int
    scope: Scope
    number: int
    """1, 2, ... for each scope."""
    config: ScopeConfig
    author: Author
    note: str
    """The reason, in the author's words; may be empty."""
    created_at: float
    """In seconds since 1970 by the store's clock."""
