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

from bot.conversation.cancellation import Cancellation, Cancellations, TurnStopped
from bot.conversation.request_builder import RequestBuilder, RequestOptions
from bot.conversation.summarising import Summariser
from bot.core.chat.stream import AnswerBuilder, TextDelta
from bot.core.errors import BotError, ContextTooLong, ModelError, SurfaceGone
from bot.core.reply import stopping, variants
from bot.core.reply.live_reply import LiveReply
from bot.core.requests import Answer, ChatRequest, Provenance
from bot.core.turns import Action, Turn, TurnStatus, VariantPosition
from bot.delivery.rate_limiter import RateLimiters
from bot.delivery.retry import retry_until_answered
from bot.delivery.writer import AnswerWriter
from bot.plugins import Outcome, Plugins
from bot.policy.spending import SpendingPolicy, TurnSpending
from bot.ports import ChatModel, Conversations, Surface

QUESTION_EDITED_NOTE = "_The question was edited after this answer._"

FINISH_NOTES: Mapping[str, str] = {
    "length": "_The answer ends here because it reached the length limit. Ask me to go on._",
    "refusal": "_The model declined to answer._",
    "content_filter": "_The model service's content filter ended the answer here._",
}
"""What is shown under an answer that ended for a reason other than being complete."""

PICTURES_UNSEEN_NOTE = "_The model cannot see pictures; I sent only the text._"

CUT_SHORT_ACTIONS = (Action.CONTINUE, Action.RETRY, Action.JUDGE)
"""What may be done about an answer of which a person had seen enough."""

log = structlog.get_logger()


