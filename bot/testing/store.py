"""The conversations and the work queue in memory, for tests of the bot and of plugins.

`MemoryStore` implements the ports `Conversations` and `WorkQueue`, as `SqlStore` does, but needs no database and
no event loop of its own: no method waits, so each is one transaction by itself. It passes the same contract suite
as `SqlStore` (`tests/contracts/`), and a state machine compares the two after every step.
"""

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from bot.core.errors import ClaimLost, TooManyQuestions
from bot.core.reply import variants
from bot.core.reply.stopping import StopOutcome, StopRequest
from bot.core.requests import Answer
from bot.core.turns import (
    HISTORY_STATUSES,
    OPEN_STATUSES,
    RETRYABLE_STATUSES,
    TRANSITIONS,
    Action,
    AddressingKind,
    Author,
    IncomingMessage,
    MessageKey,
    ThreadKey,
    Turn,
    TurnStatus,
    VariantPosition,
)
from bot.ports import ClaimRules, TurnContext
from bot.ports.work_queue import SessionObserver
from bot.store.storable_text import make_storable
from bot.testing import personal_data
from bot.testing.config import MemoryConfigVersions, MemoryDrafts
from bot.testing.data import MemoryData, message_key, person_key, with_answer, with_answer_of, without_answer


class MemoryStore:
    """`Conversations` and `WorkQueue` without a database."""

    def __init__(self, owner: str = "memory", data: MemoryData | None = None, rules: ClaimRules | None = None) -> None:
        """`owner` is the name of this process; without `data` it shares its data with no other process."""
        self.data = data or MemoryData()
        self._owner = owner
        self._rules = rules or ClaimRules()
        self.data.heartbeats[owner] = self.data.clock()

    async def accept(self, incoming: IncomingMessage, *, claim: bool) -> Turn | None:
        """Record a question; None if it needs no answer."""
        thread = incoming.thread
        key = message_key(thread, incoming.message_id)
        begins = incoming.addressed in {AddressingKind.MENTION, AddressingKind.DIRECT}
        known = self.data.turns.get(self.data.messages.get(key, 0))
        if known and known.status is not TurnStatus.NOTED:
            return None
        if not (begins or thread in self.data.threads) or not self.data.is_first_delivery(key, incoming.delivery):
            return None
        if incoming.addressed is not AddressingKind.OVERHEARD and self._asks_too_often(thread, incoming.author):
            self.data.deliveries.discard((key.platform, key.workspace, incoming.delivery))
            raise TooManyQuestions
        self.data.threads.setdefault(thread, [])
        if known is None:
            is_note = incoming.addressed is AddressingKind.OVERHEARD
            known = self.data.add(incoming, thread, TurnStatus.NOTED if is_note else TurnStatus.WAITING)
        if incoming.addressed is AddressingKind.OVERHEARD or known.thread != thread:
            return None
        return self._take_if_alone(self.data.put(replace(known, status=TurnStatus.WAITING)), claim=claim)

    async def record_overheard(self, thread: ThreadKey, messages: Sequence[IncomingMessage]) -> None:
        """Record messages that were read from the platform."""
        if thread not in self.data.threads:
            return
        self.data.read_at[thread] = self.data.clock()
        for incoming in messages:
            if message_key(thread, incoming.message_id) not in self.data.messages:
                self.data.add(incoming, thread, TurnStatus.NOTED)

    async def edit_question(self, message: MessageKey, text: str, *, delivery: str = "") -> Turn | None:
        """Replace a question's text; return its turn if a new answer can be offered."""
        turn = self._find_turn(message, delivery)
        if turn is None or turn.question == make_storable(text):
            return None
        turn = self.data.put(replace(turn, question=make_storable(text)))
        self.data.outdate(turn)
        return turn if turn.status in RETRYABLE_STATUSES else None

    async def forget(self, message: MessageKey, *, delivery: str = "") -> Turn | None:
        """Erase a question and its answer; return the turn with the pages that showed it."""
        turn = self._find_turn(message, delivery)
        if turn is None:
            return None
        return personal_data.forget_turn(self.data, turn)

    async def is_forgotten(self, turn: Turn) -> bool:
        """Return whether a turn was erased since it was read."""
        return turn.id not in self.data.turns or self.data.turns[turn.id].status is TurnStatus.FORGOTTEN

    async def retry(
        self,
        turn: int,
        thread: ThreadKey,
        *,
        by: str,
        claim: bool,
        by_admin: bool = False,
        goes_on: bool = False,
        shown_token: int = 0,
    ) -> Turn | None:
        """Let an ended turn be answered again; None if the person may not."""
        found = self.data.find_turn_for(turn, thread, by, by_admin=by_admin, shown_token=shown_token)
        if found is None or found.status not in RETRYABLE_STATUSES:
            return None
        kept = found.answer if goes_on else ""
        again = replace(without_answer(found), answer=kept, status=TurnStatus.WAITING, attempt=0)
        if not goes_on:
            if found.answer and not found.variant_position.count and found.status is not TurnStatus.FAILED:
                self.data.variants[turn] = [found]
            again = replace(again, variant_position=VariantPosition(0, len(self.data.variants.get(turn, ()))))
        waiting = self.data.put(again)
        self.data.outdate(waiting)
        return self._take_if_alone(waiting, claim=claim)

    async def flip(
        self, turn: int, thread: ThreadKey, action: Action, *, by: str, by_admin: bool = False, shown_token: int = 0
    ) -> bool:
        """Show another variant of an answer; False if the person may not."""
        found = self.data.find_turn_for(turn, thread, by, by_admin=by_admin, shown_token=shown_token)
        allowed = {TurnStatus.DONE} if shown_token else {TurnStatus.DONE, TurnStatus.ANSWERED}
        if found is None or found.status not in allowed:
            return False
        place = variants.move_position(found.variant_position, action)
        if place is None:
            return False
        said = self.data.variants[turn][place.number - 1]
        self.data.outdate(found)
        flipped = replace(found, attempt=0, variant_position=place, status=TurnStatus.ANSWERED, stopped_by="")
        self.data.put(with_answer_of(flipped, said))
        self.data.hand_over(thread)
        return True

    async def stop(self, request: StopRequest) -> StopOutcome:
        """Mark an open turn as to be stopped."""
        return request_stop(self.data, request)

    async def list_turns_to_stop(self) -> Sequence[int]:
        """Return the turns of this process that are marked as to be stopped."""
        mine = [id_ for id_, owner in self.data.owners.items() if owner == self._owner]
        return [id_ for id_ in mine if self.data.turns[id_].stopped_by]

    async def find_turn(self, thread: ThreadKey, message_id: str) -> int | None:
        """Return the ended turn whose question or page this message is."""
        said = (self.data.turns[id_] for id_ in self.data.threads.get(thread, ()))
        ended = (turn for turn in said if turn.status in HISTORY_STATUSES - {TurnStatus.NOTED})
        return next((turn.id for turn in ended if message_id in (turn.message_id, *turn.pages)), None)

    async def claim(self, limit: int) -> Sequence[Turn]:
        """Claim up to `limit` turns, oldest first."""
        served = [
            thread
            for thread in self.data.threads
            if self._rules.served is None or (thread.platform, thread.workspace) in self._rules.served
        ]
        free = [turn for thread in served if (turn := self.data.claimable(thread))]
        free.sort(key=self.data.sort_key)
        rounds = {turn.id: count for turn, count in self._number_by_person(free) if count <= self._max_running}
        chosen = sorted(rounds, key=lambda id_: (rounds[id_], self.data.sort_key(self.data.turns[id_])))
        return [self._take(self.data.turns[id_]) for id_ in chosen[:limit]]

    async def read_context(self, turn: Turn, *, limit: int) -> TurnContext:
        """Return what to answer a turn with."""
        ids = self.data.threads[turn.thread]
        earlier = (self.data.turns[id_] for id_ in ids[: ids.index(turn.id)])
        said = [
            replace(other, pages=(), variant_position=VariantPosition())
            for other in earlier
            if other.status in HISTORY_STATUSES
        ]
        draft = await MemoryDrafts(self.data.drafts, self.data.clock).find_draft(turn.thread)
        where = draft.target if draft else turn.thread
        return TurnContext(
            history=tuple(said[max(len(said) - limit, 0) :]),
            config_versions=tuple(await MemoryConfigVersions(self.data.versions).list_applying(where)),
            draft=draft,
            budgets=self.data.list_applying_budgets(turn.thread, turn.author.id),
            read_at=self.data.read_at.get(turn.thread, 0.0),
        )

    async def record_page(self, turn: Turn, page: int, message_id: str) -> None:
        """Record which message shows a page."""
        held = self._get_held_turn(turn)
        self.data.put(replace(held, pages=(*held.pages[:page], message_id, *held.pages[page + 1 :])))

    async def forget_pages(self, turn: Turn, page: int) -> None:
        """Record that no message shows a page any more, or a later one."""
        held = self._get_held_turn(turn)
        self.data.put(replace(held, pages=held.pages[:page]))

    async def save_answer(self, turn: Turn, answer: Answer, others: Sequence[Answer] = ()) -> VariantPosition:
        """Save the complete answer and its variants; return its position among them."""
        held = with_answer(self._get_held_turn(turn, TurnStatus.ANSWERED), answer)
        place = held.variant_position
        if others or place.count:
            kept = self.data.variants.setdefault(turn.id, [])
            shown = place.number or len(kept) + 1
            kept[shown - 1 : shown] = [held]
            kept += [with_answer(held, other) for other in others]
            place = VariantPosition(shown, len(kept))
        self.data.put(replace(held, variant_position=place))
        self.data.charge(turn, answer.call)
        return place

    async def settle(
        self, turn: Turn, status: TurnStatus, *, error: str = "", answer: Answer | None = None, claim: bool = True
    ) -> Turn | None:
        """End a turn; return the thread's next one, claimed, if `claim` is set."""
        held = self._get_held_turn(turn, status)
        if (
            status is TurnStatus.DONE
            and turn.variant_position.number
            and held.variant_position != turn.variant_position
        ):
            held = replace(held, status=TurnStatus.ANSWERED, attempt=0, stopped_by="")  # another variant was chosen
        self.data.put(replace(with_answer(held, answer) if answer else held, error=error))
        del self.data.owners[turn.id]
        self.data.ended_at[turn.id] = self.data.clock()
        self.data.charge(turn, answer.call if answer else None)
        following = self.data.claimable(turn.thread) if claim else None
        if following and not self._may_run(following):
            following = None
        if not claim:
            self.data.hand_over(turn.thread)
        return self._take(following) if following else None

    async def release(self, turn: Turn) -> None:
        """Give a turn back."""
        self._free(self._get_held_turn(turn))
        self.data.hand_over(turn.thread)

    async def record_heartbeat(self, lease: float) -> None:
        """Record that this process is alive, and free the turns of processes silent for `lease` seconds."""
        now = self.data.clock()
        self.data.heartbeats = {
            owner: at for owner, at in self.data.heartbeats.items() if owner != self._owner and at > now - lease
        }
        self.data.heartbeats[self._owner] = now
        self._free_all(lambda owner: owner not in self.data.heartbeats)

    async def unregister(self) -> None:
        """Record that this process ends."""
        self.data.heartbeats.pop(self._owner, None)
        self._free_all(lambda owner: owner == self._owner)
        for thread in self.data.threads:
            self.data.hand_over(thread)

    async def listen(self, wake: Callable[[], None], observer: SessionObserver) -> None:
        """Call `wake` whenever another process frees a turn or marks one to stop, until cancelled."""
        self.data.work_listeners.append(wake)
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.data.work_listeners.remove(wake)

    async def get_or_create_secret(self, name: str, make: Callable[[], str]) -> str:
        """Return a secret of this installation; the first call stores `make()`."""
        if name not in self.data.secrets:
            self.data.secrets[name] = make()
        return self.data.secrets[name]

    def _find_turn(self, message: MessageKey, delivery: str) -> Turn | None:
        """Return the turn of a message, or None if it is forgotten or the delivery was recorded before."""
        id_ = self.data.messages.get(message)
        if id_ is None or not self.data.is_first_delivery(message, delivery):
            return None
        turn = self.data.turns[id_]
        return None if turn.status is TurnStatus.FORGOTTEN else turn

    def _take_if_alone(self, turn: Turn, *, claim: bool) -> Turn:
        """Return a waiting turn; with `claim` it is claimed if no other turn of the thread is open."""
        if not claim:
            self.data.hand_over(turn.thread)
        others = (self.data.turns[id_] for id_ in self.data.threads[turn.thread] if id_ != turn.id)
        is_alone = not any(other.status in OPEN_STATUSES for other in others)
        return self._take(turn) if claim and is_alone and self._may_run(turn) else turn

    @property
    def _max_running(self) -> float:
        return self._rules.answers_per_person or math.inf

    def _may_run(self, turn: Turn) -> bool:
        return self.data.count_running(turn) < self._max_running

    def _number_by_person(self, waiting: Sequence[Turn]) -> Iterator[tuple[Turn, int]]:
        """Yield each turn with how many of its person would run with it, and with those before it."""
        counts: Counter[tuple[str, str, str]] = Counter()
        for turn in waiting:
            person = person_key(turn.thread, turn.author)
            counts[person] += 1
            yield turn, counts[person] + self.data.count_running(turn)

    def _asks_too_often(self, thread: ThreadKey, author: Author) -> bool:
        recent = self.data.count_recent_questions(person_key(thread, author))
        return recent >= (self._rules.questions_per_minute or math.inf)

    def _take(self, turn: Turn) -> Turn:
        self.data.owners[turn.id] = self._owner
        status = TurnStatus.ANSWERING if turn.status is TurnStatus.WAITING else turn.status
        return self.data.put(replace(turn, status=status, token=turn.token + 1, attempt=turn.attempt + 1))

    def _get_held_turn(self, turn: Turn, status: TurnStatus | None = None) -> Turn:
        """Return the stored turn, with `status` if given. Raises `ClaimLost` if this process does not own it."""
        stored = self.data.turns[turn.id]
        is_held = self.data.owners.get(turn.id) == self._owner and stored.token == turn.token
        if not is_held or (status and status not in TRANSITIONS[stored.status]):
            raise ClaimLost
        return replace(stored, status=status or stored.status)

    def _free(self, turn: Turn) -> None:
        del self.data.owners[turn.id]
        if turn.status is TurnStatus.ANSWERING:
            self.data.put(replace(turn, status=TurnStatus.WAITING))

    def _free_all(self, is_gone: Callable[[str], bool]) -> None:
        for id_ in [id_ for id_, owner in self.data.owners.items() if is_gone(owner)]:
            self._free(self.data.turns[id_])


