"""Builds the request that puts one turn to the model: what the model gets to know, and how it is asked.

`prepare` gathers everything, `build` turns it into a `ChatRequest`, and `shorten` leaves out more of the history
when the model refused the request as too long. An example, with `BOT_CONTEXT_TOKENS=1000`:

    read      summaries of the thread, history (at most 1,000 turns), config versions, budgets      the store
              messages that were missed while the bot was disconnected                              the platform
    resolve   deployment < workspace < channel < thread  ->  system prompt, model, parameters       core.chat
    files     the question's attachments  ->  text and pictures                                     file_reader
    fit         1000 tokens
               -  60 system prompt
               - 140 reserved for a summary
               - 300 the question, with its files
               = 500 for history: its newest turns, whole ones only; what they leave out may be summarised
    build     [system, summary, turn 41, turn 42, question]

Rules: nothing is read from the platform that is stored here. History is left out in whole turns, oldest first,
and the thread is told once that it is.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import structlog

from bot.conversation.file_reader import FileReader
from bot.core.chat import context_window, placeholders, scoped_config, summaries, transcript
from bot.core.chat.context_window import ContextWindows, TokenCounter
from bot.core.chat.scoped_config import EffectiveConfig
from bot.core.chat.summaries import ThreadSummaries
from bot.core.config import ScopeConfig
from bot.core.errors import ContextTooLong, ModelError, SurfaceError
from bot.core.parameter_types import ParameterValue
from bot.core.requests import ChatRequest, ContextCoverage, Provenance, Usage
from bot.core.turns import Turn, TurnStatus
from bot.ports import NO_SERVER_FACTS, Conversations, ServerFacts, Summaries, Surface
from bot.ports.conversations import TurnContext

MAX_HISTORY_TURNS = 1_000
"""The most turns that are read for one question; far more than fit into most models."""

MAX_THREAD_MESSAGES_READ = 200
"""The most messages that are read from a thread that began without the bot."""

OUT_OF_VIEW_NOTE = "_Older messages of this thread are no longer in view._"
"""The note below a thread's first answer for which turns were left out."""

SUMMARISED_NOTE = "_Older messages of this thread are no longer in view; I go by a summary of them._"
"""The note if a summary replaces those turns; if one is written later, it follows below the first answer with it."""

DRAFT_NOTE = "_Answered with a draft that is not published._"
"""The note below each answer of a thread in which an admin tries a draft."""

REREAD_OVERLAP_SECONDS = 60.0
"""Messages of this long before the last reading are read again, since the platform's clock is not ours."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestOptions:
    """How this deployment asks its model."""

    deployment_config: ScopeConfig
    """What the settings say; it names a model at least."""
    user_key: bytes = field(repr=False)
    context_tokens: int = 100_000
    """The most tokens of a prompt, even if the model takes more."""
    list_windows: Callable[[], Awaitable[Mapping[str, int]]] | None = None
    """Asks the service for the context window of each model, in tokens. Raises `ModelError`."""
    sends_names: bool = False
    count_tokens: TokenCounter = context_window.estimate_tokens
    summaries: Summaries | None = None
    """The store of summaries, if older turns are to be summarised."""
    server_facts: ServerFacts = NO_SERVER_FACTS
    """What was learned of the preferred model server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedQuestion:
    """A turn with everything that its request is built from."""

    turn: Turn
    context: TurnContext
    system_prompt: str
    """The system prompt, with its placeholders filled in."""
    parameters: Mapping[str, ParameterValue]
    made_with: Provenance
    model_chosen_for: str
    """The place for which admins chose the model, such as "this channel"; empty if the settings name it."""
    known_summaries: ThreadSummaries
    """The summaries of the thread; they are read before its history."""
    pictures: tuple[str, ...] = ()
    """Data URLs."""
    visible_turns: Sequence[Turn] = ()
    """The turns that the model is sent."""
    summary: str = ""
    """The summary of earlier turns that it is sent; empty if there is none."""
    available_tokens: float = 0.0
    """How many tokens the visible turns and the question may take together."""

    @property
    def has_whole_history(self) -> bool:
        """Whether all turns of the thread were read."""
        return len(self.context.history) < MAX_HISTORY_TURNS


