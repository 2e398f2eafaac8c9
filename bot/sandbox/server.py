"""The sandbox workspace as one server: the Web API, Socket Mode and the page on one port.

    browser -- /, /page/, /feed --> page/ ---------+
    tests ---- SandboxWorkspace.say, .thread, ... -+--> workspace/state <-- methods <-- /api/<method> -- bot
                                                        |
                                                        +-- events of each change --> /link/ (socket) --> bot

`SandboxWorkspace` builds the parts and connects them. A change of the state is announced to all observers:
this module sends the app the events of the change, the pages receive frames, and `wait_until` checks its
condition. The server listens on loopback and refuses requests of other sites' pages: see `site`.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Self

from aiohttp import web

from bot.sandbox.page import site
from bot.sandbox.page.browser_socket import PageConnections
from bot.sandbox.workspace import events, people
from bot.sandbox.workspace.arguments import Arguments
from bot.sandbox.workspace.interactivity import Interactivity
from bot.sandbox.workspace.methods import assistant, chat, files, lookups, streams, views
from bot.sandbox.workspace.records import (
    APP_TOKEN,
    BOT_TOKEN,
    BOT_USER_ID,
    AgentSession,
    ApiCall,
    Json,
    MessagePosted,
    MessageRemoved,
    MessageReplaced,
    ThreadStatus,
    TraceEntry,
    WorkspaceChange,
    WorkspaceMessage,
)
from bot.sandbox.workspace.response_urls import ResponseUrls
from bot.sandbox.workspace.socket_mode import DisconnectReason, SocketModeServer
from bot.sandbox.workspace.state import WorkspaceState
from bot.sandbox.workspace.trace_log import TraceLog
from bot.sandbox.workspace.uploads import FileUpload
from bot.sandbox.workspace.web_api import ApiMethod, InjectedFault, WebApi

SHUTDOWN_TIMEOUT_SECONDS = 1.0
"""How long an unfinished request may continue after the server was told to stop."""


class SandboxWorkspace:
    """A Slack workspace on this machine; an async context manager."""

    bot_token = BOT_TOKEN
    app_token = APP_TOKEN
    bot_user = BOT_USER_ID

    def __init__(  # noqa: PLR0913 - options of a server, all by name, all with defaults
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        enforce_rates: bool = True,
        ack_timeout: float = 3.0,
        redelivery: Sequence[float] = (0.0, 60.0, 300.0),
        stream_lifetime: float = 300.0,
        clock: Callable[[], float] = time.time,
        commands: Sequence[Json] = (),
        shortcuts: Sequence[Json] = (),
    ) -> None:
        """Entering listens on `host` and `port` (0: any free port); raises OSError if the port is taken.

        `redelivery`: seconds before each further attempt to deliver an event that was not acknowledged within
        `ack_timeout` seconds. `clock` returns epoch seconds. `commands` and `shortcuts` are as in a manifest.
        """
        self._host, self._port = host, port
        self.state = WorkspaceState(clock=clock, stream_lifetime=stream_lifetime)
        self.trace_log = TraceLog(clock=clock, announce=self.state.announce)
        self.sockets = SocketModeServer(
            self.trace_log, self.state.announce, clock=clock, ack_timeout=ack_timeout, redelivery=redelivery
        )
        self.views, self.files = self.state.views, self.state.files
        self._response_urls = ResponseUrls(self.state)
        self.interactivity = Interactivity(self.state, self.sockets, self._response_urls)
        self._pages = PageConnections(
            self.state,
            self.interactivity,
            self.trace_log,
            count_sockets=lambda: self.socket_count,
            commands=commands,
            shortcuts=shortcuts,
        )
        self._api = WebApi(self._methods(), self.trace_log, clock=clock, enforce_rates=enforce_rates)
        self._change_event = asyncio.Event()
        self.state.observe(self._send_events)
        self.state.observe(self._wake_waiters)

    # Addresses

    @property
    def url(self) -> str:
        """The page's address."""
        return f"http://{self._host}:{self._port}/"

    @property
    def api_url(self) -> str:
        """The Web API's address: `base_url` of Slack's clients, `SLACK_API_URL` of the bot."""
        return f"{self.url}api/"

    async def __aenter__(self) -> Self:
        """Start to listen."""
        self._runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=SHUTDOWN_TIMEOUT_SECONDS)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError:
            await self._runner.cleanup()
            raise
        self._port = self._runner.addresses[0][1]
        self.interactivity.base_url = self.files.base_url = self.url
        self._expiry_task = asyncio.create_task(self._expire_every_second())
        return self

    async def __aexit__(self, *_exc: object) -> None:
        """Close every connection."""
        self._expiry_task.cancel()
        await asyncio.gather(self._expiry_task, return_exceptions=True)
        await asyncio.gather(self._pages.close(), self.sockets.close())
        await self._runner.cleanup()

    def _application(self) -> web.Application:
        application = web.Application(middlewares=[site.require_local_request], client_max_size=16 * 1024**2)
        application.router.add_route("*", "/api/{method}", self._api.serve)
        application.router.add_get("/link/", self.sockets.connect)
        application.router.add_post("/respond/{key}", self._response_urls.serve)
        application.router.add_get("/files-pri/{key}/{name}", self.files.serve)
        application.router.add_post("/upload/{key}", self.files.receive)
        application.router.add_get("/file/{key}", self.files.serve_download)
        application.router.add_get("/feed", self._pages.serve)
        application.router.add_get("/", site.serve_index)
        application.router.add_get("/page/{name}", site.serve_file)
        return application

    def _methods(self) -> dict[str, ApiMethod]:
        families = assistant, chat, files, lookups, streams, views
        methods: dict[str, ApiMethod] = {
            name: partial(method, self.state) for family in families for name, method in family.METHODS.items()
        }
        return methods | {"apps.connections.open": self._open_connection}

    def _open_connection(self, _arguments: Arguments) -> Json:
        url = f"ws://{self._host}:{self._port}/link/?ticket={self.sockets.create_ticket()}&app_id=A0BOT"
        return {"url": url}

    # Actions of people

    async def say(
        self, user: str, channel: str, text: str, *, thread_ts: str | None = None, files: Sequence[FileUpload] = ()
    ) -> str:
        """Write a message as a person, perhaps with files, and return its ts."""
        attached = [self.files.add(upload, user) for upload in files]
        return people.say(self.state, user, channel, text, thread_ts, attached).ts

    async def edit(self, user: str, channel: str, ts: str, text: str) -> None:
        """Edit a person's own message."""
        people.edit(self.state, user, channel, ts, text)

    async def delete(self, user: str, channel: str, ts: str) -> None:
        """Delete a person's own message; an admin may delete any message."""
        people.delete(self.state, user, channel, ts)

    # What people see, and what the app did

    def thread(self, channel: str, root_ts: str) -> list[WorkspaceMessage]:
        """Return the messages of a thread as they are now, oldest first."""
        return self.state.thread(channel, root_ts)

    @property
    def statuses(self) -> dict[tuple[str, str], ThreadStatus]:
        """The statuses that show now, by channel and thread."""
        return self.state.statuses

    @property
    def sessions(self) -> dict[tuple[str, str], AgentSession]:
        """The app's sessions, by channel and thread."""
        return self.state.sessions

    @property
    def trace(self) -> list[TraceEntry]:
        """The entries of the wire log."""
        return list(self.trace_log.entries)

    def calls(self, method: str = "") -> list[ApiCall]:
        """Return the app's Web API calls so far, of one method or of all."""
        return [call for call in self.trace_log.calls if method in ("", call.method)]

    def events(self, kind: str = "") -> list[Json]:
        """Return the event callbacks sent to the app so far, of one type or of all."""
        return [callback for callback in self.trace_log.events if kind in ("", callback["event"]["type"])]

    @property
    def socket_count(self) -> int:
        """How many sockets of the app are open."""
        return self.sockets.socket_count

    async def wait_until(
        self,
        predicate: Callable[[], Any],
        timeout: float = 10.0,  # noqa: ASYNC109 - its error shows the log
    ) -> None:
        """Wait until `predicate()` is true; it is checked after every change.

        Raises TimeoutError with the end of the wire log.
        """
        try:
            async with asyncio.timeout(timeout):
                while not predicate():
                    await self._change_event.wait()
        except TimeoutError:
            raise TimeoutError(self.describe_log(timeout)) from None

    def describe_log(self, seconds: float) -> str:
        """Return a sentence for a timeout after `seconds`, with the end of the wire log."""
        last = "\n".join(
            f"  {entry.kind} {entry.name} {entry.status} {entry.ms} ms {entry.detail}" for entry in self.trace[-20:]
        )
        return f"Not true after {seconds} s; open sockets: {self.socket_count}. The log ends:\n{last}"

    # Faults

    @property
    def scopes(self) -> frozenset[str]:
        """Which scopes the app was granted; by default all that it may ask for."""
        return self._api.scopes

    @scopes.setter
    def scopes(self, scopes: frozenset[str]) -> None:
        self._api.scopes = scopes

    def inject_fault(
        self,
        method: str,
        *,
        error: str | None = None,
        status: int | None = None,
        retry_after: int | None = None,
        delay: float = 0.0,
        drop: bool = False,
        times: int = 1,
    ) -> None:
        """Let the next `times` calls of a Web API method fail; see `web_api.InjectedFault`."""
        fault = InjectedFault(error=error, status=status, retry_after=retry_after, delay=delay, drop=drop)
        self._api.inject(method, fault, times)

    async def disconnect(self, reason: DisconnectReason | None = "refresh_requested") -> None:
        """Ask the app's sockets to reconnect, for a reason; None breaks their connections."""
        await self.sockets.disconnect(reason)

    async def redeliver(self, callback: Json) -> None:
        """Send an event callback again, as if its acknowledgement had been lost."""
        self.sockets.send_event(callback, attempt=1, reason="timeout")

    def trace_model_request(self, name: str, *, status: str = "ok", seconds: float = 0.0, detail: str = "") -> None:
        """Add a request to the model, which took `seconds`, to the wire log."""
        self.trace_log.add_entry("model", name, status=status, seconds=seconds, detail=detail)

    # Inside

    def _send_events(self, change: WorkspaceChange) -> None:
        """Send the events of a change to the app."""
        for event in self._build_events(change):
            channel = self.state.channel(event["channel"])
            callback = events.build_callback(event, at=self.state.clock(), is_shared=channel.shared)
            self.sockets.send_event(callback)

    def _build_events(self, change: WorkspaceChange) -> list[Json]:
        match change:
            case MessagePosted(message):
                root = self.state.root(message.channel, message.root_ts)
                return events.build_posted_events(change, self.state.channel(message.channel), root)
            case MessageReplaced(message):
                channel = self.state.channel(message.channel)
                return list(events.build_changed_events(change, channel, self.state.new_ts()))
            case MessageRemoved(message):
                channel = self.state.channel(message.channel)
                return [events.build_deleted_event(change, channel, self.state.new_ts())]
            case _:
                return []

    def _wake_waiters(self, _change: WorkspaceChange) -> None:
        self._change_event.set()
        self._change_event = asyncio.Event()

    async def _expire_every_second(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            self.state.expire()
