"""Admins: by Slack's ranks or by name, and never a guest, an outsider or a bot."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from bot.core.errors import StoreUnavailable
from bot.slack.people.directory import People
from bot.slack.people.roles import ROLE_MAX_AGE_SECONDS, AdminRoles

PLAIN = {"id": "U1", "team_id": "T1", "is_restricted": False, "is_ultra_restricted": False}
ADMIN = PLAIN | {"is_admin": True}


@dataclass
class Response:
    data: dict[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    status_code: int = 200


@dataclass
class Directory:
    """Slack's `users.info`, for one person."""

    user: dict[str, Any] | None
    asked: int = 0
    now: float = 0.0

    def people(self) -> People:
        return People(self, "T1", clock=lambda: self.now)  # type: ignore[arg-type]  # its one method

    async def users_info(self, *, user: str) -> Response:
        self.asked += 1
        if self.user is None:
            raise SlackApiError("no", Response({"ok": False, "error": "user_not_found"}))
        return Response({"ok": True, "user": self.user})


def admins(directory: Directory, *named: str) -> AdminRoles:
    return AdminRoles(directory.people(), frozenset(named))


@pytest.mark.parametrize("rank", ["is_admin", "is_owner", "is_primary_owner"])
async def test_slacks_admins_and_owners_are_admins(rank: str) -> None:
    assert await admins(Directory(PLAIN | {rank: True})).is_admin("U1")


async def test_people_named_in_the_settings_are_admins() -> None:
    plain = Directory(PLAIN | {"is_admin": False})
    assert await admins(plain, "U1").is_admin("U1")
    assert not await admins(plain, "U2").is_admin("U1")
    assert not await admins(plain).is_admin("U1")


@pytest.mark.parametrize(
    "what",
    [
        {"is_restricted": True},
        {"is_ultra_restricted": True},
        {"is_bot": True},
        {"deleted": True},
        {"is_stranger": True},
        {"team_id": "T2"},
        {"team_id": ""},
        {"id": "U2"},
    ],
)
async def test_guests_bots_and_outsiders_are_never_admins(what: dict[str, Any]) -> None:
    """Not even with a rank, or if the settings name them."""
    assert not await admins(Directory({**ADMIN, **what}), "U1").is_admin("U1")


async def test_stewards_edit_where_they_are_named() -> None:
    """For the whole workspace or for a channel, and only if they are members."""

    async def stewards(channel: str) -> frozenset[str]:
        return {"": frozenset({"U1"}), "C1": frozenset({"U2"})}.get(channel, frozenset())

    def asked(user: str, **more: object) -> AdminRoles:
        return AdminRoles(Directory(PLAIN | {"id": user} | more).people(), stewards=stewards)

    assert await asked("U1").is_admin("U1")
    assert not await asked("U2").is_admin("U2")
    assert await asked("U2").is_steward("U2", "C1")
    assert not await asked("U2").is_steward("U2", "C2")
    assert not await asked("U2", is_restricted=True).is_steward("U2", "C1")
    assert not await asked("U1", team_id="T2").is_admin("U1")


async def test_slacks_admins_need_no_database() -> None:
    async def stewards(_channel: str) -> frozenset[str]:
        raise StoreUnavailable

    assert await AdminRoles(Directory(ADMIN).people(), stewards=stewards).is_admin("U1")
    with pytest.raises(StoreUnavailable):
        await AdminRoles(Directory(PLAIN).people(), stewards=stewards).is_admin("U1")


async def test_an_admin_of_the_enterprise_is_an_admin() -> None:
    grid = {"team_id": "T9", "enterprise_user": {"teams": ["T1", "T9"]}}
    assert await admins(Directory(ADMIN | grid)).is_admin("U1")


async def test_nobody_is_an_admin_while_slack_does_not_answer() -> None:
    """The failure is not cached."""
    directory = Directory(None)
    asked = admins(directory, "U1")
    assert not await asked.is_admin("U1")
    directory.user = ADMIN
    assert await asked.is_admin("U1")


async def test_slacks_answer_is_reused_for_half_a_minute() -> None:
    """A demoted admin loses the right within this time."""
    directory = Directory(ADMIN)
    asked = admins(directory)
    assert await asked.is_admin("U1")
    directory.user = ADMIN | {"is_admin": False}
    assert await asked.is_admin("U1")
    assert directory.asked == 1
    directory.now = ROLE_MAX_AGE_SECONDS
    assert not await asked.is_admin("U1")


async def test_a_role_and_a_name_take_one_call() -> None:
    """A form that is saved needs both. An answer that is too old for a role is still good for a name."""
    directory = Directory(ADMIN | {"name": "ada"})
    people = directory.people()
    assert await AdminRoles(people).is_admin("U1")
    assert await people.names({"U1"}) == {"U1": "ada"}
    assert directory.asked == 1
    directory.now = ROLE_MAX_AGE_SECONDS
    assert await people.names({"U1"}) == {"U1": "ada"}
    assert directory.asked == 1
    assert await AdminRoles(people).is_admin("U1")
    assert directory.asked == 2
