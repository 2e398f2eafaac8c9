"""What a database would hold, as plain values, for the stores in memory that share it.

`MemoryData` plays the database. Each store in this package is what one process sees of it, so a test gets two
processes from two stores with one `MemoryData`:

    data = MemoryData()
    ours, theirs = MemoryStore("a", data), MemoryStore("b", data)

Here is what the SQL schema does by itself: keys, the order of a thread, deliveries that count once, and the
notifications of work. `clock` may be replaced by a test; it gives seconds since 1970.
"""

import time
from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bot.core.chat.summaries import ThreadSummaries
from bot.core.config import ConfigVersion
from bot.core.history.feedback import Vote
from bot.core.requests import Answer, ModelCall
from bot.core.spending.budgets import Budget, BudgetChange, CallEstimate, find_applying_budgets
from bot.core.turns import OPEN_STATUSES, Author, IncomingMessage, MessageKey, ThreadKey, Turn, TurnStatus
from bot.store.storable_text import make_storable
from bot.testing.config import StoredDrafts


def without_answer(turn: Turn) -> Turn:
    """Return a turn to which nobody has said anything yet."""
    return replace(turn, answer="", model="", finish_reason="", error="", made_with=None, stopped_by="")


def with_answer_of(turn: Turn, said: Turn) -> Turn:
    """Return a turn with the answer of another."""
    return replace(
        turn, answer=said.answer, model=said.model, finish_reason=said.finish_reason, made_with=said.made_with
    )


