"""Admins at work over real sockets: what they may, what others may not, and what goes wrong on the way."""

from collections.abc import Mapping

import pytest
from structlog.testing import capture_logs

from bot.core.config import Prompt, Scope, ScopeConfig
from bot.core.turns import Author
from bot.slack.admin import authorization
from bot.slack.admin.prompts import form, history, modals
from bot.slack.admin.signed_state import FORM_LIFETIME_SECONDS, FormState, sign
from bot.slack.views.block_kit import NOTE_FIELD
from bot.slack.views.modals import VIEW_FAILED
from bot.slack.views.submissions import CONFLICT_FOLLOWS, SAVE_FAILED
from tests.slack.admin_client import ADA, CHANNEL, GENERAL, GRACE, JOAN, KEY, KIND, TEAM, WORKSPACE, Office

BRIEF = ScopeConfig(prompt=Prompt("Be brief."), parameters={"n": 2})


async def test_an_admin_edits_a_channel(office: Office) -> None:
    view = await office.edit(ADA)
    await office.submit(ADA, view, prompt="Be kind.", note="Complaints.")
    (version,) = await office.versions.list_history(CHANNEL, limit=9)
    assert (version.config, version.note) == (KIND, "Complaints.")
    assert version.author == Author(id=ADA, name="ada")
    assert not office.workspace.views.stack(ADA), "the form is closed"
    home = office.workspace.views.home(ADA)
    assert home
    assert "Be kind." in str(home.content["blocks"]), "Home shows it at once"


async def test_whom_the_settings_name_is_an_admin(office: Office) -> None:
    await office.submit(JOAN, await office.edit(JOAN), prompt="Be kind.")
    assert await office.saved() == [KIND]


async def test_a_form_without_a_change_saves_no_version(office: Office) -> None:
    await office.submit(ADA, await office.edit(ADA), prompt="Be kind.")
    await office.submit(ADA, await office.edit(ADA), note="Nothing new.")
    assert await office.saved() == [KIND]


@pytest.mark.parametrize(
    ("action", "value"),
    [
        (f"{modals.EDIT_ACTION}:channel", f"channel {TEAM}/{GENERAL}"),
        (f"{modals.EDIT_ACTION}:workspace", f"workspace {TEAM}"),
        (modals.HISTORY_ACTION, f"workspace {TEAM}"),
    ],
)
async def test_others_see_nothing_to_press_and_a_forged_press_is_refused(
    office: Office, action: str, value: str
) -> None:
    await office.versions.save(CHANNEL, KIND, based_on=0, by=Author(id=ADA))
    with capture_logs() as logs:
        await office.press(GRACE, action, value)
    assert authorization.NOT_AN_ADMIN in office.says(GRACE)
    assert "Be kind." not in office.says(GRACE)
    assert [log["user"] for log in logs if log["action"] == "steering_denied"] == [GRACE]


@pytest.mark.parametrize(
    "level", ["workspace T2", "channel T2/C1", "deployment", "", "channel T0SANDBOX/C1/C2/C3", "nonsense"]
)
async def test_what_is_not_in_this_workspace_is_refused(office: Office, level: str) -> None:
    await office.press(ADA, f"{modals.EDIT_ACTION}:channel", level)
    assert authorization.NOT_IN_WORKSPACE in office.says(ADA)


async def submitted_with(office: Office, user: str, metadata: str) -> None:
    """Submit a form whose metadata is another one than we gave."""
    view = await office.edit(ADA)
    forged = office.workspace.views.open(user, view.content | {"private_metadata": metadata})
    with capture_logs() as logs:
        await office.submit(user, forged, prompt="Mine!")
    assert [log["action"] for log in logs if log["log_level"] == "warning"] == ["steering_denied"]
    assert await office.saved() == []
    assert await office.saved(WORKSPACE) == []


def sealed(office: Office, *, level: Scope = CHANNEL, admin: str = ADA, lasts: float = FORM_LIFETIME_SECONDS) -> str:
    return sign(FormState(scope=level, based_on=0, user=admin, expires_at=office.now + lasts), KEY)


async def test_a_forged_form_is_refused(office: Office, errors: list[Mapping[str, str]]) -> None:
    for metadata in ("", "nonsense", sealed(office).replace(GENERAL, "C0ENG")):
        await submitted_with(office, ADA, metadata)
    assert errors == [{NOTE_FIELD: authorization.FORM_NOT_YOURS}] * 3


