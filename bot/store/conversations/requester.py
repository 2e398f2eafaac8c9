"""The permission to retry an answer or to flip its variants: the author of the question has it, and admins."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Boolean, Integer, and_, bindparam, or_

from bot.store.schema import turns


@dataclass(frozen=True, slots=True)
class Requester:
    """The person who asks for a change; the field names are the parameters of `MAY_DECIDE`."""

    asker: str
    """The platform's user id."""
    is_admin: bool
    shown_token: int
    """The turn's fencing token that the requester's button was written under; 0 if it is not known."""


ANY_BUTTON: Final = bindparam("shown_token", type_=Integer) == 0
"""True if it is not known which buttons were pressed."""
MAY_DECIDE: Final = and_(
    or_(turns.c.author_id == bindparam("asker"), bindparam("is_admin", type_=Boolean)),
    or_(ANY_BUTTON, turns.c.token == bindparam("shown_token", type_=Integer)),
)
"""True for the turns that the requester may change; not for those whose buttons have changed since."""
