"""The prompt editor over real sockets: saving, conflicts, refusals and failures."""

from collections.abc import Mapping

import pytest
from structlog.testing import capture_logs

from bot.core.config import Prompt, Scope, ScopeConfig
from bot.core.turns import Author
from bot.slack.admin import authorization
from bot.slack.admin.prompts import editor_views, form, history
from bot.slack.admin.signed_state import FORM_LIFETIME_SECONDS, FormState, sign
from bot.slack.views.block_kit import NOTE_FIELD
from bot.slack.views.modals import VIEW_FAILED
from bot.slack.views.submissions import CONFLICT_FOLLOWS, SAVE_FAILED
from tests.slack.admin_client import ADA, CHANNEL, GENERAL, GRACE, JOAN, KEY, KIND, TEAM, WORKSPACE, AdminClient

BRIEF = ScopeConfig(prompt=Prompt("Be brief."), parameters={"n": 2})


async def test_an_admin_edits_a_channel(admin_client: AdminClient) -> None:
    view = await admin_client.open_editor(ADA)
    await admin_client.submit(ADA, view, prompt="Be kind.", note="Complaints.")
    (version,) = await admin_client.versions.list_history(CHANNEL, limit=9)
    assert (version.config, version.note) == (KIND, "Complaints.")
    assert version.author == Author(id=ADA, name="ada")
    assert not admin_client.workspace.views.stack(ADA), "the form is closed"
    home = admin_client.workspace.views.home(ADA)
    assert home
    assert "Be kind." in str(home.content["blocks"]), "Home shows it at once"


async def test_people_named_in_the_settings_are_admins(admin_client: AdminClient) -> None:
    await admin_client.submit(JOAN, await admin_client.open_editor(JOAN), prompt="Be kind.")
    assert await admin_client.saved_configs() == [KIND]


async def test_a_form_without_a_change_saves_no_version(admin_client: AdminClient) -> None:
    await admin_client.submit(ADA, await admin_client.open_editor(ADA), prompt="Be kind.")
    await admin_client.submit(ADA, await admin_client.open_editor(ADA), note="Nothing new.")
    assert await admin_client.saved_configs() == [KIND]


@pytest.mark.parametrize(
    ("action", "value"),
    [
        (f"{editor_views.EDIT_ACTION}:channel", f"channel {TEAM}/{GENERAL}"),
        (f"{editor_views.EDIT_ACTION}:workspace", f"workspace {TEAM}"),
        (editor_views.HISTORY_ACTION, f"workspace {TEAM}"),
    ],
)
async def test_a_forged_press_of_a_member_is_refused(admin_client: AdminClient, action: str, value: str) -> None:
    await admin_client.versions.save(CHANNEL, KIND, based_on=0, by=Author(id=ADA))
    with capture_logs() as logs:
        await admin_client.press(GRACE, action, value)
    assert authorization.NOT_AN_ADMIN in admin_client.shown_text(GRACE)
    assert "Be kind." not in admin_client.shown_text(GRACE)
    assert [log["user"] for log in logs if log["action"] == "steering_denied"] == [GRACE]


@pytest.mark.parametrize(
    "level", ["workspace T2", "channel T2/C1", "deployment", "", "channel T0SANDBOX/C1/C2/C3", "nonsense"]
)
async def test_a_scope_of_another_workspace_is_refused(admin_client: AdminClient, level: str) -> None:
    await admin_client.press(ADA, f"{editor_views.EDIT_ACTION}:channel", level)
    assert authorization.NOT_IN_WORKSPACE in admin_client.shown_text(ADA)


async def submit_with_state(admin_client: AdminClient, user: str, metadata: str) -> None:
    """Submit a form with other metadata than the bot wrote."""
    view = await admin_client.open_editor(ADA)
    forged = admin_client.workspace.views.open(user, view.content | {"private_metadata": metadata})
    with capture_logs() as logs:
        await admin_client.submit(user, forged, prompt="Mine!")
    assert [log["action"] for log in logs if log["log_level"] == "warning"] == ["steering_denied"]
    assert await admin_client.saved_configs() == []
    assert await admin_client.saved_configs(WORKSPACE) == []


def sign_state(
    admin_client: AdminClient, *, level: Scope = CHANNEL, admin: str = ADA, lasts: float = FORM_LIFETIME_SECONDS
) -> str:
    return sign(FormState(scope=level, based_on=0, user=admin, expires_at=admin_client.now + lasts), KEY)


async def test_a_forged_form_is_refused(admin_client: AdminClient, errors: list[Mapping[str, str]]) -> None:
    for metadata in ("", "nonsense", sign_state(admin_client).replace(GENERAL, "C0ENG")):
        await submit_with_state(admin_client, ADA, metadata)
    assert errors == [{NOTE_FIELD: authorization.FORM_NOT_YOURS}] * 3


