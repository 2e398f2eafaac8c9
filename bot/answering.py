"""One turn -> an answer, saved and shown.

The heart of the use cases; start reading here. Separate from `worker`, which decides who runs which turn,
and from `delivery`, which writes. Rules: save, then show the end; no transaction is open while the model
or the platform is called; what the model said is kept, whatever happens after.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial

import structlog

from bot.asking import Asker, Asking
from bot.charging import Bill, Cashier
from bot.core import stopping, variants
from bot.core.domain import Action, Answer, ChatRequest, MadeWith, Place, Turn, TurnStatus
from bot.core.errors import BotError, ContextTooLong, ModelError, SurfaceGone
from bot.core.live_reply import LiveReply
from bot.core.stream import AnswerBuilder, TextDelta
from bot.delivery import Delivery
from bot.halting import Halt, Halts, Stopped
from bot.pacing import AllDesks
from bot.persistence import persist
from bot.plugins import Outcome, Plugins
from bot.ports import ChatModel, Store, Surface
from bot.summarising import Summariser

EDITED = "_The question was edited after this answer._"

NOTES: Mapping[str, str] = {
    "length": "_The answer ends here because it reached the length limit. Ask me to go on._",
    "refusal": "_The model declined to answer._",
    "content_filter": "_The model service's content filter ended the answer here._",
}
"""What is shown under an answer that ended for a reason other than being complete."""

BLIND = "_The model cannot see pictures; I sent only the text._"

CUT_SHORT = (Action.CONTINUE, Action.RETRY, Action.JUDGE)
"""What may be done about an answer of which a person had seen enough."""

log = structlog.get_logger()


class Answering:
    """Answers turns: one model, and a surface for each platform."""

    def __init__(  # noqa: PLR0913 - the parts of a bot, each by its name
        self,
        *,
        store: Store,
        model: ChatModel,
        surfaces: Mapping[str, Surface],
        asking: Asking,
        plugins: Plugins,
        cashier: Cashier | None = None,
        desks: AllDesks | None = None,
        is_ours: Callable[[], bool] = lambda: True,
        complete_since: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """Nothing is written once `is_ours` denies that what this process holds is certain to be its own.

        `complete_since`, in seconds since 1970: from then on no event of the platform was missed.
        """
        self._store = store
        self._model = model
        self._surfaces = surfaces
        self._asker = Asker(store, surfaces, asking, complete_since=complete_since)
        self._plugins = plugins
        self._cashier = cashier or Cashier()
        self._summariser = Summariser.of(asking, model, plugins, self._cashier)
        self._is_ours = is_ours
        self.desks = desks or AllDesks()
        self._halts = Halts()

    async def close(self) -> None:
        """Give up what is done beside the answers."""
        if self._summariser:
            await self._summariser.close()

    async def answer(self, turn: Turn) -> Turn | None:
        """Answer a claimed turn and return the thread's next one, claimed, or None.

        Raises `StoreError`; every other foreseen failure ends as a sentence in the thread.
        """
        with self._halts.of(turn) as halt:
            ended = await self._ended(await self._adopted(turn), halt)
        log.info("A turn has ended.", action=f"turn_{ended.status}", error=ended.error)
        return await self._store.settle(
            replace(turn, place=ended.place), ended.status, error=ended.error, answer=ended.answer
        )

    def stop(self, turn: int) -> None:
        """Let a turn end where it is, if it runs here, because a person wants it."""
        self._halts.want(turn)

    async def _ended(self, turn: Turn, halt: Halt) -> "_Ended":
        """Show a turn's answer, once it is made, to its end or as far as people want it."""
        is_saved = turn.status is TurnStatus.ANSWERED  # by a process that died; or it is another variant
        async with self._shown(turn, is_thinking=not is_saved and not turn.stopped_by) as delivery:
            if is_saved:
                delivery.feed(turn.answer)
                _finish(delivery, turn, turn.place)
                said, ended = _as_answer(turn), _Ended(place=turn.place)
            else:
                said, ended = await self._ask(turn, delivery, halt)
            if ended.status is TurnStatus.DONE:
                halt.then(partial(delivery.stop, stopping.NOTE, *CUT_SHORT))
        if ended.status is TurnStatus.DONE:
            said = replace(said, call=None)  # it was paid for when it was saved
        if delivery.error:
            return replace(ended, status=TurnStatus.FAILED, error=ended.error or delivery.error, answer=said)
        if delivery.stays is not None:
            cut = replace(said, text=said.text[: delivery.stays], finish_reason=stopping.REASON)
            return replace(ended, status=TurnStatus.STOPPED, answer=cut)
        return ended

    async def give_up(self, turn: Turn, error: type[BotError]) -> Turn | None:
        """End a turn with a sentence in its thread; return the thread's next one, claimed, or None."""
        async with self._shown(turn) as delivery:
            delivery.feed(turn.answer)
            delivery.finish(error.for_people, Action.RETRY)
        return await self._store.settle(turn, TurnStatus.FAILED, error=error.code)

    async def turn_away(self, turn: Turn, sentence: str, code: str) -> Turn | None:
        """End a turn whose author may not ask; return the thread's next one, claimed, or None."""
        async with self._shown(turn, is_thinking=False) as delivery:
            delivery.feed(turn.answer)
            delivery.finish(sentence)
        return await self._store.settle(turn, TurnStatus.FAILED, error=code)

    async def offer(self, turn: Turn) -> None:
        """Offer a new answer below the one there is, because the question was edited."""
        if turn.pages:
            async with self._shown(turn, is_thinking=False) as delivery:
                delivery.feed(turn.answer)
                delivery.finish(EDITED, Action.AGAIN)

    async def take_back(self, turn: Turn) -> None:
        """Remove what the thread shows of an answer whose question was deleted."""
        surface = self._surfaces[turn.thread.platform]
        for message_id in turn.pages:
            with suppress(SurfaceGone):
                await persist(partial(surface.remove, turn.thread, message_id))

    async def _adopted(self, turn: Turn) -> Turn:
        """Return a turn with the pages that its last owner posted but could not note."""
        if turn.token == 1:
            return turn
        surface = self._surfaces[turn.thread.platform]
        found = await persist(partial(surface.find, turn))
        pages = list(turn.pages)
        while len(pages) in found:
            await self._store.opened(turn, len(pages), found[len(pages)])
            pages.append(found[len(pages)])
        return replace(turn, pages=tuple(pages))

    async def _ask(self, turn: Turn, delivery: Delivery, halt: Halt) -> "tuple[Answer, _Ended]":
        """Put a turn to the model; return what it said, and how that ends the turn."""
        builder = AnswerBuilder()
        if turn.answer:  # it goes on
            builder.feed(TextDelta(turn.answer))
            delivery.feed(turn.answer)
        try:
            async with halt.ending():
                question = await self._asker.question(turn)
        except Stopped:
            return _stopped(turn, builder.answer(), delivery)
        bill = self._cashier.bill(turn, question.context.budgets)
        request = self._asker.request(question)
        try:
            async with halt.ending():
                try:
                    request = await self._stream(bill, request, builder, delivery)
                except ContextTooLong as error:
                    if builder.answer().text != turn.answer:
                        raise
                    question = self._asker.shorter(question, error)
                    request = self._asker.request(question)
                    request = await self._stream(bill, request, builder, delivery)
        except Stopped:
            said, ended = _stopped(turn, _complete(builder, question.made_with, bill), delivery)
        except ModelError as error:
            said, ended = _failed(error, _complete(builder, question.made_with, bill), delivery)
        else:
            first = builder.first
            said = bill.told(_complete(builder, question.made_with, bill, first))
            self._asker.counted(request, said.usage)
            others = () if turn.answer else builder.others(first)  # of what goes on, they lack the beginning
            beside = [replace(other, made_with=said.made_with) for other in others]
            ended = _Ended(place=await self._store.answered(turn, said, beside))
            if first:
                delivery.feed(said.text)  # only the first choice is shown while it grows, and it stayed empty
            if self._summariser:
                self._summariser.consider(question, request, said)
            _finish(delivery, said, ended.place)
        await self._plugins.observe(turn, Outcome(request=request, answer=said, error=ended.error))
        return said, ended

    async def _stream(
        self, bill: Bill, request: ChatRequest, builder: AnswerBuilder, delivery: Delivery
    ) -> ChatRequest:
        """Ask once, if that may be paid for, and pass on what comes; returns the request as it was sent."""
        request = await self._plugins.amend(request, bill.turn)
        await bill.reserve(request)
        async with self._model.stream(request, needed_at=delivery.needed_at) as events:
            async for event in events:
                builder.feed(event)
                if isinstance(event, TextDelta) and event.index == 0:
                    delivery.feed(event.text)
        return request

    @asynccontextmanager
    async def _shown(self, turn: Turn, *, is_thinking: bool = True) -> AsyncIterator[Delivery]:
        """Show a delivery while it is fed; at the end wait until the thread shows all of it."""
        surface = self._surfaces[turn.thread.platform]
        with self.desks.writing(turn.thread, surface.limits) as desks:
            delivery = Delivery(
                LiveReply(surface.limits, posted=len(turn.pages), way=surface.way(turn.thread)),
                surface,
                turn,
                desks=desks,
                book=self._store,
                is_ours=self._is_ours,
                is_thinking=is_thinking,
            )
            show = asyncio.create_task(delivery.show(), name=f"show-{turn.id}")
            try:
                yield delivery
                await show
            finally:
                show.cancel()
                await asyncio.gather(show, return_exceptions=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ended:
    """How a turn ends."""

    status: TurnStatus = TurnStatus.DONE
    error: str = ""
    """Code of the error that ended it."""
    answer: Answer | None = None
    """What is to be kept of it instead of what is saved."""
    place: Place = field(default_factory=Place)
    """Which of its variants the answer is."""


def _stopped(turn: Turn, said: Answer, delivery: Delivery) -> tuple[Answer, _Ended]:
    """End an answer that a person stopped while it was made. What a dead process had shown of it is lost."""
    said = replace(said, finish_reason=stopping.REASON)
    actions = CUT_SHORT if said.text else (Action.RETRY,)
    is_lost = turn.stopped_by and turn.pages and not said.text
    delivery.stop(stopping.NOTE_LOST if is_lost else stopping.NOTE, *actions)
    return said, _Ended(status=TurnStatus.STOPPED, answer=said)


def _failed(error: ModelError, said: Answer, delivery: Delivery) -> tuple[Answer, _Ended]:
    """End an answer that the model did not end."""
    log.warning("The model did not answer.", action="model_failed", error=error.code, reason=str(error))
    if said.text.strip():
        delivery.finish(f"_{error.for_people}_", Action.CONTINUE, Action.RETRY)
    else:
        delivery.finish(error.for_people, Action.RETRY)
    return said, _Ended(status=TurnStatus.FAILED, error=error.code, answer=said)


def _as_answer(turn: Turn) -> Answer:
    """Return the answer of a turn, as far as a turn knows of it."""
    return Answer(text=turn.answer, finish_reason=turn.finish_reason, made_with=turn.made_with)


def _complete(builder: AnswerBuilder, made_with: MadeWith, bill: Bill, choice: int = 0) -> Answer:
    """Return what the model said so far, with what and for how much; people are told if it was blind."""
    if builder.is_blind:
        made_with = replace(made_with, remarks="\n\n".join(filter(None, (made_with.remarks, BLIND))))
    return bill.charged(replace(builder.answer(choice), made_with=made_with), builder.others(choice))


def _finish(delivery: Delivery, said: Answer | Turn, place: Place) -> None:
    """End an answer that the model ended, with what there is to say and to do about how it came about."""
    actions = (Action.CONTINUE,) if said.finish_reason == "length" else ()
    remarks = said.made_with.remarks if said.made_with else ""
    notes = filter(None, (NOTES.get(said.finish_reason), remarks, variants.note(place)))
    delivery.finish("\n\n".join(notes), *actions, *variants.actions(place), Action.JUDGE)
