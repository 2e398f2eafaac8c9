"""The Slack app manifest: the scopes, events and features that the app needs, ready to paste.

`manifest_yaml` returns the text for Slack's settings page. The manifest asks only for what the program uses;
each scope names its reason. With a URL it is for HTTP mode, without one for Socket Mode.
Source: https://docs.slack.dev/reference/app-manifest
"""

from typing import Any

from bot.slack.events.answer_actions import ANSWER_AGAIN_ID
from bot.slack.home.slash_command import EDIT_PROMPTS_SHORTCUT, EXPLAIN_SHORTCUT, SLASH_COMMAND, SUBCOMMANDS
from bot.slack.transport.http import EVENTS_PATH

SCOPES = (
    "app_mentions:read",  # mentions
    "assistant:write",  # "is thinking", titles, suggestions
    "channels:history",  # replies in threads of public channels
    "channels:read",  # names of channels that a message refers to
    "chat:write",  # answers
    "commands",  # the slash command and the shortcuts
    "files:read",  # pictures and documents in questions
    "files:write",  # a person's own data, sent to that person
    "groups:history",
    "groups:read",
    "im:history",  # direct messages
    "im:read",
    "mpim:history",
    "mpim:read",
    "users:read",  # names of people; who is an admin
)
EVENTS = (
    "agent_session_stopped",  # without it Slack shows no stop button
    "app_home_opened",
    "app_mention",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
)
SHORTCUTS = (
    {
        "name": "Edit prompts",
        "type": "global",
        "callback_id": EDIT_PROMPTS_SHORTCUT,
        "description": "Change how the bot answers (admins)",
    },
    {
        "name": "Answer again",
        "type": "message",
        "callback_id": ANSWER_AGAIN_ID,
        "description": "Have another answer made, and keep both",
    },
    {
        "name": "Why this answer?",
        "type": "message",
        "callback_id": EXPLAIN_SHORTCUT,
        "description": "See what an answer was made with",
    },
)


MAX_NAME_LENGTH = 35
"""In characters. https://docs.slack.dev/reference/app-manifest"""


def find_missing_scopes(granted: frozenset[str] | None) -> tuple[str, ...]:
    """Return the scopes that the app needs and was not granted; none if it is not known what was granted."""
    return () if granted is None else tuple(scope for scope in SCOPES if scope not in granted)


def manifest_yaml(name: str, *, url: str = "") -> str:
    """Return the manifest as YAML. `name` has 1 to `MAX_NAME_LENGTH` characters; a `url` selects HTTP mode."""
    import yaml  # noqa: PLC0415 - `bot run` imports this module for its scopes, and needs no YAML

    return yaml.safe_dump(build_manifest(name, url=url), sort_keys=False, allow_unicode=True, width=100)


def build_manifest(name: str, *, url: str = "") -> dict[str, Any]:
    """Return the manifest in the form of Slack's schema."""
    delivery = {"request_url": _delivery_url(url)} if url else {}
    return {
        "_metadata": {"major_version": 1, "minor_version": 1},
        "display_information": {
            "name": name,
            "description": "Answers mentions and direct messages with a language model, thread by thread.",
            "background_color": "#1d1c1d",
        },
        "features": {
            "agent_view": {
                "agent_description": "Ask me anything. Each thread is one conversation. "
                "Answers are written by a language model: please check them.",
                "suggested_prompts": [
                    {"title": "Explain something", "message": "Explain in a few sentences: "},
                    {"title": "Draft a reply", "message": "Help me draft a reply to this message: "},
                ],
            },
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": name, "always_online": True},
            "slash_commands": [_slash_command(url)],
            "shortcuts": [dict(shortcut) for shortcut in SHORTCUTS],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {**delivery, "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, **delivery},
            "org_deploy_enabled": False,
            "socket_mode_enabled": not url,
            "token_rotation_enabled": False,
        },
    }


def _slash_command(url: str) -> dict[str, Any]:
    """Return the slash command; in HTTP mode it carries a URL."""
    return {
        "command": SLASH_COMMAND,
        "description": "See or change how the bot answers here",
        "usage_hint": " | ".join([*SUBCOMMANDS, "help"]),
        "should_escape": False,
    } | ({"url": _delivery_url(url)} if url else {})


def _delivery_url(url: str) -> str:
    """Return where Slack delivers; whoever names the complete address means the same."""
    url = url.rstrip("/")
    while url.endswith(EVENTS_PATH):
        url = url.removesuffix(EVENTS_PATH).rstrip("/")
    return url + EVENTS_PATH
