"""What views cost the database, counted; `tests.bench.views` measures the time."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from bot.core.config import ScopeConfig
from bot.core.turns import ThreadKey
from bot.policy.config_editor import ConfigEditor
from bot.slack.admin.authorization import Authorizer
from bot.slack.admin.prompts.scope_list import ScopeListSection
from bot.slack.admin.spending.usage import UsageSection
from bot.slack.feedback.complaints import ComplaintList
from bot.slack.home import HomeReader
from bot.slack.home.welcome import WelcomeSection
from bot.slack.messages import BotIdentity
from bot.slack.people.roles import AdminRoles
from bot.store.config.versions import SqlConfigVersions
from bot.store.conversations.explanations import SqlExplanations
from bot.store.conversations.feedback import SqlVotes
from bot.store.database import Database
from bot.store.spending.ledger import SqlLedger
from tests.bench.archive import ADA, CHANNEL, TEAM, ArchiveSize, fill
from tests.bench.in_process_bot import count_traffic
from tests.databases import KINDS, Kind, migrated_database, open_database

FEW = ArchiveSize(turns=60, longest=20, levels=2, versions=2, people=2)
MANY = ArchiveSize(turns=3_000, longest=1_500, levels=200, versions=60, people=40)
ROOT = "0.000001"
MAX_STATEMENTS, MAX_TRANSACTIONS = 6, 3


class OnlyAdaIsAdmin(AdminRoles):
    """Knows one admin: Ada."""

    def __init__(self) -> None:
        """Need no workspace to ask."""

    async def is_admin(self, user: str) -> bool:
        return user == ADA


def views(database: Database, size: ArchiveSize) -> dict[str, Callable[[], Coroutine[Any, Any, object]]]:
    """Return a function for each view that reads its data from the database."""
    authorizer, votes, versions = (
        Authorizer(OnlyAdaIsAdmin(), workspace=TEAM, key=b"k"),
        SqlVotes(database),
        SqlConfigVersions(database),
    )
    editing, ada = ConfigEditor(versions, ScopeConfig()), HomeReader(user=ADA, is_admin=True)
    usage = UsageSection(authorizer, SqlLedger(database), versions, "EUR")
    complaints = ComplaintList(authorizer, votes, BotIdentity(user="U0BOT", bot_id="B0BOT", workspace=TEAM))
    level = authorizer.channel_scope(ADA, CHANNEL)
    thread = ThreadKey(platform="slack", workspace=TEAM, channel=CHANNEL, root=ROOT)
    return {
        "welcome": lambda: WelcomeSection(editing, authorizer.workspace)(ada),
        "levels": lambda: ScopeListSection(editing, authorizer.workspace)(ada),
        "usage": lambda: usage(ada),
        "judgements": lambda: complaints(ada),
        "complaints": lambda: complaints.open_complaints(ADA),
        "editor": lambda: editing.load_scope(level),
        "history": lambda: versions.list_history(level, limit=21),
        "why": lambda: SqlExplanations(database).explain(thread, f"asked {size.turns - 1}"),
    }


@pytest.mark.parametrize("kind", KINDS)
async def test_a_view_costs_the_same_statements_however_much_is_stored(kind: Kind, tmp_path: Path) -> None:
    """They are few, in few transactions."""
    found: list[dict[str, int]] = []
    for size in (FEW, MANY):
        with migrated_database(kind, tmp_path) as url:
            async with open_database(url) as database:
                await database.tx(fill, size, ROOT)
                costs: dict[str, int] = {}
                for name, make in views(database, size).items():
                    with count_traffic() as traffic:
                        assert await make() is not None
                    assert traffic.transactions <= MAX_TRANSACTIONS, name
                    costs[name] = len(traffic.statements)
                found.append(costs)
    assert found[0] == found[1]
    assert max(found[1].values()) <= MAX_STATEMENTS, found[1]
