"""The methods `views.*`: the Home tab and modals.

Arguments are checked before the trigger id is used, so that a malformed view does not use it up. Sources:
https://docs.slack.dev/reference/methods/views.open and the pages of the other methods.
"""

from typing import Any

from bot.sandbox.workspace.arguments import Arguments
from bot.sandbox.workspace.methods import MethodTable
from bot.sandbox.workspace.records import Json
from bot.sandbox.workspace.state import WorkspaceState
from bot.sandbox.workspace.views import view_json


def publish_view(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Publish a person's Home tab."""
    user = workspace.person(arguments.required("user_id"))
    return {"view": view_json(workspace.views.publish(user.id, _read_view(arguments), arguments.text("hash")))}


def open_modal(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Open a modal for the person of the trigger id."""
    view = _read_view(arguments)
    workspace.views.check_modal(view)
    user = workspace.views.exchange_trigger(arguments.required("trigger_id"))
    return {"view": view_json(workspace.views.open(user, view))}


def push_modal(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Push a modal on top of the open ones."""
    view = _read_view(arguments)
    workspace.views.check_modal(view)
    user = workspace.views.exchange_trigger(arguments.required("trigger_id"))
    return {"view": view_json(workspace.views.push(user, view))}


def update_view(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Update a view, named by `view_id` or `external_id`."""
    view = workspace.views.find(arguments.text("view_id"), arguments.text("external_id"))
    return {"view": view_json(workspace.views.update(view, _read_view(arguments), arguments.text("hash")))}


def _read_view(arguments: Arguments) -> Any:
    arguments.required("view")
    return arguments.parse_json("view")


METHODS: MethodTable = {
    "views.open": open_modal,
    "views.publish": publish_view,
    "views.push": push_modal,
    "views.update": update_view,
}
