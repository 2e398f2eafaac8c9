"""What Slack says of a person -> what that person is to the workspace.

Separate because steering and asking must judge alike. Pure. Rules: a flag that holds anything but `false` is
set; what Slack does not say is unknown, and unknown people may nothing. Source: facts/slack.md 5, and
https://docs.slack.dev/reference/objects/user-object
"""

from collections.abc import Mapping
from typing import Any

from bot.core.access.rules import MemberType
from bot.slack import payload

ADMIN_FLAGS = ("is_admin", "is_owner", "is_primary_owner")
BOT_FLAGS = ("is_bot", "is_workflow_bot")


def read_member_type(described: Mapping[str, Any], user: str, workspace: str) -> MemberType:
    """Return what somebody is, from the `user` of `users.info`, to the workspace of that id.

    In an organisation's installation that is the organisation's id.
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
            return MemberType.UNKNOWN


def is_admin_or_owner(described: Mapping[str, Any]) -> bool:
    """Return whether Slack calls somebody an admin or owner."""
    return any(described.get(rank) for rank in ADMIN_FLAGS)
