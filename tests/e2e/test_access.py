"""Access rules in the whole program: from the settings, and changed by admins while it runs."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.core.access.grants import Grants
from bot.core.access.permission_check import AccessRefusal, AccessRules, Admission
from bot.core.config import Scope
from bot.core.turns import Author
from bot.sandbox.workspace.records import NoticeShown, WorkspaceChange
from bot.store import migrate
from bot.store.config.grants import SqlGrants
from bot.store.database import parse_database_url
from tests.databases import KINDS, Kind, migrated_database, open_database
from tests.e2e.conftest import ADA, GENERAL, GRACE, BotWorld, new_world, ready_bot

ENG, PARTNER, LIN, NOOR = "C0ENG", "C0PARTNER", "U0LIN", "U0NOOR"
WORKSPACE = Scope(platform="slack", workspace="T0SANDBOX")


def collect_notices(world: BotWorld) -> list[NoticeShown]:
    """Collect the notices that single people get from now on."""
    found: list[NoticeShown] = []

    def note(change: WorkspaceChange) -> None:
        if isinstance(change, NoticeShown):
            found.append(change)

    world.workspace.state.observe(note)
    return found


async def answered(world: BotWorld, user: str, channel: str) -> None:
    root = await world.workspace.say(user, channel, "<@U0BOT> [[say=ok]]")
    await world.wait_for_text(channel, root, ends="ok")


async def read_askers(url: str) -> list[str]:
    """Return the authors of stored questions."""
    async with open_database(parse_database_url(url), exclusive=False) as database:
        return await database.tx(
            lambda connection: [row[0] for row in connection.execute(text("SELECT author_id FROM turns"))]
        )


async def test_guests_outsiders_and_whom_the_settings_name_are_refused(world: BotWorld) -> None:
    """Their messages are not stored either."""
    world.env |= {"BOT_DENY": f"{GRACE}, C0RANDOM", "DATABASE_URL": f"sqlite:///{world.folder / 'a.db'}"}
    migrate.upgrade_database(parse_database_url(world.env["DATABASE_URL"]))
    notices = collect_notices(world)
    async with ready_bot(world):
        for user, channel in ((LIN, ENG), (NOOR, PARTNER), (GRACE, GENERAL), (ADA, "C0RANDOM")):
            await world.workspace.say(user, channel, "<@U0BOT> [[say=no]]")
        await world.workspace.wait_until(lambda: len(notices) == 4)
        await answered(world, ADA, GENERAL)
    assert {notice.user: notice.text for notice in notices} == {
        LIN: AccessRefusal.GUEST.for_people,
        NOOR: AccessRefusal.EXTERNAL.for_people,
        GRACE: AccessRefusal.PERSON.for_people,
        ADA: AccessRefusal.CHANNEL.for_people,
    }
    assert await read_askers(world.env["DATABASE_URL"]) == [ADA]
    assert len(world.model.requests) == 1


async def test_an_app_without_a_scope_is_told_at_the_start_at_the_first_refusal_and_in_home(world: BotWorld) -> None:
    world.workspace.scopes -= {"users:read", "files:write"}
    async with ready_bot(world) as bot:
        assert '"scopes": "files:write, users:read"' in bot.text
        root = await world.workspace.say(ADA, "D0ADA", "hello?")
        await world.workspace.wait_until(lambda: world.bot_text("D0ADA", root) == AccessRefusal.NOT_TOLD.for_people)
        await bot.wait_for_output('"action": "scope_missing"')
        world.workspace.interactivity.open_home(ADA, "home")
        await world.workspace.wait_until(lambda: "`files:write`, `users:read`" in str(world.workspace.views.home(ADA)))


@pytest.mark.parametrize("kind", KINDS)
async def test_what_admins_set_holds_within_seconds_in_a_running_bot(kind: Kind, tmp_path: Path) -> None:
    """The rules are set by another process: a command at the shell."""
    with migrated_database(kind, tmp_path) as url:
        address = url.render_as_string(hide_password=False)
        async with new_world(tmp_path, DATABASE_URL=address) as world, ready_bot(world):
            await answered(world, GRACE, GENERAL)
            notices = collect_notices(world)
            async with open_database(url, exclusive=False) as database:
                grants = Grants(
                    rules=AccessRules(denied_people=frozenset({GRACE}), admits=frozenset({Admission.GUESTS}))
                )
                await SqlGrants(database).save(WORKSPACE, grants, based_on=0, by=Author(id=ADA))
            async with asyncio.timeout(60):
                while not notices:
                    await world.workspace.say(GRACE, GENERAL, "<@U0BOT> [[say=still]]")
                    await asyncio.sleep(0.5)
            assert notices[0].text == AccessRefusal.PERSON.for_people
            await answered(world, LIN, ENG)
