"""The store in memory: the twin of the one in SQL, for tests and for authors of plugins.

Separate because it needs no library. It passes the same contract suite, and a state machine holds the two
together. Several stores that share one `MemoryData` play several processes. Rule: no method waits, so each
is one transaction by itself.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from bot.core.domain import (
    OPEN,
    TRANSITIONS,
    Addressed,
    Answer,
    Author,
    Context,
    Incoming,
    PromptKey,
    ThreadKey,
    Turn,
    TurnStatus,
)
from bot.core.errors import ClaimLost
from bot.store.text import storable

ENDED = frozenset(TurnStatus) - {TurnStatus.WAITING, TurnStatus.ANSWERING}
"""What a later question may look back on; an `ANSWERED` turn has all its text."""


@dataclass(slots=True)
class MemoryData:
    """What a database would hold."""

    turns: dict[int, Turn] = field(default_factory=dict)
    owners: dict[int, str] = field(default_factory=dict)
    """Who works on a turn, by the turn's id; absent while nobody does."""
    threads: dict[ThreadKey, list[int]] = field(default_factory=dict)
    messages: set[tuple[str, str, str, str]] = field(default_factory=set)
    prompts: dict[PromptKey, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    beats: dict[str, float] = field(default_factory=dict)
    """When a living process was heard of last, by `clock`."""
    clock: Callable[[], float] = time.monotonic


class MemoryStore:
    """`Store` without a database."""

    def __init__(self, owner: str = "memory", data: MemoryData | None = None) -> None:
        """`owner` names this process; `data` is shared with others, or its own."""
        self.data = data or MemoryData()
        self._owner = owner
        self.data.beats[owner] = self.data.clock()

    async def accept(self, incoming: Incoming, *, claim: bool) -> Turn | None:
        """Record a question; None if there is nothing to do about it."""
        key = incoming.thread
        message = (key.platform, key.workspace, key.channel, incoming.message_id)
        if message in self.data.messages:
            return None
        if incoming.addressed is Addressed.REPLY and key not in self.data.threads:
            return None
        turn = Turn(
            id=len(self.data.turns) + 1,
            thread=key,
            message_id=incoming.message_id,
            author=Author(id=incoming.author.id, name=storable(incoming.author.name)),
            question=storable(incoming.text),
            status=TurnStatus.WAITING,
            token=0,
        )
        is_free = claim and self._next(key) is None
        self.data.messages.add(message)
        self.data.turns[turn.id] = turn
        self.data.threads.setdefault(key, []).append(turn.id)
        return self._take(turn) if is_free else turn

    async def claim(self, limit: int) -> Sequence[Turn]:
        """Claim up to `limit` turns of threads where nothing runs, oldest first."""
        heads = (self._next(thread) for thread in self.data.threads)
        free = [turn for turn in heads if turn and turn.id not in self.data.owners]
        free.sort(key=lambda turn: turn.id)
        return [self._take(turn) for turn in free[:limit]]

    async def context(self, turn: Turn, *, limit: int) -> Context:
        """Return what came before the turn, without its pages, and the prompts that may apply."""
        earlier = (self.data.turns[id_] for id_ in self.data.threads[turn.thread] if id_ < turn.id)
        ended = [replace(other, pages=()) for other in earlier if other.status in ENDED]
        return Context(
            history=tuple(ended[max(len(ended) - limit, 0) :]),
            prompts={key: text for key, text in self.data.prompts.items() if _covers(key, turn.thread)},
        )

    async def opened(self, turn: Turn, page: int, message_id: str) -> None:
        """Note which message shows a page."""
        held = self._held(turn)
        self._put(replace(held, pages=(*held.pages[:page], message_id, *held.pages[page + 1 :])))

    async def answered(self, turn: Turn, answer: Answer) -> None:
        """Save the complete answer."""
        self._put(_with(self._held(turn, TurnStatus.ANSWERED), answer))

    async def settle(
        self,
        turn: Turn,
        status: TurnStatus,
        *,
        error: str = "",
        answer: Answer | None = None,
        claim: bool = True,
    ) -> Turn | None:
        """End a turn; return the thread's next one, claimed, if asked to."""
        held = self._held(turn, status)
        self._put(replace(_with(held, answer) if answer else held, error=error))
        del self.data.owners[turn.id]
        following = self._next(turn.thread) if claim else None
        return self._take(following) if following else None

    async def release(self, turn: Turn) -> None:
        """Give a turn back."""
        self._free(self._held(turn))

    async def beat(self, lease: float) -> None:
        """Say that this process lives, and free the turns of those silent for `lease` seconds."""
        now = self.data.clock()
        self.data.beats = {
            owner: at for owner, at in self.data.beats.items() if owner != self._owner and at > now - lease
        }
        self.data.beats[self._owner] = now
        self._free_all(lambda owner: owner not in self.data.beats)

    async def leave(self) -> None:
        """Say that this process ends."""
        self.data.beats.pop(self._owner, None)
        self._free_all(lambda owner: owner == self._owner)

    async def prompt(self, key: PromptKey) -> str:
        """Return the prompt set for exactly this key, or an empty string."""
        return self.data.prompts.get(key, "")

    async def set_prompt(self, key: PromptKey, text: str) -> None:
        """Set the prompt for exactly this key, or remove it."""
        if text:
            self.data.prompts[key] = storable(text)
        else:
            self.data.prompts.pop(key, None)

    async def secret(self, name: str, make: Callable[[], str]) -> str:
        """Return a secret of this installation, made once."""
        if name not in self.data.secrets:
            self.data.secrets[name] = make()
        return self.data.secrets[name]

    def _put(self, turn: Turn) -> Turn:
        self.data.turns[turn.id] = turn
        return turn

    def _next(self, thread: ThreadKey) -> Turn | None:
        """Return the thread's oldest open turn."""
        turns = (self.data.turns[id_] for id_ in self.data.threads.get(thread, ()))
        return next((turn for turn in turns if turn.status in OPEN), None)

    def _take(self, turn: Turn) -> Turn:
        self.data.owners[turn.id] = self._owner
        status = TurnStatus.ANSWERING if turn.status is TurnStatus.WAITING else turn.status
        return self._put(replace(turn, status=status, token=turn.token + 1))

    def _held(self, turn: Turn, status: TurnStatus | None = None) -> Turn:
        """Return the turn as it is stored, on its way to `status` if given. Raises `ClaimLost`."""
        stored = self.data.turns[turn.id]
        is_held = self.data.owners.get(turn.id) == self._owner and stored.token == turn.token
        if not is_held or (status and status not in TRANSITIONS[stored.status]):
            raise ClaimLost
        return replace(stored, status=status or stored.status)

    def _free(self, turn: Turn) -> None:
        del self.data.owners[turn.id]
        if turn.status is TurnStatus.ANSWERING:
            self._put(replace(turn, status=TurnStatus.WAITING))

    def _free_all(self, is_gone: Callable[[str], bool]) -> None:
        for id_ in [id_ for id_, owner in self.data.owners.items() if is_gone(owner)]:
            self._free(self.data.turns[id_])


def _covers(key: PromptKey, thread: ThreadKey) -> bool:
    return (
        key.platform in {"", thread.platform}
        and key.workspace in {"", thread.workspace}
        and key.channel in {"", thread.channel}
        and key.root in {"", thread.root}
    )


def _with(turn: Turn, answer: Answer) -> Turn:
    return replace(turn, answer=storable(answer.text), finish_reason=storable(answer.finish_reason))
