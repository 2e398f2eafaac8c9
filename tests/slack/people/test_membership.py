"""Reading a person's member type from Slack's description."""

from typing import Any

import pytest

from bot.core.access.permission_check import MemberType
from bot.slack.people.membership import read_member_type

MEMBER = {"id": "U1", "team_id": "T1", "is_restricted": False, "is_ultra_restricted": False}


@pytest.mark.parametrize(
    ("described", "expected"),
    [
        ({}, MemberType.MEMBER),
        ({"is_restricted": True}, MemberType.GUEST),
        ({"is_restricted": True, "is_ultra_restricted": True}, MemberType.CHANNEL_GUEST),
        ({"is_ultra_restricted": True}, MemberType.CHANNEL_GUEST),
        ({"team_id": "T2"}, MemberType.EXTERNAL),
        ({"is_stranger": True}, MemberType.EXTERNAL),
        ({"team_id": "T2", "is_restricted": None, "is_ultra_restricted": None}, MemberType.EXTERNAL),
        ({"team_id": "T2", "enterprise_user": {"teams": ["T1", "T2"]}}, MemberType.MEMBER),
        ({"team_id": "T2", "enterprise_user": {"enterprise_id": "T1"}}, MemberType.MEMBER),
        ({"is_bot": True}, MemberType.BOT),
        ({"is_workflow_bot": True, "team_id": "T2"}, MemberType.BOT),
        ({"deleted": True}, MemberType.UNKNOWN),
        ({"id": "U2"}, MemberType.UNKNOWN),
        ({"team_id": ""}, MemberType.UNKNOWN),
        ({"is_restricted": None}, MemberType.UNCLEAR),
        ({"is_restricted": "no"}, MemberType.UNCLEAR),
        ({"is_restricted": 0, "is_ultra_restricted": 0}, MemberType.UNCLEAR),
        ({"is_ultra_restricted": None}, MemberType.UNCLEAR),
        ({"is_restricted": None, "is_ultra_restricted": None, "deleted": True}, MemberType.UNKNOWN),
        ({"is_restricted": None, "is_ultra_restricted": None, "is_bot": True}, MemberType.BOT),
    ],
)
def test_the_member_type_is_read_from_flags(described: dict[str, Any], expected: MemberType) -> None:
    assert read_member_type(MEMBER | described, "U1", "T1") is expected


def test_slackbot_is_a_bot_whatever_slack_says() -> None:
    assert read_member_type(MEMBER | {"id": "USLACKBOT"}, "USLACKBOT", "T1") is MemberType.BOT


@pytest.mark.parametrize("described", [{}, {"id": 7}, {"id": "U1", "enterprise_user": []}])
def test_a_malformed_payload_is_an_unknown_person(described: dict[str, Any]) -> None:
    assert read_member_type(described, "U1", "T1") is MemberType.UNKNOWN
