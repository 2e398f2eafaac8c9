"""Looking into what Slack sends without trusting its shape.

Separate because every parser asks the same three questions. Pure; a value that is not there, or is of another
type than Slack's documents say, is the empty one.
"""

from collections.abc import Mapping, Sequence
from typing import Any


def at(payload: object, *path: str) -> object:
    """Return the value below the names in `path`, or None."""
    for name in path:
        payload = payload.get(name) if isinstance(payload, dict) else None
    return payload


def text(payload: object, *path: str) -> str:
    """Return the text there, or an empty one."""
    value = at(payload, *path)
    return value if isinstance(value, str) else ""


def mapping(payload: object, *path: str) -> Mapping[str, Any]:
    """Return the object there, or an empty one."""
    value = at(payload, *path)
    return value if isinstance(value, dict) else {}


def items(payload: object, *path: str) -> Sequence[Any]:
    """Return the list there, or an empty one."""
    value = at(payload, *path)
    return value if isinstance(value, list | tuple) else ()