async def test_a_form_of_another_person_is_refused(admin_client: AdminClient, errors: list[Mapping[str, str]]) -> None:
    await submit_with_state(admin_client, JOAN, sign_state(admin_client, admin=ADA))
    await submit_with_state(admin_client, GRACE, sign_state(admin_client, admin=GRACE))
    assert errors == [{NOTE_FIELD: authorization.FORM_NOT_YOURS}, {NOTE_FIELD: authorization.NOT_AN_ADMIN}]


async def test_a_form_for_another_workspace_is_refused(
    admin_client: AdminClient, errors: list[Mapping[str, str]]
) -> None:
    await submit_with_state(admin_client, ADA, sign_state(admin_client, level=Scope(platform="slack", workspace="T2")))
    assert errors == [{NOTE_FIELD: authorization.NOT_IN_WORKSPACE}]


async def test_a_form_that_was_open_for_too_long_is_refused(
    admin_client: AdminClient, errors: list[Mapping[str, str]]
) -> None:
    """The form stays open with its input."""
    view = await admin_client.open_editor(ADA)
    admin_client.now += FORM_LIFETIME_SECONDS + 1
    await admin_client.submit(ADA, view, prompt="Be kind.")
    assert errors == [{NOTE_FIELD: authorization.FORM_EXPIRED}]
    assert admin_client.top_view(ADA).id == view.id
    assert await admin_client.saved_configs() == []


async def test_a_wrong_value_is_refused_at_its_field(
    admin_client: AdminClient, errors: list[Mapping[str, str]]
) -> None:
    """All errors are shown at once."""
    await admin_client.submit(ADA, await admin_client.open_editor(ADA), temperature="3", n="0", prompt="Dear {name}")
    (error,) = errors
    assert set(error) == {"temperature", "n", "prompt:line:0"}
    assert "number from 0 to 2" in error["temperature"]
    assert "`{name}` in line 1 is not a placeholder" in error["prompt:line:0"]
    assert await admin_client.saved_configs() == []


async def test_the_second_of_two_admins_is_shown_the_difference(admin_client: AdminClient) -> None:
    """Nothing is overwritten until the second admin confirms it."""
    adas_view, joans_view = await admin_client.open_editor(ADA), await admin_client.open_editor(JOAN)
    await admin_client.submit(JOAN, joans_view, prompt="Be brief.", n="2", note="Shorter!")
    await admin_client.submit(ADA, adas_view, prompt="Be kind.", note="Kinder!")
    assert await admin_client.saved_configs() == [BRIEF]
    shown = admin_client.top_view(ADA)
    assert [shown.content[name]["text"] for name in ("title", "submit")] == [editor_views.NOT_SAVED_TITLE, "Overwrite"]
    for text in ("joan was faster", "Shorter!", "-Be brief.", "+Be kind.", "Kinder!"):
        assert text in admin_client.shown_text(ADA)
    await admin_client.submit(ADA, shown)
    assert await admin_client.saved_configs() == [KIND, BRIEF]
    assert not admin_client.workspace.views.stack(ADA)


LONG = "Be kind, and say so in many words.\n" * 1_000
"""Larger than Slack takes in an acknowledgement."""


async def test_a_conflict_of_long_prompts_is_shown_after_the_acknowledgement(
    admin_client: AdminClient, errors: list[Mapping[str, str]]
) -> None:
    """It is sent after the acknowledgement, by `views.update`. The sockets stay open."""
    await admin_client.versions.save(CHANNEL, ScopeConfig(prompt=Prompt(LONG)), based_on=0, by=Author(id=ADA))
    adas_view, joans_view = await admin_client.open_editor(ADA), await admin_client.open_editor(JOAN)
    await admin_client.submit(JOAN, joans_view, n="2")
    await admin_client.submit(ADA, adas_view, temperature="0.5")
    assert errors == [{"prompt:line:0": CONFLICT_FOLLOWS}]
    assert "joan was faster" in admin_client.shown_text(ADA)
    await admin_client.submit(ADA, admin_client.top_view(ADA))
    (newest, *_) = await admin_client.saved_configs()
    assert newest == ScopeConfig(prompt=Prompt(LONG), parameters={"temperature": 0.5})


async def test_typed_parts_keep_their_inputs_after_a_conflict(admin_client: AdminClient) -> None:
    """Slack keeps the input of a field with the same id and ignores another initial value."""
    adas_view, joans_view = await admin_client.open_editor(ADA), await admin_client.open_editor(JOAN)
    await admin_client.submit(JOAN, joans_view, prompt="Be brief.")
    await admin_client.press(ADA, form.ADD_PART_ACTION, "", adas_view)
    await admin_client.press(ADA, form.ADD_PART_ACTION, "", admin_client.top_view(ADA))
    typed = {"prompt:line:0": "One.", "prompt:line:1": None, "prompt:line:2": "Two."}
    await admin_client.submit(ADA, admin_client.top_view(ADA), **typed)
    inputs = {
        block["block_id"]: block["element"]
        for block in admin_client.top_view(ADA).content["blocks"]
        if "element" in block
    }
    shown = {name: element.get("initial_value") for name, element in inputs.items() if name.startswith("prompt:")}
    assert shown == typed


