"""Spending in Home, its details, and the form of budgets, over real sockets."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from bot.core.config import Prompt, Scope, ScopeConfig
from bot.core.periods import SECONDS_PER_DAY, Span
from bot.core.requests import Answer, ModelCall
from bot.core.spending.budgets import Budget, BudgetUnit, SpendingDimension
from bot.core.turns import AddressingKind, Author, IncomingMessage, ThreadKey, TurnStatus
from bot.sandbox.workspace.records import WorkspaceView
from bot.slack.admin import authorization
from bot.slack.admin.prompts import editor_views
from bot.slack.admin.spending.budgets import CHANGE_BUDGET_ACTION, MAX_BUDGETS_SHOWN
from bot.slack.admin.spending.usage import DETAILS_ACTION, PERIOD_ACTION
from bot.testing.store import MemoryStore
from tests.slack.admin_client import ADA, GENERAL, GRACE, JOAN, TEAM, AdminClient

pytestmark = pytest.mark.calendar

HERE = Scope(platform="slack", workspace=TEAM)
CALL = ModelCall(model="m-1", prompt_tokens=1_000, completion_tokens=200, cost=500_000_000)
EACH_PERSON = Budget(scope=SpendingDimension.PERSON, span=Span.DAY, unit=BudgetUnit.TOKENS, amount=2_000)


async def answered(
    admin_client: AdminClient,
    number: int,
    call: ModelCall = CALL,
    *,
    by: str = GRACE,
    channel: str = GENERAL,
    ago: int = 0,
) -> None:
    """Answer a person's question, dated some days ago."""
    admin_client.data.clock = lambda: admin_client.now - ago * SECONDS_PER_DAY
    store = MemoryStore(data=admin_client.data)
    root = f"17{number:08}.000100"
    thread = ThreadKey(platform="slack", workspace=TEAM, channel=channel, root=root)
    asked = IncomingMessage(
        thread=thread, message_id=root, author=Author(id=by), text="why?", addressed=AddressingKind.MENTION
    )
    turn = await store.accept(asked, claim=True)
    assert turn is not None
    await store.save_answer(turn, Answer(text="Secret.", call=call))
    await store.settle(turn, TurnStatus.DONE)
    admin_client.data.clock = lambda: admin_client.now


async def home(admin_client: AdminClient, user: str) -> str:
    await admin_client.press(user, editor_views.EDIT_CHANNEL_ACTION, "")  # shows Home anew
    view = admin_client.workspace.views.home(user)
    assert view is not None
    return str(view.content["blocks"])


async def details(admin_client: AdminClient, user: str = ADA) -> WorkspaceView:
    await admin_client.press(user, DETAILS_ACTION, "")
    return admin_client.top_view(user)


# --- usage --------------------------------------------------------------------------------------------


async def test_people_see_their_own_spending_only(admin_client: AdminClient) -> None:
    await answered(admin_client, 1)
    await answered(admin_client, 2, ago=3)
    await answered(admin_client, 3, by=JOAN)
    shown = await home(admin_client, GRACE)
    assert "*You, today*: 1 model call, 1,200 tokens, 0.50 EUR" in shown
    assert "*You, in the last 30 days*: 2 model calls, 2,400 tokens, 1.00 EUR" in shown
    assert "All of us" not in shown
    assert DETAILS_ACTION not in shown


async def test_people_see_the_state_of_their_budget(admin_client: AdminClient) -> None:
    await admin_client.ledger.set_budget(HERE, EACH_PERSON, by=Author(id=ADA))
    await answered(admin_client, 1)
    shown = await home(admin_client, GRACE)
    assert "`██████░░░░` You, today: 1,200 of 2,000 tokens; resets on" in shown
    assert "Set a budget" not in shown


async def test_admins_see_a_chart_and_its_description(admin_client: AdminClient) -> None:
    for number, ago in enumerate((0, 3, 3, 29, 30)):
        await answered(admin_client, number, ago=ago)
    shown = await home(admin_client, ADA)
    assert "*All of us, in the last 30 days*: 4 model calls, 4,800 tokens, 2.00 EUR" in shown
    assert "Money a day. The most was 1.00 EUR, on 18 Sep." in shown
    assert "█" + " " * 25 + "█  █\\n" in shown


async def test_spending_without_a_price_is_shown_in_tokens(admin_client: AdminClient) -> None:
    await answered(admin_client, 1)
    await answered(admin_client, 2, replace(CALL, cost=None))
    await answered(admin_client, 3, replace(CALL, is_estimated=True))
    shown = await home(admin_client, ADA)
    assert "3 model calls, 3,600 tokens, about 1.00 EUR, and 1 call of unknown price" in shown
    assert "Tokens a day." in shown


async def test_details_name_people_channels_models_and_versions(admin_client: AdminClient) -> None:
    version = await admin_client.versions.save(HERE, ScopeConfig(prompt=Prompt("Hm.")), based_on=0, by=Author(id=ADA))
    await answered(admin_client, 1, replace(CALL, versions=(version.id,)))
    await answered(admin_client, 2, replace(CALL, model="<!channel>", cost=9), by=JOAN, channel="D0JOAN")
    said = str((await details(admin_client)).content["blocks"])
    for text in (f"• <@{GRACE}>: 1 model call", f"• <#{GENERAL}>: 1 model call", "• one direct message: 1 model call"):
        assert text in said
    assert "• m-1: 1 model call" in said
    assert "&lt;!channel&gt;" in said
    assert "the whole workspace, version 1: 1 model call" in said
    assert "the deployment's settings" in said


