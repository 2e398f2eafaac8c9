"""Home tabs, modals, commands, shortcuts and buttons, with Bolt as the app."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.server import SandboxWorkspace
from bot.sandbox.workspace.records import FieldsRefused, Json, NoticeShown, WorkspaceChange, WorkspaceView
from tests.sandbox.clients import SettableClock, web_client

FIELD = {
    "type": "input",
    "block_id": "prompt",
    "label": {"type": "plain_text", "text": "Prompt"},
    "element": {"type": "plain_text_input", "action_id": "text"},
}
FILLED = {"prompt": {"text": {"type": "plain_text_input", "value": "Be kind."}}}


def modal(title: str = "Prompt", **more: Any) -> Json:
    text = {"type": "plain_text", "text": title}
    submit = {"type": "plain_text", "text": "Save"}
    return {
        "type": "modal",
        "callback_id": "edit",
        "title": text,
        "submit": submit,
        "blocks": [FIELD],
        **more,
    }


def home(text: str = "Welcome") -> Json:
    return {"type": "home", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]}


class ChangeRecorder(list[WorkspaceChange]):
    """All changes of the workspace, in order."""

    def of(self, kind: type[Any]) -> list[Any]:
        return [change for change in self if isinstance(change, kind)]


@pytest.fixture
def changes(workspace: SandboxWorkspace) -> ChangeRecorder:
    seen = ChangeRecorder()
    workspace.state.observe(seen.append)
    return seen


@pytest.fixture
async def app(workspace: SandboxWorkspace, client: AsyncWebClient) -> AsyncIterator[AsyncApp]:
    """Connect an app; a test adds its listeners."""
    app = AsyncApp(client=client)
    handler = AsyncSocketModeHandler(app, workspace.app_token)
    await handler.connect_async()
    await workspace.wait_until(lambda: workspace.socket_count)
    yield app
    await asyncio.wait_for(handler.close_async(), 5)


async def opened(workspace: SandboxWorkspace, client: AsyncWebClient, view: Json | None = None) -> WorkspaceView:
    trigger = workspace.views.create_trigger("U0ADA")
    await client.views_open(trigger_id=trigger, view=view or modal())
    return workspace.views.stack("U0ADA")[-1]


async def error(call: Any) -> str:
    with pytest.raises(SlackApiError) as refused:
        await call
    return str(refused.value.response["error"])


async def test_a_command_opens_a_modal_and_its_submission_reaches_the_app(
    workspace: SandboxWorkspace, app: AsyncApp
) -> None:
    saved: list[Json] = []

    @app.command("/prompt")
    async def _(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=modal())

    @app.view("edit")
    async def _(ack: AsyncAck, view: Json) -> None:
        saved.append(view["state"]["values"])
        await ack()

    await workspace.interactivity.command("U0ADA", "C0GENERAL", "/prompt", "edit")
    await workspace.wait_until(lambda: workspace.views.stack("U0ADA"))
    (view,) = workspace.views.stack("U0ADA")
    await workspace.interactivity.submit("U0ADA", view.id, FILLED)
    assert saved == [FILLED]
    assert not workspace.views.stack("U0ADA")


@pytest.mark.parametrize(
    ("answer", "titles"),
    [
        ({"response_action": "update", "view": modal("Other")}, ["Other"]),
        ({"response_action": "push", "view": modal("Other")}, ["Prompt", "Other"]),
        ({"response_action": "clear"}, []),
        ({"response_action": "errors", "errors": {"prompt": "Too rude."}}, ["Prompt"]),
        ({"response_action": "errors", "errors": {"nothing": "x"}}, ["Prompt"]),
    ],
)
async def test_the_acknowledgement_says_what_becomes_of_the_modal(
    workspace: SandboxWorkspace, app: AsyncApp, changes: ChangeRecorder, answer: Json, titles: list[str]
) -> None:
    @app.view("edit")
    async def _(ack: AsyncAck) -> None:
        await ack(**answer)

    view = await opened(workspace, app.client)
    await workspace.interactivity.submit("U0ADA", view.id, FILLED)
    stack = workspace.views.stack("U0ADA")
    assert [one.content["title"]["text"] for one in stack] == titles
    if answer.get("errors") == {"prompt": "Too rude."}:
        assert changes.of(FieldsRefused)[0].errors == {"prompt": "Too rude."}
    elif "errors" in answer:
        assert "trouble" in changes.of(NoticeShown)[0].text


async def test_a_required_field_that_is_empty_never_reaches_the_app(
    workspace: SandboxWorkspace, client: AsyncWebClient, changes: ChangeRecorder
) -> None:
    view = await opened(workspace, client)
    empty = {"prompt": {"text": {"type": "plain_text_input", "value": None}}}
    await workspace.interactivity.submit("U0ADA", view.id, empty)
    assert list(changes.of(FieldsRefused)[0].errors) == ["prompt"]


async def test_without_an_acknowledgement_the_person_is_told(
    changes_of_hasty: tuple[SandboxWorkspace, ChangeRecorder],
) -> None:
    workspace, changes = changes_of_hasty
    await workspace.interactivity.command("U0ADA", "C0GENERAL", "/prompt", "")
    assert "dispatch_failed" in changes.of(NoticeShown)[0].text


@pytest.fixture
async def changes_of_hasty() -> AsyncIterator[tuple[SandboxWorkspace, ChangeRecorder]]:
    async with SandboxWorkspace(ack_timeout=0.1) as workspace:
        seen = ChangeRecorder()
        workspace.state.observe(seen.append)
        yield workspace, seen


async def test_a_button_in_a_message_reaches_the_app_which_may_replace_the_message(
    workspace: SandboxWorkspace, app: AsyncApp
) -> None:
    @app.action("again")
    async def _(ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        await respond(text="pressed", replace_original=True)

    button = {"type": "button", "action_id": "again", "text": {"type": "plain_text", "text": "Again"}}
    blocks = [{"type": "actions", "elements": [button]}]
    ts = (await app.client.chat_postMessage(channel="C0GENERAL", text="x", blocks=blocks))["ts"]
    action = {"type": "button", "action_id": "again", "block_id": "b", "value": "x"}
    await workspace.interactivity.act_on_message("U0ADA", "C0GENERAL", ts, action, {})
    await workspace.wait_until(lambda: workspace.thread("C0GENERAL", ts)[0].text == "pressed")


async def test_a_command_may_be_answered_at_once(
    workspace: SandboxWorkspace, app: AsyncApp, changes: ChangeRecorder
) -> None:
    @app.command("/prompt")
    async def _(ack: AsyncAck) -> None:
        await ack(text="only for you")

    await workspace.interactivity.command("U0ADA", "C0GENERAL", "/prompt", "")
    notice = changes.of(NoticeShown)[0]
    assert (notice.user, notice.channel, notice.text) == ("U0ADA", "C0GENERAL", "only for you")


async def test_shortcuts_reach_the_app(workspace: SandboxWorkspace, app: AsyncApp) -> None:
    seen: list[str] = []

    @app.shortcut("look")
    async def _(ack: AsyncAck, shortcut: Json) -> None:
        seen.append(shortcut["type"])
        await ack()

    ts = await workspace.say("U0ADA", "C0GENERAL", "hello")
    await workspace.interactivity.shortcut("U0ADA", "look", "", "")
    await workspace.interactivity.shortcut("U0ADA", "look", "C0GENERAL", ts)
    await workspace.wait_until(lambda: seen == ["shortcut", "message_action"])


async def test_opening_the_home_tab_lets_the_app_publish_it(workspace: SandboxWorkspace, app: AsyncApp) -> None:
    @app.event("app_home_opened")
    async def _(event: Json, client: AsyncWebClient) -> None:
        await client.views_publish(user_id=event["user"], view=home())

    workspace.interactivity.open_home("U0ADA", "home")
    await workspace.wait_until(lambda: workspace.views.home("U0ADA"))


async def test_home_and_modal_refuse_what_slack_refuses(workspace: SandboxWorkspace, client: AsyncWebClient) -> None:
    publish = client.views_publish
    await publish(user_id="U0ADA", view=home())
    assert await error(publish(user_id="U0ADA", view=home(), hash="old")) == "hash_conflict"
    assert await error(publish(user_id="U0ADA", view=home("x" * 3_001))) == "invalid_arguments"
    assert await error(publish(user_id="U0NONE", view=home())) == "user_not_found"
    fat = modal(private_metadata="x" * 250_000)
    assert await error(client.views_open(trigger_id="x", view=fat)) == "view_too_large"
    for wrong in (
        modal("x" * 25),
        modal(submit=None),
        modal(private_metadata="x" * 3_001),
        modal(callback_id="x" * 256),
        modal(blocks=[{"type": "markdown", "text": "x"}]),
        modal(blocks=[{"type": "divider"}] * 101),
        {**modal(), "type": "home"},
    ):
        assert await error(client.views_open(trigger_id="x", view=wrong)) == "invalid_arguments"
    view = await opened(workspace, client)
    assert await error(client.views_update(view_id=view.id, hash="old", view=modal())) == "hash_conflict"
    assert await error(client.views_update(view_id="V0", view=modal())) == "not_found"


async def test_a_trigger_works_once_and_for_three_seconds() -> None:
    clock = SettableClock()
    async with SandboxWorkspace(clock=clock) as workspace, web_client(workspace) as client:
        used, old = workspace.views.create_trigger("U0ADA"), workspace.views.create_trigger("U0ADA")
        await client.views_open(trigger_id=used, view=modal())
        clock.now += 4
        assert await error(client.views_open(trigger_id=used, view=modal())) == "exchanged_trigger_id"
        assert await error(client.views_open(trigger_id=old, view=modal())) == "expired_trigger_id"
        assert await error(client.views_open(trigger_id="1.2.x", view=modal())) == "invalid_trigger_id"


async def test_modals_stack_three_deep(workspace: SandboxWorkspace, client: AsyncWebClient) -> None:
    await opened(workspace, client)
    for _ in range(2):
        await client.views_push(trigger_id=workspace.views.create_trigger("U0ADA"), view=modal())
    fourth = client.views_push(trigger_id=workspace.views.create_trigger("U0ADA"), view=modal())
    assert await error(fourth) == "push_limit_reached"
    top = workspace.views.stack("U0ADA")[-1]
    await workspace.interactivity.close("U0ADA", top.id)
    assert len(workspace.views.stack("U0ADA")) == 2
