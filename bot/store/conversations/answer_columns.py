"""Converts answers and attached files to the columns that turns and variants have for them, and back.

Turns and variants have the same columns of an answer. `made_with` and `files` hold JSON: a field that rows of an
older program lack gets the field's default.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Row

from bot.core.requests import Answer, ContextCoverage, Provenance, Usage
from bot.core.turns import File


def answer_values(answer: Answer) -> dict[str, Any]:
    """Return the values of an answer's columns; tokens are NULL if the server did not count them."""
    usage = asdict(answer.usage) if answer.usage else {field.name: None for field in fields(Usage)}
    return usage | {
        "answer": answer.text,
        "model": answer.model,
        "finish_reason": answer.finish_reason,
        "made_with": json.dumps(asdict(answer.made_with)) if answer.made_with else None,
    }


def provenance_from(row: Row[Any]) -> Provenance | None:
    """Return what the answer in a row was made with, or None if that was not recorded."""
    if not row.made_with:
        return None
    document = json.loads(row.made_with)
    seen = document.get("seen")
    whole = {"versions": tuple(document["versions"]), "seen": ContextCoverage(**seen) if seen else None}
    return Provenance(**document | whole)


def files_to_json(files: Sequence[File]) -> str | None:
    """Return the value of the column `files`; NULL if there are none, as with nearly every message."""
    return json.dumps([asdict(file) for file in files]) if files else None


def files_from_json(document: str | None) -> tuple[File, ...]:
    """Return the files in the column `files`."""
    return tuple(File(**fields) for fields in json.loads(document)) if document else ()
