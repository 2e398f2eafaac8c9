"""The slash command, the shortcut and Home's list of channels, over real sockets."""

import pytest

from bot.core.config import Prompt, ScopeConfig
from bot.core.turns import Author
from bot.sandbox.workspace.records import NoticeShown
from bot.slack import manifest
from bot.slack.admin import authorization
from bot.slack.admin.prompts import editor_views
from bot.slack.home import welcome
from tests.slack.admin_client import ADA, BARE_HOME, CHANNEL, GENERAL, GRACE, KIND, AdminClient


@pytest.mark.parametrize("letter", ["🙂", "字", "x"])
async def test_the_command_shows_a_prompt_of_any_letters(admin_client: AdminClient, letter: str) -> None:
    """The shown part fits an acknowledgement."""
    await admin_client.versions.save(CHANNEL, ScopeConfig(prompt=Prompt(letter * 4_000)), based_on=0, by=Author(id=ADA))
    told: list[NoticeShown] = []
    admin_client.workspace.state.observe(
        lambda change: told.append(change) if isinstance(change, NoticeShown) else None
    )
    await admin_client.workspace.interactivity.command(ADA, GENERAL, "/threadkeeper", "")
    assert letter * 1_000 in str(told[0].blocks)


async def test_the_command_shows_what_applies_and_the_prompt_to_admins_only(admin_client: AdminClient) -> None:
    await admin_client.versions.save(CHANNEL, KIND, based_on=0, by=Author(id=ADA))
    told: dict[str, str] = {}

    def note(change: object) -> None:
        if isinstance(change, NoticeShown):
            told[change.user] = f"{change.text} {change.blocks}"

    admin_client.workspace.state.observe(note)
    for user in (ADA, GRACE):
        await admin_client.workspace.interactivity.command(user, GENERAL, "/threadkeeper", "show")
    assert "Be kind." in told[ADA]
    assert "Be kind." not in told[GRACE]
    assert "System prompt" in told[GRACE]
    told.clear()
    await admin_client.workspace.interactivity.command(GRACE, GENERAL, "/threadkeeper", "")
    assert "System prompt" in told[GRACE], "the same without a word"
    for text in ("help", "nonsense"):
        await admin_client.workspace.interactivity.command(GRACE, GENERAL, "/threadkeeper", text)
        assert "/threadkeeper prompt" in told[GRACE]


async def test_home_shows_everybody_the_configuration_of_a_channel(admin_client: AdminClient) -> None:
    """Values and their origins; only admins see the prompt. Direct messages are refused."""
    told = ScopeConfig(prompt=Prompt("Be kind."), parameters={"temperature": 0.5})
    await admin_client.versions.save(CHANNEL, told, based_on=0, by=Author(id=ADA))
    for user, channel, expected in (
        (GRACE, GENERAL, "*Temperature*: 0.5 (from <#C0GENERAL>)"),
        (ADA, GENERAL, "Be kind."),
        (GRACE, "D0ADA", authorization.NOT_IN_WORKSPACE),
    ):
        home = admin_client.workspace.views.publish(user, BARE_HOME, "")
        action = {
            "action_id": welcome.EFFECTIVE_CONFIG_ACTION,
            "type": "conversations_select",
            "selected_conversation": channel,
        }
        await admin_client.workspace.interactivity.act_on_view(user, home.id, action, {})
        await admin_client.wait_until_idle()
        assert expected in admin_client.shown_text(user)
        assert ("Be kind." in admin_client.shown_text(user)) == (user == ADA)


async def test_the_command_and_the_shortcut_open_forms_for_admins_only(admin_client: AdminClient) -> None:
    await admin_client.workspace.interactivity.command(ADA, GENERAL, "/threadkeeper", "prompt")
    await admin_client.wait_until_idle()
    assert "For *<#C0GENERAL>*" in admin_client.shown_text(ADA)
    (shortcut,) = [each["callback_id"] for each in manifest.SHORTCUTS if each["type"] == "global"]
    for user, expected in ((ADA, "Which level do you want to edit?"), (GRACE, authorization.NOT_AN_ADMIN)):
        await admin_client.workspace.interactivity.shortcut(user, shortcut, "", "")
        await admin_client.wait_until_idle()
        assert expected in admin_client.shown_text(user)
    await admin_client.workspace.interactivity.command(GRACE, GENERAL, "/threadkeeper", "prompt")
    await admin_client.wait_until_idle()
    assert authorization.NOT_AN_ADMIN in admin_client.shown_text(GRACE)


async def test_a_channel_is_chosen_from_a_list(admin_client: AdminClient) -> None:
    home = admin_client.workspace.views.publish(ADA, BARE_HOME, "")
    for chosen, expected in (
        (GENERAL, "For *<#C0GENERAL>*"),
        (None, authorization.NOT_IN_WORKSPACE),
        ("T2/C1", authorization.NOT_IN_WORKSPACE),
    ):
        action = {"action_id": editor_views.EDIT_CHANNEL_ACTION, "type": "conversations_select"}
        action["selected_conversation"] = chosen  # type: ignore[assignment]  # Slack sends null
        await admin_client.workspace.interactivity.act_on_view(ADA, home.id, action, {})
        await admin_client.wait_until_idle()
        assert expected in admin_client.shown_text(ADA)
