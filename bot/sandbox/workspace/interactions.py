"""Builds the payloads of interactions: buttons, modals, slash commands and shortcuts.

One function for each kind of payload; `interactivity` sends it and waits for the app's answer. The fields
that all payloads share come from an `InteractionContext`. The functions are pure, and a payload has every
field that Slack sends. Source: https://docs.slack.dev/reference/interaction-payloads.
"""

from dataclasses import dataclass

from bot.sandbox.workspace.events import message_json
from bot.sandbox.workspace.records import (
    APP_ID,
    TEAM_ID,
    TEAM_NAME,
    Json,
    WorkspaceChannel,
    WorkspaceMessage,
    WorkspacePerson,
    WorkspaceView,
)
from bot.sandbox.workspace.views import view_json

VERIFICATION_TOKEN = "sandbox-verification-token"  # noqa: S105 - Slack's legacy field, which proves nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionContext:
    """The fields that every interaction has: the person, a trigger id, perhaps a response URL."""

    person: WorkspacePerson
    trigger_id: str
    at: str
    """A ts."""
    response_url: str = ""

    def build_payload(self, kind: str) -> Json:
        """Return the fields that all payloads share, as JSON."""
        return {
            "type": kind,
            "team": {"id": self.person.team, "domain": TEAM_NAME.lower()},
            "enterprise": None,
            "is_enterprise_install": False,
            "user": {
                "id": self.person.id,
                "username": self.person.name,
                "name": self.person.name,
                "team_id": self.person.team,
            },
            "api_app_id": APP_ID,
            "token": VERIFICATION_TOKEN,
            "trigger_id": self.trigger_id,
        }


def build_message_action(
    context: InteractionContext, channel: WorkspaceChannel, message: WorkspaceMessage, action: Json, values: Json
) -> Json:
    """Return the payload of an action in a message."""
    where = {"message_ts": message.ts, "channel_id": channel.id}
    if message.thread_ts:
        where["thread_ts"] = message.thread_ts
    return context.build_payload("block_actions") | {
        "container": {"type": "message", **where, "is_ephemeral": False},
        "channel": {"id": channel.id, "name": channel.name or "directmessage"},
        "message": message_json(message),
        "state": {"values": values},
        "response_url": context.response_url,
        "actions": [action | {"action_ts": context.at}],
    }


def build_view_action(context: InteractionContext, view: WorkspaceView, action: Json, values: Json) -> Json:
    """Return the payload of an action in a view."""
    return context.build_payload("block_actions") | {
        "container": {"type": "view", "view_id": view.id},
        "view": view_json(view, values),
        "actions": [action | {"action_ts": context.at}],
    }


def build_view_submission(context: InteractionContext, view: WorkspaceView, values: Json) -> Json:
    """Return the payload of a submitted modal."""
    return context.build_payload("view_submission") | {"view": view_json(view, values), "response_urls": []}


def build_view_closed(context: InteractionContext, view: WorkspaceView) -> Json:
    """Return the payload of a closed modal; sent only if the modal asks for it."""
    payload = context.build_payload("view_closed") | {"view": view_json(view), "is_cleared": False}
    del payload["trigger_id"]
    return payload


def build_slash_command(context: InteractionContext, channel: WorkspaceChannel, command: str, text: str) -> Json:
    """Return the payload of a slash command; all its fields are text, as in a form."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM_ID,
        "team_domain": TEAM_NAME.lower(),
        "channel_id": channel.id,
        "channel_name": channel.name or "directmessage",
        "user_id": context.person.id,
        "user_name": context.person.name,
        "command": command,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": context.response_url,
        "trigger_id": context.trigger_id,
    }


def build_global_shortcut(context: InteractionContext, callback_id: str) -> Json:
    """Return the payload of a global shortcut."""
    return context.build_payload("shortcut") | {"callback_id": callback_id, "action_ts": context.at}


def build_message_shortcut(
    context: InteractionContext, callback_id: str, channel: WorkspaceChannel, message: WorkspaceMessage
) -> Json:
    """Return the payload of a shortcut in a message's menu."""
    return context.build_payload("message_action") | {
        "callback_id": callback_id,
        "action_ts": context.at,
        "message_ts": message.ts,
        "message": message_json(message),
        "channel": {"id": channel.id, "name": channel.name or "directmessage"},
        "response_url": context.response_url,
    }