async def test_a_form_of_another_person_is_refused(office: Office, errors: list[Mapping[str, str]]) -> None:
    await submitted_with(office, JOAN, sealed(office, admin=ADA))
    await submitted_with(office, GRACE, sealed(office, admin=GRACE))
    assert errors == [
        {NOTE_FIELD: authorization.FORM_NOT_YOURS},
        {NOTE_FIELD: authorization.NOT_AN_ADMIN},
    ]


async def test_a_form_for_another_workspace_is_refused(office: Office, errors: list[Mapping[str, str]]) -> None:
    await submitted_with(office, ADA, sealed(office, level=Scope(platform="slack", workspace="T2")))
    assert errors == [{NOTE_FIELD: authorization.NOT_IN_WORKSPACE}]


async def test_a_form_that_was_open_for_too_long_is_refused(office: Office, errors: list[Mapping[str, str]]) -> None:
    """What was written stays on the screen."""
    view = await office.edit(ADA)
    office.now += FORM_LIFETIME_SECONDS + 1
    await office.submit(ADA, view, prompt="Be kind.")
    assert errors == [{NOTE_FIELD: authorization.FORM_EXPIRED}]
    assert office.top(ADA).id == view.id
    assert await office.saved() == []


async def test_a_wrong_value_is_refused_at_its_field(office: Office, errors: list[Mapping[str, str]]) -> None:
    """All that is wrong at once."""
    await office.submit(ADA, await office.edit(ADA), temperature="3", n="0", prompt="Dear {name}")
    (told,) = errors
    assert set(told) == {"temperature", "n", "prompt:line:0"}
    assert "number from 0 to 2" in told["temperature"]
    assert "`{name}` in line 1 is not a placeholder" in told["prompt:line:0"]
    assert await office.saved() == []


async def test_the_second_of_two_admins_is_shown_the_difference(office: Office) -> None:
    """Nothing is overwritten until that is what the second one wants."""
    ada, joan = await office.edit(ADA), await office.edit(JOAN)
    await office.submit(JOAN, joan, prompt="Be brief.", n="2", note="Shorter!")
    await office.submit(ADA, ada, prompt="Be kind.", note="Kinder!")
    assert await office.saved() == [BRIEF]
    shown = office.top(ADA)
    assert [shown.content[name]["text"] for name in ("title", "submit")] == [
        modals.NOT_SAVED_TITLE,
        "Overwrite",
    ]
    for text in ("joan was faster", "Shorter!", "-Be brief.", "+Be kind.", "Kinder!"):
        assert text in office.says(ADA)
    await office.submit(ADA, shown)
    assert await office.saved() == [KIND, BRIEF]
    assert not office.workspace.views.stack(ADA)


LONG = "Be kind, and say so in many words.\n" * 1_000
"""More than Slack takes in an acknowledgement."""


async def test_the_difference_is_shown_however_long_the_prompt_is(
    office: Office, errors: list[Mapping[str, str]]
) -> None:
    """It comes after the acknowledgement, over another way, at the top; the sockets stay open."""
    await office.versions.save(CHANNEL, ScopeConfig(prompt=Prompt(LONG)), based_on=0, by=Author(id=ADA))
    ada, joan = await office.edit(ADA), await office.edit(JOAN)
    await office.submit(JOAN, joan, n="2")
    await office.submit(ADA, ada, temperature="0.5")
    assert errors == [{"prompt:line:0": CONFLICT_FOLLOWS}]
    assert "joan was faster" in office.says(ADA)
    await office.submit(ADA, office.top(ADA))
    (newest, *_) = await office.saved()
    assert newest == ScopeConfig(prompt=Prompt(LONG), parameters={"temperature": 0.5})


async def test_what_was_typed_in_parts_stays_in_these_parts(office: Office) -> None:
    """Slack keeps what was typed into a field of the same id, so another text would be lost in it."""
    ada, joan = await office.edit(ADA), await office.edit(JOAN)
    await office.submit(JOAN, joan, prompt="Be brief.")
    await office.press(ADA, form.ADD_PART_ACTION, "", ada)
    await office.press(ADA, form.ADD_PART_ACTION, "", office.top(ADA))
    typed = {"prompt:line:0": "One.", "prompt:line:1": None, "prompt:line:2": "Two."}
    await office.submit(ADA, office.top(ADA), **typed)
    inputs = {block["block_id"]: block["element"] for block in office.top(ADA).content["blocks"] if "element" in block}
    shown = {name: element.get("initial_value") for name, element in inputs.items() if name.startswith("prompt:")}
    assert shown == typed