def request_stop(data: MemoryData, request: StopRequest) -> StopOutcome:
    """Mark the turn that is to be stopped, and wake all processes."""
    if request.thread not in data.threads:
        return StopOutcome.NOTHING
    if not request.is_by_admin and _is_known(data, request):
        return StopOutcome.KNOWN
    turn_to_stop = _find_turn_to_stop(data, request)
    if turn_to_stop is None:
        return StopOutcome.NOTHING
    if request.message_id:
        _record_message_key(data, request)
    if not request.is_by_admin and turn_to_stop.author.id != request.requested_by:
        return StopOutcome.FORBIDDEN
    data.put(replace(turn_to_stop, stopped_by=request.requested_by))
    for wake in data.work_listeners:
        wake()
    return StopOutcome.TAKEN


def _find_turn_to_stop(data: MemoryData, request: StopRequest) -> Turn | None:
    here = [data.turns[id_] for id_ in data.threads[request.thread]]
    wanted = [turn for turn in here if turn.status in OPEN_STATUSES and request.turn in {None, turn.id}]
    return min(wanted, key=lambda turn: (turn.id not in data.owners, data.sort_key(turn)), default=None)


def _is_known(data: MemoryData, request: StopRequest) -> bool:
    key = message_key(request.thread, request.message_id)
    if not request.message_id:
        return not data.is_first_delivery(key, request.delivery)
    known = data.turns.get(data.messages.get(key, 0))
    return known is not None and known.status is not TurnStatus.NOTED


def _record_message_key(data: MemoryData, request: StopRequest) -> None:
    known = data.turns.get(data.messages.get(message_key(request.thread, request.message_id), 0))
    if known is None:
        incoming = IncomingMessage(
            thread=request.thread,
            message_id=request.message_id,
            author=Author(id=""),
            text="",
            addressed=AddressingKind.OVERHEARD,
        )
        data.add(incoming, request.thread, TurnStatus.FORGOTTEN)
    elif known.status is TurnStatus.NOTED:
        data.put(replace(known, status=TurnStatus.FORGOTTEN, author=Author(id=""), question=""))
