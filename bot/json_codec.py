"""JSON as it goes over the wire.

Separate because every token, every edit and every delivery goes through here: orjson takes a third of the
time of Python's own. Rule: what orjson refuses and JSON allows, half of a surrogate pair, loses no text.
"""

import json
from typing import Any

import orjson


def encode(value: object) -> bytes:
    """Return a value as JSON."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value).encode()


def decode(text: str | bytes) -> Any:
    """Return the value of a JSON text. Raises `ValueError`."""
    try:
        return orjson.loads(text)
    except ValueError:
        return json.loads(text)
