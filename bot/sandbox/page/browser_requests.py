"""The requests that the page can send, such as `{"type": "post", "channel": ..., "text": ...}`.

`run_request` has a case for each type of frame. The person is given by the connection and never read from the frame,
and a person reaches only the channels that they are in. It raises `ApiRefusal` for a request that Slack would refuse,
and KeyError, TypeError or the like for a frame that cannot be read.
"""

from bot.sandbox.workspace import people
from bot.sandbox.workspace.arguments import Arguments
from bot.sandbox.workspace.interactivity import Interactivity
from bot.sandbox.workspace.state import WorkspaceState


async def run_request(  # noqa: C901, PLR0912 - one case for each type of request
    workspace: WorkspaceState, interactivity: Interactivity, user: str, request: Arguments
) -> None:
    """Carry out the request of one frame. Raises KeyError for an unknown type."""
    channel, ts, text = request.text("channel"), request.text("ts"), request.text("text")
    if channel:
        people.check_access(workspace, user, channel)
    match request["type"]:
        case "post":
            people.say(workspace, user, request["channel"], text, request.text("thread_ts") or None)
        case "edit":
            people.edit(workspace, user, request["channel"], request["ts"], text)
        case "delete":
            people.delete(workspace, user, request["channel"], request["ts"])
        case "home":
            interactivity.open_home(user, "home")
        case "open":
            if workspace.im(user).id == request["channel"]:
                interactivity.open_home(user, "messages")
        case "action":
            await _operate_element(workspace, interactivity, user, request)
        case "submit":
            await interactivity.submit(user, request["view_id"], request["values"])
        case "close":
            await interactivity.close(user, request["view_id"])
        case "command":
            await interactivity.command(user, request["channel"], request["command"], text)
        case "shortcut":
            await interactivity.shortcut(user, request["callback_id"], channel, ts)
        case "stop":
            interactivity.stop(user, request["channel"], request["thread_ts"])
        case unknown:
            raise KeyError(unknown)


async def _operate_element(
    workspace: WorkspaceState, interactivity: Interactivity, user: str, request: Arguments
) -> None:
    container, values = request["container"], (request.get("state") or {}).get("values", {})
    if container["type"] == "view":
        await interactivity.act_on_view(user, container["view_id"], request["action"], values)
        return
    channel, ts = container["channel"], container["ts"]
    people.check_access(workspace, user, channel)
    await interactivity.act_on_message(user, channel, ts, request["action"], values)
