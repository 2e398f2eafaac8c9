"""A notebook in place of the intake, and a connection that fills it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from bot.core.domain import Action, Incoming, MessageKey, ThreadKey
from bot.core.stopping import StopOutcome, StopRequest
from bot.sandbox.server import SandboxWorkspace
from bot.slack import connect
from bot.slack.listeners import slack_app
from bot.slack.people import People
from bot.slack.socket_mode import sockets
from bot.slack.surface import SlackSurface
from tests.slack.inboxes import inbox
from tests.slack.waiting import nothing

ADA, GRACE, GENERAL, DIRECT = "U0ADA", "U0GRACE", "C0GENERAL", "D0ADA"


@dataclass
class Notebook:
    """Notes what it is told, in order, after `meanwhile`; only `owner` may ask for a new answer."""

    meanwhile: Callable[[], Awaitable[object]] = nothing
    owner: str = ADA
    is_draining: bool = False
    asked: list[Incoming] = field(default_factory=list)
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

    async def accept(self, incoming: Incoming) -> None:
        self.asked.append(incoming)
        self.deliveries.append(incoming.delivery)
        await self.meanwhile()
        self.notes.append(("asked", incoming.message_id, incoming.text))

    async def reworded(self, message: MessageKey, text: str, *, delivery: str = "") -> None:
        self.deliveries.append(delivery)
        await self.meanwhile()
        self.notes.append(("reworded", message.message_id, text))

    async def forget(self, message: MessageKey, *, delivery: str = "") -> None:
        self.deliveries.append(delivery)
        await self.meanwhile()
        self.notes.append(("forgotten", message.message_id))

    async def retry(
        self, turn: int, thread: ThreadKey, *, by: str, by_admin: bool = False, goes_on: bool = False
    ) -> bool:
        await self.meanwhile()
        self.notes.append(("gone on" if goes_on else "retried", turn, thread.root, by))
        return by_admin or by == self.owner

    async def answer_again(
        self, thread: ThreadKey, message_id: str, *, by: str, by_admin: bool = False
    ) -> bool:
        self.notes.append(("again", message_id, thread.root, by))
        return by_admin or by == self.owner

    async def flip(
        self, turn: int, thread: ThreadKey, action: Action, *, by: str, by_admin: bool = False
    ) -> bool:
        self.notes.append((str(action), turn, thread.root, by))
        return by_admin or by == self.owner

    async def stop(self, request: StopRequest) -> StopOutcome:
        self.stops.append(request)
        if not self.is_running:
            return StopOutcome.NOTHING
        is_theirs = request.by_admin or request.by == self.owner
        return StopOutcome.TAKEN if is_theirs else StopOutcome.FORBIDDEN


@asynccontextmanager
async def connected(
    workspace: SandboxWorkspace, notebook: Notebook, *, follow: bool = False
) -> AsyncIterator[SlackSurface]:
    """Connect as the bot does, with a notebook in place of the intake."""
    async with connect.web_client(workspace.bot_token, workspace.api_url) as client:
        bot, people = await connect.who_am_i(client), People(client, "T0SANDBOX")
        box = inbox(bot, people, notebook, is_admin=notebook.is_admin, follow=follow)
        app = slack_app(client, bot, box)
        async with sockets(app, client, workspace.app_token, count=1):
            yield SlackSurface(client, bot, people)
