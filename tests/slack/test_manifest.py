"""The manifest: valid for Slack's settings page in both modes, and with no more than the bot uses."""

from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from bot.cli import commands
from bot.slack import manifest
from bot.slack.events.answer_actions import ANSWER_AGAIN_ID
from bot.slack.home.slash_command import EDIT_PROMPTS_SHORTCUT, EXPLAIN_SHORTCUT, SLASH_COMMAND
from bot.slack.transport.http import EVENTS_PATH
from tests.commands.shell import refused


def printed(*arguments: str) -> dict[str, Any]:
    shown = CliRunner().invoke(commands, ["manifest", *arguments])
    assert shown.exit_code == 0, shown.output
    manifest: dict[str, Any] = yaml.safe_load(shown.output)
    return manifest


def test_socket_mode_is_the_default() -> None:
    settings = printed()["settings"]
    assert settings["socket_mode_enabled"] is True
    assert "request_url" not in str(settings)


@pytest.mark.parametrize(
    "url",
    [
        "https://bot.example.com",
        "https://bot.example.com/",
        "https://bot.example.com//",
        " https://bot.example.com ",
        "https://bot.example.com/slack/events",
        "https://bot.example.com/slack/events/",
        "https://bot.example.com/slack/events/slack/events",
    ],
)
def test_a_url_selects_http_mode(url: str) -> None:
    settings = printed("--url", url)["settings"]
    assert settings["socket_mode_enabled"] is False
    for what in ("event_subscriptions", "interactivity"):
        assert settings[what]["request_url"] == "https://bot.example.com" + EVENTS_PATH


@pytest.mark.parametrize("arguments", [[], ["--url", "https://bot.example.com"]])
def test_buttons_work_in_both_modes(arguments: list[str]) -> None:
    assert printed(*arguments)["settings"]["interactivity"]["is_enabled"] is True


def test_names_and_texts_are_within_slacks_limits() -> None:
    """https://docs.slack.dev/reference/app-manifest: name 35, description 140, agent description 300."""
    manifest = printed("--name", f" {'x' * 35} ")
    assert manifest["display_information"]["name"] == "x" * 35
    assert len(manifest["display_information"]["description"]) <= 140
    assert len(manifest["features"]["agent_view"]["agent_description"]) <= 300


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--name", ""], "--name must have 1 to 35 characters, and has 0."),
        (["--name", " \n"], "--name must have 1 to 35 characters, and has 0."),
        (["--name", "x" * 36], "--name must have 1 to 35 characters, and has 36."),
        (["--url", "http://bot.example.com"], "--url must begin with https:// and a host"),
        (["--url", "bot.example.com"], "--url must begin with https:// and a host"),
        (["--url", "https://"], "--url must begin with https:// and a host"),
        (["--url", "https:///slack/events"], "--url must begin with https:// and a host"),
        (["--url", "https://[bot"], "--url is not an address"),
        (["--name", "Thread\u200bkeeper"], "--name contains a character that cannot be seen"),
        (["--name", "Thread\nkeeper"], "--name contains a character that cannot be seen"),
        (["--name", "\u202ekeeper"], "--name contains a character that cannot be seen"),
        (["--url", "https://ada:secret@bot.example.com"], "--url must have no blanks and no user name"),
        (["--url", "https://bot.example.com/a b"], "--url must have no blanks and no user name"),
        (["--url", "https://bot.example.com:99999"], "--url is not an address"),
        (["--url", "https://bot.example.com?team=1"], "--url must end before a ? or #"),
    ],
)
def test_what_slack_would_refuse_is_not_printed(arguments: list[str], said: str) -> None:
    assert said in refused(CliRunner().invoke(commands, ["manifest", *arguments]))


def test_each_event_has_the_scope_it_needs() -> None:
    """A subscription without its scope is refused by the settings page."""
    manifest = printed()
    scopes = set(manifest["oauth_config"]["scopes"]["bot"])
    needed = {
        "agent_session_stopped": "chat:write",
        "app_mention": "app_mentions:read",
        "message.channels": "channels:history",
        "message.groups": "groups:history",
        "message.im": "im:history",
        "message.mpim": "mpim:history",
    }
    events = manifest["settings"]["event_subscriptions"]["bot_events"]
    assert {needed[event] for event in events if event != "app_home_opened"} <= scopes  # that one needs none


@pytest.mark.parametrize(
    ("granted", "missing"),
    [
        (None, ()),
        (frozenset(manifest.SCOPES), ()),
        (frozenset(manifest.SCOPES) | {"reactions:write"}, ()),
        (frozenset(manifest.SCOPES) - {"users:read", "files:write"}, ("files:write", "users:read")),
        (frozenset(), manifest.SCOPES),
    ],
)
def test_missing_scopes_are_those_of_the_manifest(granted: frozenset[str] | None, missing: tuple[str, ...]) -> None:
    assert manifest.find_missing_scopes(granted) == missing


def test_commands_and_shortcuts_are_declared() -> None:
    """The command and the shortcuts that the listeners handle, within Slack's limits, with their scope."""
    manifest = printed("--url", "https://bot.example.com")
    features = manifest["features"]
    assert features["app_home"]["home_tab_enabled"]
    assert "commands" in manifest["oauth_config"]["scopes"]["bot"]
    (command,) = features["slash_commands"]
    assert command["command"] == SLASH_COMMAND
    assert command["url"] == "https://bot.example.com" + EVENTS_PATH
    assert "url" not in printed()["features"]["slash_commands"][0]
    assert {shortcut["callback_id"] for shortcut in features["shortcuts"]} == {
        EDIT_PROMPTS_SHORTCUT,
        EXPLAIN_SHORTCUT,
        ANSWER_AGAIN_ID,
    }
    assert all(len(shortcut["name"]) <= 24 for shortcut in features["shortcuts"])
