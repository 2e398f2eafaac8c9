"""The doors to what is recorded beside conversations: what admins set, how answers came about, summaries."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from bot.core.domain import Author, ConfigVersion, Scope, ScopeConfig, ThreadKey
from bot.core.drafts import Draft
from bot.core.explanation import Explanation
from bot.core.lessons import Fact
from bot.core.summaries import Summary, ThreadSummaries


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


class Explanations(Protocol):
    """How answers came about. One method, one transaction; raises `StoreUnavailable`."""

    async def explain(self, thread: ThreadKey, message_id: str) -> Explanation | None:
        """Return how the answer came about that a message shows, or asked for; None if there is none."""
        ...


class Summaries(Protocol):
    """What stands for turns that are out of view. One method, one transaction; raises `StoreUnavailable`.

    They go by themselves: with a turn that is erased, reworded or answered differently, every summary that
    covers it.
    """

    async def read_summaries(self, thread: ThreadKey) -> ThreadSummaries:
        """Return the newest `KEPT` summaries of a thread, oldest first, and its revision."""
        ...

    async def save_summary(self, thread: ThreadKey, summary: Summary, *, revision: int) -> bool:
        """Keep a summary; False, and nothing is kept, if the thread has another revision by now."""
        ...


class LearnedFacts(Protocol):
    """What model servers have taught us. One method, one transaction; raises `StoreUnavailable`."""

    async def list_facts(self) -> Sequence[Fact]:
        """Return what was learnt in the last `lessons.KEPT` seconds, by server, model and subject."""
        ...

    async def save_fact(self, lesson: Fact) -> None:
        """Keep a lesson in place of an earlier one of the same subject."""
        ...

    async def forget_all(self) -> int:
        """Drop all lessons, and return how many there were."""
        ...


class ServerFacts(Protocol):
    """What is known of one model server; in memory, so neither method waits."""

    def read(self, model: str) -> Mapping[str, Any]:
        """Return what is known of a model, by subject."""
        ...

    def learn(self, model: str, subject: str, content: Any) -> None:
        """Note what was learned of a model; `content` is a value that JSON knows."""
        ...


class _NoServerFacts:
    """Knows nothing, and keeps nothing."""

    def read(self, model: str) -> Mapping[str, Any]:  # noqa: ARG002 - it knows none
        return {}

    def learn(self, model: str, subject: str, content: Any) -> None:
        """Keep nothing."""


NO_SERVER_FACTS: Final[ServerFacts] = _NoServerFacts()
