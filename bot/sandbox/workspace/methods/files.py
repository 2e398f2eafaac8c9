"""The methods `files.*`: the first and the last step of the app's uploads.

The app asks for an upload URL, sends the bytes there (see `uploads`), and completes the upload, which posts a
message with the files. Both methods need the scope `files:write`.
"""

from bot.sandbox.workspace.arguments import Arguments
from bot.sandbox.workspace.message_limits import ApiRefusal
from bot.sandbox.workspace.methods import MethodTable
from bot.sandbox.workspace.records import BOT_USER_ID, Json, WorkspaceMessage
from bot.sandbox.workspace.state import WorkspaceState

MAX_FILE_BYTES = 16 * 1024**2
"""The sandbox's limit; Slack accepts a gigabyte."""


def get_upload_url(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Return the URL to which a file can be sent.

    https://docs.slack.dev/reference/methods/files.getUploadURLExternal
    """
    _check_scope(workspace)
    name, length = arguments.required("filename"), arguments.required("length")
    if not length.isdecimal() or not 0 < int(length) <= MAX_FILE_BYTES:
        raise ApiRefusal("invalid_arguments", "[ERROR] length must be a number of bytes")
    key, url = workspace.files.create_upload(name, int(length))
    return {"upload_url": url, "file_id": key}


def complete_upload(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Post a message with uploaded files.

    https://docs.slack.dev/reference/methods/files.completeUploadExternal
    """
    _check_scope(workspace)
    arguments.required("files")
    file_list = arguments.parse_json("files")
    if not isinstance(file_list, list) or not all(isinstance(each, dict) and each.get("id") for each in file_list):
        raise ApiRefusal("invalid_arguments", "[ERROR] files must be a list of objects with an id")
    name, thread = arguments.text("channel_id"), arguments.text("thread_ts")
    channel = workspace.channel(name) if name else None
    root = workspace.root(channel.id, thread) if channel and thread else None
    files = [workspace.files.complete(str(each["id"]), str(each.get("title") or ""), BOT_USER_ID) for each in file_list]
    if channel:
        workspace.post(
            WorkspaceMessage(
                channel=channel.id,
                ts=workspace.new_ts(),
                user=BOT_USER_ID,
                text=arguments.text("initial_comment"),
                thread_ts=root.ts if root else None,
                files=tuple(files),
            )
        )
    return {"files": [{"id": file["id"], "title": file["title"]} for file in files]}


def _check_scope(workspace: WorkspaceState) -> None:
    if not workspace.files.can_write:
        raise ApiRefusal("missing_scope")


METHODS: MethodTable = {
    "files.completeUploadExternal": complete_upload,
    "files.getUploadURLExternal": get_upload_url,
}
