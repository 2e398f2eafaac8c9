"""Who may edit one channel edits that one, as far as admins leave it to them, and for as long."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bot.core.access.grants import Grants
from bot.core.config import Prompt, ScopeConfig
from bot.core.turns import Author
from bot.policy.permissions import GRANTS_CACHE_TTL_SECONDS
from bot.slack.admin import authorization
from bot.slack.admin.prompts import history, modals
from bot.slack.views.block_kit import NOTE_FIELD
from tests.slack.admin.access.access_form import HERE, WHOLE, edit, home
from tests.slack.admin.form_state import state
from tests.slack.admin_client import ADA, CHANNEL, GENERAL, GRACE, TEAM, WORKSPACE, Office

LOCKED = ScopeConfig(parameters={"model": "cheap", "n": 2}, locks=frozenset({"model", "prompt"}))


async def delegated(office: Office, *people: str, channel: str = GENERAL) -> None:
    """Let people edit a channel."""
    key = replace(WORKSPACE, channel=channel)
    newest = len(await office.grants.list_history(key, limit=99))
    grants = Grants(stewards=frozenset(people))
    await office.grants.save(key, grants, based_on=newest, by=Author(id=ADA))
    office.now += GRANTS_CACHE_TTL_SECONDS


async def test_an_admin_lets_somebody_edit_a_channel(office: Office) -> None:
    """Home shows it to both, and the channel is edited as an admin would, with History and Restore."""
    await office.submit(ADA, await edit(office, ADA, HERE), stewards=[GRACE])
    assert f"<#{GENERAL}>: <@{GRACE}>" in await home(office, ADA)
    shown = await home(office, GRACE)
    for text in ("Channels that you may edit", f"<#{GENERAL}>", f"'value': '{HERE}'"):
        assert text in shown
    await office.submit(GRACE, await office.edit(GRACE), prompt="Be kind.", note="Mine.")
    await office.submit(GRACE, await office.edit(GRACE), prompt="Be brief.")
    await office.press(GRACE, modals.HISTORY_ACTION, HERE)
    await office.press(GRACE, history.RESTORE_ACTION, "1", office.top(GRACE))
    first, second, third = await office.versions.list_history(CHANNEL, limit=9)
    assert [version.author.id for version in (first, second, third)] == [GRACE] * 3
    assert first.config == third.config == ScopeConfig(prompt=Prompt("Be kind."))


@pytest.mark.parametrize(
    "level",
    [WHOLE, f"direct {TEAM}", f"channel {TEAM}/C0ENG", f"thread {TEAM}/C0ENG/1.0", f"channel {TEAM}/D0GRACE"],
)
async def test_nothing_but_that_channel_is_theirs_to_see(office: Office, level: str) -> None:
    await delegated(office, GRACE)
    for action in (f"{modals.EDIT_ACTION}:x", modals.HISTORY_ACTION):
        with capture_logs() as logs:
            await office.press(GRACE, action, level)
        assert authorization.NOT_AN_ADMIN in office.says(GRACE)
        assert [log["action"] for log in logs] == ["steering_denied"]


async def test_a_thread_of_the_channel_is_theirs_and_the_prompt_above_is_not(office: Office) -> None:
    secret = ScopeConfig(prompt=Prompt("A secret of the admins."))
    await office.versions.save(WORKSPACE, secret, based_on=0, by=Author(id=ADA))
    await delegated(office, GRACE)
    view = await office.edit(GRACE, f"thread {TEAM}/{GENERAL}/1.0")
    assert "secret" not in str(view.content)
    await office.submit(GRACE, view, prompt="Be kind.")
    assert len(await office.saved(replace(CHANNEL, root="1.0"))) == 1
    assert "secret" in str((await office.edit(ADA)).content)


async def test_what_an_admin_locked_stays(office: Office, errors: list[Mapping[str, str]]) -> None:
    """Above, or in the channel itself: neither is asked for, and what is forged is not taken."""
    await office.versions.save(WORKSPACE, ScopeConfig(locks=frozenset({"temperature"})), based_on=0, by=Author(id=ADA))
    await office.versions.save(CHANNEL, ScopeConfig(prompt=Prompt("Old.")), based_on=0, by=Author(id=ADA))
    await office.versions.save(CHANNEL, LOCKED, based_on=1, by=Author(id=ADA))
    await delegated(office, GRACE)
    view = await office.edit(GRACE)
    fields = {block.get("block_id") for block in view.content["blocks"] if block["type"] == "input"}
    assert not fields & {"model", "temperature", "locks", "prompt:line:0"}
    values = state(view.content["blocks"], {"n": "3"})
    for name, value in (("model", "dear"), ("prompt:line:0", "Mine!")):
        values[name] = {"value": {"type": "plain_text_input", "value": value}}
    values["locks"] = {"value": {"type": "multi_static_select", "selected_options": []}}
    await office.workspace.interactivity.submit(GRACE, view.id, values)
    await office.settled()
    assert (await office.saved())[0] == replace(LOCKED, parameters={"model": "cheap", "n": 3})

    await office.press(GRACE, modals.HISTORY_ACTION, HERE)
    await office.press(GRACE, history.RESTORE_ACTION, "1", office.top(GRACE))
    assert "only admins may change it" in office.says(GRACE)
    assert len(await office.saved()) == 3

    view = await office.edit(GRACE)
    values = state(view.content["blocks"])
    values["temperature"] = {"value": {"type": "plain_text_input", "value": "1"}}
    await office.workspace.interactivity.submit(GRACE, view.id, values)
    assert "is locked by" in str(errors)
    assert len(await office.saved()) == 3


async def test_whose_leave_was_taken_back_saves_nothing_more(office: Office, errors: list[Mapping[str, str]]) -> None:
    await delegated(office, GRACE)
    view = await office.edit(GRACE)
    await office.press(GRACE, modals.HISTORY_ACTION, HERE)
    await delegated(office)
    view = office.workspace.views.open(GRACE, view.content)
    await office.submit(GRACE, view, prompt="Be rude.")
    assert errors == [{NOTE_FIELD: authorization.NOT_AN_ADMIN}]
    assert await office.saved() == []
    assert "Channels that you may edit" not in await home(office, GRACE)


async def test_an_admin_and_a_delegate_at_once(office: Office) -> None:
    """The second is shown the difference, and may overwrite it only as far as their leave goes."""
    await delegated(office, GRACE)
    ada, grace = await office.edit(ADA), await office.edit(GRACE)
    await office.submit(ADA, ada, n="2", locks=["n"])
    await office.submit(GRACE, grace, prompt="Be kind.")
    shown = office.top(GRACE)
    assert shown.content["submit"]["text"] == "Overwrite"
    await office.submit(GRACE, shown)
    newest = (await office.saved())[0]
    assert newest == ScopeConfig(prompt=Prompt("Be kind."), parameters={"n": 2}, locks=frozenset({"n"}))
