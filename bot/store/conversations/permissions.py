"""Who may do something about an answer: whoever asked for it, and admins.

Separate because statements about turns and about their variants ask for it alike.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Boolean, bindparam, or_

from bot.store.schema import turns


@dataclass(frozen=True, slots=True)
class Requester:
    """The parameters of `IS_THEIRS`."""

    asker: str
    """The platform's user id."""
    is_admin: bool


MAY_DECIDE: Final = or_(turns.c.author_id == bindparam("asker"), bindparam("is_admin", type_=Boolean))
"""True of the turns about which a person may decide."""
