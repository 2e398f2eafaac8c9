"""Grants over real sockets: only admins change them, and no admin is locked out."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bot.core.access.grants import Grants
from bot.core.access.permission_check import AccessRefusal, AccessRules, Admission
from bot.core.config import Scope
from bot.core.turns import Author
from bot.policy.saved_grants import GRANTS_CACHE_TTL_SECONDS
from bot.slack.admin import authorization
from bot.slack.admin.access import views
from bot.slack.admin.access.controller import INVALID_SELECTION
from bot.slack.admin.prompts import editor_views
from bot.slack.admin.signed_state import FORM_LIFETIME_SECONDS, FormState, sign
from bot.slack.views.block_kit import NOTE_FIELD
from tests.slack.admin.access.access_form import HERE, WHOLE, edit, home
from tests.slack.admin.form_state import state
from tests.slack.admin_client import ADA, BARE_HOME, CHANNEL, GENERAL, GRACE, JOAN, KEY, TEAM, WORKSPACE, AdminClient

LIN, NOOR = "U0LIN", "U0NOOR"


async def saved(admin_client: AdminClient, key: Scope = WORKSPACE) -> list[Grants]:
    return [version.grants for version in await admin_client.grants.list_history(key, limit=99)]


async def test_an_admin_sets_who_may_ask(admin_client: AdminClient) -> None:
    """The boxes show the defaults at first. The version records author, time and note."""
    view = await edit(admin_client, ADA)
    ticked = next(block for block in view.content["blocks"] if block.get("block_id") == "admits")
    assert [option["value"] for option in ticked["element"]["initial_options"]] == [
        "direct-messages",
        "shared-channels",
    ]
    await admin_client.submit(
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
    (version,) = await admin_client.grants.list_history(WORKSPACE, limit=9)
    assert version.grants.rules == AccessRules(
        channels=frozenset({"C0ENG"}),
        denied_channels=frozenset({GENERAL}),
        people=frozenset({ADA, LIN}),
        denied_people=frozenset({GRACE}),
        invited=frozenset({NOOR}),
        admits=frozenset({Admission.GUESTS, Admission.DIRECT}),
    )
    assert (version.author, version.note) == (Author(id=ADA, name="ada"), "Spam.")
    assert not admin_client.workspace.views.stack(ADA), "the form is closed"
    shown = await home(admin_client, ADA)
    for text in (f"*Never these people*: <@{GRACE}>", f"*Never in these channels*: <#{GENERAL}>", "guests of"):
        assert text in shown


async def test_a_form_without_a_change_saves_no_version(admin_client: AdminClient) -> None:
    await admin_client.submit(ADA, await edit(admin_client, ADA), note="Nothing yet.")
    assert await saved(admin_client) == []
    await admin_client.submit(ADA, await edit(admin_client, ADA), denied_people=[GRACE])
    await admin_client.submit(ADA, await edit(admin_client, ADA), note="Nothing new.")
    (only,) = await saved(admin_client)
    assert only.rules == AccessRules(denied_people=frozenset({GRACE})), "what is built in stays left to that"


async def test_an_admin_names_another_admin_and_removes_them(admin_client: AdminClient) -> None:
    await admin_client.submit(ADA, await edit(admin_client, ADA), stewards=[GRACE])
    assert "Change who may do what" in await home(admin_client, GRACE)
    await admin_client.submit(GRACE, await admin_client.open_editor(GRACE), prompt="Be kind.")
    assert len(await admin_client.saved_configs()) == 1
    form = await admin_client.open_editor(GRACE)
    await admin_client.submit(ADA, await edit(admin_client, ADA), stewards=[])
    await admin_client.submit(GRACE, form, prompt="Be rude.")
    assert len(await admin_client.saved_configs()) == 1, "asked again at the submission"
    assert "Who may do what" not in await home(admin_client, GRACE)


@pytest.mark.parametrize("user", [LIN, NOOR])
async def test_guests_and_outsiders_are_never_admins_even_if_named(admin_client: AdminClient, user: str) -> None:
    for key in (WORKSPACE, CHANNEL):
        await admin_client.grants.save(key, Grants(stewards=frozenset({user})), based_on=0, by=Author(id=ADA))
    await admin_client.press(user, views.EDIT_GRANTS_ACTION, WHOLE)
    assert authorization.NOT_AN_ADMIN in admin_client.shown_text(user)
    assert authorization.NOT_AN_ADMIN in str((await admin_client.open_editor(user)).content)
    shown = await home(admin_client, user)
    assert "Who may do what" not in shown
    assert "Channels that you may edit" not in shown


@pytest.mark.parametrize("name", [WHOLE, HERE])
async def test_only_members_can_be_named(admin_client: AdminClient, errors: list[Mapping[str, str]], name: str) -> None:
    """The error stands at the field, also if Slack does not answer."""
    for user in (LIN, NOOR, "U0BUILD"):
        await admin_client.submit(ADA, await edit(admin_client, ADA, name), stewards=[GRACE, user])
    admin_client.workspace.inject_fault("users.info", status=500, times=8)
    await admin_client.submit(ADA, await edit(admin_client, ADA, name), stewards=["U0BOT"])
    said = [error["stewards"] for error in errors]
    assert [each.split()[0] for each in said[:3]] == ["lin", "noor", "builder"]
    assert all("is not a full member of this workspace" in each for each in said[:3])
    assert "Slack could not tell me who U0BOT is" in said[3]
    assert await saved(admin_client) == await saved(admin_client, CHANNEL) == []


async def test_no_rule_locks_an_admin_out_of_home(admin_client: AdminClient) -> None:
    view = await edit(admin_client, ADA)
    await admin_client.submit(
        ADA, view, people=[GRACE], denied_people=[ADA, JOAN], channels=["C0ENG"], admits=[], stewards=[]
    )
    assert "Change who may do what" in await home(admin_client, ADA)
    await admin_client.submit(JOAN, await edit(admin_client, JOAN), denied_people=[], people=[])
    assert (await saved(admin_client))[0].rules.denied_people == frozenset()


@pytest.mark.parametrize("action", [views.EDIT_GRANTS_ACTION, views.GRANTS_HISTORY_ACTION])
@pytest.mark.parametrize("name", [WHOLE, HERE])
async def test_others_are_refused_and_it_is_logged(admin_client: AdminClient, action: str, name: str) -> None:
    """A steward of a channel cannot name further stewards."""
    await admin_client.grants.save(CHANNEL, Grants(stewards=frozenset({GRACE})), based_on=0, by=Author(id=ADA))
    with capture_logs() as logs:
        await admin_client.press(GRACE, action, name)
    assert authorization.NOT_AN_ADMIN in admin_client.shown_text(GRACE)
    assert [log["user"] for log in logs if log["action"] == "steering_denied"] == [GRACE]


@pytest.mark.parametrize(
    "name", ["workspace T2", "channel T2/C1", f"thread {TEAM}/{GENERAL}/1.0", f"direct {TEAM}", "deployment", "x"]
)
async def test_a_scope_without_grants_is_refused(admin_client: AdminClient, name: str) -> None:
    await admin_client.press(ADA, views.EDIT_GRANTS_ACTION, name)
    assert authorization.NOT_IN_WORKSPACE in admin_client.shown_text(ADA)


async def test_forged_expired_and_foreign_forms_change_nothing(
    admin_client: AdminClient, errors: list[Mapping[str, str]]
) -> None:
    """The state of a prompt's form is not valid for grants, either."""
    view = await edit(admin_client, ADA)
    level = await admin_client.open_editor(ADA)
    foreign = FormState(
        scope=replace(WORKSPACE, workspace="T2"),
        based_on=0,
        user=ADA,
        expires_at=admin_client.now + FORM_LIFETIME_SECONDS,
    )
    for metadata in ("", "nonsense", level.content["private_metadata"], sign(foreign, KEY)):
        forged = admin_client.workspace.views.open(ADA, view.content | {"private_metadata": metadata})
        await admin_client.submit(ADA, forged, stewards=[GRACE])
    theirs = admin_client.workspace.views.open(JOAN, view.content)
    await admin_client.submit(JOAN, theirs, stewards=[GRACE])
    late = await edit(admin_client, ADA)
    admin_client.now += FORM_LIFETIME_SECONDS + 1
    await admin_client.submit(ADA, late, stewards=[GRACE])
    assert errors == [{NOTE_FIELD: authorization.FORM_NOT_YOURS}] * 5 + [{NOTE_FIELD: authorization.FORM_EXPIRED}]
    assert await saved(admin_client) == []


