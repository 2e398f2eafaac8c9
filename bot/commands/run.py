"""`bot run` and `bot try`: run until SIGINT or SIGTERM.

The first signal lets the bot end in order: running answers may finish. A second one ends it at once. Python's
garbage collector is tuned for a long-running process, and uvloop is used where it is installed.
"""

import asyncio
import contextlib
import gc
import signal
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import click


@contextlib.contextmanager
def _collector_paused() -> Iterator[None]:
    """Import without looking for garbage again and again, which takes a fifth of the time.

    What is imported stays; `_tune_garbage_collector` looks through it once.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


with _collector_paused():
    from bot import log
    from bot.app import run as app
    from bot.app.connection_limit import raise_file_limit
    from bot.app.model_servers import collect_secrets
    from bot.settings import Settings

GC_ALLOCATIONS_THRESHOLD = 50_000
"""New objects after which Python looks for cyclic garbage, of which the bot makes hardly any."""


@click.command()
def run() -> None:
    """Connect to Slack and answer, until stopped.

    Needs SLACK_BOT_TOKEN, SLACK_APP_TOKEN, OPENAI_API_KEY and BOT_MODEL. With SLACK_SIGNING_SECRET and PORT
    in place of SLACK_APP_TOKEN, Slack delivers by HTTP.
    """
    settings = Settings.load()
    settings.require_for_run()
    log.configure(settings.bot_log_level, settings.bot_log_format, secrets=collect_secrets(settings))
    _run_until_stopped(lambda stop: app.serve(settings, stop))


@click.command(name="try")
@click.option("--port", default=8484, show_default=True, help="Port of the page; 0 takes any free one.")
@click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), help="Keep the bot's database in this folder."
)
@click.option("--browser/--no-browser", default=True, help="Open the page in the browser.  [default: open]")
def try_(port: int, data: Path | None, *, browser: bool) -> None:
    """Talk to the bot in the browser, in a workspace on this machine.

    Needs no account and no key: local servers stand in for Slack and the model. With OPENAI_API_KEY or
    OPENAI_BASE_URL set, that model answers instead.
    """
    from bot.app import sandbox_mode  # noqa: PLC0415 - `bot run` needs nothing of the sandbox

    settings = Settings.load()
    log.configure("warning", settings.bot_log_format, secrets=collect_secrets(settings))
    _run_until_stopped(lambda stop: sandbox_mode.serve(settings, stop, port=port, data=data, browser=browser))


def _run_until_stopped(serve: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    """Run a service until SIGINT or SIGTERM; a second signal ends it at once."""

    async def body() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()

        def asked(number: signal.Signals) -> None:
            stop.set()
            loop.remove_signal_handler(number)  # the next one has its usual effect

        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C raises KeyboardInterrupt
                loop.add_signal_handler(number, asked, number)
        await serve(stop)

    _tune_garbage_collector()
    raise_file_limit()
    with contextlib.suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=_find_loop_factory()) as runner:
        runner.run(body())


def _tune_garbage_collector() -> None:
    """Let Python's collector skip the objects that stay, and run a seventieth as often.

    By default, with a thousand answers at once, it looks at all objects again and again: a fifth of all work, in
    pauses of a third of a second.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_ALLOCATIONS_THRESHOLD)


def _find_loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 - has no Windows build; there asyncio's own loop serves
    except ImportError:
        return None
    return uvloop.new_event_loop
