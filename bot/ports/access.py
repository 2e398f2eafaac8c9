"""The ports to permissions: what admins granted, and the decision whether somebody may ask.

`GrantsRecord` stores who may use and who may configure the bot, as versions. `AccessPolicy` decides for one person
in one thread, from the newest versions and from what the platform says about the person.
"""

from collections.abc import Sequence
from typing import Protocol

from bot.core.access.grants import Grants, GrantsVersion
from bot.core.access.permission_check import AccessRefusal
from bot.core.config import Scope
from bot.core.turns import Author, ThreadKey


class GrantsRecord(Protocol):
    """What admins granted, with its history. One method is one transaction.

    A version is never changed or removed. Each method raises `StoreUnavailable` when the database does not answer.
    """

    async def list_current(self, workspace: Scope) -> Sequence[GrantsVersion]:
        """Return the newest version of the workspace's scope and of each of its channels', ordered by channel."""
        ...

    async def save(self, key: Scope, grants: Grants, *, based_on: int, by: Author, note: str = "") -> GrantsVersion:
        """Add a version to a scope and return it.

        `based_on` is the number of the version that was edited, 0 if there was none. Raises `GrantsConflict` if
        another version was saved since.
        """
        ...

    async def list_history(self, key: Scope, *, limit: int) -> Sequence[GrantsVersion]:
        """Return the newest `limit` versions of exactly this scope, newest first."""
        ...


class AccessPolicy(Protocol):
    """Decides who may ask."""

    async def find_refusal(self, thread: ThreadKey, person: str) -> AccessRefusal | None:
        """Return why a person, by the platform's id, may not ask in a thread now; None if they may.

        A person may not ask if the platform says nothing about them. Raises `StoreError`, and `SurfaceUnavailable` if
        the platform does not answer just now.
        """
        ...
