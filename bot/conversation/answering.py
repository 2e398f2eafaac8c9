"""Answers one turn: asks the model, shows its answer while it grows, saves it, and settles the turn.

Start reading here: everything else serves this file. One call of `Answerer.answer` goes through these steps:

    a claimed turn
      |  _adopt_pages   record the messages that the turn's last owner posted, but could not record
      |  _ask_model     request_builder prepares the question; then, for each piece of text:
      |                     model -- TextDelta --> AnswerBuilder (the whole answer, to be saved)
      |                                        --> AnswerWriter  (messages in the thread, as limits allow)
      |  save_answer    one transaction, before the last write of the answer
      |  writer.finish  notes and buttons below the last message
      v
    settle the turn, and claim the next one of its thread

A turn that was saved already (its process died, or a person chose another variant) skips the model and is
only shown. Whatever happens on the way is one value, a `_TurnResult`: the answer so far, the turn's new
status, and an error code. A person's stop, an error of the model, and a thread that can no longer be written
to all end a turn this way.

Rules: the answer is saved before its last write. No transaction is open while the model or the platform is
called. Text that the model has written is kept, whatever fails later.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial

import structlog

from bot.conversation.cancellation import Cancellation, Cancellations, TurnStopped
from bot.conversation.request_builder import PreparedQuestion, RequestBuilder, RequestOptions
from bot.conversation.summarising import Summariser
from bot.core.chat.stream import AnswerBuilder, TextDelta
from bot.core.errors import BotError, ClaimLost, ContextTooLong, ModelError, ModelUnknown, SpendingError, SurfaceGone
from bot.core.reply import stopping, variants
from bot.core.reply.live_reply import LiveReply
from bot.core.requests import Answer, ChatRequest
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
"""The note below an answer that the model did not complete, by its finish reason."""

PICTURES_UNSEEN_NOTE = "_The model cannot see pictures; I sent only the text._"

CUT_SHORT_ACTIONS = (Action.CONTINUE, Action.RETRY, Action.JUDGE)
"""The buttons below an answer that a person stopped."""

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
        holds_lease: Callable[[], Awaitable[bool]] | None = None,
        complete_since: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """Nothing is written once `holds_lease` returns False: another process may own the turn by then. It may wait.

        `complete_since` returns, in seconds since 1970, from when on no event of the platform was missed.
        """
        self._store = store
        self._model = model
        self._surfaces = surfaces
        self._request_builder = RequestBuilder(store, surfaces, options, complete_since=complete_since)
        self._plugins = plugins
        self._spending = spending or SpendingPolicy()
        self._summariser = Summariser.create(options, model, plugins, self._spending)
        self._holds_lease = holds_lease or _is_alone
        self.rate_limiters = rate_limiters or RateLimiters()
        self._cancellations = Cancellations()
        self.finishing = 0
        """How many answers need the model no more, and only wait until their end is shown."""

    async def close(self) -> None:
        """Cancel the summaries that are being made."""
        if self._summariser:
            await self._summariser.close()

    async def answer(self, turn: Turn) -> Turn | None:
        """Answer a claimed turn and return the thread's next one, claimed, or None.

        Raises `StoreError`; every other foreseen failure ends as a sentence in the thread.
        """
        try:
            with self._cancellations.track(turn) as cancellation:
                async with cancellation.until_discarded():
                    result = await self._show_answer(await self._adopt_pages(turn), cancellation)
        except ClaimLost:
            # Else another process may show its answer in these posts, whatever the clock of this one says.
            if await self._holds_lease() and await self._store.is_forgotten(turn):
                await self._take_back_posts(turn)
            raise
        if result.outcome:
            await self._plugins.observe(turn, result.outcome)
        log.info("A turn has ended.", action=f"turn_{result.status}", error=result.error)
        return await self._store.settle(
            replace(turn, variant_position=result.position),
            result.status,
            error=result.error,
            answer=None if result.status is TurnStatus.DONE else result.answer,
        )

    def stop(self, turn: int) -> None:
        """Stop a turn where it is, if it runs in this process, because a person asked for it."""
        self._cancellations.request(turn)

    async def give_up(self, turn: Turn, error: type[BotError]) -> Turn | None:
        """End a turn with the error's sentence; return the thread's next one, claimed, or None."""
        async with self._open_writer(turn) as writer:
            writer.feed(turn.answer)
            writer.finish(error.for_people, Action.RETRY)
        return await self._store.settle(turn, TurnStatus.FAILED, error=error.code)

    async def refuse(self, turn: Turn, sentence: str, code: str) -> Turn | None:
        """End a turn whose author may not ask; return the thread's next one, claimed, or None."""
        async with self._open_writer(turn, is_thinking=False) as writer:
            writer.feed(turn.answer)
            writer.finish(sentence)
        return await self._store.settle(turn, TurnStatus.FAILED, error=code)

    async def offer_new_answer(self, turn: Turn) -> None:
        """Offer a new answer below the present one, because the question was edited."""
        if turn.pages:
            async with self._open_writer(turn, is_thinking=False) as writer:
                writer.feed(turn.answer)
                writer.finish(QUESTION_EDITED_NOTE, Action.AGAIN)

    async def remove_answer(self, turn: Turn) -> None:
        """Delete the messages of an answer whose question was deleted."""
        surface = self._surfaces[turn.thread.platform]
        for message_id in turn.pages:
            with suppress(SurfaceGone):
                await retry_until_answered(partial(surface.delete_message, turn.thread, message_id))

    def discard(self, turn: int) -> None:
        """End a turn whose question was deleted, if it runs in this process."""
        self._cancellations.discard(turn)

    async def _take_back_posts(self, turn: Turn) -> None:
        """Delete what the thread shows of an answer whose question was deleted, recorded or not."""
        surface = self._surfaces[turn.thread.platform]
        with suppress(SurfaceGone):
            found = await retry_until_answered(partial(surface.find_pages, turn))
            await self.remove_answer(replace(turn, pages=tuple(found.values())))

    async def _adopt_pages(self, turn: Turn) -> Turn:
        """Return a turn with the pages that its last owner posted but could not record."""
        if turn.token == 1:
            return turn
        surface = self._surfaces[turn.thread.platform]
        found = await retry_until_answered(partial(surface.find_pages, turn))
        pages = list(turn.pages)
        while len(pages) in found:
            await self._store.record_page(turn, len(pages), found[len(pages)])
            pages.append(found[len(pages)])
        return replace(turn, pages=tuple(pages))

    async def _show_answer(self, turn: Turn, cancellation: Cancellation) -> "_TurnResult":
        """Show a turn's answer to its end, or as far as people want it; ask the model first if need be."""
        is_saved = turn.status is TurnStatus.ANSWERED
        async with self._open_writer(turn, is_thinking=not is_saved and not turn.stopped_by) as writer:
            if is_saved:
                result = _resume_saved(turn, writer)
            else:
                result = await self._ask_model(turn, writer, cancellation)
            if result.status is TurnStatus.DONE:  # the text is saved; a stop saves only further messages
                cancellation.on_request(partial(writer.stop, stopping.STOPPED_NOTE, *CUT_SHORT_ACTIONS))
        return _as_shown(result, writer)

    async def _ask_model(self, turn: Turn, writer: AnswerWriter, cancellation: Cancellation) -> "_TurnResult":
        """Put a turn to the model, and give its text to the writer as it comes."""
        builder = AnswerBuilder()
        if turn.answer:  # the model goes on where the answer ended
            builder.feed(TextDelta(turn.answer))
            writer.feed(turn.answer)
        try:
            async with cancellation.scope():
                question = await self._request_builder.prepare(turn)
        except TurnStopped:
            return _end_stopped(turn, builder.answer(), writer)
        spending = self._spending.start_turn(turn, question.context.budgets)
        attempt = _Attempt(question, self._request_builder.build(question), spending, builder)
        try:
            async with cancellation.scope():
                await self._stream_what_fits(attempt, writer)
        except TurnStopped:
            result = _end_stopped(turn, attempt.answer(), writer)
        except (ModelError, SpendingError) as error:
            if isinstance(error, ModelUnknown) and question.model_chosen_for:
                error.blame_admins_choice(attempt.request.model, question.model_chosen_for)
            result = _end_failed(error, attempt.answer(), writer)
        else:
            result = await self._end_complete(turn, attempt, writer)
        outcome = Outcome(request=attempt.request, answer=result.answer, error=result.error)
        return replace(result, outcome=outcome)

    async def _stream_what_fits(self, attempt: "_Attempt", writer: AnswerWriter) -> None:
        """Stream the answer; if the conversation is too long for the model, once more with less of it."""
        try:
            attempt.request = await self._stream(attempt, writer)
        except ContextTooLong as error:
            if attempt.builder.answer().text != attempt.spending.turn.answer:
                raise
            attempt.question = self._request_builder.shorten(attempt.question, error)
            attempt.request = self._request_builder.build(attempt.question)
            attempt.request = await self._stream(attempt, writer)

    async def _stream(self, attempt: "_Attempt", writer: AnswerWriter) -> ChatRequest:
        """Ask once, if the budgets allow it, and pass the text on; return the request as it was sent."""
        request = await self._plugins.amend(attempt.request, attempt.spending.turn)
        await attempt.spending.reserve(request)
        async with self._model.stream(request, needed_at=writer.needed_at) as events:
            async for event in events:
                attempt.builder.feed(event)
                if isinstance(event, TextDelta) and event.index == 0:
                    writer.feed(event.text)
        return request

    async def _end_complete(self, turn: Turn, attempt: "_Attempt", writer: AnswerWriter) -> "_TurnResult":
        """Save an answer that the model has completed, with its variants, and let its end be shown."""
        first = attempt.builder.first_choice
        answer = attempt.spending.add_budget_warning(attempt.answer(first))
        self._request_builder.learn_token_count(attempt.request, answer.usage)
        # A continuation asks for one choice only; any other would lack the beginning of the answer.
        others = () if turn.answer else attempt.builder.other_answers(first)
        others = tuple(replace(other, made_with=answer.made_with) for other in others)
        position = await self._store.save_answer(turn, answer, others)
        if first:  # while it grew only choice 0 was shown, and that stayed empty
            writer.feed(answer.text)
        if self._summariser:
            self._summariser.start_if_due(attempt.question, attempt.request, answer)
        _finish_writer(writer, answer, position)
        return _TurnResult(answer=answer, position=position)

    @asynccontextmanager
    async def _open_writer(self, turn: Turn, *, is_thinking: bool = True) -> AsyncIterator[AnswerWriter]:
        """Give the writer of a turn's answer; at the end wait until the thread shows all of it."""
        surface = self._surfaces[turn.thread.platform]
        with self.rate_limiters.use_for_answer(turn.thread, surface.limits) as limiters:
            mode = surface.choose_display_mode(turn.thread)
            writer = AnswerWriter(
                LiveReply(surface.limits, posted=len(turn.pages), mode=mode),
                surface,
                turn,
                limiters=limiters,
                store=self._store,
                holds_lease=self._holds_lease,
                is_thinking=is_thinking,
            )
            show = asyncio.create_task(writer.show(), name=f"show-{turn.id}")
            try:
                yield writer
                self.finishing += 1
                try:
                    await show
                finally:
                    self.finishing -= 1
            finally:
                show.cancel()
                await asyncio.gather(show, return_exceptions=True)