async def test_details_cover_the_chosen_period(admin_client: AdminClient) -> None:
    await answered(admin_client, 1, ago=60)
    view = await details(admin_client)
    assert "*Together*: nothing" in str(view.content["blocks"])
    chosen = {
        "action_id": PERIOD_ACTION,
        "type": "static_select",
        "selected_option": {"value": "90", "text": {"type": "plain_text", "text": "x"}},
    }
    await admin_client.workspace.interactivity.act_on_view(ADA, view.id, chosen, {})
    await admin_client.wait_until_idle()
    assert "*Together*: 1 model call" in admin_client.shown_text(ADA)


async def test_views_hold_many_subjects_and_budgets(admin_client: AdminClient) -> None:
    for number in range(60):
        await answered(
            admin_client, number, replace(CALL, model="m" * 256 + str(number)), by=f"U{number}", channel=f"C{number}"
        )
        one = replace(EACH_PERSON, subject=f"U0{number}")
        await admin_client.ledger.set_budget(HERE, one, by=Author(id=ADA), note="&" * 200)
    assert "50 more: 50 model calls" in str((await details(admin_client)).content["blocks"])
    assert f"And {60 - MAX_BUDGETS_SHOWN} more" in await home(admin_client, ADA)


async def test_others_are_refused_the_details(admin_client: AdminClient) -> None:
    await answered(admin_client, 1)
    await details(admin_client, GRACE)
    assert admin_client.shown_text(GRACE).count(authorization.NOT_AN_ADMIN) == 1
    assert "answer," not in admin_client.shown_text(GRACE)


# --- budgets ------------------------------------------------------------------------------------------


async def form(admin_client: AdminClient, user: str = ADA, name: str = "new") -> WorkspaceView:
    await admin_client.press(user, CHANGE_BUDGET_ACTION, name)
    return admin_client.top_view(user)


async def left(admin_client: AdminClient, person: str = GRACE) -> list[int]:
    return [each.remaining for each in await admin_client.ledger.list_budget_states(HERE, person=person, channel="")]


async def test_an_admin_sets_raises_and_removes_a_budget(admin_client: AdminClient) -> None:
    await admin_client.submit(ADA, await form(admin_client), amount="1000", note="To begin with.")
    assert await left(admin_client) == [1_000]
    shown = await home(admin_client, ADA)
    assert "*Each person*: 1,000 tokens a day" in shown
    assert "To begin with." in shown
    view = await form(admin_client, JOAN, "person  day tokens")
    await admin_client.submit(JOAN, view, amount="5,000")
    assert await left(admin_client) == [5_000]
    changes = await admin_client.ledger.list_budget_changes(HERE, limit=9)
    assert [(change.author.id, change.budget.amount) for change in changes] == [(JOAN, 5_000), (ADA, 1_000)]
    await admin_client.submit(ADA, await form(admin_client, ADA, "person  day tokens"), amount="")
    assert await left(admin_client) == []
    assert "No budget is set." in await home(admin_client, ADA)


async def test_a_budget_of_one_person_in_money(admin_client: AdminClient) -> None:
    view = await form(admin_client)
    await admin_client.submit(ADA, view, whose="one person", person=GRACE, unit="money", span="month", amount="2.5")
    assert await left(admin_client) == [2_500_000_000]
    assert await left(admin_client, JOAN) == []
    await admin_client.submit(ADA, await form(admin_client), whose="one channel", channel=GENERAL, amount="7")
    assert f"*<#{GENERAL}>*: 7 tokens a day" in await home(admin_client, ADA)
    await admin_client.submit(ADA, await form(admin_client), whose="workspace", amount="8")
    assert await left(admin_client, JOAN) == [8]


@pytest.mark.parametrize(
    ("entered", "field"),
    [
        ({"amount": "lots"}, "amount"),
        ({"amount": "1.5"}, "amount"),
        ({"amount": "1,5", "unit": "money"}, "amount"),
        ({"amount": "5", "whose": "one person"}, "person"),
        ({"amount": "5", "whose": "one channel"}, "channel"),
        ({"amount": "5", "person": GRACE}, "person"),
        ({"amount": "5", "whose": "workspace", "channel": GENERAL}, "channel"),
    ],
)
async def test_a_wrong_value_is_refused_at_its_field(
    admin_client: AdminClient, errors: list[Mapping[str, str]], entered: dict[str, str], field: str
) -> None:
    await admin_client.submit(ADA, await form(admin_client), **entered)
    assert [list(each) for each in errors] == [[field]]
    assert await left(admin_client) == []


async def test_only_admins_set_budgets(admin_client: AdminClient, errors: list[Mapping[str, str]]) -> None:
    """A member is refused at the button, and with an admin's, a forged or an expired form."""
    await admin_client.press(GRACE, CHANGE_BUDGET_ACTION, "new")
    assert authorization.NOT_AN_ADMIN in admin_client.shown_text(GRACE)
    view = await form(admin_client)
    joans = await form(admin_client, JOAN)
    joans.content["private_metadata"] = view.content["private_metadata"]
    await admin_client.submit(JOAN, joans, amount="5")
    view.content["private_metadata"] = "x" * 100
    await admin_client.submit(ADA, view, amount="5")
    late = await form(admin_client)
    admin_client.now += 13 * 3_600
    await admin_client.submit(ADA, late, amount="5")
    assert len(errors) == 3
    assert {field for each in errors for field in each} == {"note"}
    assert await left(admin_client) == []
