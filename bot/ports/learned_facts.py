"""The ports to what the bot learned of model servers, such as fields that a server rejects.

`LearnedFacts` is the database, which all processes share and which outlives them. `ServerFacts` is one server's
facts in memory, as the model client reads them; `NO_SERVER_FACTS` is the one that knows nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from bot.core.learned_facts import Fact


class LearnedFacts(Protocol):
    """The stored facts about all model servers. One method, one transaction; raises `StoreUnavailable`."""

    async def list_facts(self) -> Sequence[Fact]:
        """Return the facts of the last `FACT_LIFETIME_SECONDS`, ordered by server, model and subject."""
        ...

    async def save_fact(self, fact: Fact) -> None:
        """Save a fact, in place of an earlier one of the same server, model and subject."""
        ...

    async def forget_all(self) -> int:
        """Delete all facts, and return how many there were."""
        ...


class ServerFacts(Protocol):
    """What is known of one model server and its models; in memory, so neither method waits."""

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
