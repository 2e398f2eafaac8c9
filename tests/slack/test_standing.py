"""What Slack says of a person, and what that makes of them."""

from typing import Any

import pytest

from bot.core.access import Standing
from bot.slack.standing import standing

MEMBER = {"id": "U1", "team_id": "T1", "is_restricted": False, "is_ultra_restricted": False}


@pytest.mark.parametrize(
    ("described", "expected"),
    [
        ({}, Standing.MEMBER),
        ({"is_restricted": True}, Standing.GUEST),
        ({"is_restricted": True, "is_ultra_restricted": True}, Standing.CHANNEL_GUEST),
        ({"is_ultra_restricted": True}, Standing.CHANNEL_GUEST),
        ({"team_id": "T2"}, Standing.EXTERNAL),
        ({"is_stranger": True}, Standing.EXTERNAL),
        ({"team_id": "T2", "is_restricted": None, "is_ultra_restricted": None}, Standing.EXTERNAL),
        ({"team_id": "T2", "enterprise_user": {"teams": ["T1", "T2"]}}, Standing.MEMBER),
        ({"team_id": "T2", "enterprise_user": {"enterprise_id": "T1"}}, Standing.MEMBER),
        ({"is_bot": True}, Standing.BOT),
        ({"is_workflow_bot": True, "team_id": "T2"}, Standing.BOT),
        ({"deleted": True}, Standing.UNKNOWN),
        ({"id": "U2"}, Standing.UNKNOWN),
        ({"team_id": ""}, Standing.UNKNOWN),
        ({"is_restricted": None}, Standing.UNKNOWN),
        ({"is_restricted": "no"}, Standing.UNKNOWN),
        ({"is_ultra_restricted": None}, Standing.UNKNOWN),
    ],
)
def test_what_somebody_is(described: dict[str, Any], expected: Standing) -> None:
    assert standing(MEMBER | described, "U1", "T1") is expected


def test_slackbot_is_a_bot_whatever_slack_says() -> None:
    assert standing(MEMBER | {"id": "USLACKBOT"}, "USLACKBOT", "T1") is Standing.BOT


@pytest.mark.parametrize("described", [{}, {"id": 7}, {"id": "U1", "enterprise_user": []}])
def test_of_a_payload_of_another_shape_nothing_is_known(described: dict[str, Any]) -> None:
    assert standing(described, "U1", "T1") is Standing.UNKNOWN
