"""The methods `auth.*`, `team.*`, `users.*` and `conversations.*`: people, channels and their messages.

All of them only read. Lists come in pages: `response_metadata.next_cursor` is the offset of the next page,
encoded as on Slack. Sources: https://docs.slack.dev/reference/methods/conversations.replies and the pages of
the other methods.
"""

import base64
import binascii
import math
from collections.abc import Sequence

from bot.sandbox.workspace.arguments import Arguments
from bot.sandbox.workspace.events import message_json, root_json
from bot.sandbox.workspace.message_limits import ApiRefusal
from bot.sandbox.workspace.methods import MethodTable
from bot.sandbox.workspace.records import (
    BOT_ID,
    BOT_USER_ID,
    TEAM_ID,
    TEAM_NAME,
    Json,
    WorkspaceChannel,
    WorkspaceMessage,
    WorkspacePerson,
)
from bot.sandbox.workspace.state import WorkspaceState

DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE = 100, 1_000
"""https://docs.slack.dev/reference/methods/conversations.replies"""


def auth_test(_workspace: WorkspaceState, _arguments: Arguments) -> Json:
    """Describe the token's app and workspace."""
    return {
        "url": f"https://{TEAM_NAME.lower()}.slack.com/",
        "team": TEAM_NAME,
        "team_id": TEAM_ID,
        "user": "threadkeeper",
        "user_id": BOT_USER_ID,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


def team_info(_workspace: WorkspaceState, _arguments: Arguments) -> Json:
    """Describe the workspace."""
    return {"team": {"id": TEAM_ID, "name": TEAM_NAME, "domain": TEAM_NAME.lower(), "icon": {}}}


def users_info(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Describe a person."""
    return {"user": _person_json(workspace.person(arguments.required("user")))}


def users_list(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """List all people and bots."""
    return _paginate([_person_json(person) for person in workspace.people.values()], "members", arguments)


def conversations_info(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Describe a channel."""
    return {"channel": _channel_json(workspace, workspace.channel(arguments.required("channel")))}


def conversations_open(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Return the direct message with a person."""
    users = arguments.text("users").split(",")
    if arguments.text("channel"):
        channel = workspace.channel(arguments.text("channel"))
    elif len(users) == 1 and users[0]:
        channel = workspace.im(workspace.person(users[0]).id)
    else:
        raise ApiRefusal("users_list_not_supplied" if users == [""] else "not_enough_users")
    return {"no_op": True, "already_open": True, "channel": {"id": channel.id}}


def conversations_list(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """List channels; public ones unless `types` says otherwise."""
    kinds = set((arguments.text("types") or "public_channel").split(","))
    if kinds - {"public_channel", "private_channel", "mpim", "im"}:
        raise ApiRefusal("invalid_types")
    names = {"channel": "public_channel", "im": "im"}
    channels = [channel for channel in workspace.channels.values() if names[channel.kind] in kinds]
    return _paginate([_channel_json(workspace, channel) for channel in channels], "channels", arguments)


def conversations_members(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """List the members of a channel."""
    members = workspace.members(workspace.channel(arguments.required("channel")))
    return _paginate(members, "members", arguments)


def conversations_history(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """List the messages of a channel outside threads, newest first."""
    channel = workspace.channel(arguments.required("channel"))
    messages = [
        _channel_message_json(workspace, message)
        for message in _filter_by_ts(workspace.messages(channel.id), arguments)
        if message.thread_ts is None or message.broadcast
    ]
    return _paginate(_strip_metadata(messages[::-1], arguments), "messages", arguments)


def conversations_replies(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """List a thread, oldest first; its first message is always included, even if `oldest` is later."""
    channel = workspace.channel(arguments.required("channel"))
    root = workspace.root(channel.id, arguments.required("ts"))
    replies = workspace.thread(channel.id, root.ts)[1:]
    messages = [_reply_json(reply, root) for reply in _filter_by_ts(replies, arguments)]
    return _paginate(_strip_metadata([root_json(root, replies), *messages], arguments), "messages", arguments)


def _channel_message_json(workspace: WorkspaceState, message: WorkspaceMessage) -> Json:
    if message.thread_ts:
        return message_json(message)
    return root_json(message, workspace.thread(message.channel, message.ts)[1:])


def _reply_json(reply: WorkspaceMessage, root: WorkspaceMessage) -> Json:
    return message_json(reply) | {"parent_user_id": root.user}


def _strip_metadata(messages: Sequence[Json], arguments: Arguments) -> Sequence[Json]:
    """Remove the metadata unless the call asks for it."""
    if arguments.flag("include_all_metadata"):
        return messages
    return [{name: value for name, value in each.items() if name != "metadata"} for each in messages]


def _filter_by_ts(messages: Sequence[WorkspaceMessage], arguments: Arguments) -> list[WorkspaceMessage]:
    """Keep the messages after `oldest` and before `latest`; `inclusive` adds those two."""
    ends = {arguments.text("oldest"), arguments.text("latest")} if arguments.flag("inclusive") else set()
    low, high = _read_ts(arguments, "oldest", 0.0), _read_ts(arguments, "latest", math.inf)
    return [message for message in messages if low < float(message.ts) < high or message.ts in ends]


def _read_ts(arguments: Arguments, name: str, default: float) -> float:
    try:
        return float(arguments.text(name) or default)
    except ValueError:
        raise ApiRefusal(f"invalid_ts_{name}") from None


def _paginate(items: Sequence[object], name: str, arguments: Arguments) -> Json:
    """Return the page that `cursor` and `limit` ask for, and the cursor of the next one."""
    start = _decode_cursor(arguments.text("cursor"))
    end = start + arguments.number("limit", DEFAULT_PAGE_SIZE, maximum=MAX_PAGE_SIZE)
    more = end < len(items)
    following = base64.b64encode(f"offset:{end}".encode()).decode() if more else ""
    answer: Json = {name: list(items[start:end]), "response_metadata": {"next_cursor": following}}
    return answer | ({"has_more": more} if name == "messages" else {})


def _decode_cursor(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        word, _, offset = base64.b64decode(cursor, validate=True).decode().partition(":")
        if word == "offset":
            return int(offset)
    except (binascii.Error, ValueError):
        pass  # not a cursor of this server: refused below
    raise ApiRefusal("invalid_cursor")


def _person_json(person: WorkspacePerson) -> Json:
    return {
        "id": person.id,
        "team_id": person.team,
        "name": person.name,
        "deleted": False,
        "color": person.color.lstrip("#"),
        "real_name": person.real_name,
        "tz": "Europe/London",
        "tz_offset": 0,
        "profile": {"real_name": person.real_name, "display_name": person.name, "team": person.team},
        "is_admin": person.admin,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": bool(person.guest),
        "is_ultra_restricted": person.guest == "one",
        "is_bot": person.bot,
        "is_app_user": False,
        "updated": 0,
    }


def _channel_json(workspace: WorkspaceState, channel: WorkspaceChannel) -> Json:
    if channel.kind == "im":
        return {"id": channel.id, "is_im": True, "user": channel.user, "created": 0, "is_archived": False}
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": True,
        "is_group": False,
        "is_im": False,
        "is_mpim": False,
        "is_private": False,
        "is_archived": False,
        "is_shared": channel.shared,
        "is_ext_shared": channel.shared,
        "is_org_shared": False,
        "is_pending_ext_shared": False,
        "is_general": channel.name == "general",
        "is_member": True,
        "created": 0,
        "creator": "U0ADA",
        "topic": {"value": channel.topic, "creator": "U0ADA", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "num_members": len(workspace.members(channel)),
    }


METHODS: MethodTable = {
    "auth.test": auth_test,
    "conversations.history": conversations_history,
    "conversations.info": conversations_info,
    "conversations.list": conversations_list,
    "conversations.members": conversations_members,
    "conversations.open": conversations_open,
    "conversations.replies": conversations_replies,
    "team.info": team_info,
    "users.info": users_info,
    "users.list": users_list,
}
