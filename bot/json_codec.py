"""Encodes and decodes JSON with orjson, which takes a third of the time of Python's own module.

Every token, edit and delivery goes through here. orjson refuses half of a surrogate pair, which JSON allows:
such a value goes through Python's module, so that no text is lost.
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
    """Return the value of a JSON text. Raises `ValueError`, also for brackets without end."""
    try:
        return orjson.loads(text)
    except ValueError:
        try:
            return json.loads(text)
        except RecursionError as error:
            raise ValueError("The JSON is nested too deeply.") from error
