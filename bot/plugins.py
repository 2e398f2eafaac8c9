"""The hooks that other packages may fill, found by entry points, each isolated from our own work.

Separate so that an extension needs no change here: a package names a `Plugin` under the entry-point
group `threadkeeper.plugins`. Rules: a hook that raises is logged by name and skipped, never the turn's
failure; a new hook comes with a real plugin that needs it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import entry_points

import structlog

from bot.core.requests import Answer, ChatRequest
from bot.core.turns import Turn

ENTRY_POINT_GROUP = "threadkeeper.plugins"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a turn."""

    request: ChatRequest
    answer: Answer
    error: str = ""
    """Code of the error that ended the turn, or empty."""


class Plugin:
    """What an extension may do; each method does nothing unless it is overridden."""

    name = "plugin"

    async def amend(self, request: ChatRequest, turn: Turn) -> ChatRequest:
        """Return the request to put to the model instead: redact, add context, choose a model."""
        del turn
        return request

    async def observe(self, turn: Turn, outcome: Outcome) -> None:
        """Take note of a turn that has ended: meter, export, rate."""


class Plugins:
    """All plugins of this process, in the order in which they were found."""

    def __init__(self, plugins: Iterable[Plugin] = ()) -> None:
        self._plugins = tuple(plugins)

    @classmethod
    def load_installed(cls) -> "Plugins":
        """Return the installed ones; one that cannot be loaded fails the start."""
        return cls(point.load()() for point in sorted(entry_points(group=ENTRY_POINT_GROUP)))

    async def amend(self, request: ChatRequest, turn: Turn) -> ChatRequest:
        """Pass a request through every plugin."""
        for plugin in self._plugins:
            try:
                request = await plugin.amend(request, turn)
            except Exception as error:  # noqa: BLE001 - a plugin is not ours; see the module's rules
                _log_skipped_plugin(plugin, "amend", error)
        return request

    async def observe(self, turn: Turn, outcome: Outcome) -> None:
        """Tell every plugin."""
        for plugin in self._plugins:
            try:
                await plugin.observe(turn, outcome)
            except Exception as error:  # noqa: BLE001 - a plugin is not ours; see the module's rules
                _log_skipped_plugin(plugin, "observe", error)


def _log_skipped_plugin(plugin: Plugin, hook: str, error: Exception) -> None:
    log.warning(
        "A plugin failed and was skipped.",
        action="plugin_failed",
        plugin=plugin.name,
        hook=hook,
        error=type(error).__name__,
    )