async def test_a_version_is_restored_as_a_new_one(office: Office) -> None:
    await office.versions.save(CHANNEL, KIND, based_on=0, by=Author(id=ADA))
    await office.versions.save(CHANNEL, BRIEF, based_on=1, by=Author(id=JOAN), note="Shorter!")
    await office.press(ADA, modals.HISTORY_ACTION, f"channel {TEAM}/{GENERAL}")
    for text in ("Version 2", "Shorter!", "-Be kind.", "+Be brief.", "Version 1"):
        assert text in office.says(ADA)
    await office.press(ADA, history.RESTORE_ACTION, "1", office.top(ADA))
    assert await office.saved() == [KIND, BRIEF, KIND]
    assert "Restored" in office.says(ADA)
    await office.press(ADA, history.RESTORE_ACTION, "2", office.top(ADA))
    assert (await office.saved())[0] == BRIEF


async def test_nothing_is_restored_over_a_newer_version(office: Office) -> None:
    await office.versions.save(CHANNEL, KIND, based_on=0, by=Author(id=ADA))
    await office.versions.save(CHANNEL, BRIEF, based_on=1, by=Author(id=ADA))
    await office.press(ADA, modals.HISTORY_ACTION, f"channel {TEAM}/{GENERAL}")
    await office.versions.save(CHANNEL, ScopeConfig(), based_on=2, by=Author(id=JOAN))
    await office.press(ADA, history.RESTORE_ACTION, "1", office.top(ADA))
    assert "Nothing was overwritten" in office.says(ADA)
    assert await office.saved() == [ScopeConfig(), BRIEF, KIND]


async def test_what_has_been_locked_since_is_not_restored(office: Office) -> None:
    await office.versions.save(CHANNEL, KIND, based_on=0, by=Author(id=ADA))
    await office.versions.save(CHANNEL, ScopeConfig(), based_on=1, by=Author(id=ADA))
    await office.versions.save(WORKSPACE, ScopeConfig(locks=frozenset({"prompt"})), based_on=0, by=Author(id=ADA))
    await office.press(ADA, modals.HISTORY_ACTION, f"channel {TEAM}/{GENERAL}")
    await office.press(ADA, history.RESTORE_ACTION, "1", office.top(ADA))
    assert "is locked by" in office.says(ADA)
    assert len(await office.saved()) == 2


async def test_a_slow_database_gets_a_light_view_in_time(office: Office) -> None:
    """Slack's trigger is good for three seconds; what takes longer than one is filled in later."""
    office.versions.delay = 1.5
    await office.edit(ADA)
    assert "For *<#C0GENERAL>*" in office.says(ADA)
    assert [call.method for call in office.workspace.calls() if call.method.startswith("views.")][-2:] == [
        "views.open",
        "views.update",
    ]


async def test_a_view_that_slack_does_not_take_is_no_moment_for_ever(office: Office) -> None:
    office.versions.delay = 1.5
    office.workspace.inject_fault("views.update", error="view_too_large", times=1)
    await office.edit(ADA)
    assert VIEW_FAILED in office.says(ADA)


async def test_without_a_database_nothing_is_lost(office: Office, errors: list[Mapping[str, str]]) -> None:
    view = await office.edit(ADA)
    office.versions.is_away = True
    await office.submit(ADA, view, prompt="Be kind.")
    assert errors == [{NOTE_FIELD: SAVE_FAILED}]
    await office.edit(JOAN)
    assert "can't reach my database" in office.says(JOAN)


async def test_more_room_is_one_more_input(office: Office) -> None:
    view = await office.edit(ADA)
    await office.press(ADA, form.ADD_PART_ACTION, "", view)
    ids = [block.get("block_id") for block in office.top(ADA).content["blocks"]]
    assert [each for each in ids if str(each).startswith("prompt:")] == ["prompt:line:0", "prompt:line:1"]
    assert office.top(ADA).content["private_metadata"] == view.content["private_metadata"]
