"""The port to what admins configure: versions of each scope's configuration, and drafts that they try out.

A configuration is saved as version 1, 2, ... of its scope: a workspace, all its direct messages, a channel, or a
thread. Two admins who edit version 3 at the same time both save with `based_on=3`; one gets version 4, the other
`VersionConflict` with that version 4.
"""

from collections.abc import Sequence
from typing import Protocol

from bot.core.chat.drafts import Draft
from bot.core.config import ConfigVersion, Scope, ScopeConfig
from bot.core.turns import Author, ThreadKey


class ConfigVersions(Protocol):
    """What admins configured for each scope, with its history. One method is one transaction.

    A version is never changed or removed: an admin who takes a change back saves the earlier content once more.
    Each method raises `StoreUnavailable` when the database does not answer.
    """

    async def list_applying(self, thread: ThreadKey) -> Sequence[ConfigVersion]:
        """Return the newest version of each scope that may apply to a thread, `DIRECT` included, ordered by id."""
        ...

    async def save(
        self, key: Scope, config: ScopeConfig, *, based_on: int, by: Author, note: str = ""
    ) -> ConfigVersion:
        """Add a version to a scope and return it.

        The caller has checked `config` with `scoped_config.find_problems`. `based_on` is the number of the version that
        was edited, 0 if there was none. Raises `VersionConflict` if another version was saved since.
        """
        ...

    async def list_history(self, key: Scope, *, limit: int) -> Sequence[ConfigVersion]:
        """Return the newest `limit` versions of exactly this scope, newest first."""
        ...

    async def read_by_ids(self, ids: Sequence[int]) -> Sequence[ConfigVersion]:
        """Return the versions with these ids, in the order of `ids`; ids without a version are skipped."""
        ...

    async def list_newest(self, within: Scope) -> Sequence[ConfigVersion]:
        """Return the newest version of every scope that agrees with the non-empty parts of `within`.

        They are ordered by scope. A scope that was emptied is included: its newest version sets nothing.
        """
        ...

    async def list_changed(self, within: Scope, *, limit: int) -> tuple[Sequence[ConfigVersion], int]:
        """Return the newest versions of `list_newest` that set anything, the latest change first, and their count.

        At most `limit` versions are returned; the count is of all.
        """
        ...


class Drafts(Protocol):
    """Drafts that admins try in a thread. One method, one transaction; each raises `StoreUnavailable`."""

    async def save_draft(self, draft: Draft, *, lifetime: float) -> None:
        """Save a draft of a thread that never had one; it is tried there for `lifetime` seconds."""
        ...

    async def find_draft(self, thread: ThreadKey) -> Draft | None:
        """Return the draft that is tried in a thread; None if there is none, or it has expired."""
        ...

    async def delete_draft(self, thread: ThreadKey) -> bool:
        """Delete a thread's draft. Returns False if there was none, or it has expired."""
        ...
