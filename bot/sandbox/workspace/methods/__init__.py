"""The methods of the Web API, by family; each is a plain function of the workspace and the arguments."""

from collections.abc import Callable, Mapping

from bot.sandbox.workspace.arguments import Arguments
from bot.sandbox.workspace.records import Json
from bot.sandbox.workspace.state import WorkspaceState

MethodTable = Mapping[str, Callable[[WorkspaceState, Arguments], Json]]
"""Slack's name of each method -> the function, which returns the response without `ok`, or raises `ApiRefusal`."""
