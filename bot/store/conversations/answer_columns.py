"""What an answer consists of <-> the columns that turns and variants have for it.

Separate because both tables have them. Pure.
"""

import json
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Row

from bot.core.requests import Answer, ContextCoverage, Provenance, Usage


def answer_values(answer: Answer) -> dict[str, Any]:
    """Return the values of an answer's columns; tokens are NULL where the server did not count them."""
    usage = asdict(answer.usage) if answer.usage else {field.name: None for field in fields(Usage)}
    return usage | {
        "answer": answer.text,
        "model": answer.model,
        "finish_reason": answer.finish_reason,
        "made_with": json.dumps(asdict(answer.made_with)) if answer.made_with else None,
    }


def provenance_from(row: Row[Any]) -> Provenance | None:
    """Return what the answer in a row was made with, as far as that is known."""
    if not row.made_with:
        return None
    document = json.loads(row.made_with)
    seen = document.get("seen")
    whole = {"versions": tuple(document["versions"]), "seen": ContextCoverage(**seen) if seen else None}
    return Provenance(**document | whole)
