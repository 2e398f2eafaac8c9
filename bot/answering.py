"""One turn -> an answer, saved and shown.

The heart of the use cases; start reading here. Separate from `worker`, which decides who runs which turn,
and from `delivery`, which writes. Rules: save, then show the end; no transaction is open while the model
or the platform is called; what the model said is kept, whatever happens after.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import structlog

from bot.core import prompts, transcript
from bot.core.budget import Budget
from bot.core.domain import Answer, ChatMessage, ChatRequest, Context, Turn, TurnStatus
from bot.core.errors import BotError, ContextTooLong, ModelError, SurfaceGone
from bot.core.live_reply import LiveReply
from bot.core.stream import AnswerBuilder, TextDelta
from bot.delivery import Delivery
from bot.plugins import Outcome, Plugins
from bot.ports import ChatModel, Store, Surface

HISTORY = 1_000
"""Turns read for one question; a bound on work, far above what fits into most models."""

NOTES: Mapping[str, str] = {
    "length": "_The answer ends here because it reached the length limit. Ask me to go on._",
    "content_filter": "_The model service's content filter ended the answer here._",
}
"""What is shown under an answer that ended for a reason other than being complete."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How this deployment puts questions to its model."""

    model: str
    user_key: bytes = field(repr=False)
    system_prompt: str = ""
    context_tokens: int = 100_000
    names: bool = False


class Answering:
    """Answers turns: one model, and a surface for each platform."""

    def __init__(
        self,
        *,
        store: Store,
        model: ChatModel,
        surfaces: Mapping[str, Surface],
        asking: Asking,
        plugins: Plugins,
    ) -> None:
        self._store = store
        self._model = model
        self._surfaces = surfaces
        self._asking = asking
        self._plugins = plugins
        self._budgets: dict[tuple[str, str], Budget] = {}

    async def answer(self, turn: Turn) -> Turn | None:
        """Answer a claimed turn and return the thread's next one, claimed, or None.

        Raises `StoreError`; every other foreseen failure ends as a sentence in the thread.
        """
        delivery = self._delivery(turn)
        show = asyncio.create_task(delivery.show(), name=f"show-{turn.id}")
        try:
            if turn.status is TurnStatus.ANSWERED:  # a process died after saving it: only show it
                delivery.feed(turn.answer)
                delivery.finish(NOTES.get(turn.finish_reason, ""))
                error = ""
                answer = None
            else:
                answer, error = await self._ask(turn, delivery)
            try:
                await show
            except SurfaceGone as gone:
                log.info("The thread can no longer be written to.", action="surface_gone", reason=str(gone))
                error = error or gone.code
        finally:
            show.cancel()
            with suppress(asyncio.CancelledError, SurfaceGone):
                await show
        status = TurnStatus.FAILED if error else TurnStatus.DONE
        log.info("A turn has ended.", action=f"turn_{status}", error=error)
        return await self._store.settle(turn, status, error=error, answer=answer if error else None)

    async def give_up(self, turn: Turn, error: type[BotError]) -> Turn | None:
        """End a turn with a sentence in its thread; return the thread's next one, claimed, or None."""
        delivery = self._delivery(turn)
        delivery.feed(turn.answer)
        delivery.finish(error.for_people)
        with suppress(SurfaceGone):
            await delivery.show()
        return await self._store.settle(turn, TurnStatus.FAILED, error=error.code)

    async def _ask(self, turn: Turn, delivery: Delivery) -> tuple[Answer, str]:
        """Put a turn to the model; return what it said and the code of the error that ended it, if any."""
        context = await self._store.context(turn, limit=HISTORY)
        builder = AnswerBuilder()
        request = self._request(turn, context, self._asking.context_tokens)
        try:
            try:
                request = await self._stream(turn, request, builder, delivery)
            except ContextTooLong:
                if builder.answer().text:
                    raise
                said = sum(transcript.size(earlier) for earlier in context.history)
                request = self._request(turn, context, min(said, self._asking.context_tokens) // 2)
                request = await self._stream(turn, request, builder, delivery)
        except ModelError as error:
            answer, code = builder.answer(), error.code
            log.warning("The model did not answer.", action="model_failed", error=code, reason=str(error))
            delivery.finish(f"_{error.for_people}_" if answer.text else error.for_people)
        else:
            answer, code = builder.answer(), ""
            await self._store.answered(turn, answer)
            delivery.finish(NOTES.get(answer.finish_reason, ""))
        await self._plugins.observe(turn, Outcome(request=request, answer=answer, error=code))
        return answer, code

    async def _stream(
        self, turn: Turn, request: ChatRequest, builder: AnswerBuilder, delivery: Delivery
    ) -> ChatRequest:
        """Ask once, and pass on what comes; returns the request as it was sent."""
        request = await self._plugins.amend(request, turn)
        async with self._model.stream(request) as events:
            async for event in events:
                builder.feed(event)
                if isinstance(event, TextDelta) and event.index == 0:
                    delivery.feed(event.text)
        return request

    def _request(self, turn: Turn, context: Context, budget: int) -> ChatRequest:
        asking = self._asking
        system = prompts.effective(context.prompts, turn.thread, setting=asking.system_prompt)
        fixed = transcript.estimate(system) + transcript.estimate(turn.question)
        history = transcript.fit(transcript.remembered(context.history), max(0, budget - fixed))
        messages: tuple[ChatMessage, ...] = transcript.messages(system, history, turn, names=asking.names)
        return ChatRequest(
            model=asking.model,
            messages=messages,
            user=transcript.model_user(turn.author, turn.thread.workspace, asking.user_key),
        )

    def _delivery(self, turn: Turn) -> Delivery:
        surface = self._surfaces[turn.thread.platform]
        limits = surface.limits
        budget = self._budgets.setdefault(
            (turn.thread.platform, turn.thread.workspace),
            Budget(per_minute=limits.edits_per_minute, burst=limits.edits_burst),
        )
        live = LiveReply(limits, posted=len(turn.pages))
        opened = partial(self._store.opened, turn)
        return Delivery(live, surface, turn.thread, budget=budget, pages=turn.pages, opened=opened)
