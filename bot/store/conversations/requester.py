"""The permission to retry an answer or to flip its variants: the author of the question has it, and admins."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Boolean, bindparam, or_

from bot.store.schema import turns


@dataclass(frozen=True, slots=True)
class Requester:
    """The person who asks for a change; the field names are the parameters of `MAY_DECIDE`."""

    asker: str
    """The platform's user id."""
    is_admin: bool


MAY_DECIDE: Final = or_(turns.c.author_id == bindparam("asker"), bindparam("is_admin", type_=Boolean))
"""True for the turns that the requester may change."""
