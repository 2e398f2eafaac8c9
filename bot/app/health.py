"""The process's own small web server: is it alive, is it ready, and what a platform wants delivered here.

Separate because it belongs to no platform: hosting services and load balancers ask it in every mode. Rules:
`/healthz` says that the event loop turns, and nothing more, or a database that is away would have the process
restarted; `/readyz` names each check, so that who looks knows what is missing. Neither tells a secret.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager

from aiohttp import web

from bot.core.errors import SettingsError

IDLE_TIMEOUT_SECONDS = 75.0
"""Seconds that a connection may be silent between requests, or before it has sent all headers of one."""
LINGER_SECONDS = 1.0
"""Seconds to take in the rest of a request that was refused early, so that the refusal is read."""
SHUTDOWN_TIMEOUT_SECONDS = 2.0
"""Seconds that requests may still run when the server ends."""

HealthChecks = Callable[[], Mapping[str, bool]]
"""Returns each thing that must work, by name, and whether it does; it must not wait."""


@asynccontextmanager
async def serve_health(
    host: str, port: int, checks: HealthChecks, routes: Iterable[web.AbstractRouteDef] = ()
) -> AsyncIterator[int]:
    """Serve `/healthz`, `/readyz` and further routes while the context lasts.

    Yields the port, which is a free one where `port` is 0. Raises `SettingsError` if it cannot be had.
    """
    application = web.Application()
    application.add_routes(
        [web.get("/healthz", _answer_alive), web.get("/readyz", _readiness_handler(checks)), *routes]
    )
    runner = web.AppRunner(
        application,
        access_log=None,  # it would be one line for each event
        auto_decompress=False,  # a signature is over the bytes that came, and these stay as few
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


def _readiness_handler(checks: HealthChecks) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def ready(_request: web.Request) -> web.Response:
        found = dict(checks())
        return web.json_response(found, status=200 if all(found.values()) else 503)

    return ready
