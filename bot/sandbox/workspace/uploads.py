"""Files of messages: stored, uploaded and downloaded as in Slack.

A person's file is added at once. The app uploads in three steps: `files.getUploadURLExternal` returns a URL
(`create_upload`), the app sends the bytes there (`receive`), `files.completeUploadExternal` returns the file
object (`complete`). A download without the app's token, or without the scope, is answered with Slack's
sign-in page and status 200, as Slack does. Sources: https://docs.slack.dev/reference/objects/file-object and
https://docs.slack.dev/messaging/working-with-files#uploading_files
"""

import secrets
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import quote

from aiohttp import web

from bot.sandbox.workspace.message_limits import ApiRefusal
from bot.sandbox.workspace.records import BOT_TOKEN, TEAM_ID, Json

SIGN_IN_PAGE = "<!DOCTYPE html><html><head><title>Sign in | Slack</title></head><body></body></html>"


@dataclass(frozen=True, slots=True)
class FileUpload:
    """A file on a person's machine, to be attached."""

    name: str
    content: bytes = field(repr=False)
    type: str = "application/octet-stream"


class WorkspaceFiles:
    """All files of the workspace."""

    def __init__(self) -> None:
        self.can_read = True
        """Whether the app has the scope `files:read`."""
        self.can_write = True
        """Whether the app has the scope `files:write`."""
        self.base_url = ""
        """The server's address; set when it listens."""
        self._files: dict[str, FileUpload] = {}
        self._pending: dict[str, tuple[str, int]] = {}

    def add(self, upload: FileUpload, user: str) -> Json:
        """Store a file, and return its file object for messages."""
        key = _new_key()
        self._files[key] = upload
        return self._file_object(key, upload.name, user)

    def create_upload(self, name: str, length: int) -> tuple[str, str]:
        """Return the id and the upload URL of a file that the app is going to send."""
        key = _new_key()
        self._pending[key] = name, length
        return key, f"{self.base_url}upload/{key}"

    async def receive(self, request: web.Request) -> web.StreamResponse:
        """Accept the content of a created upload, once; it must have the length given there."""
        key, content = request.match_info["key"], await request.read()
        name, length = self._pending.get(key, ("", -1))
        if key in self._files or len(content) != length:
            raise web.HTTPBadRequest(text="no such upload, or another length")
        self._files[key] = FileUpload(name=name, content=content, type=request.content_type)
        return web.Response(text=f"OK - {length}")

    def complete(self, key: str, title: str, user: str) -> Json:
        """Return the file object of a finished upload. Raises `file_not_found`."""
        if key not in self._pending or key not in self._files:
            raise ApiRefusal("file_not_found")
        del self._pending[key]
        return self._file_object(key, title or self._files[key].name, user)

    def _file_object(self, key: str, title: str, user: str) -> Json:
        upload = self._files[key]
        url = f"{self.base_url}files-pri/{TEAM_ID}-{key}/{quote(upload.name.lower())}"
        return {
            "id": key,
            "name": upload.name,
            "title": title,
            "mimetype": upload.type,
            "filetype": PurePosixPath(upload.name).suffix.removeprefix("."),
            "user": user,
            "user_team": TEAM_ID,
            "mode": "hosted",
            "is_external": False,
            "size": len(upload.content),
            "url_private": url,
            "url_private_download": url,
            "file_access": "visible",
        }

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer the app with a file, or with the sign-in page."""
        if not self.can_read or request.headers.get("Authorization") != f"Bearer {BOT_TOKEN}":
            return web.Response(text=SIGN_IN_PAGE, content_type="text/html")
        return self._file_response(request.match_info["key"].partition("-")[2])

    async def serve_download(self, request: web.Request) -> web.StreamResponse:
        """Answer the page with a file as a download: shown inline, an HTML file could run scripts."""
        response = self._file_response(request.match_info["key"])
        response.headers["Content-Disposition"] = "attachment"
        return response

    def _file_response(self, key: str) -> web.Response:
        if key not in self._files:
            raise web.HTTPNotFound
        return web.Response(body=self._files[key].content, content_type=self._files[key].type)


def _new_key() -> str:
    return f"F{secrets.token_hex(5).upper()}"