async def test_a_demoted_admin_changes_nothing_with_an_open_form(
    admin_client: AdminClient, errors: list[Mapping[str, str]]
) -> None:
    """With an open form or with an open history."""
    await admin_client.submit(ADA, await edit(admin_client, ADA), stewards=[GRACE])
    form = await edit(admin_client, GRACE)
    await admin_client.submit(ADA, await edit(admin_client, ADA), stewards=[])
    newest = FormState(scope=WORKSPACE, based_on=2, user=GRACE, expires_at=admin_client.now + FORM_LIFETIME_SECONDS)
    signed = sign(newest, hmac.new(KEY, b"grants", hashlib.sha256).digest())
    history = admin_client.workspace.views.open(GRACE, form.content | {"private_metadata": signed})
    await admin_client.press(GRACE, views.RESTORE_GRANTS_ACTION, "1", history)
    assert authorization.NOT_AN_ADMIN in admin_client.shown_text(GRACE)
    again = admin_client.workspace.views.open(GRACE, form.content)
    await admin_client.submit(GRACE, again, stewards=[GRACE])
    assert errors == [{NOTE_FIELD: authorization.NOT_AN_ADMIN}]
    assert len(await saved(admin_client)) == 2


async def test_invalid_ids_are_refused(admin_client: AdminClient, errors: list[Mapping[str, str]]) -> None:
    view = await edit(admin_client, ADA)
    for odd in ({"people": ["C0ENG"]}, {"channels": ["D0ADA"]}, {"stewards": ["U1, U2"]}, {"invited": [7]}):
        await admin_client.submit(ADA, view, **odd)
    values = state(view.content["blocks"])
    values["admits"]["value"]["selected_options"] = [{"value": "everybody"}]
    await admin_client.workspace.interactivity.submit(ADA, view.id, values)
    assert errors == [{NOTE_FIELD: INVALID_SELECTION}] * 5
    assert await saved(admin_client) == []