class Answerer:
    """Answers turns: one model, and a surface for each platform."""

    def __init__(  # noqa: PLR0913 - the parts of a bot, each by its name
        self,
        *,
        store: Conversations,
        model: ChatModel,
        surfaces: Mapping[str, Surface],
        options: RequestOptions,
        plugins: Plugins,
        spending: SpendingPolicy | None = None,
        rate_limiters: RateLimiters | None = None,
        holds_lease: Callable[[], bool] = lambda: True,
        complete_since: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """Nothing is written once `is_ours` denies that what this process holds is certain to be its own.

        `complete_since`, in seconds since 1970: from then on no event of the platform was missed.
        """
        self._store = store
        self._model = model
        self._surfaces = surfaces
        self._request_builder = RequestBuilder(store, surfaces, options, complete_since=complete_since)
        self._plugins = plugins
        self._spending = spending or SpendingPolicy()
        self._summariser = Summariser.create(options, model, plugins, self._spending)
        self._holds_lease = holds_lease
        self.rate_limiters = rate_limiters or RateLimiters()
        self._cancellations = Cancellations()

    async def close(self) -> None:
        """Give up what is done beside the answers."""
        if self._summariser:
            await self._summariser.close()

    async def answer(self, turn: Turn) -> Turn | None:
        """Answer a claimed turn and return the thread's next one, claimed, or None.

        Raises `StoreError`; every other foreseen failure ends as a sentence in the thread.
        """
        with self._cancellations.track(turn) as halt:
            ended = await self._show_answer(await self._adopt_pages(turn), halt)
        log.info("A turn has ended.", action=f"turn_{ended.status}", error=ended.error)
        return await self._store.settle(
            replace(turn, variant_position=ended.place), ended.status, error=ended.error, answer=ended.answer
        )

    def stop(self, turn: int) -> None:
        """Let a turn end where it is, if it runs here, because a person wants it."""
        self._cancellations.request(turn)

    async def _show_answer(self, turn: Turn, cancellation: Cancellation) -> "_TurnResult":
        """Show a turn's answer, once it is made, to its end or as far as people want it."""
        is_saved = turn.status is TurnStatus.ANSWERED  # by a process that died; or it is another variant
        async with self._open_writer(turn, is_thinking=not is_saved and not turn.stopped_by) as delivery:
            if is_saved:
                delivery.feed(turn.answer)
                _finish_writer(delivery, turn, turn.variant_position)
                said, ended = _saved_answer(turn), _TurnResult(place=turn.variant_position)
            else:
                said, ended = await self._ask_model(turn, delivery, cancellation)
            if ended.status is TurnStatus.DONE:
                cancellation.on_request(partial(delivery.stop, stopping.STOPPED_NOTE, *CUT_SHORT_ACTIONS))
        if ended.status is TurnStatus.DONE:
            said = replace(said, call=None)  # it was paid for when it was saved
        if delivery.error:
            return replace(ended, status=TurnStatus.FAILED, error=ended.error or delivery.error, answer=said)
        if delivery.kept_length is not None:
            cut = replace(said, text=said.text[: delivery.kept_length], finish_reason=stopping.STOPPED_FINISH_REASON)
            return replace(ended, status=TurnStatus.STOPPED, answer=cut)
        return ended

    async def give_up(self, turn: Turn, error: type[BotError]) -> Turn | None:
        """End a turn with a sentence in its thread; return the thread's next one, claimed, or None."""
        async with self._open_writer(turn) as delivery:
            delivery.feed(turn.answer)
            delivery.finish(error.for_people, Action.RETRY)
        return await self._store.settle(turn, TurnStatus.FAILED, error=error.code)

    async def refuse(self, turn: Turn, sentence: str, code: str) -> Turn | None:
        """End a turn whose author may not ask; return the thread's next one, claimed, or None."""
        async with self._open_writer(turn, is_thinking=False) as delivery:
            delivery.feed(turn.answer)
            delivery.finish(sentence)
        return await self._store.settle(turn, TurnStatus.FAILED, error=code)

    async def offer_new_answer(self, turn: Turn) -> None:
        """Offer a new answer below the one there is, because the question was edited."""
        if turn.pages:
            async with self._open_writer(turn, is_thinking=False) as delivery:
                delivery.feed(turn.answer)
                delivery.finish(QUESTION_EDITED_NOTE, Action.AGAIN)

    async def remove_answer(self, turn: Turn) -> None:
        """Remove what the thread shows of an answer whose question was deleted."""
        surface = self._surfaces[turn.thread.platform]
        for message_id in turn.pages:
            with suppress(SurfaceGone):
                await retry_until_answered(partial(surface.delete_message, turn.thread, message_id))

    async def _adopt_pages(self, turn: Turn) -> Turn:
        """Return a turn with the pages that its last owner posted but could not note."""
        if turn.token == 1:
            return turn
        surface = self._surfaces[turn.thread.platform]
        found = await retry_until_answered(partial(surface.find_pages, turn))
        pages = list(turn.pages)
        while len(pages) in found:
            await self._store.record_page(turn, len(pages), found[len(pages)])
            pages.append(found[len(pages)])
        return replace(turn, pages=tuple(pages))

    async def _ask_model(
        self, turn: Turn, writer: AnswerWriter, cancellation: Cancellation
    ) -> "tuple[Answer, _TurnResult]":
        """Put a turn to the model; return what it said, and how that ends the turn."""
        builder = AnswerBuilder()
        if turn.answer:  # it goes on
            builder.feed(TextDelta(turn.answer))
            writer.feed(turn.answer)
        try:
            async with cancellation.scope():
                question = await self._request_builder.prepare(turn)
        except TurnStopped:
            return _end_stopped(turn, builder.answer(), writer)
        bill = self._spending.start_turn(turn, question.context.budgets)
        request = self._request_builder.build(question)
        try:
            async with cancellation.scope():
                try:
                    request = await self._stream(bill, request, builder, writer)
                except ContextTooLong as error:
                    if builder.answer().text != turn.answer:
                        raise
                    question = self._request_builder.shorten(question, error)
                    request = self._request_builder.build(question)
                    request = await self._stream(bill, request, builder, writer)
        except TurnStopped:
            said, ended = _end_stopped(turn, _assemble_answer(builder, question.made_with, bill), writer)
        except ModelError as error:
            said, ended = _end_failed(error, _assemble_answer(builder, question.made_with, bill), writer)
        else:
            first = builder.first_choice
            said = bill.add_budget_warning(_assemble_answer(builder, question.made_with, bill, first))
            self._request_builder.learn_token_count(request, said.usage)
            others = () if turn.answer else builder.other_answers(first)  # of what goes on, they lack the beginning
            beside = [replace(other, made_with=said.made_with) for other in others]
            ended = _TurnResult(place=await self._store.save_answer(turn, said, beside))
            if first:
                writer.feed(said.text)  # only the first choice is shown while it grows, and it stayed empty
            if self._summariser:
                self._summariser.start_if_due(question, request, said)
            _finish_writer(writer, said, ended.place)
        await self._plugins.observe(turn, Outcome(request=request, answer=said, error=ended.error))
        return said, ended

    async def _stream(
        self, spending: TurnSpending, request: ChatRequest, builder: AnswerBuilder, writer: AnswerWriter
    ) -> ChatRequest:
        """Ask once, if that may be paid for, and pass on what comes; returns the request as it was sent."""
        request = await self._plugins.amend(request, spending.turn)
        await spending.reserve(request)
        async with self._model.stream(request, needed_at=writer.needed_at) as events:
            async for event in events:
                builder.feed(event)
                if isinstance(event, TextDelta) and event.index == 0:
                    writer.feed(event.text)
        return request

    @asynccontextmanager
    async def _open_writer(self, turn: Turn, *, is_thinking: bool = True) -> AsyncIterator[AnswerWriter]:
        """Show a delivery while it is fed; at the end wait until the thread shows all of it."""
        surface = self._surfaces[turn.thread.platform]
        with self.rate_limiters.use_for_answer(turn.thread, surface.limits) as desks:
            delivery = AnswerWriter(
                LiveReply(surface.limits, posted=len(turn.pages), mode=surface.choose_display_mode(turn.thread)),
                surface,
                turn,
                limiters=desks,
                store=self._store,
                holds_lease=self._holds_lease,
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
class _TurnResult:
    """How a turn ends."""

    status: TurnStatus = TurnStatus.DONE
    error: str = ""
    """Code of the error that ended it."""
    answer: Answer | None = None
    """What is to be kept of it instead of what is saved."""
    place: VariantPosition = field(default_factory=VariantPosition)
    """Which of its variants the answer is."""


def _end_stopped(turn: Turn, answer: Answer, writer: AnswerWriter) -> tuple[Answer, _TurnResult]:
    """End an answer that a person stopped while it was made. What a dead process had shown of it is lost."""
    answer = replace(answer, finish_reason=stopping.STOPPED_FINISH_REASON)
    actions = CUT_SHORT_ACTIONS if answer.text else (Action.RETRY,)
    is_lost = turn.stopped_by and turn.pages and not answer.text
    writer.stop(stopping.STOPPED_TEXT_LOST_NOTE if is_lost else stopping.STOPPED_NOTE, *actions)
    return answer, _TurnResult(status=TurnStatus.STOPPED, answer=answer)


def _end_failed(error: ModelError, answer: Answer, writer: AnswerWriter) -> tuple[Answer, _TurnResult]:
    """End an answer that the model did not end."""
    log.warning("The model did not answer.", action="model_failed", error=error.code, reason=str(error))
    if answer.text.strip():
        writer.finish(f"_{error.for_people}_", Action.CONTINUE, Action.RETRY)
    else:
        writer.finish(error.for_people, Action.RETRY)
    return answer, _TurnResult(status=TurnStatus.FAILED, error=error.code, answer=answer)


def _saved_answer(turn: Turn) -> Answer:
    """Return the answer of a turn, as far as a turn knows of it."""
    return Answer(text=turn.answer, finish_reason=turn.finish_reason, made_with=turn.made_with)


def _assemble_answer(builder: AnswerBuilder, made_with: Provenance, spending: TurnSpending, choice: int = 0) -> Answer:
    """Return what the model said so far, with what and for how much; people are told if it was blind."""
    if builder.are_pictures_left_out:
        made_with = replace(made_with, remarks="\n\n".join(filter(None, (made_with.remarks, PICTURES_UNSEEN_NOTE))))
    return spending.attach_call(replace(builder.answer(choice), made_with=made_with), builder.other_answers(choice))


def _finish_writer(writer: AnswerWriter, answer: Answer | Turn, place: VariantPosition) -> None:
    """End an answer that the model ended, with what there is to say and to do about how it came about."""
    actions = (Action.CONTINUE,) if answer.finish_reason == "length" else ()
    remarks = answer.made_with.remarks if answer.made_with else ""
    notes = filter(None, (FINISH_NOTES.get(answer.finish_reason), remarks, variants.describe_position(place)))
    writer.finish("\n\n".join(notes), *actions, *variants.list_actions(place), Action.JUDGE)