async def test_a_version_is_restored_as_a_new_one(admin_client: AdminClient) -> None:
    await admin_client.versions.save(CHANNEL, KIND, based_on=0, by=Author(id=ADA))
    await admin_client.versions.save(CHANNEL, BRIEF, based_on=1, by=Author(id=JOAN), note="Shorter!")
    await admin_client.press(ADA, editor_views.HISTORY_ACTION, f"channel {TEAM}/{GENERAL}")
    for text in ("Version 2", "Shorter!", "-Be kind.", "+Be brief.", "Version 1"):
        assert text in admin_client.shown_text(ADA)
    await admin_client.press(ADA, history.RESTORE_ACTION, "1", admin_client.top_view(ADA))
    assert await admin_client.saved_configs() == [KIND, BRIEF, KIND]
    assert "Restored" in admin_client.shown_text(ADA)
    await admin_client.press(ADA, history.RESTORE_ACTION, "2", admin_client.top_view(ADA))
    assert (await admin_client.saved_configs())[0] == BRIEF


async def test_nothing_is_restored_over_a_newer_version(admin_client: AdminClient) -> None:
    await admin_client.versions.save(CHANNEL, KIND, based_on=0, by=Author(id=ADA))
    await admin_client.versions.save(CHANNEL, BRIEF, based_on=1, by=Author(id=ADA))
    await admin_client.press(ADA, editor_views.HISTORY_ACTION, f"channel {TEAM}/{GENERAL}")
    await admin_client.versions.save(CHANNEL, ScopeConfig(), based_on=2, by=Author(id=JOAN))
    await admin_client.press(ADA, history.RESTORE_ACTION, "1", admin_client.top_view(ADA))
    assert "Nothing was overwritten" in admin_client.shown_text(ADA)
    assert await admin_client.saved_configs() == [ScopeConfig(), BRIEF, KIND]


async def test_a_version_with_a_locked_field_is_not_restored(admin_client: AdminClient) -> None:
    await admin_client.versions.save(CHANNEL, KIND, based_on=0, by=Author(id=ADA))
    await admin_client.versions.save(CHANNEL, ScopeConfig(), based_on=1, by=Author(id=ADA))
    await admin_client.versions.save(WORKSPACE, ScopeConfig(locks=frozenset({"prompt"})), based_on=0, by=Author(id=ADA))
    await admin_client.press(ADA, editor_views.HISTORY_ACTION, f"channel {TEAM}/{GENERAL}")
    await admin_client.press(ADA, history.RESTORE_ACTION, "1", admin_client.top_view(ADA))
    assert "is locked by" in admin_client.shown_text(ADA)
    assert len(await admin_client.saved_configs()) == 2


async def test_a_slow_database_gets_a_placeholder_in_time(admin_client: AdminClient) -> None:
    """Slack's trigger expires after three seconds. A view that takes longer than one is filled later."""
    admin_client.versions.delay = 1.5
    await admin_client.open_editor(ADA)
    assert "For *<#C0GENERAL>*" in admin_client.shown_text(ADA)
    assert [call.method for call in admin_client.workspace.calls() if call.method.startswith("views.")][-2:] == [
        "views.open",
        "views.update",
    ]


async def test_a_failed_update_replaces_the_placeholder_by_a_notice(admin_client: AdminClient) -> None:
    admin_client.versions.delay = 1.5
    admin_client.workspace.inject_fault("views.update", error="view_too_large", times=1)
    await admin_client.open_editor(ADA)
    assert VIEW_FAILED in admin_client.shown_text(ADA)


async def test_without_a_database_the_form_stays_open(
    admin_client: AdminClient, errors: list[Mapping[str, str]]
) -> None:
    view = await admin_client.open_editor(ADA)
    admin_client.versions.is_away = True
    await admin_client.submit(ADA, view, prompt="Be kind.")
    assert errors == [{NOTE_FIELD: SAVE_FAILED}]
    await admin_client.open_editor(JOAN)
    assert "can't reach my database" in admin_client.shown_text(JOAN)


async def test_more_room_adds_an_input(admin_client: AdminClient) -> None:
    view = await admin_client.open_editor(ADA)
    await admin_client.press(ADA, form.ADD_PART_ACTION, "", view)
    ids = [block.get("block_id") for block in admin_client.top_view(ADA).content["blocks"]]
    assert [each for each in ids if str(each).startswith("prompt:")] == ["prompt:line:0", "prompt:line:1"]
    assert admin_client.top_view(ADA).content["private_metadata"] == view.content["private_metadata"]
