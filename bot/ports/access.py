"""The doors to who may use the bot, and who may steer it: what admins set, and the decision."""

from collections.abc import Sequence
from typing import Protocol

from bot.core.access.grants import Grants, GrantsVersion
from bot.core.access.rules import AccessRefusal
from bot.core.config import Scope
from bot.core.turns import Author, ThreadKey


class GrantsRecord(Protocol):
    """What admins set of who may do what, with its history. One method is one transaction.

    Nothing is ever changed or removed. Each method raises `StoreUnavailable` when the database does not
    answer.
    """

    async def list_current(self, workspace: Scope) -> Sequence[GrantsVersion]:
        """Return the newest version of the workspace's key and of each of its channels', by channel."""
        ...

    async def save(self, key: Scope, grants: Grants, *, based_on: int, by: Author, note: str = "") -> GrantsVersion:
        """Add a version to a key and return it.

        `based_on` is the number of the version that was edited, 0 where there was none; raises
        `GrantsConflict` if it is not the newest any more.
        """
        ...

    async def list_history(self, key: Scope, *, limit: int) -> Sequence[GrantsVersion]:
        """Return the newest `limit` versions of exactly this key, newest first."""
        ...


class AccessPolicy(Protocol):
    """Who lets questions in."""

    async def find_refusal(self, thread: ThreadKey, person: str) -> AccessRefusal | None:
        """Return why a person, by the platform's id, may not ask in a thread now; None if they may.

        Raises `StoreError`, and `SurfaceUnavailable` where the platform does not answer just now; where it
        does not say who somebody is, they may not.
        """
        ...
