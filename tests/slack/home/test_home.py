"""Home: sections one below the other, even if one of them fails."""

from collections.abc import Sequence

import pytest
import structlog.testing

from bot.core.errors import StoreUnavailable
from bot.sandbox.workspace.block_kit import check_view
from bot.slack.admin.authorization import Authorizer
from bot.slack.home import SECTION_FAILED, HomeReader, HomeTab
from bot.slack.home.welcome import MissingScopes
from bot.slack.people.roles import AdminRoles
from bot.slack.views import block_kit
from bot.slack.views.block_kit import Block


class OnlyAda(AdminRoles):
    """Says that Ada is the only admin."""

    def __init__(self) -> None:
        """Need no workspace to ask."""

    async def is_admin(self, user: str) -> bool:
        return user == "U0ADA"


def make_authorizer() -> Authorizer:
    return Authorizer(OnlyAda(), workspace="T1", key=b"key")


async def greeting(reader: HomeReader) -> Sequence[Block]:
    return [block_kit.section(f"Hello {reader.user}.")]


async def for_admins(reader: HomeReader) -> Sequence[Block]:
    return [block_kit.section("For admins.")] if reader.is_admin else []


async def unread(_reader: HomeReader) -> Sequence[Block]:
    raise StoreUnavailable


async def endless(_reader: HomeReader) -> Sequence[Block]:
    return [block_kit.divider()] * 120


async def test_sections_stand_below_each_other() -> None:
    home = HomeTab(make_authorizer(), (greeting, for_admins, greeting))
    rule = block_kit.divider()
    hello, admins = block_kit.section("Hello U0ADA."), block_kit.section("For admins.")
    assert (await home("U0ADA"))["blocks"] == [hello, rule, admins, rule, hello]


async def test_sections_for_admins_are_not_sent_to_others() -> None:
    assert "admins" not in str(await HomeTab(make_authorizer(), (greeting, for_admins))("U0GRACE"))


async def test_a_section_that_fails_leaves_the_others() -> None:
    with structlog.testing.capture_logs() as logs:
        shown = str(await HomeTab(make_authorizer(), (unread, greeting))("U0ADA"))
    assert SECTION_FAILED in shown
    assert "Hello" in shown
    assert [line["action"] for line in logs] == ["home_failed"]


@pytest.mark.parametrize(
    ("missing", "admin_sees", "others_see"),
    [((), False, False), (("files:write",), True, False), (("files:write", "users:read"), True, True)],
)
async def test_missing_scopes_are_named_to_those_who_can_be_known_as_admins(
    missing: tuple[str, ...], admin_sees: bool, others_see: bool
) -> None:
    home = HomeTab(make_authorizer(), (MissingScopes(missing), greeting))
    shown = str(await home("U0ADA")), str(await home("U0GRACE"))
    named = ", ".join(f"`{scope}`" for scope in missing) or "lacks"
    assert (named in shown[0], named in shown[1]) == (admin_sees, others_see)


async def test_home_never_has_more_blocks_than_slack_shows() -> None:
    check_view(await HomeTab(make_authorizer(), (greeting, endless))("U0ADA"), "home")
