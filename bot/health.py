"""The process's own small web server: is it alive, is it ready, and what a platform wants delivered here.

Separate because it belongs to no platform: hosting services and load balancers ask it in every mode. Rules:
`/healthz` says that the event loop turns, and nothing more, or a database that is away would have the process
restarted; `/readyz` names each check, so that who looks knows what is missing. Neither tells a secret.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager

from aiohttp import web

from bot.core.errors import SettingsError

IDLE_PATIENCE = 75.0
"""Seconds that a connection may be silent between requests, or before it has sent all headers of one."""
LINGERING = 1.0
"""Seconds to take in the rest of a request that was refused early, so that the refusal is read."""
CLOSE_PATIENCE = 2.0
"""Seconds that requests may still run when the server ends."""

Checks = Callable[[], Mapping[str, bool]]
"""Returns each thing that must work, by name, and whether it does; it must not wait."""


@asynccontextmanager
async def serving(
    host: str, port: int, checks: Checks, routes: Iterable[web.AbstractRouteDef] = ()
) -> AsyncIterator[int]:
    """Serve `/healthz`, `/readyz` and further routes while the context lasts.

    Yields the port, which is a free one where `port` is 0. Raises `SettingsError` if it cannot be had.
    """
    application = web.Application()
    application.add_routes([web.get("/healthz", _alive), web.get("/readyz", _readiness(checks)), *routes])
    runner = web.AppRunner(
        application,
        access_log=None,  # it would be one line for each event
        auto_decompress=False,  # a signature is over the bytes that came, and these stay as few
        keepalive_timeout=IDLE_PATIENCE,
        lingering_time=LINGERING,
        shutdown_timeout=CLOSE_PATIENCE,
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


async def _alive(_request: web.Request) -> web.Response:
    return web.json_response({"alive": True})


def _readiness(checks: Checks) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def ready(_request: web.Request) -> web.Response:
        found = dict(checks())
        return web.json_response(found, status=200 if all(found.values()) else 503)

    return ready
