"""`views.*`: the Home tab and modals.

Separate by Slack's own families. Rules: arguments before triggers, so that a malformed view costs no trigger.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from bot.sandbox.workspace.arguments import Arguments
from bot.sandbox.workspace.records import Json
from bot.sandbox.workspace.state import WorkspaceState
from bot.sandbox.workspace.views import OpenViews, view_json


def publish_view(workspace: WorkspaceState, views: OpenViews, arguments: Arguments) -> Json:
    """Show a Home tab to a person."""
    user = workspace.person(arguments.required("user_id"))
    return {"view": view_json(views.publish(user.id, _read_view(arguments), arguments.text("hash")))}


def open_modal(_workspace: WorkspaceState, views: OpenViews, arguments: Arguments) -> Json:
    """Open a modal for the person whose trigger it is."""
    view = _read_view(arguments)
    views.check_modal(view)
    user = views.exchange_trigger(arguments.required("trigger_id"))
    return {"view": view_json(views.open(user, view))}


def push_modal(_workspace: WorkspaceState, views: OpenViews, arguments: Arguments) -> Json:
    """Put a modal on top of the open ones."""
    view = _read_view(arguments)
    views.check_modal(view)
    user = views.exchange_trigger(arguments.required("trigger_id"))
    return {"view": view_json(views.push(user, view))}


def update_view(_workspace: WorkspaceState, views: OpenViews, arguments: Arguments) -> Json:
    """Change a view, named by its id or by the app's own."""
    shown = views.find(arguments.text("view_id"), arguments.text("external_id"))
    return {"view": view_json(views.update(shown, _read_view(arguments), arguments.text("hash")))}


def _read_view(arguments: Arguments) -> Any:
    arguments.required("view")
    return arguments.parse_json("view")


METHODS: Mapping[str, Callable[[WorkspaceState, OpenViews, Arguments], Json]] = MappingProxyType(
    {"views.open": open_modal, "views.publish": publish_view, "views.push": push_modal, "views.update": update_view}
)
