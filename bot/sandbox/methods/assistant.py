"""`assistant.threads.*`, `agents.sessions.*`, `reactions.*`: what the app does around its messages.

Separate by Slack's own families. Rules: a thread has one status, and the last writer wins, whichever method
wrote it. Sources: https://docs.slack.dev/reference/methods/assistant.threads.setStatus and its neighbours.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from bot.sandbox import rules
from bot.sandbox.arguments import Arguments
from bot.sandbox.methods.streams import SESSION_STATUSES
from bot.sandbox.records import BOT_USER, Channel, Json
from bot.sandbox.rules import Refusal
from bot.sandbox.workspace import Workspace


def set_status(workspace: Workspace, arguments: Arguments) -> Json:
    """Say what the app is doing in a thread; an empty status clears it."""
    channel, thread_ts = _thread(workspace, arguments)
    if "status" not in arguments:
        raise Refusal("invalid_arguments", "[ERROR] missing required field: status")
    loading: Any = arguments.structure("loading_messages") or []
    if not isinstance(loading, list) or len(loading) > rules.LOADING_MESSAGES:
        raise Refusal("invalid_arguments", f"[ERROR] no more than {rules.LOADING_MESSAGES} loading_messages")
    workspace.set_status(channel.id, thread_ts, arguments.text("status"), map(str, loading))
    return {}


def set_title(workspace: Workspace, arguments: Arguments) -> Json:
    """Name a thread; the page shows no names of threads."""
    _thread(workspace, arguments)
    rules.check_title(arguments.text("title"))
    return {}


def set_suggested_prompts(workspace: Workspace, arguments: Arguments) -> Json:
    """Suggest what to ask; the page suggests by itself."""
    workspace.channel(arguments.required("channel_id"))
    prompts: Any = arguments.structure("prompts")
    if not isinstance(prompts, list) or not 1 <= len(prompts) <= rules.SUGGESTED_PROMPTS:
        raise Refusal("invalid_arguments", f"[ERROR] 1 to {rules.SUGGESTED_PROMPTS} prompts")
    if not all(isinstance(one, dict) and one.get("title") and one.get("message") for one in prompts):
        raise Refusal("invalid_arguments", "[ERROR] a prompt has a title and a message")
    return {}


def set_session_status(workspace: Workspace, arguments: Arguments) -> Json:
    """Say how a session stands; while it is `processing`, the thread shows it."""
    channel, thread_ts = _thread(workspace, arguments)
    status = arguments.required("status")
    if status not in SESSION_STATUSES:
        raise Refusal("invalid_arguments", "[ERROR] status is not a known status")
    workspace.set_status(channel.id, thread_ts, "is working..." if status == "processing" else "")
    return {}


def add_reaction(workspace: Workspace, arguments: Arguments) -> Json:
    """React to a message with an emoji."""
    return _react(workspace, arguments, add=True)


def remove_reaction(workspace: Workspace, arguments: Arguments) -> Json:
    """Take a reaction back."""
    return _react(workspace, arguments, add=False)


def _react(workspace: Workspace, arguments: Arguments, *, add: bool) -> Json:
    name = arguments.required("name").strip(":")
    message = workspace.message(arguments.required("channel"), arguments.required("timestamp"))
    users = message.reactions.get(name, ())
    if (BOT_USER in users) is add:
        raise Refusal("already_reacted" if add else "no_reaction")
    users = (*users, BOT_USER) if add else tuple(user for user in users if user != BOT_USER)
    reactions = {key: who for key, who in {**message.reactions, name: users}.items() if who}
    workspace.redraw(message, reactions=reactions)
    return {}


def _thread(workspace: Workspace, arguments: Arguments) -> tuple[Channel, str]:
    """Return the channel and the root of the thread that a call is about."""
    channel = workspace.channel(arguments.required("channel_id"))
    try:
        return channel, workspace.root(channel.id, arguments.required("thread_ts")).ts
    except Refusal as refusal:
        raise Refusal("invalid_thread_ts") from refusal


METHODS: Mapping[str, Callable[[Workspace, Arguments], Json]] = MappingProxyType(
    {
        "agents.sessions.rename": set_title,
        "agents.sessions.setStatus": set_session_status,
        "assistant.threads.setStatus": set_status,
        "assistant.threads.setSuggestedPrompts": set_suggested_prompts,
        "assistant.threads.setTitle": set_title,
        "reactions.add": add_reaction,
        "reactions.remove": remove_reaction,
    }
)
