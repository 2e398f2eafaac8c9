"""Older turns -> a summary of them, made by the model beside the answers and kept.

Separate from `answering` because nobody waits for it: it is made while the thread goes on, and where that
fails, nothing is missing but the summary. Rules: one at a time for a thread; what plugins make of questions
they make of these requests too, and budgets hold for them; no text that was said is in a log.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

import structlog

from bot.asking import Asking, Question
from bot.charging import Cashier
from bot.core import summaries, transcript
from bot.core.context import Count, estimate
from bot.core.domain import Answer, ChatRequest, ThreadKey, Turn
from bot.core.errors import BotError, ModelSilent
from bot.core.ledger import Budget
from bot.core.stream import AnswerBuilder
from bot.core.summaries import Due, Summary
from bot.log import where
from bot.plugins import Plugins
from bot.ports import ChatModel, Summaries

AT_ONCE = 4
"""Summaries that one process makes at the same time: people who wait for an answer go first."""
PAUSE = 60.0
"""Seconds after a failure in which none is begun; what is due then is due at the next answer too."""
INHERITED = ("system_role", "reasoning_effort", "service_tier")
"""Parameters of a question that say how its model is asked, not how it answers people."""
WITHHELD = frozenset({"content_filter", "refusal"})
"""Reasons for an end that leave no summary."""

log = structlog.get_logger()


class Summariser:
    """Makes summaries."""

    def __init__(
        self,
        model: ChatModel,
        kept: Summaries,
        plugins: Plugins,
        cashier: Cashier,
        *,
        count: Count = estimate,
    ) -> None:
        self._model = model
        self._kept = kept
        self._plugins = plugins
        self._cashier = cashier
        self._count = count
        self._running: dict[ThreadKey, asyncio.Task[None]] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._not_before = 0.0

    @classmethod
    def of(cls, asking: Asking, model: ChatModel, plugins: Plugins, cashier: Cashier) -> "Summariser | None":
        """Return one where older turns are to be summarised."""
        kept = asking.summaries
        return cls(model, kept, plugins, cashier, count=asking.count) if kept else None

    def consider(self, question: Question, request: ChatRequest, answer: Answer) -> None:
        """Begin to make a summary if one is due, now that a question was answered; `request` put it."""
        turn, now = replace(question.turn, answer=answer.text), asyncio.get_running_loop().time()
        if turn.thread in self._running or now < self._not_before:
            return
        history = (*transcript.remembered(question.context.history), turn)
        due = summaries.due(
            question.known.summaries, history, question.room, is_all=question.is_all, count=self._count
        )
        if due:
            making = self._make(question, replace(request, messages=()), due, turn)
            task = asyncio.create_task(making, name=f"summary-{turn.id}")
            self._running[turn.thread] = task
            task.add_done_callback(lambda _task: self._running.pop(turn.thread))

    async def close(self) -> None:
        """Give up what is being made."""
        for task in (ending := tuple(self._running.values())):
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    async def _make(self, question: Question, request: ChatRequest, due: Due, turn: Turn) -> None:
        try:
            async with self._turns:
                text = due.base
                for part in due.parts:
                    messages = summaries.task(due, text, part, count=self._count)
                    asking = replace(request, messages=messages, parameters=_parameters(request, due))
                    text = await self._said(asking, turn, question.context.budgets)
            summary = Summary(until=due.until, text=text)
            is_kept = await self._kept.save(turn.thread, summary, revision=question.known.revision)
        except BotError as error:
            self._failed(error.code)
        except Exception as error:  # noqa: BLE001 - nobody waits for it, and it is no turn
            self._failed(where(error))
        else:
            log.info("Older turns are summarised.", action="summarised", turn=turn.id, kept=is_kept)

    async def _said(self, request: ChatRequest, turn: Turn, budgets: Sequence[Budget]) -> str:
        """Return what the model says, complete. Raises a `ModelError`, or a `StoreError`."""
        builder = AnswerBuilder()
        request = await self._plugins.amend(request, turn)
        await self._cashier.look(turn, budgets, request)
        try:
            async with self._model.stream(request) as events:
                async for event in events:
                    builder.feed(event)
        finally:
            await self._cashier.charge(turn, request, builder.answer())
        answer = builder.answer()
        if not answer.text.strip() or answer.finish_reason in WITHHELD:
            raise ModelSilent
        return answer.text.strip()

    def _failed(self, error: str) -> None:
        self._not_before = asyncio.get_running_loop().time() + PAUSE
        log.info("Older turns could not be summarised.", action="summary_failed", error=error)


def _parameters(request: ChatRequest, due: Due) -> Mapping[str, object]:
    inherited = {name: value for name, value in request.parameters.items() if name in INHERITED}
    return {**inherited, "max_tokens": due.limit}