async def test_the_second_of_two_admins_is_shown_the_difference(admin_client: AdminClient) -> None:
    """Nothing is overwritten until the second admin confirms it."""
    ada, joan = await edit(admin_client, ADA), await edit(admin_client, JOAN)
    await admin_client.submit(JOAN, joan, denied_people=[GRACE], note="Spam.")
    await admin_client.submit(ADA, ada, denied_people=[LIN], note="Guests.")
    assert len(await saved(admin_client)) == 1
    shown = admin_client.top_view(ADA)
    assert [shown.content[name]["text"] for name in ("title", "submit")] == [editor_views.NOT_SAVED_TITLE, "Overwrite"]
    for text in ("joan was faster", "Spam.", f"grace ({GRACE})", f"lin ({LIN})", "Guests."):
        assert text in admin_client.shown_text(ADA)
    await admin_client.submit(ADA, shown)
    assert [grants.rules.denied_people for grants in await saved(admin_client)] == [{LIN}, {GRACE}]


async def test_a_version_is_restored_as_a_new_one(admin_client: AdminClient) -> None:
    await admin_client.submit(ADA, await edit(admin_client, ADA), denied_people=[GRACE])
    await admin_client.submit(ADA, await edit(admin_client, ADA), denied_people=[])
    await admin_client.press(ADA, views.GRANTS_HISTORY_ACTION, WHOLE)
    assert f"-never these people: grace ({GRACE})" in admin_client.shown_text(ADA)
    await admin_client.press(ADA, views.RESTORE_GRANTS_ACTION, "1", admin_client.top_view(ADA))
    assert "Restored" in admin_client.shown_text(ADA)
    first, _second, third = reversed(await saved(admin_client))
    assert first == third
    form = admin_client.top_view(ADA)
    await admin_client.submit(JOAN, await edit(admin_client, JOAN), denied_people=[])
    await admin_client.press(ADA, views.RESTORE_GRANTS_ACTION, "1", form)
    assert "Nothing was overwritten" in admin_client.shown_text(ADA)
    assert len(await saved(admin_client)) == 4


@pytest.mark.parametrize(
    "admin_client", [AccessRules(admits=frozenset({Admission.GUESTS}), denied_people=frozenset({GRACE}))], indirect=True
)
async def test_a_setting_of_the_deployment_is_shown_without_an_input(admin_client: AdminClient) -> None:
    view = await edit(admin_client, ADA)
    assert "The deployment's settings decide this" in admin_client.shown_text(ADA)
    await admin_client.submit(ADA, view, denied_people=[LIN])
    assert [grants.rules.admits for grants in await saved(admin_client)] == [None]
    shown = await home(admin_client, ADA)
    assert "members of this workspace, guests of several channels" in shown
    assert f"*Never these people*: <@{GRACE}> (the deployment's settings)" in shown


async def test_a_channel_is_chosen_from_a_list(admin_client: AdminClient) -> None:
    shown = admin_client.workspace.views.publish(ADA, BARE_HOME, "")
    for chosen, expected in ((GENERAL, "Who may edit *<#C0GENERAL>*"), ("D0ADA", authorization.NOT_IN_WORKSPACE)):
        action = {"action_id": views.EDIT_CHANNEL_GRANTS_ACTION, "type": "conversations_select"}
        action["selected_conversation"] = chosen
        await admin_client.workspace.interactivity.act_on_view(ADA, shown.id, action, {})
        await admin_client.wait_until_idle()
        assert expected in admin_client.shown_text(ADA)


async def test_home_tells_people_that_they_may_not_ask(admin_client: AdminClient) -> None:
    """An admin whom the rules exclude sees that, too, and keeps all sections."""
    assert AccessRefusal.GUEST.for_people in await home(admin_client, LIN)
    assert "no_entry" not in await home(admin_client, GRACE)
    await admin_client.submit(ADA, await edit(admin_client, ADA), denied_people=[ADA, GRACE])
    admin_client.now += GRANTS_CACHE_TTL_SECONDS
    for user in (ADA, GRACE):
        assert AccessRefusal.PERSON.for_people in await home(admin_client, user)
    assert "Change who may do what" in await home(admin_client, ADA)
