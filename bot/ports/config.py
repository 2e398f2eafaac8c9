"""The port to what admins set: versions of each scope's configuration, and drafts."""

from collections.abc import Sequence
from typing import Protocol

from bot.core.chat.drafts import Draft
from bot.core.config import ConfigVersion, Scope, ScopeConfig
from bot.core.turns import Author, ThreadKey


class ConfigVersions(Protocol):
    """What admins set at each level, with its history. One method is one transaction.

    Nothing is ever changed or removed: to take something back is to save what was there before. Each method
    raises `StoreUnavailable` when the database does not answer.
    """

    async def list_applying(self, thread: ThreadKey) -> Sequence[ConfigVersion]:
        """Return the newest version of each level that may apply to a thread, `DIRECT` included, by id."""
        ...

    async def save(
        self, key: Scope, steering: ScopeConfig, *, based_on: int, by: Author, note: str = ""
    ) -> ConfigVersion:
        """Add a version to a level and return it.

        `steering` has no `steering.problems`. `based_on` is the number of the version that was edited,
        0 where there was none; raises `Conflict` if it is not the newest any more.
        """
        ...

    async def list_history(self, key: Scope, *, limit: int) -> Sequence[ConfigVersion]:
        """Return the newest `limit` versions of exactly this level, newest first."""
        ...

    async def read_by_ids(self, ids: Sequence[int]) -> Sequence[ConfigVersion]:
        """Return the versions that have these ids, in their order; those that are not there are left out."""
        ...

    async def list_newest(self, within: Scope) -> Sequence[ConfigVersion]:
        """Return the newest version of every level whose key agrees with the non-empty parts of `within`.

        They are ordered by key. A level that was emptied is among them: its newest version sets nothing.
        """
        ...

    async def list_changed(self, within: Scope, *, limit: int) -> tuple[Sequence[ConfigVersion], int]:
        """Return the levels of `overview` that set anything, the one that was changed last first.

        At most `limit` of them, each as its newest version, and how many there are in all.
        """
        ...


class Drafts(Protocol):
    """What admins try before they save it. One method, one transaction; each raises `StoreUnavailable`."""

    async def save_draft(self, draft: Draft, *, lasts: float) -> None:
        """Let a draft be tried in its thread, where none was ever tried, for `lasts` seconds."""
        ...

    async def find_draft(self, thread: ThreadKey) -> Draft | None:
        """Return the draft that is tried in a thread; None if there is none, or none any more."""
        ...

    async def delete_draft(self, thread: ThreadKey) -> bool:
        """Let a thread's draft be tried no more; return whether there was one."""
        ...
