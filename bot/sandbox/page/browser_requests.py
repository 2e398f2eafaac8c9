"""The requests that the page can send, such as `{"type": "post", "channel": ..., "text": ...}`.

`REQUEST_HANDLERS` maps a frame's type to the function that carries it out; a new type of request is a
function and a row there. The person is given by the connection and never read from the frame, and a person
reaches only the channels that they are in. The functions raise `ApiRefusal` for a request that Slack would
refuse, and KeyError, TypeError or the like for a frame that cannot be read.
"""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from bot.sandbox.workspace import people
from bot.sandbox.workspace.arguments import Arguments
from bot.sandbox.workspace.interactivity import Interactivity
from bot.sandbox.workspace.state import WorkspaceState


async def run_request(workspace: WorkspaceState, interactivity: Interactivity, user: str, request: Arguments) -> None:
    """Carry out the request of one frame. Raises KeyError for an unknown type."""
    handler = REQUEST_HANDLERS[request.text("type")]
    if channel := request.text("channel"):
        people.check_access(workspace, user, channel)
    await handler(workspace, interactivity, user, request)


async def _post(workspace: WorkspaceState, _: Interactivity, user: str, request: Arguments) -> None:
    people.say(workspace, user, request["channel"], request.text("text"), request.text("thread_ts") or None)


async def _edit(workspace: WorkspaceState, _: Interactivity, user: str, request: Arguments) -> None:
    people.edit(workspace, user, request["channel"], request["ts"], request.text("text"))


async def _delete(workspace: WorkspaceState, _: Interactivity, user: str, request: Arguments) -> None:
    people.delete(workspace, user, request["channel"], request["ts"])


async def _open_home(_: WorkspaceState, interactivity: Interactivity, user: str, _asked: Arguments) -> None:
    interactivity.open_home(user, "home")


async def _open_channel(workspace: WorkspaceState, interactivity: Interactivity, user: str, request: Arguments) -> None:
    if workspace.im(user).id == request["channel"]:
        interactivity.open_home(user, "messages")


async def _operate_element(
    workspace: WorkspaceState, interactivity: Interactivity, user: str, request: Arguments
) -> None:
    container, values = request["container"], (request.get("state") or {}).get("values", {})
    if container["type"] == "view":
        await interactivity.act_on_view(user, container["view_id"], request["action"], values)
        return
    people.check_access(workspace, user, container["channel"])
    message = container["channel"], container["ts"]
    await interactivity.act_on_message(user, *message, request["action"], values)


async def _submit(_: WorkspaceState, interactivity: Interactivity, user: str, request: Arguments) -> None:
    await interactivity.submit(user, request["view_id"], request["values"])


async def _close(_: WorkspaceState, interactivity: Interactivity, user: str, request: Arguments) -> None:
    await interactivity.close(user, request["view_id"])


async def _command(_: WorkspaceState, interactivity: Interactivity, user: str, request: Arguments) -> None:
    await interactivity.command(user, request["channel"], request["command"], request.text("text"))


async def _shortcut(_: WorkspaceState, interactivity: Interactivity, user: str, request: Arguments) -> None:
    await interactivity.shortcut(user, request["callback_id"], request.text("channel"), request.text("ts"))


async def _stop(_: WorkspaceState, interactivity: Interactivity, user: str, request: Arguments) -> None:
    interactivity.stop(user, request["channel"], request["thread_ts"])


REQUEST_HANDLERS: Mapping[str, Callable[[WorkspaceState, Interactivity, str, Arguments], Awaitable[None]]] = (
    MappingProxyType(
        {
            "action": _operate_element,
            "close": _close,
            "command": _command,
            "delete": _delete,
            "edit": _edit,
            "home": _open_home,
            "open": _open_channel,
            "post": _post,
            "shortcut": _shortcut,
            "stop": _stop,
            "submit": _submit,
        }
    )
)
