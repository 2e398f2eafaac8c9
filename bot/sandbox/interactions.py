"""What Slack tells the app when people operate something: payloads of actions, views, commands, shortcuts.

Separate from `events` because these are asked, not told: each waits for an answer. Rules: pure; a payload
looks like Slack's to the field. Source: https://docs.slack.dev/reference/interaction-payloads.
"""

from dataclasses import dataclass

from bot.sandbox.events import message_json
from bot.sandbox.records import APP_ID, TEAM_ID, TEAM_NAME, Channel, Json, Message, Person, View
from bot.sandbox.views import view_json

TOKEN = "sandbox-verification-token"  # noqa: S105 - Slack's legacy field, which proves nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Gesture:
    """What every interaction carries: who did it, and what the app may do in return."""

    person: Person
    trigger_id: str
    at: str
    """A ts."""
    response_url: str = ""

    def payload(self, kind: str) -> Json:
        """Return the fields that all payloads share."""
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
            "token": TOKEN,
            "trigger_id": self.trigger_id,
        }


def message_action(gesture: Gesture, channel: Channel, message: Message, action: Json, values: Json) -> Json:
    """Somebody operated an element of a message."""
    where = {"message_ts": message.ts, "channel_id": channel.id}
    if message.thread_ts:
        where["thread_ts"] = message.thread_ts
    return gesture.payload("block_actions") | {
        "container": {"type": "message", **where, "is_ephemeral": False},
        "channel": {"id": channel.id, "name": channel.name or "directmessage"},
        "message": message_json(message),
        "state": {"values": values},
        "response_url": gesture.response_url,
        "actions": [action | {"action_ts": gesture.at}],
    }


def view_action(gesture: Gesture, view: View, action: Json, values: Json) -> Json:
    """Somebody operated an element of a view."""
    return gesture.payload("block_actions") | {
        "container": {"type": "view", "view_id": view.id},
        "view": view_json(view, values),
        "actions": [action | {"action_ts": gesture.at}],
    }


def view_submission(gesture: Gesture, view: View, values: Json) -> Json:
    """Somebody submitted a modal."""
    return gesture.payload("view_submission") | {"view": view_json(view, values), "response_urls": []}


def view_closed(gesture: Gesture, view: View) -> Json:
    """Somebody closed a modal that wants to know."""
    payload = gesture.payload("view_closed") | {"view": view_json(view), "is_cleared": False}
    del payload["trigger_id"]
    return payload


def slash_command(gesture: Gesture, channel: Channel, command: str, text: str) -> Json:
    """Somebody typed a command; its fields come as a form's, all of them text."""
    return {
        "token": TOKEN,
        "team_id": TEAM_ID,
        "team_domain": TEAM_NAME.lower(),
        "channel_id": channel.id,
        "channel_name": channel.name or "directmessage",
        "user_id": gesture.person.id,
        "user_name": gesture.person.name,
        "command": command,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": gesture.response_url,
        "trigger_id": gesture.trigger_id,
    }


def global_shortcut(gesture: Gesture, callback_id: str) -> Json:
    """Somebody chose a shortcut of the app."""
    return gesture.payload("shortcut") | {"callback_id": callback_id, "action_ts": gesture.at}


def message_shortcut(gesture: Gesture, callback_id: str, channel: Channel, message: Message) -> Json:
    """Somebody chose a shortcut of the app in a message's menu."""
    return gesture.payload("message_action") | {
        "callback_id": callback_id,
        "action_ts": gesture.at,
        "message_ts": message.ts,
        "message": message_json(message),
        "channel": {"id": channel.id, "name": channel.name or "directmessage"},
        "response_url": gesture.response_url,
    }
