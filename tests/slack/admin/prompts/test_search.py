"""The search over real sockets: by any word, page by page, for admins only."""

from dataclasses import replace

import pytest

from bot.core.config import Prompt, Scope, ScopeConfig
from bot.core.turns import Author
from bot.sandbox.workspace.records import WorkspaceView
from bot.slack.admin import authorization
from bot.slack.admin.prompts import scope_list, search
from bot.slack.views.modals import MAX_ACK_BYTES
from tests.slack.admin_client import ADA, CHANNEL, GENERAL, GRACE, TEAM, WORKSPACE, AdminClient

LINUS = Author(id="U0LINUS", name="Linus")


async def save(admin_client: AdminClient, scope: Scope, config: ScopeConfig, note: str = "", number: int = 0) -> None:
    await admin_client.versions.save(scope, config, based_on=number, by=LINUS, note=note)


async def find(admin_client: AdminClient, sought: str, user: str = ADA) -> str:
    """Submit a query in the open search, and return the text of the results."""
    await admin_client.press(user, scope_list.FIND_ACTION, "")
    values = {search.QUERY_FIELD: {"value": {"type": "plain_text_input", "value": sought or None}}}
    await admin_client.workspace.interactivity.submit(user, admin_client.top_view(user).id, values)
    await admin_client.wait_until_idle()
    return admin_client.shown_text(user)


@pytest.fixture
async def full(admin_client: AdminClient) -> AdminClient:
    """Set something at four levels, and remove it again at a fifth."""
    await save(admin_client, WORKSPACE, ScopeConfig(prompt=Prompt("Be kind.")), note="Complaints.")
    await save(admin_client, CHANNEL, ScopeConfig(prompt=Prompt("You speak like a PIRATE.")))
    await save(admin_client, replace(CHANNEL, channel="C0ENG"), ScopeConfig(parameters={"model": "gpt-9"}))
    await save(admin_client, replace(CHANNEL, root="1.5"), ScopeConfig(prompt=Prompt("Be brief, pirate.")))
    await save(admin_client, replace(CHANNEL, channel="C0RANDOM"), ScopeConfig(prompt=Prompt("A pirate, too.")))
    await save(admin_client, replace(CHANNEL, channel="C0RANDOM"), ScopeConfig(), number=1)
    return admin_client


@pytest.mark.parametrize(
    ("sought", "places"),
    [
        ("pirate", [f"*One thread in <#{GENERAL}>*", f"*<#{GENERAL}>*"]),
        ("like  Pirate", [f"*<#{GENERAL}>*"]),
        ("GPT-9", ["*<#C0ENG>*"]),
        ("model", ["*<#C0ENG>*"]),
        ("complaints", ["*The whole workspace*"]),
        ("#engineering", ["*<#C0ENG>*"]),
        ("linus kind", ["*The whole workspace*"]),
        ("", [f"*One thread in <#{GENERAL}>*", "*<#C0ENG>*", f"*<#{GENERAL}>*", "*The whole workspace*"]),
        ("nowhere", []),
    ],
)
async def test_a_search_looks_for_all_words_in_all_texts_of_a_level(
    full: AdminClient, sought: str, places: list[str]
) -> None:
    """The last change comes first. A level that sets nothing is not found."""
    said = await find(full, sought)
    at = [said.find(place) for place in places]
    assert -1 not in at
    assert at == sorted(at)
    assert said.count("'Edit'") == len(places)
    assert ("No level matches." in said) == (not places)


async def test_a_found_level_opens_above_the_search(full: AdminClient) -> None:
    await find(full, "gpt-9")
    await full.press(ADA, "steer_edit_level:channel", f"channel {TEAM}/C0ENG", full.top_view(ADA))
    assert [view.content["title"]["text"] for view in full.workspace.views.stack(ADA)] == [
        "Find a level",
        "Prompt and parameters",
    ]


async def test_levels_with_long_texts_are_found(admin_client: AdminClient) -> None:
    """The results are larger than Slack takes in an acknowledgement."""
    much = ScopeConfig(prompt=Prompt("A pirate. " + "海" * 500), parameters={"stop": ["海" * 200]})
    for number in range(10):
        await save(admin_client, replace(CHANNEL, channel=f"C0{number}"), much, note="海" * 300)
    await save(admin_client, CHANNEL, ScopeConfig(prompt=Prompt("Be kind.")))
    said = await find(admin_client, "pirate")
    assert len(said.encode()) > MAX_ACK_BYTES
    assert "10 levels, page 1 of 1." in said


async def test_pages_are_turned_both_ways(admin_client: AdminClient) -> None:
    """Each page holds ten, and the search stays."""
    for number in range(25):
        config = ScopeConfig(prompt=Prompt(f"Pirate number {number}."))
        await save(admin_client, replace(CHANNEL, channel=f"C0{number}"), config)
    await save(admin_client, WORKSPACE, ScopeConfig(prompt=Prompt("Be kind.")))

    def numbers() -> list[int]:
        return [number for number in range(25) if f"Pirate number {number}." in admin_client.shown_text(ADA)]

    async def turn(to: str) -> WorkspaceView:
        shown = admin_client.top_view(ADA)
        await admin_client.press(ADA, f"{search.PAGE_ACTION_PREFIX}:{to}", to, shown)
        return shown

    await find(admin_client, "pirate")
    assert numbers() == list(range(15, 25))
    assert "25 levels, page 1 of 3." in admin_client.shown_text(ADA)
    await turn("1")
    assert numbers() == list(range(5, 15))
    await turn("2")
    assert numbers() == list(range(5))
    for odd in ("99", "nonsense", ""):
        await turn(odd)
        assert "25 levels, page" in admin_client.shown_text(ADA)


async def test_only_admins_search(full: AdminClient) -> None:
    await full.press(GRACE, scope_list.FIND_ACTION, "")
    assert authorization.NOT_AN_ADMIN in full.shown_text(GRACE)
    await full.press(ADA, scope_list.FIND_ACTION, "")
    forged = full.workspace.views.open(GRACE, full.top_view(ADA).content | {"blocks": [_field(full.top_view(ADA))]})
    await full.press(GRACE, f"{search.PAGE_ACTION_PREFIX}:1", "1", forged)
    assert authorization.NOT_AN_ADMIN in full.shown_text(GRACE)
    assert "pirate" not in full.shown_text(GRACE).lower()


def _field(view: WorkspaceView) -> dict[str, object]:
    return next(block for block in view.content["blocks"] if block["type"] == "input")