class RequestBuilder:
    """Builds requests for turns; one for a process, which learns the windows of models."""

    def __init__(
        self,
        store: Conversations,
        surfaces: Mapping[str, Surface],
        options: RequestOptions,
        *,
        complete_since: Callable[[], float],
    ) -> None:
        """`complete_since` returns, in seconds since 1970, from when on no event of the platform was missed."""
        self._store = store
        self._surfaces = surfaces
        self._options = options
        self._complete_since = complete_since
        self._file_reader = FileReader()
        self._windows = ContextWindows(options.context_tokens)
        self._learning_windows: asyncio.Task[None] | None = None

    async def prepare(self, turn: Turn) -> PreparedQuestion:
        """Gather what a turn's request is built from. Raises `StoreError`."""
        if self._learning_windows is None:
            self._learning_windows = asyncio.create_task(self._learn_windows(), name="learn-windows")
        kept = self._options.summaries
        known = await kept.read_summaries(turn.thread) if kept else ThreadSummaries()
        context = await self._read_context(turn)
        effective = self._resolve_config(turn, context)
        read = await self._file_reader.read(self._surfaces[turn.thread.platform], turn.files)
        made_with = _make_provenance(effective, context)
        remarks = "\n\n".join(filter(None, (read.remarks, made_with.remarks)))
        made_with = replace(made_with, reading=read.text_for_model, remarks=remarks)
        question = PreparedQuestion(
            turn=replace(turn, made_with=made_with),
            context=context,
            system_prompt=await self._fill_placeholders(effective.system, turn, context),
            parameters=effective.parameters,
            made_with=made_with,
            model_chosen_for=_place_that_sets_model(effective, context),
            pictures=read.pictures,
            known_summaries=known,
        )
        return self._fit_history(question, self._compute_available_tokens(question, self._windows))

    def build(self, question: PreparedQuestion) -> ChatRequest:
        """Return the request for a prepared question."""
        options, turn = self._options, question.turn
        return ChatRequest(
            model=_model_of(question),
            messages=transcript.build_messages(
                question.system_prompt,
                question.visible_turns,
                turn,
                summary=question.summary,
                names=options.sends_names,
                pictures=question.pictures,
            ),
            parameters=question.parameters,
            user=transcript.hash_user(turn.author, turn.thread.workspace, options.user_key),
            conversation=transcript.hash_parts(
                options.user_key, turn.thread.workspace, turn.thread.channel, turn.thread.root
            ),
        )

    def shorten(self, question: PreparedQuestion, error: ContextTooLong) -> PreparedQuestion:
        """Return a question that fits the window that the service named, or else half as long as before."""
        sent, windows = self._count_tokens(self.build(question)), self._windows
        if error.is_from_fallback:  # then only this question is shortened
            windows = ContextWindows(self._options.context_tokens)
        if not question.pictures:  # how many tokens a picture is to the service is not known
            windows.note_too_long(_model_of(question), sent, window=error.window, tokens=error.tokens)
            self._save_window_facts(_model_of(question))
        most = 0.75 * sent if error.window and error.tokens else sent / 2
        return self._fit_history(question, min(most, self._compute_available_tokens(question, windows)))

    def learn_token_count(self, request: ChatRequest, usage: Usage | None) -> None:
        """Correct the token estimate by what the service counted; not for questions with pictures."""
        if usage and not any(message.images for message in request.messages):
            self._windows.note_counted(request.model, self._count_tokens(request), usage.prompt_tokens)

    def _count_tokens(self, request: ChatRequest) -> int:
        return context_window.count_request_tokens(request.messages, self._options.count_tokens)

    def _save_window_facts(self, model: str) -> None:
        """Store what was newly learned of a model's window."""
        known = self._options.server_facts.read(model)
        for subject, value in self._windows.learned_facts(model).items():
            if known.get(subject, 1.0) != value:  # a correction by 1 says nothing new
                self._options.server_facts.learn(model, subject, value)

    def _compute_available_tokens(self, question: PreparedQuestion, windows: ContextWindows) -> float:
        limit, model = question.parameters.get("max_tokens"), _model_of(question)
        if not windows.learned_facts(model):
            windows.recall(model, self._options.server_facts.read(model))
        return windows.prompt_limit(model, limit if isinstance(limit, int) else None)

    def _fit_history(self, question: PreparedQuestion, available_tokens: float) -> PreparedQuestion:
        """Return the question with as much history as fits, and a note for the thread if some is left out."""
        count, history = self._options.count_tokens, transcript.select_remembered(question.context.history)
        available_tokens -= count(question.system_prompt)
        available_tokens -= summaries.summary_reserve(available_tokens) if self._options.summaries else 0
        view = summaries.select_view(
            question.known_summaries.summaries,
            history,
            context_window.count_question_tokens(question.turn, pictures=len(question.pictures), count=count),
            available_tokens,
            is_all=question.has_whole_history,
            count=count,
        )
        summary = summaries.render_summary(view.summary, available_tokens, count=count) if view.summary else ""
        sentence = SUMMARISED_NOTE if summary and view.is_covered else OUT_OF_VIEW_NOTE
        made_with = _add_view_note(question, sentence) if view.first else question.made_with
        coverage = _measure_coverage(
            history, view.first, is_all=question.has_whole_history, is_summarised=bool(summary)
        )
        return replace(
            question,
            visible_turns=history[view.first :],
            summary=summary,
            available_tokens=available_tokens,
            made_with=replace(made_with, seen=coverage),
        )

    async def _learn_windows(self) -> None:
        """Ask the service for its models' windows: once, while the first question goes on."""
        if self._options.list_windows:
            try:
                self._windows.set_listed(await self._options.list_windows())
            except ModelError as error:
                log.info("The models' windows are not known.", action="windows_unknown", error=error.code)

    async def _read_context(self, turn: Turn) -> TurnContext:
        """Return what the store knows of the thread; first read what was missed of it from the platform."""
        context = await self._store.read_context(turn, limit=MAX_HISTORY_TURNS)
        if turn.thread.root == turn.message_id or context.read_at >= self._complete_since():
            return context
        surface = self._surfaces[turn.thread.platform]
        try:
            messages = await surface.read_messages(
                turn.thread, limit=MAX_THREAD_MESSAGES_READ, since=context.read_at - REREAD_OVERLAP_SECONDS
            )
        except SurfaceError as error:
            log.info("The thread could not be read.", action="thread_unread", error=error.code)
            return context
        await self._store.record_overheard(turn.thread, messages)
        return await self._store.read_context(turn, limit=MAX_HISTORY_TURNS)

    def _resolve_config(self, turn: Turn, context: TurnContext) -> EffectiveConfig:
        """Return the config that applies in the turn's thread, or in the place that its draft is meant for."""
        draft = context.draft
        settings = {version.scope: version.config for version in context.config_versions}
        if draft:
            settings[draft.scope] = draft.config
        where = draft.target if draft else turn.thread
        return scoped_config.resolve_config(
            {**settings, scoped_config.DEPLOYMENT_SCOPE: self._options.deployment_config},
            draft.scope if draft else scoped_config.thread_scope(turn.thread),
            is_direct=self._surfaces[where.platform].is_direct(where),
        )

    async def _fill_placeholders(self, system: str, turn: Turn, context: TurnContext) -> str:
        """Return the system prompt with its placeholders filled in."""
        where = context.draft.target if context.draft else turn.thread
        used = placeholders.find_used(system)
        values = {"user": turn.author.name, "date": datetime.now(UTC).date().isoformat()}
        if used & {"channel", "workspace"}:  # their names may take a call of the platform
            values.update(await self._surfaces[turn.thread.platform].read_place_names(where))
        return placeholders.fill(system, values)


