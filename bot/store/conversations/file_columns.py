"""Files of a message <-> the JSON of one column.

Separate because it is a format that rows of older programs are in: a field that they lack is the empty one.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict

from bot.core.turns import File


def files_to_json(files: Sequence[File]) -> str | None:
    """Return what the column holds; NULL where there are none, as with nearly every message."""
    return json.dumps([asdict(file) for file in files]) if files else None


def files_from_json(document: str | None) -> tuple[File, ...]:
    """Return what `to_json` was given."""
    return tuple(File(**fields) for fields in json.loads(document)) if document else ()
