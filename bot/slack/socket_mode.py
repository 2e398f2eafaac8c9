"""Socket Mode: some WebSockets, kept open for as long as the bot wants deliveries.

Separate because Slack renews each connection every few hours, and what goes wrong then is noticed only by
the questions that nobody answers. Rules, whose reasons are in `docs/decisions/0004-our-own-sockets.md`:

- Every attempt has a ticket of its own.
- The next socket is open before the last one is closed, and they are opened one at a time.
- What is wrong is said once. Trying goes on, with growing pauses and some chance in them.

Source: https://docs.slack.dev/apis/events-api/using-socket-mode.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial

import aiohttp
import structlog
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.connect import HINTS, OPEN_PATIENCE, Door, SocketRefused
from bot.slack.dispatch import dispatched
from bot.slack.web_socket import WebSocket

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long to wait before the next attempt, in seconds; up to half of each pause is left to chance."""

    first: float = 0.5
    longest: float = 15.0
    """For what passes: a lost network, Slack being down."""
    hopeless: float = 60.0
    """For what a person must put right."""
    stable: float = 30.0
    """A socket that lived so long has proven itself: the next one need not wait."""

    def pause(self, failures: int, refused: SocketRefused) -> float:
        """Return the pause after so many failures in a row, of which this was the last."""
        growing = min(self.longest, self.first * 2.0 ** min(failures - 1, 30))
        pause = (self.hopeless if refused.hint else growing) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
        return max(pause, refused.retry_after)


PACE = Pace()


class Sockets:
    """The sockets of this process."""

    def __init__(self, door: Door, pace: Pace) -> None:
        """`door` opens each of them."""
        self._door = door
        self._pace = pace
        self._one_at_a_time = asyncio.Lock()
        self._began = asyncio.Event()
        self._sockets: set[WebSocket] = set()
        self._keepers: list[asyncio.Task[None]] = []
        self._closing: set[asyncio.Task[None]] = set()
        self._trouble = ""

    @property
    def connected(self) -> int:
        """How many sockets take deliveries now."""
        return sum(socket.is_live for socket in self._sockets)

    @property
    def is_connected(self) -> bool:
        """Whether deliveries reach us."""
        return self.connected > 0

    async def start(self, count: int) -> None:
        """Begin to keep `count` sockets open, and wait a while to see how it goes."""
        self._keepers = [asyncio.create_task(self._keep(), name="sockets") for _ in range(count)]
        with suppress(TimeoutError):
            async with asyncio.timeout(OPEN_PATIENCE):
                await self._began.wait()

    async def stop(self) -> None:
        """Take no more deliveries: Slack makes them elsewhere. Takes two seconds at most."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        await asyncio.gather(*(self._let_go(socket) for socket in tuple(self._sockets)), *self._closing)

    async def _keep(self) -> None:
        """Keep one socket open."""
        last: WebSocket | None = None
        failures = 0
        while True:
            try:
                last = await self._live(last)
                failures = 0
            except SocketRefused as refused:
                failures += 1
                self._complain(refused, failures)
                await asyncio.sleep(self._pace.pause(failures, refused))

    async def _live(self, last: WebSocket | None) -> WebSocket:
        """Open a socket, then let the last one go; return the new one when it is time for the next.

        Raises `SocketRefused` if there was none, or none for long: as what keeps failing it is slowed down.
        """
        async with self._one_at_a_time:
            socket = await self._door.open()
        self._sockets.add(socket)
        self._welcome()
        if last is not None:
            self._spawn(self._let_go(last))
        clock = asyncio.get_running_loop().time
        began = clock()
        await socket.left()
        if clock() - began < self._pace.stable or socket.reason in HINTS:
            self._spawn(self._let_go(socket))
            raise SocketRefused(socket.reason or "closed", hint=HINTS.get(socket.reason, ""))
        return socket

    def _welcome(self) -> None:
        self._began.set()
        if self._trouble:
            log.info("Slack is connected again.", action="socket_opened")
        self._trouble = ""

    def _complain(self, refused: SocketRefused, failures: int) -> None:
        """Say what is wrong, once; a single failure that passes is not worth a word."""
        trouble = refused.hint or "This passes by itself."
        if trouble != self._trouble and (refused.hint or failures > 1):
            self._began.set()
            log.error(
                "A connection to Slack cannot be kept; it is tried on.",
                action="socket_refused",
                reason=refused.reason,
                hint=trouble,
            )
            self._trouble = trouble

    async def _let_go(self, socket: WebSocket) -> None:
        await socket.close()
        self._sockets.discard(socket)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


@asynccontextmanager
async def sockets(
    app: AsyncApp, client: AsyncWebClient, app_token: str, *, count: int, pace: Pace = PACE
) -> AsyncIterator[Sockets]:
    """Let the app have deliveries over `count` sockets while the context lasts.

    Raises `SettingsError` if Slack refuses the app token. What goes wrong later is logged, and tried on.
    """
    async with aiohttp.ClientSession(trust_env=True) as session:
        door = Door(client, app_token, session, partial(dispatched, app))
        await door.check()
        connection = Sockets(door, pace)
        try:
            await connection.start(count)
            yield connection
        finally:
            await connection.stop()
