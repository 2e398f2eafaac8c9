"""Response addresses: where the app may answer an interaction without a token.

Separate because they are a second, smaller door to posting. Rules: an address is good for thirty minutes and
five answers; an answer is for the one person, unless it says `in_channel`. Source:
https://docs.slack.dev/interactivity/handling-user-interaction#message_responses.
"""

from dataclasses import dataclass
from uuid import uuid4

from aiohttp import web

from bot.sandbox import block_kit
from bot.sandbox.records import BOT_USER, Json, Message, Noticed
from bot.sandbox.rules import Refusal
from bot.sandbox.workspace import Workspace

ADDRESS_SECONDS = 1_800.0
ANSWERS = 5


@dataclass(slots=True)
class Address:
    """Where one interaction happened, and how often it may still be answered."""

    user: str
    channel: str
    until: float
    message: str = ""
    """The ts of the message that was operated, if it was one."""
    left: int = ANSWERS


class Responses:
    """All response addresses given out."""

    def __init__(self, workspace: Workspace) -> None:
        """Answers are shown in `workspace`."""
        self._workspace = workspace
        self._addresses: dict[str, Address] = {}

    def address(self, user: str, channel: str, message: str = "") -> str:
        """Return the path of a new response address."""
        key = uuid4().hex
        until = self._workspace.clock() + ADDRESS_SECONDS
        self._addresses[key] = Address(user, channel, until, message)
        return f"respond/{key}"

    async def serve(self, request: web.Request) -> web.Response:
        """Take an answer; what is wrong with it is said in plain text, as Slack does."""
        address = self._addresses.get(request.match_info["key"])
        if address is None or address.until <= self._workspace.clock():
            return web.Response(status=404, text="expired_url")
        if not address.left:
            return web.Response(status=404, text="used_url")
        address.left -= 1
        try:
            self.show(address, await request.json())
        except (Refusal, ValueError) as error:
            return web.Response(
                status=400, text=str(error) if isinstance(error, Refusal) else "invalid_payload"
            )
        return web.Response(text="ok")

    def show(self, address: Address, answer: Json) -> None:
        """Do what an answer says: delete, replace, post, or show it to the one person."""
        text, blocks = str(answer.get("text") or ""), answer.get("blocks") or []
        block_kit.check_blocks(blocks, "message")
        shown = block_kit.identified(blocks)
        if address.message and answer.get("delete_original"):
            self._workspace.remove(self._workspace.message(address.channel, address.message))
        elif address.message and answer.get("replace_original", True) and not answer.get("response_type"):
            original = self._workspace.message(address.channel, address.message)
            self._workspace.replace(original, text=text, blocks=shown)
        elif not text and not blocks:
            raise Refusal("no_text")
        elif answer.get("response_type") == "in_channel":
            self._workspace.post(self._message(address, answer, text, shown))
        else:
            self._workspace.announce(
                Noticed(user=address.user, channel=address.channel, text=text, blocks=shown)
            )

    def _message(self, address: Address, answer: Json, text: str, blocks: tuple[Json, ...]) -> Message:
        thread_ts = answer.get("thread_ts")
        return Message(
            channel=address.channel,
            ts=self._workspace.stamp(),
            user=BOT_USER,
            text=text,
            blocks=blocks,
            thread_ts=self._workspace.root(address.channel, thread_ts).ts if thread_ts else None,
        )