async def _is_alone() -> bool:
    """Hold the turns for ever, where there is no other process."""
    return True


@dataclass(slots=True)
class _Attempt:
    """A turn while the model is asked. It changes in place, so that an error finds how far it came."""

    question: PreparedQuestion
    request: ChatRequest
    spending: TurnSpending
    builder: AnswerBuilder

    def answer(self, choice: int = 0) -> Answer:
        """Return what the model has written so far, with what it was asked with and what it cost."""
        made_with = self.question.made_with
        if self.builder.are_pictures_left_out:
            remarks = "\n\n".join(filter(None, (made_with.remarks, PICTURES_UNSEEN_NOTE)))
            made_with = replace(made_with, remarks=remarks)
        answer = replace(self.builder.answer(choice), made_with=made_with)
        return self.spending.attach_call(answer, self.builder.other_answers(choice))


@dataclass(frozen=True, slots=True, kw_only=True)
class _TurnResult:
    """How a turn ends."""

    answer: Answer
    """The answer, as far as there is one; stored when the turn is settled, unless it is saved (`DONE`)."""
    status: TurnStatus = TurnStatus.DONE
    error: str = ""
    """Code of the error that ended it."""
    position: VariantPosition = field(default_factory=VariantPosition)
    """Which of its variants the answer is."""
    outcome: Outcome | None = None
    """What plugins are told, if the model was asked."""


