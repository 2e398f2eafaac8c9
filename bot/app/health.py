"""Serves `/healthz` and `/readyz` on `PORT`, and in HTTP mode the routes that Slack delivers to.

    GET /healthz   200 {"alive": true}        the event loop runs; it must not depend on the database, or an
                                              outage of that would have the process restarted
    GET /readyz    200 or 503 {"slack": true, "database": false, "worker": true}

The hosting service or load balancer asks these in every mode. Neither tells a secret. Strangers can connect here, too:
`connection_limit` leaves half of the process's file descriptors to its own connections.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import cast

from aiohttp import web

from bot.app.connection_limit import ConnectionLimit, read_file_limit
from bot.core.errors import SettingsError

IDLE_TIMEOUT_SECONDS = 75.0
"""How long a connection may be silent between requests."""
LINGER_SECONDS = 1.0
"""How long the rest of an early refused request is read, so that the client gets to read the refusal."""
SHUTDOWN_TIMEOUT_SECONDS = 2.0
"""How long requests may still run when the server ends."""

HealthChecks = Callable[[], Mapping[str, bool]]
"""Returns whether each part works, by name; it must not wait."""


@asynccontextmanager
async def serve_health(
    host: str,
    port: int,
    checks: HealthChecks,
    routes: Iterable[web.AbstractRouteDef] = (),
    *,
    max_connections: int | None = None,
) -> AsyncIterator[int]:
    """Serve `/healthz`, `/readyz` and further routes while the context lasts.

    Yields the port; `port` 0 takes a free one. Without `max_connections` it is half of the file descriptors. Raises
    `SettingsError` if the port cannot be opened.
    """
    limit = ConnectionLimit(max_connections or max(read_file_limit() // 2, 1))
    application = web.Application(middlewares=[limit.track_request])
    application.add_routes(
        [web.get("/healthz", _answer_alive), web.get("/readyz", _make_readiness_handler(checks)), *routes]
    )
    runner = web.AppRunner(
        application,
        access_log=None,  # it would be one line for each event
        auto_decompress=False,  # a signature covers the bytes as they came, and no small body unpacks to a large one
        keepalive_timeout=IDLE_TIMEOUT_SECONDS,
        lingering_time=LINGER_SECONDS,
        shutdown_timeout=SHUTDOWN_TIMEOUT_SECONDS,
    )
    await runner.setup()
    try:
        server = await _listen(runner, limit, host, port)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, limit: ConnectionLimit, host: str, port: int) -> asyncio.Server:
    make_protocol = cast("Callable[[], asyncio.Protocol]", runner.server)  # it is there after `setup`
    try:
        return await asyncio.get_running_loop().create_server(limit.watch(make_protocol), host, port)
    except OSError as error:
        why = (error.strerror or type(error).__name__).rpartition(": ")[2]
        raise SettingsError(
            f"PORT {port} cannot be opened on {host}: {why}; set PORT, and BOT_HOST, to what is free here."
        ) from None


async def _answer_alive(_request: web.Request) -> web.Response:
    return web.json_response({"alive": True})


def _make_readiness_handler(checks: HealthChecks) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def ready(_request: web.Request) -> web.Response:
        found = dict(checks())
        return web.json_response(found, status=200 if all(found.values()) else 503)

    return ready