def with_answer(turn: Turn, answer: Answer) -> Turn:
    """Return a turn with an answer, as it can be stored."""
    return replace(
        turn,
        answer=make_storable(answer.text),
        model=make_storable(answer.model),
        finish_reason=make_storable(answer.finish_reason),
        made_with=answer.made_with,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVote:
    """A vote, and what stands beside it in its row."""

    vote: Vote
    turn: int
    variant: int
    voter: str
    model: str
    versions: tuple[int, ...]
    at: float


@dataclass(slots=True)
class MemoryData:
    """What a database would hold."""

    turns: dict[int, Turn] = field(default_factory=dict)
    owners: dict[int, str] = field(default_factory=dict)
    """Who works on a turn, by the turn's id; absent while nobody does."""
    threads: dict[ThreadKey, list[int]] = field(default_factory=dict)
    """The turns of a thread, in its order: as they were written, then as they were recorded."""
    sent_at: dict[int, float] = field(default_factory=dict)
    """When a turn's question was written."""
    ended_at: dict[int, float] = field(default_factory=dict)
    """When a turn ended last, by `clock`."""
    read_at: dict[ThreadKey, float] = field(default_factory=dict)
    messages: dict[MessageKey, int] = field(default_factory=dict)
    deliveries: set[tuple[str, str, str]] = field(default_factory=set)
    variants: dict[int, list[Turn]] = field(default_factory=dict)
    """What a turn would be with each variant of its answer, by the turn's id."""
    versions: list[ConfigVersion] = field(default_factory=list)
    summaries: dict[ThreadKey, ThreadSummaries] = field(default_factory=dict)
    drafts: StoredDrafts = field(default_factory=dict)
    votes: list[StoredVote] = field(default_factory=list)
    """The votes, the one that was cast last at the end."""
    calls: list[tuple[Turn, ModelCall, float]] = field(default_factory=list)
    """Each with its turn, and when it ended by `clock`."""
    reservations: dict[int, tuple[Turn, CallEstimate]] = field(default_factory=dict)
    """What is kept for calls that are under way, by the turn's id."""
    budgets: list[tuple[ThreadKey, BudgetChange]] = field(default_factory=list)
    """In the order in which they were set; of the place only platform and workspace count."""
    secrets: dict[str, str] = field(default_factory=dict)
    loads: dict[str, dict[tuple[str, str], int]] = field(default_factory=dict)
    """How many answers a process writes in which workspace; see `MemoryShares`."""
    refusals: dict[tuple[str, str, str], float] = field(default_factory=dict)
    """Until when a platform refuses something, by `clock`; see `MemoryShares`."""
    refusal_listeners: list[Callable[[], None]] = field(default_factory=list)
    """Who hears of refusals."""
    heartbeats: dict[str, float] = field(default_factory=dict)
    """When a living process was heard of last, by `clock`."""
    work_listeners: list[Callable[[], None]] = field(default_factory=list)
    """Who listens for work that is handed over."""
    clock: Callable[[], float] = time.time

    def put(self, turn: Turn) -> Turn:
        """Write a turn, and return it."""
        self.turns[turn.id] = turn
        return turn

    def add(self, incoming: IncomingMessage, thread: ThreadKey, status: TurnStatus) -> Turn:
        """Write a new turn into its place in the thread, and return it."""
        turn = Turn(
            id=len(self.turns) + 1,
            thread=thread,
            message_id=incoming.message_id,
            author=Author(id=incoming.author.id, name=make_storable(incoming.author.name)),
            question=make_storable(incoming.text),
            status=status,
            token=0,
            attempt=0,
            files=incoming.files,
        )
        self.messages[message_key(thread, incoming.message_id)] = turn.id
        self.sent_at[turn.id] = incoming.sent_at
        insort(self.threads.setdefault(thread, []), turn.id, key=lambda id_: (self.sent_at[id_], id_))
        return self.put(turn)

    def sort_key(self, turn: Turn) -> tuple[float, int]:
        """Return what orders turns: when they were written, then when they were recorded."""
        return self.sent_at[turn.id], turn.id

    def is_first_delivery(self, place: MessageKey, delivery: str) -> bool:
        """Note a delivery, if it has a name; return whether it is the first one of that name."""
        key = (place.platform, place.workspace, delivery)
        if key in self.deliveries:
            return False
        if delivery:
            self.deliveries.add(key)
        return True

    def find_turn_for(self, turn: int, thread: ThreadKey, by: str, *, by_admin: bool) -> Turn | None:
        """Return a turn of a thread if a person may decide about its answer."""
        found = self.turns.get(turn)
        is_theirs = found and found.thread == thread and (by_admin or found.author.id == by)
        return found if is_theirs else None

    def outdate(self, turn: Turn) -> None:
        """Note that a turn says something else now, or nothing: drop what sums it up."""
        known, ids = self.summaries.get(turn.thread, ThreadSummaries()), self.threads[turn.thread]
        before = ids[: ids.index(turn.id)]
        kept = tuple(summary for summary in known.summaries if summary.until in before)
        self.summaries[turn.thread] = ThreadSummaries(revision=known.revision + 1, summaries=kept)

    def claimable(self, thread: ThreadKey) -> Turn | None:
        """Return the thread's oldest open turn, if nothing runs there."""
        ids = self.threads[thread]
        if any(id_ in self.owners for id_ in ids):
            return None
        return next((self.turns[id_] for id_ in ids if self.turns[id_].status in OPEN_STATUSES), None)

    def charge(self, turn: Turn, call: ModelCall | None) -> None:
        """Write a call, if there was one, in place of what was kept for it."""
        self.reservations.pop(turn.id, None)
        if call:
            self.calls.append((turn, call, self.clock()))

    def list_applying_budgets(self, thread: ThreadKey, person: str) -> tuple[Budget, ...]:
        """Return the budgets that apply to a person in a thread."""
        newest = {
            (change.budget.scope, change.budget.subject, change.budget.span, change.budget.unit): change.budget
            for place, change in self.budgets
            if (place.platform, place.workspace) == (thread.platform, thread.workspace)
        }
        return find_applying_budgets(newest.values(), person=person, channel=thread.channel)

    def hand_over(self, thread: ThreadKey) -> None:
        """Wake other processes if the thread has work that nobody does."""
        if self.claimable(thread):
            for wake in self.work_listeners:
                wake()


def message_key(place: ThreadKey, message_id: str) -> MessageKey:
    """Return the key of a message in the channel of `place`."""
    return MessageKey(platform=place.platform, workspace=place.workspace, channel=place.channel, message_id=message_id)
