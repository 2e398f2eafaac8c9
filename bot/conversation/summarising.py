"""Makes summaries of turns that no longer fit the model's window, by asking the model, in the background.

After an answer the `Summariser` looks whether turns are about to leave the window. If so, it starts a task:

    turns 1-40  --model-->  summary A              saved with "covers turns 1-40"
    summary A + turns 41-80  --model-->  summary B

No answer waits for it. If it fails, the next answer tries again after a pause, and until then those turns are
just left out. At most one summary is made for a thread at a time, and four in a process. Plugins amend these
requests as they amend questions, and budgets count them.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

import structlog

from bot.conversation.request_builder import PreparedQuestion, RequestOptions
from bot.core.chat import summaries, transcript
from bot.core.chat.context_window import TokenCounter, estimate_tokens
from bot.core.chat.stream import AnswerBuilder
from bot.core.chat.summaries import Summary, SummaryTask
from bot.core.errors import BotError, ModelSilent
from bot.core.requests import Answer, ChatRequest
from bot.core.spending.budgets import Budget
from bot.core.turns import ThreadKey, Turn
from bot.log import describe_error
from bot.plugins import Plugins
from bot.policy.spending import SpendingPolicy
from bot.ports import ChatModel, Summaries

MAX_PARALLEL_SUMMARIES = 4
"""So few at a time, since people who wait for an answer go first."""
FAILURE_PAUSE_SECONDS = 60.0
"""After a failure none is begun for this long; the next answer in the thread tries again."""
INHERITED_PARAMETERS = ("system_role", "reasoning_effort", "service_tier")
"""A summary takes over these parameters of the question; the others shape how people are answered."""
WITHHELD_REASONS = frozenset({"content_filter", "refusal"})
"""Finish reasons of texts that are not used as a summary."""

log = structlog.get_logger()


class Summariser:
    """Makes the summaries of one process."""

    def __init__(
        self,
        model: ChatModel,
        summaries: Summaries,
        plugins: Plugins,
        spending: SpendingPolicy,
        *,
        count_tokens: TokenCounter = estimate_tokens,
    ) -> None:
        self._model = model
        self._summaries = summaries
        self._plugins = plugins
        self._spending = spending
        self._count_tokens = count_tokens
        self._running: dict[ThreadKey, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(MAX_PARALLEL_SUMMARIES)
        self._not_before = 0.0

    @classmethod
    def create(
        cls, options: RequestOptions, model: ChatModel, plugins: Plugins, spending: SpendingPolicy
    ) -> "Summariser | None":
        """Return a summariser, or None if the deployment makes no summaries."""
        store = options.summaries
        return cls(model, store, plugins, spending, count_tokens=options.count_tokens) if store else None

    def start_if_due(self, question: PreparedQuestion, request: ChatRequest, answer: Answer) -> None:
        """Start to make a summary if one is due after this answer; `request` is what the model was asked."""
        turn, now = replace(question.turn, answer=answer.text), asyncio.get_running_loop().time()
        if turn.thread in self._running or now < self._not_before:
            return
        history = (*transcript.select_remembered(question.context.history), turn)
        due = summaries.find_due_summary(
            question.known_summaries.summaries,
            history,
            question.available_tokens,
            is_all=question.has_whole_history,
            count=self._count_tokens,
        )
        if due:
            work = self._make_summary(question, replace(request, messages=()), due, turn)
            task = asyncio.create_task(work, name=f"summary-{turn.id}")
            self._running[turn.thread] = task
            task.add_done_callback(lambda _task: self._running.pop(turn.thread))

    async def close(self) -> None:
        """Cancel the summaries that are being made."""
        for task in (ending := tuple(self._running.values())):
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    async def _make_summary(
        self, question: PreparedQuestion, request: ChatRequest, due: SummaryTask, turn: Turn
    ) -> None:
        try:
            async with self._slots:
                text = due.base
                for part in due.parts:
                    messages = summaries.build_task_messages(due, text, part, count=self._count_tokens)
                    part_request = replace(request, messages=messages, parameters=_choose_parameters(request, due))
                    text = await self._ask_model(part_request, turn, question.context.budgets)
            summary = Summary(until=due.until, text=text)
            is_kept = await self._summaries.save_summary(
                turn.thread, summary, revision=question.known_summaries.revision
            )
        except BotError as error:
            self._note_failure(error.code)
        except Exception as error:  # noqa: BLE001 - the top level of a task that nothing else awaits
            self._note_failure(describe_error(error))
        else:
            log.info("Older turns are summarised.", action="summarised", turn=turn.id, kept=is_kept)

    async def _ask_model(self, request: ChatRequest, turn: Turn, budgets: Sequence[Budget]) -> str:
        """Return the complete text of the model. Raises `BotError`."""
        builder = AnswerBuilder()
        request = await self._plugins.amend(request, turn)
        await self._spending.check_side_call(turn, budgets, request)
        try:
            async with self._model.stream(request) as events:
                async for event in events:
                    builder.feed(event)
        finally:
            await self._spending.charge_side_call(turn, request, builder.answer())
        answer = builder.answer()
        if not answer.text.strip() or answer.finish_reason in WITHHELD_REASONS:
            raise ModelSilent
        return answer.text.strip()

    def _note_failure(self, error: str) -> None:
        self._not_before = asyncio.get_running_loop().time() + FAILURE_PAUSE_SECONDS
        log.info("Older turns could not be summarised.", action="summary_failed", error=error)


def _choose_parameters(request: ChatRequest, due: SummaryTask) -> Mapping[str, object]:
    inherited = {name: value for name, value in request.parameters.items() if name in INHERITED_PARAMETERS}
    return {**inherited, "max_tokens": due.limit}
