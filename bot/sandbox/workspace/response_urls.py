"""Response URLs: where the app can answer an interaction without a token.

Each interaction in a message, command or message shortcut gets a new URL. It works for thirty minutes and
five responses. A response replaces or deletes the message that was operated, or posts a new one; a new one is
shown to that person only, unless the response says `"response_type": "in_channel"`. Source:
https://docs.slack.dev/interactivity/handling-user-interaction#message_responses.
"""

from dataclasses import dataclass
from uuid import uuid4

from aiohttp import web

from bot.sandbox.workspace import block_kit
from bot.sandbox.workspace.message_limits import ApiRefusal
from bot.sandbox.workspace.records import BOT_USER_ID, Json, NoticeShown, WorkspaceMessage
from bot.sandbox.workspace.state import WorkspaceState

RESPONSE_URL_SECONDS = 1_800.0
MAX_RESPONSES = 5


@dataclass(slots=True)
class ResponseUrl:
    """One response URL: where the interaction happened, and how many responses are left."""

    user: str
    channel: str
    expires_at: float
    message: str = ""
    """The ts of the message that was operated; empty for a command."""
    uses_left: int = MAX_RESPONSES


class ResponseUrls:
    """All response URLs of the workspace."""

    def __init__(self, workspace: WorkspaceState) -> None:
        """Responses are shown in `workspace`."""
        self._workspace = workspace
        self._urls: dict[str, ResponseUrl] = {}

    def create_path(self, user: str, channel: str, message: str = "") -> str:
        """Return the path of a new response URL."""
        key = uuid4().hex
        until = self._workspace.clock() + RESPONSE_URL_SECONDS
        self._urls[key] = ResponseUrl(user, channel, until, message)
        return f"respond/{key}"

    async def serve(self, request: web.Request) -> web.Response:
        """Accept a response; errors are answered in plain text, as Slack does."""
        response_url = self._urls.get(request.match_info["key"])
        if response_url is None or response_url.expires_at <= self._workspace.clock():
            return web.Response(status=404, text="expired_url")
        if not response_url.uses_left:
            return web.Response(status=404, text="used_url")
        response_url.uses_left -= 1
        try:
            self.apply_response(response_url, await request.json())
        except (ApiRefusal, ValueError) as error:
            return web.Response(status=400, text=str(error) if isinstance(error, ApiRefusal) else "invalid_payload")
        return web.Response(text="ok")

    def apply_response(self, response_url: ResponseUrl, response: Json) -> None:
        """Apply a response: delete, replace, post, or show it to the one person."""
        text, blocks = str(response.get("text") or ""), response.get("blocks") or []
        block_kit.check_blocks(blocks, "message")
        shown_blocks = block_kit.add_ids(blocks)
        if response_url.message and response.get("delete_original"):
            self._workspace.remove(self._workspace.message(response_url.channel, response_url.message))
        elif response_url.message and response.get("replace_original", True) and not response.get("response_type"):
            original = self._workspace.message(response_url.channel, response_url.message)
            self._workspace.replace(original, text=text, blocks=shown_blocks)
        elif not text and not blocks:
            raise ApiRefusal("no_text")
        elif response.get("response_type") == "in_channel":
            self._workspace.post(self._build_message(response_url, response, text, shown_blocks))
        else:
            self._workspace.announce(
                NoticeShown(user=response_url.user, channel=response_url.channel, text=text, blocks=shown_blocks)
            )

    def _build_message(
        self, response_url: ResponseUrl, response: Json, text: str, blocks: tuple[Json, ...]
    ) -> WorkspaceMessage:
        thread_ts = response.get("thread_ts")
        return WorkspaceMessage(
            channel=response_url.channel,
            ts=self._workspace.new_ts(),
            user=BOT_USER_ID,
            text=text,
            blocks=blocks,
            thread_ts=self._workspace.root(response_url.channel, thread_ts).ts if thread_ts else None,
        )
