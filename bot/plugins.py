"""The hooks that plugins may fill: other packages, which are found by entry points.

A package names its `Plugin` class under the entry-point group `threadkeeper.plugins`:

    class Redacting(Plugin):
        name = "redacting"

        async def amend(self, request: ChatRequest, turn: Turn) -> ChatRequest:
            return replace(request, messages=[redact(each) for each in request.messages])

    # its pyproject.toml
    [project.entry-points."threadkeeper.plugins"]
    redacting = "my_package:Redacting"

A hook that raises is logged by the plugin's name and skipped; the turn goes on. A new hook comes only with a
real plugin that needs it.
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
    """How a turn ended."""

    request: ChatRequest
    answer: Answer
    error: str = ""
    """Code of the error that ended the turn, or empty."""


class Plugin:
    """A plugin; override the hooks that it needs."""

    name = "plugin"

    async def amend(self, request: ChatRequest, turn: Turn) -> ChatRequest:
        """Return the request to send to the model instead: redact it, add context, choose a model."""
        del turn
        return request

    async def observe(self, turn: Turn, outcome: Outcome) -> None:
        """Take note of a turn that has ended: meter, export or rate it."""


class Plugins:
    """All plugins of this process, in the order of their entry points' names."""

    def __init__(self, plugins: Iterable[Plugin] = ()) -> None:
        self._plugins = tuple(plugins)

    @classmethod
    def load_installed(cls) -> "Plugins":
        """Return the installed plugins. One that cannot be loaded fails the start."""
        return cls(point.load()() for point in sorted(entry_points(group=ENTRY_POINT_GROUP)))

    async def amend(self, request: ChatRequest, turn: Turn) -> ChatRequest:
        """Pass a request through all plugins, one after the other."""
        for plugin in self._plugins:
            try:
                request = await plugin.amend(request, turn)
            except Exception as error:  # noqa: BLE001 - plugins are other people's code
                _log_skipped_plugin(plugin, "amend", error)
        return request

    async def observe(self, turn: Turn, outcome: Outcome) -> None:
        """Tell all plugins that a turn has ended."""
        for plugin in self._plugins:
            try:
                await plugin.observe(turn, outcome)
            except Exception as error:  # noqa: BLE001 - plugins are other people's code
                _log_skipped_plugin(plugin, "observe", error)


def _log_skipped_plugin(plugin: Plugin, hook: str, error: Exception) -> None:
    log.warning(
        "A plugin failed and was skipped.",
        action="plugin_failed",
        plugin=plugin.name,
        hook=hook,
        error=type(error).__name__,
    )
