"""Events of workspaces that are not the bot's: acknowledged, dropped, and logged once."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from structlog.testing import capture_logs

from bot.slack.events import bolt_app
from bot.slack.events.bolt_app import App, create_bolt_app
from bot.slack.events.inbox import Inbox
from bot.slack.transport.bolt_dispatch import dispatch_payload
from tests.slack.sample_events import BOT, message

ORGANISATION_BOT = replace(BOT, workspace="E1", organisation="E1")


class ReceivingInbox:
    """Collects the bodies that reach it."""

    def __init__(self) -> None:
        self.bodies: list[Mapping[str, Any]] = []

    async def receive(self, body: Mapping[str, Any]) -> None:
        self.bodies.append(body)


def make_app(bot: Any = BOT) -> tuple[App, ReceivingInbox]:
    inbox = ReceivingInbox()
    return create_bolt_app(AsyncWebClient(token="xoxb-1"), bot, cast("Inbox", inbox)), inbox


def body(**changes: Any) -> dict[str, Any]:
    fields = {"type": "event_callback", "event_id": "Ev1", "event": message()} | changes
    return {key: value for key, value in fields.items() if value is not None}


FOREIGN: dict[str, dict[str, Any]] = {
    "another team": {"team_id": "T0OTHER"},
    "another authorization": {"team_id": "T1", "authorizations": [{"team_id": "T0OTHER"}]},
    "a sibling in an organisation": {"authorizations": [{"team_id": "T2", "enterprise_id": "E1"}]},
    "another organisation": {"authorizations": [{"enterprise_id": "E2", "is_enterprise_install": True}]},
    "a mention": {"team_id": "T2", "event": message(type="app_mention", channel_type=None)},
    "another kind of event": {"team_id": "T2", "event": {"type": "app_home_opened", "user": "U1", "tab": "home"}},
    "a shared channel without a mention": {"team_id": "T2", "is_ext_shared_channel": True},
    "a mention of the other bot": {
        "team_id": "T2",
        "is_ext_shared_channel": True,
        "event": message(type="app_mention", text="<@U0OTHER> hello"),
    },
    "several authorizations": {"team_id": "T1", "authorizations": [{"team_id": "T2"}, {"team_id": "T3"}]},
    "an organisation without its id": {"authorizations": [{"team_id": "T2", "is_enterprise_install": True}]},
    "a bot with a longer id": {
        "team_id": "T2",
        "is_ext_shared_channel": True,
        "event": message(text=f"<@{BOT.user}X> hello"),
    },
    "a deletion": {"team_id": "T2", "event": message(subtype="message_deleted", deleted_ts="5.0")},
}

OWN: dict[str, dict[str, Any]] = {
    "our team": {"team_id": "T1"},
    "an outsider in a shared channel": {"team_id": "T2", "authorizations": [{"team_id": "T1"}]},
    "nothing said": {},
    "our mention in a channel shared with another installation": {
        "team_id": "T2",
        "authorizations": [{"team_id": "T2"}],
        "is_ext_shared_channel": True,
        "event": message(text=f"<@{BOT.user}> hello"),
    },
    "no authorization": {"team_id": "T1", "authorizations": []},
    "an organisation without a workspace": {"enterprise_id": "E1"},
    "a workspace of an organisation": {"authorizations": [{"team_id": "T1", "enterprise_id": "E1"}]},
    "ours beside another": {"team_id": "T2", "authorizations": [{"team_id": "T2"}, {"team_id": "T1"}]},
    "our mention edited in a shared channel": {
        "authorizations": [{"team_id": "T2"}],
        "is_ext_shared_channel": True,
        "event": message(subtype="message_changed", text="", message={"text": f"<@{BOT.user}> hi"}),
    },
    "our mention deleted in a shared channel": {
        "authorizations": [{"team_id": "T2"}],
        "is_ext_shared_channel": True,
        "event": message(subtype="message_deleted", text="", previous_message={"text": f"<@{BOT.user}|bot> hi"}),
    },
}


@pytest.mark.parametrize("changes", FOREIGN.values(), ids=FOREIGN)
async def test_a_foreign_event_is_acknowledged_and_dropped(changes: dict[str, Any]) -> None:
    app, inbox = make_app()
    response = await dispatch_payload(app, body(**changes), {})
    assert (response.status, inbox.bodies) == (200, [])


@pytest.mark.parametrize("changes", OWN.values(), ids=OWN)
async def test_an_own_event_is_taken(changes: dict[str, Any]) -> None:
    app, inbox = make_app()
    assert (await dispatch_payload(app, body(**changes), {})).status == 200
    assert len(inbox.bodies) == 1


async def test_an_organisation_is_one_installation() -> None:
    app, inbox = make_app(ORGANISATION_BOT)
    authorization = {"enterprise_id": "E1", "team_id": "T7", "is_enterprise_install": True}
    await dispatch_payload(app, body(team_id="T7", authorizations=[authorization]), {})
    assert len(inbox.bodies) == 1
    await dispatch_payload(app, body(team_id="T7", enterprise_id="E1", is_enterprise_install=True), {})
    assert len(inbox.bodies) == 2, "without authorizations"


async def test_each_foreign_workspace_is_logged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are, the log does not grow without end; their texts never come in."""
    monkeypatch.setattr(bolt_app, "MAX_LOGGED_WORKSPACES", 3)
    app, _ = make_app()
    with capture_logs() as logs:
        for workspace in ("T2", "T3", "T2", "T4", "T5", "T3"):
            await dispatch_payload(app, body(team_id=workspace, event=message(text="secret")), {})
    logged = [entry for entry in logs if entry.get("action") == "event_foreign"]
    assert [entry["workspace"] for entry in logged] == ["T2", "T3", "T4"]
    assert "secret" not in str(logs)
