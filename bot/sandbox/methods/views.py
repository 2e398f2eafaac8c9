"""`views.*`: the Home tab and modals.

Separate by Slack's own families. Rules: arguments before triggers, so that a malformed view costs no trigger.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from bot.sandbox.arguments import Arguments
from bot.sandbox.records import Json
from bot.sandbox.views import Views, view_json
from bot.sandbox.workspace import Workspace


def publish(workspace: Workspace, views: Views, arguments: Arguments) -> Json:
    """Show a Home tab to a person."""
    user = workspace.person(arguments.required("user_id"))
    return {"view": view_json(views.publish(user.id, _view(arguments), arguments.text("hash")))}


def open_(_workspace: Workspace, views: Views, arguments: Arguments) -> Json:
    """Open a modal for the person whose trigger it is."""
    view = _view(arguments)
    views.check(view)
    user = views.exchange(arguments.required("trigger_id"))
    return {"view": view_json(views.open(user, view))}


def push(_workspace: Workspace, views: Views, arguments: Arguments) -> Json:
    """Put a modal on top of the open ones."""
    view = _view(arguments)
    views.check(view)
    user = views.exchange(arguments.required("trigger_id"))
    return {"view": view_json(views.push(user, view))}


def update(_workspace: Workspace, views: Views, arguments: Arguments) -> Json:
    """Change a view, named by its id or by the app's own."""
    shown = views.find(arguments.text("view_id"), arguments.text("external_id"))
    return {"view": view_json(views.update(shown, _view(arguments), arguments.text("hash")))}


def _view(arguments: Arguments) -> Any:
    arguments.required("view")
    return arguments.structure("view")


METHODS: Mapping[str, Callable[[Workspace, Views, Arguments], Json]] = MappingProxyType(
    {"views.open": open_, "views.publish": publish, "views.push": push, "views.update": update}
)
