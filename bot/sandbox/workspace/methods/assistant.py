"""The methods `assistant.threads.*`, `agents.sessions.*` and `reactions.*`.

They set what Slack shows around messages: a thread's status, title and session, suggested prompts, reactions.
A thread has one status; the last call sets it, whichever method it was. A status ends with the next post of
the app or after two minutes; a session ends only when the app says so. Sources:
https://docs.slack.dev/reference/methods/assistant.threads.setStatus and the pages of the other methods.
"""

from typing import Any

from bot.sandbox.workspace import message_limits
from bot.sandbox.workspace.arguments import Arguments
from bot.sandbox.workspace.message_limits import ApiRefusal
from bot.sandbox.workspace.methods import MethodTable
from bot.sandbox.workspace.methods.streams import SESSION_STATUSES
from bot.sandbox.workspace.records import BOT_USER_ID, Json, WorkspaceChannel
from bot.sandbox.workspace.state import WorkspaceState


def set_status(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Set the app's status in a thread; an empty status clears it."""
    channel, thread_ts = _find_thread(workspace, arguments)
    if "status" not in arguments:
        raise ApiRefusal("invalid_arguments", "[ERROR] missing required field: status")
    loading: Any = arguments.parse_json("loading_messages") or []
    if not isinstance(loading, list) or len(loading) > message_limits.MAX_LOADING_MESSAGES:
        raise ApiRefusal(
            "invalid_arguments", f"[ERROR] no more than {message_limits.MAX_LOADING_MESSAGES} loading_messages"
        )
    workspace.set_status(channel.id, thread_ts, arguments.text("status"), map(str, loading))
    if not arguments.text("status") and (channel.id, thread_ts) in workspace.sessions:
        workspace.set_session(channel.id, thread_ts, status="active")
    return {}


def set_title(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Set a thread's title."""
    channel, thread_ts = _find_thread(workspace, arguments)
    message_limits.check_title(arguments.text("title"))
    workspace.set_session(channel.id, thread_ts, title=arguments.text("title"))
    return {}


def rename_session(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Set the title of an existing session."""
    channel, thread_ts = _find_thread(workspace, arguments)
    if (channel.id, thread_ts) not in workspace.sessions:
        raise ApiRefusal("session_not_found")
    return set_title(workspace, arguments)


def set_suggested_prompts(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Set the suggested prompts of a direct message; the page shows its own if there are none."""
    channel = workspace.channel(arguments.required("channel_id"))
    if channel.kind != "im":
        raise ApiRefusal("channel_not_found")
    if arguments.text("thread_ts"):
        _find_thread(workspace, arguments)
    prompts: Any = arguments.parse_json("prompts")
    if not isinstance(prompts, list) or not 1 <= len(prompts) <= message_limits.MAX_SUGGESTED_PROMPTS:
        raise ApiRefusal("invalid_arguments", f"[ERROR] 1 to {message_limits.MAX_SUGGESTED_PROMPTS} prompts")
    if not all(isinstance(one, dict) and one.get("title") and one.get("message") for one in prompts):
        raise ApiRefusal("invalid_arguments", "[ERROR] a prompt has a title and a message")
    workspace.set_prompts(channel.id, {str(one["title"]): str(one["message"]) for one in prompts})
    return {}


def set_session_status(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Set a session's status; the thread shows it while it is `processing`."""
    if not arguments.text("thread_ts"):
        raise ApiRefusal("thread_ts_required")
    channel, thread_ts = _find_thread(workspace, arguments)
    status = arguments.required("status")
    if status not in SESSION_STATUSES:
        raise ApiRefusal("invalid_arguments", "[ERROR] status is not a known status")
    if title := arguments.text("title"):
        message_limits.check_title(title)
        workspace.set_session(channel.id, thread_ts, title=title)
    if initiator := arguments.text("initiator_user_id"):
        workspace.person(initiator)
    workspace.set_session(channel.id, thread_ts, status=status)
    workspace.set_status(channel.id, thread_ts, "is working..." if status == "processing" else "")
    return {}


def add_reaction(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """React to a message with an emoji."""
    return _react(workspace, arguments, add=True)


def remove_reaction(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Remove a reaction."""
    return _react(workspace, arguments, add=False)


def _react(workspace: WorkspaceState, arguments: Arguments, *, add: bool) -> Json:
    name = arguments.required("name").strip(":")
    message = workspace.message(arguments.required("channel"), arguments.required("timestamp"))
    users = message.reactions.get(name, ())
    if (BOT_USER_ID in users) is add:
        raise ApiRefusal("already_reacted" if add else "no_reaction")
    users = (*users, BOT_USER_ID) if add else tuple(user for user in users if user != BOT_USER_ID)
    reactions = {key: who for key, who in {**message.reactions, name: users}.items() if who}
    workspace.redraw(message, reactions=reactions)
    return {}


def _find_thread(workspace: WorkspaceState, arguments: Arguments) -> tuple[WorkspaceChannel, str]:
    """Return the channel and the root ts of the thread that a call names."""
    channel = workspace.channel(arguments.required("channel_id"))
    try:
        return channel, workspace.root(channel.id, arguments.required("thread_ts")).ts
    except ApiRefusal as refusal:
        raise ApiRefusal("invalid_thread_ts") from refusal


METHODS: MethodTable = {
    "agents.sessions.rename": rename_session,
    "agents.sessions.setStatus": set_session_status,
    "assistant.threads.setStatus": set_status,
    "assistant.threads.setSuggestedPrompts": set_suggested_prompts,
    "assistant.threads.setTitle": set_title,
    "reactions.add": add_reaction,
    "reactions.remove": remove_reaction,
}
