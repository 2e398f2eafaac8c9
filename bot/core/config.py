"""Scopes, and what admins set at each of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.core.parameter_types import ParameterValue
from bot.core.turns import Author


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A level at which admins steer: an empty part means "any"; all empty is the deployment itself."""

    platform: str = ""
    workspace: str = ""
    channel: str = ""
    """A channel's id, or `DIRECT` for all direct messages of the workspace."""
    root: str = ""


DIRECT_MESSAGES = "direct"
"""Stands for the channel in the key of the level above all direct messages of a workspace."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A system prompt as one level writes it; placeholders are not filled in yet."""

    text: str
    appends: bool = False
    """Whether it follows what the levels above say, and does not replace it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeConfig:
    """What one level sets; whatever it does not set is inherited from the level above."""

    prompt: Prompt | None = None
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    """By their names in `core.parameters`, the model among them; only those that are set."""
    locks: frozenset[str] = frozenset()
    """Fields that levels below may not set: `prompt`, or names of parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigVersion:
    """What somebody saved for a level; never changed, only followed by a newer one."""

    id: int
    scope: Scope
    number: int
    """1, 2, ... for each key."""
    config: ScopeConfig
    author: Author
    note: str
    """Why, in the author's words; may be empty."""
    created_at: float
    """In seconds since 1970 by the store's clock."""
