"""Admins decide who may ask and who may steer; nobody else does, and none is locked out."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bot.core.access.grants import Grants
from bot.core.access.rules import AccessRefusal, AccessRules, Admission
from bot.core.config import Scope
from bot.core.turns import Author
from bot.policy.permissions import GRANTS_CACHE_TTL_SECONDS
from bot.slack.admin import authorization
from bot.slack.admin.access import views
from bot.slack.admin.access.controller import INVALID_SELECTION
from bot.slack.admin.prompts import modals
from bot.slack.admin.signed_state import FORM_LIFETIME_SECONDS, FormState, sign
from bot.slack.views.block_kit import NOTE_FIELD
from tests.slack.admin.access.access_form import HERE, WHOLE, edit, home
from tests.slack.admin.form_state import state
from tests.slack.admin_client import (
    ADA,
    BARE_HOME,
    CHANNEL,
    GENERAL,
    GRACE,
    JOAN,
    KEY,
    TEAM,
    WORKSPACE,
    Office,
)

LIN, NOOR = "U0LIN", "U0NOOR"


async def saved(office: Office, key: Scope = WORKSPACE) -> list[Grants]:
    return [version.grants for version in await office.grants.list_history(key, limit=99)]


async def test_an_admin_sets_who_may_ask(office: Office) -> None:
    """The boxes are ticked as it is where nobody has decided; all of it is kept, with who, when and why."""
    view = await edit(office, ADA)
    ticked = next(block for block in view.content["blocks"] if block.get("block_id") == "admits")
    assert [option["value"] for option in ticked["element"]["initial_options"]] == [
        "direct-messages",
        "shared-channels",
    ]
    await office.submit(
        ADA,
        view,
        channels=["C0ENG"],
        denied_channels=[GENERAL],
        people=[ADA, LIN],
        denied_people=[GRACE],
        invited=[NOOR],
        admits=["guests", "direct-messages"],
        note="Spam.",
    )
    (version,) = await office.grants.list_history(WORKSPACE, limit=9)
    assert version.grants.rules == AccessRules(
        channels=frozenset({"C0ENG"}),
        denied_channels=frozenset({GENERAL}),
        people=frozenset({ADA, LIN}),
        denied_people=frozenset({GRACE}),
        invited=frozenset({NOOR}),
        admits=frozenset({Admission.GUESTS, Admission.DIRECT}),
    )
    assert (version.author, version.note) == (Author(id=ADA, name="ada"), "Spam.")
    assert not office.workspace.views.stack(ADA), "the form is closed"
    shown = await home(office, ADA)
    for text in (
        f"*Never these people*: <@{GRACE}>",
        f"*Never in these channels*: <#{GENERAL}>",
        "guests of",
    ):
        assert text in shown


async def test_a_form_without_a_change_saves_no_version(office: Office) -> None:
    await office.submit(ADA, await edit(office, ADA), note="Nothing yet.")
    assert await saved(office) == []
    await office.submit(ADA, await edit(office, ADA), denied_people=[GRACE])
    await office.submit(ADA, await edit(office, ADA), note="Nothing new.")
    (only,) = await saved(office)
    assert only.rules == AccessRules(denied_people=frozenset({GRACE})), "what is built in stays left to that"


async def test_an_admin_names_another_who_may_steer_at_once_and_can_be_unnamed(office: Office) -> None:
    await office.submit(ADA, await edit(office, ADA), stewards=[GRACE])
    assert "Change who may do what" in await home(office, GRACE)
    await office.submit(GRACE, await office.edit(GRACE), prompt="Be kind.")
    assert len(await office.saved()) == 1
    held = await office.edit(GRACE)
    await office.submit(ADA, await edit(office, ADA), stewards=[])
    await office.submit(GRACE, held, prompt="Be rude.")
    assert len(await office.saved()) == 1, "asked again at the submission"
    assert "Who may do what" not in await home(office, GRACE)


@pytest.mark.parametrize("user", [LIN, NOOR])
async def test_guests_and_outsiders_never_steer_whoever_names_them(office: Office, user: str) -> None:
    for key in (WORKSPACE, CHANNEL):
        await office.grants.save(key, Grants(stewards=frozenset({user})), based_on=0, by=Author(id=ADA))
    await office.press(user, views.EDIT_GRANTS_ACTION, WHOLE)
    assert authorization.NOT_AN_ADMIN in office.says(user)
    assert authorization.NOT_AN_ADMIN in str((await office.edit(user)).content)
    shown = await home(office, user)
    assert "Who may do what" not in shown
    assert "Channels that you may edit" not in shown


@pytest.mark.parametrize("name", [WHOLE, HERE])
async def test_nobody_but_members_is_named(office: Office, errors: list[Mapping[str, str]], name: str) -> None:
    """Told at the field; so is that Slack does not say who somebody is."""
    for user in (LIN, NOOR, "U0BUILD"):
        await office.submit(ADA, await edit(office, ADA, name), stewards=[GRACE, user])
    office.workspace.inject_fault("users.info", status=500, times=8)
    await office.submit(ADA, await edit(office, ADA, name), stewards=["U0BOT"])
    said = [error["stewards"] for error in errors]
    assert [each.split()[0] for each in said[:3]] == ["lin", "noor", "builder"]
    assert all("is not a full member of this workspace" in each for each in said[:3])
    assert "Slack could not tell me who U0BOT is" in said[3]
    assert await saved(office) == await saved(office, CHANNEL) == []


async def test_no_rule_locks_an_admin_out_of_home(office: Office) -> None:
    view = await edit(office, ADA)
    await office.submit(
        ADA, view, people=[GRACE], denied_people=[ADA, JOAN], channels=["C0ENG"], admits=[], stewards=[]
    )
    assert "Change who may do what" in await home(office, ADA)
    await office.submit(JOAN, await edit(office, JOAN), denied_people=[], people=[])
    assert (await saved(office))[0].rules.denied_people == frozenset()


@pytest.mark.parametrize("action", [views.EDIT_GRANTS_ACTION, views.GRANTS_HISTORY_ACTION])
@pytest.mark.parametrize("name", [WHOLE, HERE])
async def test_others_are_refused_and_it_is_logged(office: Office, action: str, name: str) -> None:
    """Also who may edit a channel: that one does not decide who else may."""
    await office.grants.save(CHANNEL, Grants(stewards=frozenset({GRACE})), based_on=0, by=Author(id=ADA))
    with capture_logs() as logs:
        await office.press(GRACE, action, name)
    assert authorization.NOT_AN_ADMIN in office.says(GRACE)
    assert [log["user"] for log in logs if log["action"] == "steering_denied"] == [GRACE]


@pytest.mark.parametrize(
    "name",
    ["workspace T2", "channel T2/C1", f"thread {TEAM}/{GENERAL}/1.0", f"direct {TEAM}", "deployment", "x"],
)
async def test_what_has_no_grants_is_refused(office: Office, name: str) -> None:
    await office.press(ADA, views.EDIT_GRANTS_ACTION, name)
    assert authorization.NOT_IN_WORKSPACE in office.says(ADA)


async def test_forged_expired_and_foreign_forms_change_nothing(office: Office, errors: list[Mapping[str, str]]) -> None:
    """Nor does leave to change a prompt serve to change who may do what."""
    view = await edit(office, ADA)
    level = await office.edit(ADA)
    foreign = FormState(
        scope=replace(WORKSPACE, workspace="T2"),
        based_on=0,
        user=ADA,
        expires_at=office.now + FORM_LIFETIME_SECONDS,
    )
    for metadata in ("", "nonsense", level.content["private_metadata"], sign(foreign, KEY)):
        forged = office.workspace.views.open(ADA, view.content | {"private_metadata": metadata})
        await office.submit(ADA, forged, stewards=[GRACE])
    theirs = office.workspace.views.open(JOAN, view.content)
    await office.submit(JOAN, theirs, stewards=[GRACE])
    late = await edit(office, ADA)
    office.now += FORM_LIFETIME_SECONDS + 1
    await office.submit(ADA, late, stewards=[GRACE])
    assert errors == [{NOTE_FIELD: authorization.FORM_NOT_YOURS}] * 5 + [{NOTE_FIELD: authorization.FORM_EXPIRED}]
    assert await saved(office) == []


async def test_who_is_no_admin_any_more_changes_nothing_with_what_is_still_open(
    office: Office, errors: list[Mapping[str, str]]
) -> None:
    """Neither by a form nor by a history."""
    await office.submit(ADA, await edit(office, ADA), stewards=[GRACE])
    held = await edit(office, GRACE)
    await office.submit(ADA, await edit(office, ADA), stewards=[])
    newest = FormState(scope=WORKSPACE, based_on=2, user=GRACE, expires_at=office.now + FORM_LIFETIME_SECONDS)
    sealed = sign(newest, hmac.new(KEY, b"grants", hashlib.sha256).digest())
    listed = office.workspace.views.open(GRACE, held.content | {"private_metadata": sealed})
    await office.press(GRACE, views.RESTORE_GRANTS_ACTION, "1", listed)
    assert authorization.NOT_AN_ADMIN in office.says(GRACE)
    again = office.workspace.views.open(GRACE, held.content)
    await office.submit(GRACE, again, stewards=[GRACE])
    assert errors == [{NOTE_FIELD: authorization.NOT_AN_ADMIN}]
    assert len(await saved(office)) == 2


async def test_ids_that_are_none_are_refused(office: Office, errors: list[Mapping[str, str]]) -> None:
    view = await edit(office, ADA)
    for odd in ({"people": ["C0ENG"]}, {"channels": ["D0ADA"]}, {"stewards": ["U1, U2"]}, {"invited": [7]}):
        await office.submit(ADA, view, **odd)
    values = state(view.content["blocks"])
    values["admits"]["value"]["selected_options"] = [{"value": "everybody"}]
    await office.workspace.interactivity.submit(ADA, view.id, values)
    assert errors == [{NOTE_FIELD: INVALID_SELECTION}] * 5
    assert await saved(office) == []


async def test_the_second_of_two_admins_is_shown_the_difference(office: Office) -> None:
    """Nothing is overwritten until that is what the second one wants."""
    ada, joan = await edit(office, ADA), await edit(office, JOAN)
    await office.submit(JOAN, joan, denied_people=[GRACE], note="Spam.")
    await office.submit(ADA, ada, denied_people=[LIN], note="Guests.")
    assert len(await saved(office)) == 1
    shown = office.top(ADA)
    assert [shown.content[name]["text"] for name in ("title", "submit")] == [
        modals.NOT_SAVED_TITLE,
        "Overwrite",
    ]
    for text in ("joan was faster", "Spam.", f"grace ({GRACE})", f"lin ({LIN})", "Guests."):
        assert text in office.says(ADA)
    await office.submit(ADA, shown)
    assert [grants.rules.denied_people for grants in await saved(office)] == [{LIN}, {GRACE}]


async def test_a_version_is_restored_as_a_new_one(office: Office) -> None:
    await office.submit(ADA, await edit(office, ADA), denied_people=[GRACE])
    await office.submit(ADA, await edit(office, ADA), denied_people=[])
    await office.press(ADA, views.GRANTS_HISTORY_ACTION, WHOLE)
    assert f"-never these people: grace ({GRACE})" in office.says(ADA)
    await office.press(ADA, views.RESTORE_GRANTS_ACTION, "1", office.top(ADA))
    assert "Restored" in office.says(ADA)
    first, _second, third = reversed(await saved(office))
    assert first == third
    held = office.top(ADA)
    await office.submit(JOAN, await edit(office, JOAN), denied_people=[])
    await office.press(ADA, views.RESTORE_GRANTS_ACTION, "1", held)
    assert "Nothing was overwritten" in office.says(ADA)
    assert len(await saved(office)) == 4


@pytest.mark.parametrize(
    "office",
    [AccessRules(admits=frozenset({Admission.GUESTS}), denied_people=frozenset({GRACE}))],
    indirect=True,
)
async def test_what_the_deployment_decides_is_told_and_not_asked_for(office: Office) -> None:
    view = await edit(office, ADA)
    assert "The deployment's settings decide this" in office.says(ADA)
    await office.submit(ADA, view, denied_people=[LIN])
    assert [grants.rules.admits for grants in await saved(office)] == [None]
    shown = await home(office, ADA)
    assert "members of this workspace, guests of several channels" in shown
    assert f"*Never these people*: <@{GRACE}> (the deployment's settings)" in shown


async def test_a_channel_is_chosen_from_a_list(office: Office) -> None:
    shown = office.workspace.views.publish(ADA, BARE_HOME, "")
    for chosen, expected in (
        (GENERAL, "Who may edit *<#C0GENERAL>*"),
        ("D0ADA", authorization.NOT_IN_WORKSPACE),
    ):
        action = {"action_id": views.EDIT_CHANNEL_GRANTS_ACTION, "type": "conversations_select"}
        action["selected_conversation"] = chosen
        await office.workspace.interactivity.act_on_view(ADA, shown.id, action, {})
        await office.settled()
        assert expected in office.says(ADA)


async def test_home_says_to_whom_may_not_ask_that_they_may_not(office: Office) -> None:
    """An admin who is denied sees it too, below which all stays as it was."""
    assert AccessRefusal.GUEST.for_people in await home(office, LIN)
    assert "no_entry" not in await home(office, GRACE)
    await office.submit(ADA, await edit(office, ADA), denied_people=[ADA, GRACE])
    office.now += GRANTS_CACHE_TTL_SECONDS
    for user in (ADA, GRACE):
        assert AccessRefusal.PERSON.for_people in await home(office, user)
    assert "Change who may do what" in await home(office, ADA)
