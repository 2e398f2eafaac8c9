"""The WebSockets of the sandbox's page: changes out, requests of people in.

    page --- GET /feed?user=U0ADA ------------------> server
    page <-- {"type": "hello", the whole state} ----- server
    page <-- {"type": "message", ...} --------------- server   one frame for each change that Ada may see
    page --- {"type": "post", "text": ...} ---------> server   Ada writes: see `browser_requests`

Each open page belongs to one person and has a queue of frames, which one task sends in order; `frames` builds
them. The server runs every request of a page as that person, so a frame cannot act for another. A frame that
cannot be read, or that Slack would refuse, is answered with a notice; the connection stays.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict

from aiohttp import WSCloseCode, WSMsgType, web

from bot.sandbox.page import browser_requests
from bot.sandbox.page.frames import build_frame, message_frame, prompts_frame, status_frame, title_frame, view_frame
from bot.sandbox.workspace.arguments import Arguments
from bot.sandbox.workspace.interactivity import Interactivity
from bot.sandbox.workspace.message_limits import ApiRefusal
from bot.sandbox.workspace.records import (
    BOT_USER_ID,
    TEAM_ID,
    TEAM_NAME,
    Json,
    ModalsChanged,
    NoticeShown,
    WorkspaceChange,
)
from bot.sandbox.workspace.state import WorkspaceState
from bot.sandbox.workspace.trace_log import TraceLog

MAX_SHOWN_TRACE_ENTRIES = 200
CLOSE_TIMEOUT_SECONDS = 1.0


class PageConnections:
    """The connections of all open pages."""

    def __init__(
        self,
        workspace: WorkspaceState,
        interactivity: Interactivity,
        journal: TraceLog,
        *,
        count_sockets: Callable[[], int],
        commands: Sequence[Json],
        shortcuts: Sequence[Json],
    ) -> None:
        """`commands` and `shortcuts` as in the manifest; `count_sockets` counts the app's open sockets."""
        self._workspace = workspace
        self._interactivity = interactivity
        self._journal = journal
        self._count_sockets = count_sockets
        self._commands = commands
        self._shortcuts = shortcuts
        self._pages: dict[web.WebSocketResponse, tuple[str, asyncio.Queue[Json]]] = {}
        self._request_tasks: set[asyncio.Task[None]] = set()
        workspace.observe(self._broadcast)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve one page until it closes. Answers 404 for an unknown person."""
        person = self._workspace.people.get(request.query.get("user", ""))
        if person is None or person.bot:
            raise web.HTTPNotFound(text="There is no such person.")
        ws = web.WebSocketResponse(heartbeat=30.0, timeout=CLOSE_TIMEOUT_SECONDS)
        await ws.prepare(request)
        queue: asyncio.Queue[Json] = asyncio.Queue()
        queue.put_nowait(self._build_hello(person.id))
        self._pages[ws] = person.id, queue
        self._enqueue(person.id, queue, ModalsChanged(person.id, self._workspace.views.stack(person.id)))
        sender = asyncio.create_task(self._send(ws, queue))
        try:
            async for message in ws:
                if message.type is WSMsgType.TEXT:
                    self._start_request(person.id, message.data)
        finally:
            del self._pages[ws]
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
        return ws

    async def close(self) -> None:
        """Close every page's connection, and cancel requests that are still running."""
        for task in self._request_tasks:
            task.cancel()
        closing = (ws.close(code=WSCloseCode.GOING_AWAY) for ws in tuple(self._pages))
        await asyncio.gather(*self._request_tasks, *closing, return_exceptions=True)

    # To the page

    async def _send(self, ws: web.WebSocketResponse, queue: asyncio.Queue[Json]) -> None:
        with suppress(ConnectionError):  # the page is gone; `serve` notices it, too
            while True:
                await ws.send_json(await queue.get())

    def _broadcast(self, change: WorkspaceChange) -> None:
        for user, queue in self._pages.values():
            self._enqueue(user, queue, change)

    def _enqueue(self, user: str, queue: asyncio.Queue[Json], change: WorkspaceChange) -> None:
        if frame := build_frame(change, user, self._workspace.visible_to(user), self._display_names()):
            queue.put_nowait(frame)

    def _build_hello(self, user: str) -> Json:
        names, channels = self._display_names(), self._workspace.visible_to(user)
        visible = {channel.id for channel in channels}
        messages = [message for channel in channels for message in self._workspace.messages(channel.id)]
        home = self._workspace.views.home(user)
        return {
            "type": "hello",
            "me": user,
            "team": {"id": TEAM_ID, "name": TEAM_NAME},
            "users": [asdict(person) for person in self._workspace.people.values()],
            "channels": [asdict(channel) for channel in channels],
            "messages": [message_frame(message, names) for message in messages],
            "statuses": [status_frame(one) for one in self._workspace.statuses.values() if one.channel in visible],
            "titles": [
                title_frame(*thread, session.title)
                for thread, session in self._workspace.sessions.items()
                if thread[0] in visible and session.title
            ],
            "prompts": [
                prompts_frame(channel, prompts)
                for channel, prompts in self._workspace.prompts.items()
                if channel in visible
            ],
            "home": view_frame(home, names) if home else None,
            "trace": [asdict(entry) for entry in list(self._journal.entries)[-MAX_SHOWN_TRACE_ENTRIES:]],
            "bot": {"id": BOT_USER_ID, "name": names[BOT_USER_ID], "connected": self._count_sockets() > 0},
            "commands": list(self._commands),
            "shortcuts": list(self._shortcuts),
        }

    def _display_names(self) -> Mapping[str, str]:
        people_names = {person.id: person.real_name for person in self._workspace.people.values()}
        return people_names | {channel.id: channel.name for channel in self._workspace.channels.values()}

    # From the page

    def _start_request(self, user: str, text: str) -> None:
        """Start a task for the request of a frame."""
        task = asyncio.create_task(self._run_request(user, text))
        self._request_tasks.add(task)
        task.add_done_callback(self._request_tasks.discard)

    async def _run_request(self, user: str, text: str) -> None:
        try:
            request = json.loads(text)
            if not isinstance(request, dict):
                raise TypeError  # noqa: TRY301 - handled below, like every frame that cannot be read
            await browser_requests.run_request(self._workspace, self._interactivity, user, Arguments(request))
        except ApiRefusal as refusal:
            self._workspace.announce(NoticeShown(user=user, text=f"Slack would refuse this: {refusal.error}."))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            self._workspace.announce(NoticeShown(user=user, text="The sandbox does not understand this request."))
