"""Access settings that admins save: as versions, as JSON, and as text.

There is one record for a workspace: its access rules, and who may configure the bot without being an admin.
And there is one for each channel that has stewards. `permission_check` decides with these records. Versions are never
changed; a later save adds a new one.
"""

import difflib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.core.access.permission_check import AccessRules, Admission
from bot.core.config import Scope
from bot.core.turns import Author

GRANTS_FORMAT = 1
"""Version of the stored JSON; incremented when an older program could not read it."""
RULE_LISTS = {
    "channels": "only in these channels",
    "denied_channels": "never in these channels",
    "people": "only these people",
    "denied_people": "never these people",
    "invited": "guests and outsiders by name",
}
"""The lists of `AccessRules`, in words for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grants:
    """What is set for a workspace, or for one channel, where the rules stay empty."""

    rules: AccessRules = field(default_factory=AccessRules)
    stewards: frozenset[str] = frozenset()
    """Ids of people who may configure the bot here although the platform does not call them admins."""


NO_GRANTS = Grants()


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantsVersion:
    """What an admin saved. It never changes; a later save adds a new version."""

    scope: Scope
    """A workspace or a channel."""
    number: int
    """1, 2, ... for each scope."""
    grants: Grants
    author: Author
    note: str
    created_at: float
    """In seconds since 1970 by the store's clock."""


def describe_grants(grants: Grants, name: Callable[[str], str] = str) -> list[str]:
    """Return everything that is set, for people, line by line; `name` turns an id into a name."""

    def named(those: frozenset[str]) -> str:
        return ", ".join(sorted(map(name, those)))

    rules = grants.rules
    lists = {text: getattr(rules, field_name) for field_name, text in RULE_LISTS.items()}
    lines = [f"{text}: {named(those)}" for text, those in lists.items() if those]
    if rules.admits is not None:
        lines.append(f"let in: {', '.join(sorted(rules.admits)) or 'nothing'}")
    if grants.stewards:
        lines.append(f"may configure: {named(grants.stewards)}")
    return lines


def collect_ids(grants: Grants) -> frozenset[str]:
    """Return the ids of all people and channels that are mentioned."""
    return grants.stewards.union(*(getattr(grants.rules, name) for name in RULE_LISTS))


def diff(old: Grants, new: Grants, name: Callable[[str], str] = str) -> str:
    """Return the changes for people: `-` marks removed lines, `+` added ones; empty if there are none."""
    lines = difflib.unified_diff(describe_grants(old, name), describe_grants(new, name), n=0, lineterm="")
    return "\n".join(line for line in list(lines)[2:] if not line.startswith("@@"))


def to_json(grants: Grants) -> str:
    """Return it as one JSON object; equal grants give the same text."""
    document: dict[str, Any] = {"format": GRANTS_FORMAT, "stewards": sorted(grants.stewards)}
    document |= {name: sorted(getattr(grants.rules, name)) for name in RULE_LISTS}
    if grants.rules.admits is not None:
        document["admits"] = sorted(grants.rules.admits)
    return json.dumps(document, sort_keys=True)


def from_json(text: str) -> Grants:
    """Return the grants that `to_json` wrote. Raises ValueError for the format of a newer program."""
    document = json.loads(text)
    if document["format"] != GRANTS_FORMAT:
        raise ValueError(f"Format {document['format']} of grants is newer than this program.")
    admits = document.get("admits")
    rules = AccessRules(
        **{name: frozenset(document[name]) for name in RULE_LISTS},
        admits=None if admits is None else frozenset(map(Admission, admits)),
    )
    return Grants(rules=rules, stewards=frozenset(document["stewards"]))
