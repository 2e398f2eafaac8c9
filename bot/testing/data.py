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
    """Return a turn as it is before it is answered."""
    return replace(turn, answer="", model="", finish_reason="", error="", made_with=None, stopped_by="")


def with_answer_of(turn: Turn, said: Turn) -> Turn:
    """Return a turn with the answer of another turn value, such as one of its variants."""
    return replace(
        turn, answer=said.answer, model=said.model, finish_reason=said.finish_reason, made_with=said.made_with
    )


def with_answer(turn: Turn, answer: Answer) -> Turn:
    """Return a turn with an answer, whose text is made storable."""
    return replace(
        turn,
        answer=make_storable(answer.text),
        model=make_storable(answer.model),
        finish_reason=make_storable(answer.finish_reason),
        made_with=answer.made_with,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVote:
    """A vote with the other columns of its row."""

    vote: Vote
    turn: int
    variant: int
    voter: str
    model: str
    versions: tuple[int, ...]
    at: float


@dataclass(slots=True)
class MemoryData:
    """What a database would hold, in memory."""

    turns: dict[int, Turn] = field(default_factory=dict)
    owners: dict[int, str] = field(default_factory=dict)
    """The owner of each turn that has one, by the turn's id."""
    threads: dict[ThreadKey, list[int]] = field(default_factory=dict)
    """The turns of each thread in its order: when they were written, then when they were recorded."""
    sent_at: dict[int, float] = field(default_factory=dict)
    """When each turn's question was written."""
    recorded_at: dict[int, float] = field(default_factory=dict)
    """When each turn's message was recorded, by `clock`."""
    ended_at: dict[int, float] = field(default_factory=dict)
    """When each turn ended last, by `clock`."""
    read_at: dict[ThreadKey, float] = field(default_factory=dict)
    messages: dict[MessageKey, int] = field(default_factory=dict)
    deliveries: set[tuple[str, str, str]] = field(default_factory=set)
    variants: dict[int, list[Turn]] = field(default_factory=dict)
    """The turn with each variant of its answer, by the turn's id."""
    versions: list[ConfigVersion] = field(default_factory=list)
    summaries: dict[ThreadKey, ThreadSummaries] = field(default_factory=dict)
    drafts: StoredDrafts = field(default_factory=dict)
    votes: list[StoredVote] = field(default_factory=list)
    """The votes; the one that was cast or changed last comes last."""
    calls: list[tuple[Turn, ModelCall, float]] = field(default_factory=list)
    """Each model call with its turn, and when it ended, by `clock`."""
    reservations: dict[int, tuple[Turn, CallEstimate]] = field(default_factory=dict)
    """The reservation of each running call, by the turn's id."""
    budgets: list[tuple[ThreadKey, BudgetChange]] = field(default_factory=list)
    """Budgets in the order in which they were set; of the thread only platform and workspace count."""
    secrets: dict[str, str] = field(default_factory=dict)
    loads: dict[str, dict[tuple[str, str], int]] = field(default_factory=dict)
    """How many answers each process writes in each workspace; see `MemoryRateShares`."""
    refusals: dict[tuple[str, str, str], float] = field(default_factory=dict)
    """Until when a platform refuses each limit, by `clock`; see `MemoryRateShares`."""
    refusal_listeners: list[Callable[[], None]] = field(default_factory=list)
    """Called at each refusal."""
    heartbeats: dict[str, float] = field(default_factory=dict)
    """When each living process recorded its last heartbeat, by `clock`."""
    work_listeners: list[Callable[[], None]] = field(default_factory=list)
    """Called when there is work for another process."""
    clock: Callable[[], float] = time.time

    def put(self, turn: Turn) -> Turn:
        """Save a turn, and return it."""
        self.turns[turn.id] = turn
        return turn

    def add(self, incoming: IncomingMessage, thread: ThreadKey, status: TurnStatus) -> Turn:
        """Save a new turn at its place in the thread, and return it."""
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
        self.recorded_at[turn.id] = self.clock()
        insort(self.threads.setdefault(thread, []), turn.id, key=lambda id_: (self.sent_at[id_], id_))
        return self.put(turn)

    def sort_key(self, turn: Turn) -> tuple[float, int]:
        """Return the sort key of a turn: when it was written, then when it was recorded."""
        return self.sent_at[turn.id], turn.id

    def is_first_delivery(self, place: MessageKey, delivery: str) -> bool:
        """Record a delivery, if it has an id; return whether it is the first one with this id."""
        key = (place.platform, place.workspace, delivery)
        if key in self.deliveries:
            return False
        if delivery:
            self.deliveries.add(key)
        return True

    def find_turn_for(self, turn: int, thread: ThreadKey, by: str, *, by_admin: bool, shown_token: int) -> Turn | None:
        """Return a turn of a thread if a person may change it, and its buttons are still the same, else None."""
        found = self.turns.get(turn)
        is_theirs = found and found.thread == thread and (by_admin or found.author.id == by)
        return found if is_theirs and found and shown_token in {0, found.token} else None

    def outdate(self, turn: Turn) -> None:
        """Delete the summaries that cover a changed or erased turn, and increment the thread's revision."""
        known, ids = self.summaries.get(turn.thread, ThreadSummaries()), self.threads[turn.thread]
        before = ids[: ids.index(turn.id)]
        kept = tuple(summary for summary in known.summaries if summary.until in before)
        self.summaries[turn.thread] = ThreadSummaries(revision=known.revision + 1, summaries=kept)

    def claimable(self, thread: ThreadKey) -> Turn | None:
        """Return the thread's oldest open turn, if no turn there has an owner."""
        ids = self.threads[thread]
        if any(id_ in self.owners for id_ in ids):
            return None
        return next((self.turns[id_] for id_ in ids if self.turns[id_].status in OPEN_STATUSES), None)

    def count_running(self, turn: Turn) -> int:
        """Return how many turns of a turn's person have an owner."""
        running = (self.turns[id_] for id_ in self.owners)
        person = person_key(turn.thread, turn.author)
        return sum(person_key(other.thread, other.author) == person for other in running)

    def count_recent_questions(self, person: tuple[str, str, str]) -> int:
        """Return how many questions of a person were recorded within the last minute."""
        since = self.clock() - 60.0
        return sum(
            self.recorded_at[turn.id] > since and turn.status is not TurnStatus.NOTED
            for turn in self.turns.values()
            if person_key(turn.thread, turn.author) == person
        )

    def charge(self, turn: Turn, call: ModelCall | None) -> None:
        """Save a call, if there was one, in place of the turn's reservation."""
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
        """Wake other processes if the thread has an open turn, and no turn there has an owner."""
        if self.claimable(thread):
            for wake in self.work_listeners:
                wake()


def person_key(place: ThreadKey, author: Author) -> tuple[str, str, str]:
    """Return what identifies a person: the platform, the workspace and the user id."""
    return place.platform, place.workspace, author.id


def message_key(place: ThreadKey, message_id: str) -> MessageKey:
    """Return the key of a message in the channel of `place`."""
    return MessageKey(platform=place.platform, workspace=place.workspace, channel=place.channel, message_id=message_id)
