"""Home and modals: what an app publishes can be seen, filled in, refused and submitted."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.async_api import expect
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.server import SandboxWorkspace
from tests.browser.conftest import OpenPage

pytestmark = pytest.mark.browser


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def option(text: str) -> dict[str, Any]:
    return {"text": plain(text), "value": text.lower()}


def field_of(name: str, element: dict[str, Any], *, optional: bool = False) -> dict[str, Any]:
    element = {"action_id": name, **element}
    return {
        "type": "input",
        "block_id": name,
        "label": plain(name),
        "element": element,
        "optional": optional,
    }


HOME = {
    "type": "home",
    "blocks": [
        {"type": "header", "text": plain("Prompts")},
        {
            "type": "section",
            "text": {"type": "mrkdwn", "text": "The *whole* workspace"},
            "accessory": {"type": "button", "action_id": "edit", "text": plain("Edit the prompt")},
        },
        {
            "type": "actions",
            "elements": [
                {
                    "type": "button",
                    "action_id": "erase",
                    "text": plain("Erase"),
                    "style": "danger",
                    "confirm": {
                        "title": plain("Erase it?"),
                        "text": plain("It is gone then."),
                        "confirm": plain("Yes, erase"),
                        "deny": plain("Keep it"),
                    },
                }
            ],
        },
    ],
}
MODAL = {
    "type": "modal",
    "callback_id": "prompt",
    "title": plain("The prompt"),
    "submit": plain("Save"),
    "close": plain("Never mind"),
    "blocks": [
        field_of("Prompt", {"type": "plain_text_input", "multiline": True}),
        field_of(
            "Temperature",
            {"type": "number_input", "is_decimal_allowed": True, "min_value": "0", "max_value": "2"},
            optional=True,
        ),
        field_of(
            "Model",
            {
                "type": "static_select",
                "options": [option("Small"), option("Large")],
                "initial_option": option("Large"),
            },
        ),
        field_of(
            "Channels",
            {"type": "multi_static_select", "options": [option("One"), option("Two")]},
            optional=True,
        ),
        field_of("Owner", {"type": "users_select"}, optional=True),
        field_of("Mode", {"type": "radio_buttons", "options": [option("Edits"), option("Native")]}),
        field_of("Also", {"type": "checkboxes", "options": [option("Follow")]}, optional=True),
        field_of("Until", {"type": "datepicker"}, optional=True),
    ],
}


@dataclass
class ViewsApp:
    """A Slack app that publishes a Home, opens a modal and refuses the first prompt it is given."""

    client: AsyncWebClient
    submitted: list[dict[str, Any]] = field(default_factory=list)
    pressed: list[str] = field(default_factory=list)

    async def hear(self, socket: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        answer: dict[str, Any] | None = None
        match request.payload:
            case {"event": {"type": "app_home_opened", "tab": "home", "user": user}}:
                await self.client.views_publish(user_id=user, view=HOME)
            case {"type": "block_actions", "actions": [{"action_id": pressed}], "trigger_id": trigger}:
                self.pressed.append(pressed)
                if pressed == "edit":
                    await self.client.views_open(trigger_id=trigger, view=MODAL)
            case {"type": "view_submission", "view": {"state": {"values": values}}}:
                self.submitted.append(values)
                if len(self.submitted) == 1:
                    answer = {"response_action": "errors", "errors": {"Prompt": "Say more than that."}}
            case _:
                pass  # acknowledged like the rest
        await socket.send_socket_mode_response(SocketModeResponse(request.envelope_id, answer))


@pytest.fixture
async def app(workspace: SandboxWorkspace, slack: AsyncWebClient) -> AsyncIterator[ViewsApp]:
    app = ViewsApp(slack)
    socket = SocketModeClient(app_token=workspace.app_token, web_client=slack)
    socket.socket_mode_request_listeners.append(app.hear)
    await socket.connect()
    await workspace.wait_until(lambda: workspace.socket_count)
    yield app
    await asyncio.wait_for(socket.close(), 15)


async def test_a_modal_is_opened_refused_corrected_and_saved(
    workspace: SandboxWorkspace, app: ViewsApp, open_page: OpenPage
) -> None:
    page = await open_page(workspace.url)
    await page.get_by_test_id("home-tab").click()
    await expect(page.get_by_role("heading", name="Prompts")).to_be_visible()
    await page.get_by_role("button", name="Edit the prompt").click()
    modal = page.get_by_test_id("modal")
    save = modal.get_by_role("button", name="Save")
    await expect(modal.get_by_role("heading", name="The prompt")).to_be_visible()

    await modal.get_by_label("Temperature").fill("3")
    await save.click()
    await expect(modal.get_by_test_id("field-error").first).to_have_text("Please complete this required field.")
    await expect(modal.get_by_test_id("field-error").nth(1)).to_contain_text("2")
    assert not app.submitted, "what the page itself can tell does not reach the app"

    await modal.get_by_label("Prompt").fill("Be kind.")
    await modal.get_by_label("Temperature").fill("0.5")
    await modal.locator("summary").click()
    await modal.get_by_label("Two").check()
    await modal.get_by_label("Owner").select_option("U0GRACE")
    await modal.get_by_label("Native").check()
    await modal.get_by_label("Follow").check()
    await modal.get_by_label("Until").fill("2030-01-31")
    await save.click()
    await expect(modal.get_by_test_id("field-error").first).to_have_text("Say more than that.")

    await modal.get_by_label("Prompt").fill("Be kind and brief.")
    await save.click()
    await expect(modal).to_be_hidden()
    values = {name: state[name] for name, state in app.submitted[1].items()}
    assert values["Prompt"]["value"] == "Be kind and brief."
    assert values["Temperature"]["value"] == "0.5"
    assert values["Model"]["selected_option"]["value"] == "large"
    assert [one["value"] for one in values["Channels"]["selected_options"]] == ["two"]
    assert values["Owner"]["selected_user"] == "U0GRACE"
    assert values["Mode"]["selected_option"]["value"] == "native"
    assert [one["value"] for one in values["Also"]["selected_options"]] == ["follow"]
    assert values["Until"]["selected_date"] == "2030-01-31"


async def test_a_confirmation_comes_before_the_action(
    workspace: SandboxWorkspace, app: ViewsApp, open_page: OpenPage
) -> None:
    page = await open_page(workspace.url, "home=1")
    erase = page.get_by_role("button", name="Erase", exact=True)
    await erase.click()
    await page.get_by_role("button", name="Keep it").click()
    await erase.click()
    assert app.pressed == []
    await page.get_by_role("button", name="Yes, erase").click()
    await workspace.wait_until(lambda: app.pressed == ["erase"])


async def test_escape_closes_a_modal(workspace: SandboxWorkspace, app: ViewsApp, open_page: OpenPage) -> None:
    page = await open_page(workspace.url, "home=1")
    await page.get_by_role("button", name="Edit the prompt").click()
    await expect(page.get_by_test_id("modal")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("modal")).to_be_hidden()
