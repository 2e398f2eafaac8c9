"""What Slack says of a person -> what that person is to the workspace.

Separate because steering and asking must judge alike. Pure. Rules: a flag that holds anything but `false` is
set; what Slack does not say is unknown, and unknown people may nothing. Source: facts/slack.md 5, and
https://docs.slack.dev/reference/objects/user-object
"""

from collections.abc import Mapping
from typing import Any

from bot.core.access import Standing
from bot.slack import payload

RANKS = ("is_admin", "is_owner", "is_primary_owner")
BOTS = ("is_bot", "is_workflow_bot")


def standing(described: Mapping[str, Any], user: str, workspace: str) -> Standing:
    """Return what somebody is, from the `user` of `users.info`, to the workspace of that id.

    In an organisation's installation that is the organisation's id.
    """
    team = payload.text(described, "team_id")
    grid = payload.items(described, "enterprise_user", "teams")
    organisation = payload.text(described, "enterprise_user", "enterprise_id")
    if payload.text(described, "id") != user or described.get("deleted") or not team:
        return Standing.UNKNOWN
    if user == "USLACKBOT" or any(described.get(flag) for flag in BOTS):
        return Standing.BOT
    if described.get("is_stranger") or workspace not in {team, organisation, *grid}:
        return Standing.EXTERNAL
    return _of_ours(described)


def _of_ours(described: Mapping[str, Any]) -> Standing:
    flags = described.get("is_ultra_restricted"), described.get("is_restricted")
    match flags:
        case False, False:
            return Standing.MEMBER
        case False, True:
            return Standing.GUEST
        case True, _:
            return Standing.CHANNEL_GUEST
        case _:
            return Standing.UNKNOWN


def has_rank(described: Mapping[str, Any]) -> bool:
    """Return whether Slack calls somebody an admin or owner."""
    return any(described.get(rank) for rank in RANKS)
