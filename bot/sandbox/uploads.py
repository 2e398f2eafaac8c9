"""Files that people attached to messages, as Slack keeps and serves them.

Separate from the Web API because files come from addresses of their own. Rule: like Slack, whoever has no
token of the app, or not the scope, is not refused but sent the page to sign in.
Source: https://docs.slack.dev/reference/objects/file-object
"""

import secrets
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import quote

from aiohttp import web

from bot.sandbox.records import BOT_TOKEN, TEAM_ID, Json

SIGN_IN = "<!DOCTYPE html><html><head><title>Sign in | Slack</title></head><body></body></html>"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as a person has it."""

    name: str
    content: bytes = field(repr=False)
    type: str = "application/octet-stream"


class Uploads:
    """The workspace's files."""

    def __init__(self) -> None:
        self.is_allowed = True
        """Whether the app has the scope `files:read`."""
        self._files: dict[str, Upload] = {}

    def add(self, upload: Upload, user: str, site: str) -> Json:
        """Keep a file, and return the object that stands for it in messages; `site` is our address."""
        key = f"F{secrets.token_hex(5).upper()}"
        self._files[key] = upload
        url = f"{site}files-pri/{TEAM_ID}-{key}/{quote(upload.name.lower())}"
        return {
            "id": key,
            "name": upload.name,
            "title": upload.name,
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
        """Answer with a file, or the page to sign in."""
        if not self.is_allowed or request.headers.get("Authorization") != f"Bearer {BOT_TOKEN}":
            return web.Response(text=SIGN_IN, content_type="text/html")
        upload = self._files.get(request.match_info["key"].partition("-")[2])
        if upload is None:
            raise web.HTTPNotFound
        return web.Response(body=upload.content, content_type=upload.type)
