"""The port to what model servers have taught us."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from bot.core.learned_facts import Fact


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