def _make_provenance(effective: EffectiveConfig, context: TurnContext) -> Provenance:
    """Return which versions an answer is made with; a draft takes the place of its scope's version."""
    draft = context.draft
    if draft is None:
        return scoped_config.make_provenance(effective, context.config_versions)
    versions = [version for version in context.config_versions if version.scope != draft.scope]
    made_with = scoped_config.make_provenance(effective, versions)
    return replace(made_with, remarks=DRAFT_NOTE, draft=scoped_config.name_scope(draft.scope))


def _place_that_sets_model(effective: EffectiveConfig, context: TurnContext) -> str:
    """Return for which place admins chose the model, for people; empty if the settings name it."""
    scope = effective.origins["model"]
    return "this draft" if context.draft and scope == context.draft.scope else scoped_config.describe_place(scope)


def _measure_coverage(history: Sequence[Turn], first: int, *, is_all: bool, is_summarised: bool) -> ContextCoverage:
    """Return how much of the history is sent if it begins with turn number `first`."""
    view = history[first:]
    ends = {"first": view[0].message_id, "last": view[-1].message_id} if view else {}
    return ContextCoverage(turns=len(view), left_out=first, is_all_counted=is_all, is_summarised=is_summarised, **ends)


def _model_of(question: PreparedQuestion) -> str:
    return str(question.parameters["model"])


def _add_view_note(question: PreparedQuestion, note: str) -> Provenance:
    """Add the note about left-out turns, unless the thread has been told the same already."""
    made_with = question.made_with
    last_note = next(
        (_find_view_note(turn) for turn in reversed(question.context.history) if _find_view_note(turn)), ""
    )
    is_news = last_note != note if last_note else question.has_whole_history
    if not is_news or any(each in made_with.remarks for each in (OUT_OF_VIEW_NOTE, SUMMARISED_NOTE)):
        return made_with
    return replace(made_with, remarks="\n\n".join(filter(None, (made_with.remarks, note))))


def _find_view_note(turn: Turn) -> str:
    """Return the note about left-out turns below a turn's answer, if it has one."""
    if turn.status is not TurnStatus.DONE or turn.made_with is None:
        return ""
    remarks = turn.made_with.remarks
    return next((each for each in (OUT_OF_VIEW_NOTE, SUMMARISED_NOTE) if each in remarks), "")
