"""Serves `/healthz` and `/readyz` on `PORT`, and in HTTP mode the routes that Slack delivers to.

    GET /healthz   200 {"alive": true}        the event loop runs; it must not depend on the database, or an
                                              outage of that would have the process restarted
    GET /readyz    200 or 503 {"slack": true, "database": false, "worker": true}

The hosting service or load balancer asks these in every mode. Neither tells a secret.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager

from aiohttp import web

from bot.core.errors import SettingsError

IDLE_TIMEOUT_SECONDS = 75.0
"""How long a connection may be silent between requests, or take to send the headers of one."""
LINGER_SECONDS = 1.0
"""How long the rest of an early refused request is read, so that the client gets to read the refusal."""
SHUTDOWN_TIMEOUT_SECONDS = 2.0
"""How long requests may still run when the server ends."""

HealthChecks = Callable[[], Mapping[str, bool]]
"""Returns whether each part works, by name; it must not wait."""


@asynccontextmanager
async def serve_health(
    host: str, port: int, checks: HealthChecks, routes: Iterable[web.AbstractRouteDef] = ()
) -> AsyncIterator[int]:
    """Serve `/healthz`, `/readyz` and further routes while the context lasts.

    Yields the port; `port` 0 takes a free one. Raises `SettingsError` if the port cannot be opened.
    """
    application = web.Application()
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
        await _listen(runner, host, port)
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, host: str, port: int) -> None:
    try:
        await web.TCPSite(runner, host, port).start()
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
