"""A recorded intake: notes every call in order; and a connection that feeds it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from bot.core.reply.stopping import StopOutcome, StopRequest
from bot.core.turns import Action, IncomingMessage, MessageKey, ThreadKey
from bot.sandbox.server import SandboxWorkspace
from bot.slack.events.bolt_app import create_bolt_app
from bot.slack.people.directory import People
from bot.slack.surface import SlackSurface
from bot.slack.transport import connect
from bot.slack.transport.socket_mode import open_sockets
from tests.slack.events.inboxes import make_inbox
from tests.slack.transport.waiting import nothing

ADA, GRACE, GENERAL, DIRECT = "U0ADA", "U0GRACE", "C0GENERAL", "D0ADA"


@dataclass
class RecordedIntake:
    """Records each call in order, after `before_recording`; only `owner` and admins may ask for a new answer."""

    before_recording: Callable[[], Awaitable[object]] = nothing
    owner: str = ADA
    is_draining: bool = False
    asked: list[IncomingMessage] = field(default_factory=list)
    notes: list[tuple[Any, ...]] = field(default_factory=list)
    deliveries: list[str] = field(default_factory=list)
    stops: list[StopRequest] = field(default_factory=list)
    is_running: bool = False
    admins: frozenset[str] = frozenset()

    async def is_admin(self, user: str) -> bool:
        return user in self.admins

    @property
    def texts(self) -> list[str]:
        return [incoming.text for incoming in self.asked]

    async def accept(self, incoming: IncomingMessage) -> None:
        self.asked.append(incoming)
        self.deliveries.append(incoming.delivery)
        await self.before_recording()
        self.notes.append(("asked", incoming.message_id, incoming.text))

    async def record_edit(self, message: MessageKey, text: str, *, delivery: str = "") -> None:
        self.deliveries.append(delivery)
        await self.before_recording()
        self.notes.append(("reworded", message.message_id, text))

    async def forget(self, message: MessageKey, *, delivery: str = "") -> None:
        self.deliveries.append(delivery)
        await self.before_recording()
        self.notes.append(("forgotten", message.message_id))

    async def retry(
        self,
        turn: int,
        thread: ThreadKey,
        *,
        by: str,
        by_admin: bool = False,
        goes_on: bool = False,
        shown_token: int = 0,
    ) -> bool:
        del shown_token
        await self.before_recording()
        self.notes.append(("gone on" if goes_on else "retried", turn, thread.root, by))
        return by_admin or by == self.owner

    async def answer_again(self, thread: ThreadKey, message_id: str, *, by: str, by_admin: bool = False) -> bool:
        self.notes.append(("again", message_id, thread.root, by))
        return by_admin or by == self.owner

    async def flip(
        self, turn: int, thread: ThreadKey, action: Action, *, by: str, by_admin: bool = False, shown_token: int = 0
    ) -> bool:
        del shown_token
        self.notes.append((str(action), turn, thread.root, by))
        return by_admin or by == self.owner

    async def stop(self, request: StopRequest) -> StopOutcome:
        self.stops.append(request)
        if not self.is_running:
            return StopOutcome.NOTHING
        is_theirs = request.is_by_admin or request.requested_by == self.owner
        return StopOutcome.TAKEN if is_theirs else StopOutcome.FORBIDDEN


@asynccontextmanager
async def connected(
    workspace: SandboxWorkspace, intake: RecordedIntake, *, follow: bool = False
) -> AsyncIterator[SlackSurface]:
    """Connect as the bot does, with a recorded intake."""
    async with connect.open_web_client(workspace.bot_token, workspace.api_url) as client:
        bot, people = await connect.fetch_bot_identity(client), People(client, "T0SANDBOX")
        inbox = make_inbox(bot, people, intake, is_admin=intake.is_admin, follow_threads=follow)
        app = create_bolt_app(client, bot, inbox)
        async with open_sockets(app, client, workspace.app_token, count=1):
            yield SlackSurface(client, bot, people)
