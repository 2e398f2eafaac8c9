"""Stewards edit their channel, within the locks of admins, while they are named."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bot.core.access.grants import Grants
from bot.core.config import Prompt, ScopeConfig
from bot.core.turns import Author
from bot.policy.saved_grants import GRANTS_CACHE_TTL_SECONDS
from bot.slack.admin import authorization
from bot.slack.admin.prompts import editor_views, history
from bot.slack.views.block_kit import NOTE_FIELD
from tests.slack.admin.access.access_form import HERE, WHOLE, edit, home
from tests.slack.admin.form_state import state
from tests.slack.admin_client import ADA, CHANNEL, GENERAL, GRACE, TEAM, WORKSPACE, AdminClient

LOCKED = ScopeConfig(parameters={"model": "cheap", "n": 2}, locks=frozenset({"model", "prompt"}))


async def name_stewards(admin_client: AdminClient, *people: str, channel: str = GENERAL) -> None:
    """Name the stewards of a channel."""
    key = replace(WORKSPACE, channel=channel)
    newest = len(await admin_client.grants.list_history(key, limit=99))
    grants = Grants(stewards=frozenset(people))
    await admin_client.grants.save(key, grants, based_on=newest, by=Author(id=ADA))
    admin_client.now += GRANTS_CACHE_TTL_SECONDS


async def test_an_admin_lets_a_steward_edit_a_channel(admin_client: AdminClient) -> None:
    """Home shows it to both; the steward edits, and uses History and Restore."""
    await admin_client.submit(ADA, await edit(admin_client, ADA, HERE), stewards=[GRACE])
    assert f"<#{GENERAL}>: <@{GRACE}>" in await home(admin_client, ADA)
    shown = await home(admin_client, GRACE)
    for text in ("Channels that you may edit", f"<#{GENERAL}>", f"'value': '{HERE}'"):
        assert text in shown
    await admin_client.submit(GRACE, await admin_client.open_editor(GRACE), prompt="Be kind.", note="Mine.")
    await admin_client.submit(GRACE, await admin_client.open_editor(GRACE), prompt="Be brief.")
    await admin_client.press(GRACE, editor_views.HISTORY_ACTION, HERE)
    await admin_client.press(GRACE, history.RESTORE_ACTION, "1", admin_client.top_view(GRACE))
    first, second, third = await admin_client.versions.list_history(CHANNEL, limit=9)
    assert [version.author.id for version in (first, second, third)] == [GRACE] * 3
    assert first.config == third.config == ScopeConfig(prompt=Prompt("Be kind."))


@pytest.mark.parametrize(
    "level", [WHOLE, f"direct {TEAM}", f"channel {TEAM}/C0ENG", f"thread {TEAM}/C0ENG/1.0", f"channel {TEAM}/D0GRACE"]
)
async def test_a_steward_sees_no_other_channel(admin_client: AdminClient, level: str) -> None:
    await name_stewards(admin_client, GRACE)
    for action in (f"{editor_views.EDIT_ACTION}:x", editor_views.HISTORY_ACTION):
        with capture_logs() as logs:
            await admin_client.press(GRACE, action, level)
        assert authorization.NOT_AN_ADMIN in admin_client.shown_text(GRACE)
        assert [log["action"] for log in logs] == ["steering_denied"]


async def test_a_steward_edits_threads_of_the_channel_without_seeing_the_prompt_above(
    admin_client: AdminClient,
) -> None:
    secret = ScopeConfig(prompt=Prompt("A secret of the admins."))
    await admin_client.versions.save(WORKSPACE, secret, based_on=0, by=Author(id=ADA))
    await name_stewards(admin_client, GRACE)
    view = await admin_client.open_editor(GRACE, f"thread {TEAM}/{GENERAL}/1.0")
    assert "secret" not in str(view.content)
    await admin_client.submit(GRACE, view, prompt="Be kind.")
    assert len(await admin_client.saved_configs(replace(CHANNEL, root="1.0"))) == 1
    assert "secret" in str((await admin_client.open_editor(ADA)).content)


async def test_a_steward_cannot_change_locked_fields(
    admin_client: AdminClient, errors: list[Mapping[str, str]]
) -> None:
    """Locked above or in the channel itself: there is no input, and a forged value is ignored."""
    await admin_client.versions.save(
        WORKSPACE, ScopeConfig(locks=frozenset({"temperature"})), based_on=0, by=Author(id=ADA)
    )
    await admin_client.versions.save(CHANNEL, ScopeConfig(prompt=Prompt("Old.")), based_on=0, by=Author(id=ADA))
    await admin_client.versions.save(CHANNEL, LOCKED, based_on=1, by=Author(id=ADA))
    await name_stewards(admin_client, GRACE)
    view = await admin_client.open_editor(GRACE)
    fields = {block.get("block_id") for block in view.content["blocks"] if block["type"] == "input"}
    assert not fields & {"model", "temperature", "locks", "prompt:line:0"}
    values = state(view.content["blocks"], {"n": "3"})
    for name, value in (("model", "dear"), ("prompt:line:0", "Mine!")):
        values[name] = {"value": {"type": "plain_text_input", "value": value}}
    values["locks"] = {"value": {"type": "multi_static_select", "selected_options": []}}
    await admin_client.workspace.interactivity.submit(GRACE, view.id, values)
    await admin_client.wait_until_idle()
    assert (await admin_client.saved_configs())[0] == replace(LOCKED, parameters={"model": "cheap", "n": 3})

    await admin_client.press(GRACE, editor_views.HISTORY_ACTION, HERE)
    await admin_client.press(GRACE, history.RESTORE_ACTION, "1", admin_client.top_view(GRACE))
    assert "only admins may change it" in admin_client.shown_text(GRACE)
    assert len(await admin_client.saved_configs()) == 3

    view = await admin_client.open_editor(GRACE)
    values = state(view.content["blocks"])
    values["temperature"] = {"value": {"type": "plain_text_input", "value": "1"}}
    await admin_client.workspace.interactivity.submit(GRACE, view.id, values)
    assert "is locked by" in str(errors)
    assert len(await admin_client.saved_configs()) == 3


async def test_a_former_steward_saves_nothing(admin_client: AdminClient, errors: list[Mapping[str, str]]) -> None:
    await name_stewards(admin_client, GRACE)
    view = await admin_client.open_editor(GRACE)
    await admin_client.press(GRACE, editor_views.HISTORY_ACTION, HERE)
    await name_stewards(admin_client)
    view = admin_client.workspace.views.open(GRACE, view.content)
    await admin_client.submit(GRACE, view, prompt="Be rude.")
    assert errors == [{NOTE_FIELD: authorization.NOT_AN_ADMIN}]
    assert await admin_client.saved_configs() == []
    assert "Channels that you may edit" not in await home(admin_client, GRACE)


async def test_an_admin_and_a_steward_edit_at_once(admin_client: AdminClient) -> None:
    """The second sees the difference, and may overwrite only unlocked fields."""
    await name_stewards(admin_client, GRACE)
    ada, grace = await admin_client.open_editor(ADA), await admin_client.open_editor(GRACE)
    await admin_client.submit(ADA, ada, n="2", locks=["n"])
    await admin_client.submit(GRACE, grace, prompt="Be kind.")
    shown = admin_client.top_view(GRACE)
    assert shown.content["submit"]["text"] == "Overwrite"
    await admin_client.submit(GRACE, shown)
    newest = (await admin_client.saved_configs())[0]
    assert newest == ScopeConfig(prompt=Prompt("Be kind."), parameters={"n": 2}, locks=frozenset({"n"}))
