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
        address = self._urls.get(request.match_info["key"])
        if address is None or address.expires_at <= self._workspace.clock():
            return web.Response(status=404, text="expired_url")
        if not address.uses_left:
            return web.Response(status=404, text="used_url")
        address.uses_left -= 1
        try:
            self.apply_response(address, await request.json())
        except (ApiRefusal, ValueError) as error:
            return web.Response(status=400, text=str(error) if isinstance(error, ApiRefusal) else "invalid_payload")
        return web.Response(text="ok")

    def apply_response(self, address: ResponseUrl, answer: Json) -> None:
        """Apply a response: delete, replace, post, or show it to the one person."""
        text, blocks = str(answer.get("text") or ""), answer.get("blocks") or []
        block_kit.check_blocks(blocks, "message")
        shown = block_kit.add_ids(blocks)
        if address.message and answer.get("delete_original"):
            self._workspace.remove(self._workspace.message(address.channel, address.message))
        elif address.message and answer.get("replace_original", True) and not answer.get("response_type"):
            original = self._workspace.message(address.channel, address.message)
            self._workspace.replace(original, text=text, blocks=shown)
        elif not text and not blocks:
            raise ApiRefusal("no_text")
        elif answer.get("response_type") == "in_channel":
            self._workspace.post(self._build_message(address, answer, text, shown))
        else:
            self._workspace.announce(NoticeShown(user=address.user, channel=address.channel, text=text, blocks=shown))

    def _build_message(
        self, address: ResponseUrl, answer: Json, text: str, blocks: tuple[Json, ...]
    ) -> WorkspaceMessage:
        thread_ts = answer.get("thread_ts")
        return WorkspaceMessage(
            channel=address.channel,
            ts=self._workspace.new_ts(),
            user=BOT_USER_ID,
            text=text,
            blocks=blocks,
            thread_ts=self._workspace.root(address.channel, thread_ts).ts if thread_ts else None,
        )
