"""What admins set of who may use the bot and who may steer it, as versions that nothing overwrites.

Separate from `access`, which decides by it: this is how it is kept, compared and shown. There is a record for
the workspace, and one for each channel that somebody may edit without being an admin.
"""

import difflib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.core.access.rules import AccessRules, Admission
from bot.core.config import Scope
from bot.core.errors import VersionConflict
from bot.core.turns import Author

GRANTS_FORMAT = 1
"""Of the JSON that is stored; grows when an older program could not read it."""
RULE_LISTS = {
    "channels": "only in these channels",
    "denied_channels": "never in these channels",
    "people": "only these people",
    "denied_people": "never these people",
    "invited": "guests and outsiders by name",
}
"""The lists of `Rules`, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grants:
    """What is set for a workspace, or for one channel, where the rules are empty."""

    rules: AccessRules = field(default_factory=AccessRules)
    stewards: frozenset[str] = frozenset()
    """Ids of who may steer here although the platform calls them no admin."""


NO_GRANTS = Grants()


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantsVersion:
    """What somebody saved; never changed, only followed by a newer one."""

    scope: Scope
    """A workspace or a channel."""
    number: int
    """1, 2, ... for each key."""
    grants: Grants
    author: Author
    note: str
    created_at: float
    """In seconds since 1970 by the store's clock."""


class GrantsConflict(VersionConflict):
    """Likewise, of grants."""

    def __init__(self, newest_grants: GrantsVersion | None) -> None:
        """`found` is the version that there is instead."""
        super().__init__(None)
        self.newest_grants = newest_grants


def describe_grants(grants: Grants, name: Callable[[str], str] = str) -> list[str]:
    """Return all that is set, for people, a line each; `name` says what an id is called."""

    def named(those: frozenset[str]) -> str:
        return ", ".join(sorted(map(name, those)))

    rules = grants.rules
    lists = {text: getattr(rules, field_name) for field_name, text in RULE_LISTS.items()}
    lines = [f"{text}: {named(those)}" for text, those in lists.items() if those]
    if rules.admits is not None:
        lines.append(f"let in: {', '.join(sorted(rules.admits)) or 'nothing'}")
    if grants.stewards:
        lines.append(f"may steer: {named(grants.stewards)}")
    return lines


def collect_ids(grants: Grants) -> frozenset[str]:
    """Return the ids of all people and channels that stand somewhere in it."""
    return grants.stewards.union(*(getattr(grants.rules, name) for name in RULE_LISTS))


def diff(old: Grants, new: Grants, name: Callable[[str], str] = str) -> str:
    """Return what changes, for people: lines with `-` were, those with `+` are; empty if nothing does."""
    lines = difflib.unified_diff(describe_grants(old, name), describe_grants(new, name), n=0, lineterm="")
    return "\n".join(line for line in list(lines)[2:] if not line.startswith("@@"))


def to_json(grants: Grants) -> str:
    """Return it as one JSON object, the same text for equal ones."""
    document: dict[str, Any] = {"format": GRANTS_FORMAT, "stewards": sorted(grants.stewards)}
    document |= {name: sorted(getattr(grants.rules, name)) for name in RULE_LISTS}
    if grants.rules.admits is not None:
        document["admits"] = sorted(grants.rules.admits)
    return json.dumps(document, sort_keys=True)


def from_json(text: str) -> Grants:
    """Return what `to_json` wrote. Raises ValueError for the format of a newer program."""
    document = json.loads(text)
    if document["format"] != GRANTS_FORMAT:
        raise ValueError(f"Format {document['format']} of grants is newer than this program.")
    admits = document.get("admits")
    rules = AccessRules(
        **{name: frozenset(document[name]) for name in RULE_LISTS},
        admits=None if admits is None else frozenset(map(Admission, admits)),
    )
    return Grants(rules=rules, stewards=frozenset(document["stewards"]))
