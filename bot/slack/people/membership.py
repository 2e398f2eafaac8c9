"""Reads from Slack's description of a person what they are to the workspace: member, guest, external, bot.

| Slack's `user` object | member type |
|---|---|
| another id, deleted, or no `team_id` | unknown |
| USLACKBOT, `is_bot`, `is_workflow_bot` | bot |
| `is_stranger`, or of no team of this workspace | external |
| `is_ultra_restricted` / `is_restricted` / neither | single-channel guest / guest / member |
| no guest flags, or flags that are not true or false | unclear |

Pure. Access checks and admin checks both use this, so they agree. Missing information is never taken
for a member: an unknown person may do nothing, and an unclear one only what both kinds of guests may. Source:
https://docs.slack.dev/reference/objects/user-object
"""

from collections.abc import Mapping
from typing import Any

from bot.core.access.permission_check import MemberType
from bot.slack import payload

ADMIN_FLAGS = ("is_admin", "is_owner", "is_primary_owner")
BOT_FLAGS = ("is_bot", "is_workflow_bot")


def read_member_type(described: Mapping[str, Any], user: str, workspace: str) -> MemberType:
    """Return what a person is to a workspace, from the `user` object of `users.info`.

    `workspace` is its id, or the organisation's id if the app is installed for a whole organisation.
    """
    team = payload.text(described, "team_id")
    grid = payload.items(described, "enterprise_user", "teams")
    organisation = payload.text(described, "enterprise_user", "enterprise_id")
    if payload.text(described, "id") != user or described.get("deleted") or not team:
        return MemberType.UNKNOWN
    if user == "USLACKBOT" or any(described.get(flag) for flag in BOT_FLAGS):
        return MemberType.BOT
    if described.get("is_stranger") or workspace not in {team, organisation, *grid}:
        return MemberType.EXTERNAL
    return _read_guest_flags(described)


def _read_guest_flags(described: Mapping[str, Any]) -> MemberType:
    flags = described.get("is_ultra_restricted"), described.get("is_restricted")
    match flags:
        case False, False:
            return MemberType.MEMBER
        case False, True:
            return MemberType.GUEST
        case True, _:
            return MemberType.CHANNEL_GUEST
        case _:
            return MemberType.UNCLEAR


def is_admin_or_owner(described: Mapping[str, Any]) -> bool:
    """Return whether a person is an admin or owner of the workspace."""
    return any(described.get(rank) for rank in ADMIN_FLAGS)