def _resume_saved(turn: Turn, writer: AnswerWriter) -> _TurnResult:
    """Show an answer that was saved before: by a process that died, or as another variant."""
    answer = Answer(text=turn.answer, finish_reason=turn.finish_reason, made_with=turn.made_with)
    writer.feed(answer.text)
    _finish_writer(writer, answer, turn.variant_position)
    return _TurnResult(answer=answer, position=turn.variant_position)


def _end_stopped(turn: Turn, answer: Answer, writer: AnswerWriter) -> _TurnResult:
    """End an answer that a person stopped while the model was writing it.

    If the process died that was writing it, its text is lost, and the thread says so.
    """
    answer = replace(answer, finish_reason=stopping.STOPPED_FINISH_REASON)
    actions = CUT_SHORT_ACTIONS if answer.text else (Action.RETRY,)
    is_lost = turn.stopped_by and turn.pages and not answer.text
    writer.stop(stopping.STOPPED_TEXT_LOST_NOTE if is_lost else stopping.STOPPED_NOTE, *actions)
    return _TurnResult(answer=answer, status=TurnStatus.STOPPED)


def _end_failed(error: ModelError | SpendingError, answer: Answer, writer: AnswerWriter) -> _TurnResult:
    """End an answer that an error cut off; its text stays, with the error's sentence below it."""
    log.warning("The model did not answer.", action="model_failed", error=error.code, reason=str(error))
    if answer.text.strip():
        writer.finish(f"_{error.for_people}_", Action.CONTINUE, Action.RETRY)
    else:
        writer.finish(error.for_people, Action.RETRY)
    return _TurnResult(answer=answer, status=TurnStatus.FAILED, error=error.code)


def _finish_writer(writer: AnswerWriter, answer: Answer, position: VariantPosition) -> None:
    """Let the end of a complete answer be shown, with its notes and buttons."""
    actions = (Action.CONTINUE,) if answer.finish_reason == "length" else ()
    remarks = answer.made_with.remarks if answer.made_with else ""
    notes = (FINISH_NOTES.get(answer.finish_reason), remarks, variants.describe_position(position))
    writer.finish("\n\n".join(filter(None, notes)), *actions, *variants.list_actions(position), Action.JUDGE)


def _as_shown(result: _TurnResult, writer: AnswerWriter) -> _TurnResult:
    """Return the result with what became of it in the thread, which may have gone, or show only a part."""
    answer = result.answer
    if result.status is TurnStatus.DONE:  # its call was recorded when it was saved
        answer = replace(answer, call=None)
    if writer.error:
        error = result.error or writer.error
        return replace(result, status=TurnStatus.FAILED, error=error, answer=answer)
    if writer.kept_length is not None:
        text, reason = answer.text[: writer.kept_length], stopping.STOPPED_FINISH_REASON
        return replace(result, status=TurnStatus.STOPPED, answer=replace(answer, text=text, finish_reason=reason))
    return result
