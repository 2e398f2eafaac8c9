"""One turn -> the request that is put to the model.

Separate from `answering`, which ends turns: here is decided what the model gets to know, and how it is asked.
Rules: nothing is read of the platform that is stored; whatever is left out is left out in whole turns.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import structlog

from bot.core import placeholders, steering, summaries, transcript
from bot.core.context import Count, Windows, asked, estimate, weight
from bot.core.domain import ChatRequest, MadeWith, Steering, Turn, TurnStatus, Usage
from bot.core.errors import ContextTooLong, ModelError, SurfaceError
from bot.core.kinds import Value
from bot.core.known import Context
from bot.core.seen import Seen
from bot.core.steering import Effective
from bot.core.summaries import Known
from bot.ports import NO_SERVER_FACTS, ServerFacts, Store, Summaries, Surface
from bot.reading import Reader

HISTORY = 1_000
"""Turns read for one question; a bound on work, far above what fits into most models."""

READ = 200
"""Messages read from a thread that was there before we were."""

OUT_OF_VIEW = "_Older messages of this thread are no longer in view._"
"""Stands below the first answer of a thread for which turns were left out."""

SUMMARISED = "_Older messages of this thread are no longer in view; I go by a summary of them._"
"""Stands there in its place where that is so, and below the first answer from which on it is."""

DRAFT = "_Answered with a draft that is not published._"
"""Stands below each answer of a thread in which an admin tries one."""

OVERLAP = 60.0
"""Seconds that are read once more, because the platform's clock is not ours."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How this deployment puts questions to its model."""

    steering: Steering
    """What the deployment sets; the model at least."""
    user_key: bytes = field(repr=False)
    context_tokens: int = 100_000
    """Tokens of a prompt at most, whatever would fit."""
    windows: Callable[[], Awaitable[Mapping[str, int]]] | None = None
    """Asks the service how many tokens which model takes; raises a `ModelError`."""
    names: bool = False
    count: Count = estimate
    """Counts tokens."""
    summaries: Summaries | None = None
    """Where older turns are summarised, their summaries."""
    page: ServerFacts = NO_SERVER_FACTS
    """What the preferred server has taught us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Everything that is known before a turn is put to the model."""

    turn: Turn
    context: Context
    system: str
    """The system prompt, complete."""
    parameters: Mapping[str, Value]
    made_with: MadeWith
    known: Known
    """The summaries of the thread, read before anything else was."""
    pictures: tuple[str, ...] = ()
    """Data URLs."""
    view: Sequence[Turn] = ()
    """What the model gets to see of the conversation."""
    summary: str = ""
    """What it gets to see of what was said before that."""
    room: float = 0.0
    """Tokens that the view and the question may take."""

    @property
    def is_all(self) -> bool:
        """Whether the whole conversation was read."""
        return len(self.context.history) < HISTORY


class Asker:
    """Turns turns into requests."""

    def __init__(
        self,
        store: Store,
        surfaces: Mapping[str, Surface],
        asking: Asking,
        *,
        complete_since: Callable[[], float],
    ) -> None:
        """`complete_since`, in seconds since 1970: from then on no event of the platform was missed."""
        self._store = store
        self._surfaces = surfaces
        self._asking = asking
        self._complete_since = complete_since
        self._reader = Reader()
        self._windows = Windows(asking.context_tokens)
        self._learning: asyncio.Task[None] | None = None

    async def question(self, turn: Turn) -> Question:
        """Gather what is known of a turn's thread. Raises `StoreError`."""
        if self._learning is None:
            self._learning = asyncio.create_task(self._learn(), name="learn-windows")
        known = await self._asking.summaries.known(turn.thread) if self._asking.summaries else Known()
        context = await self._context(turn)
        applying = self._applying(turn, context)
        read = await self._reader.read(self._surfaces[turn.thread.platform], turn.files)
        made_with = _made_with(applying, context)
        remarks = "\n\n".join(filter(None, (read.remarks, made_with.remarks)))
        made_with = replace(made_with, reading=read.reading, remarks=remarks)
        question = Question(
            turn=replace(turn, made_with=made_with),
            context=context,
            system=await self._filled(applying.system, turn, context),
            parameters=applying.parameters,
            made_with=made_with,
            pictures=read.pictures,
            known=known,
        )
        return self._seen(question, self._room(question, self._windows))

    def request(self, question: Question) -> ChatRequest:
        """Return the request that puts a question."""
        asking, turn = self._asking, question.turn
        return ChatRequest(
            model=_model(question),
            messages=transcript.messages(
                question.system,
                question.view,
                turn,
                summary=question.summary,
                names=asking.names,
                pictures=question.pictures,
            ),
            parameters=question.parameters,
            user=transcript.model_user(turn.author, turn.thread.workspace, asking.user_key),
            conversation=transcript.opaque(
                asking.user_key, turn.thread.workspace, turn.thread.channel, turn.thread.root
            ),
        )

    def shorter(self, question: Question, error: ContextTooLong) -> Question:
        """Return a question that fits, by what the service said of its window, or half as long."""
        sent, windows = weight(self.request(question).messages, self._asking.count), self._windows
        if error.elsewhere:  # for this question alone
            windows = Windows(self._asking.context_tokens)
        if not question.pictures:  # how long those are to the service, we don't estimate
            windows.refused(_model(question), sent, window=error.window, tokens=error.tokens)
            self._note(_model(question))
        most = 0.75 * sent if error.window and error.tokens else sent / 2
        return self._seen(question, min(most, self._room(question, windows)))

    def counted(self, request: ChatRequest, usage: Usage | None) -> None:
        """Learn from what the service counted, pictures apart."""
        if usage and not any(message.images for message in request.messages):
            self._windows.counted(
                request.model, weight(request.messages, self._asking.count), usage.prompt_tokens
            )

    def _note(self, model: str) -> None:
        """Keep what is news of a model."""
        known = self._asking.page.read(model)
        for subject, value in self._windows.lessons(model).items():
            if known.get(subject, 1.0) != value:  # a factor of 1 is no news
                self._asking.page.write(model, subject, value)

    def _room(self, question: Question, windows: Windows) -> float:
        limit, model = question.parameters.get("max_tokens"), _model(question)
        if not windows.lessons(model):
            windows.recall(model, self._asking.page.read(model))
        return windows.room(model, limit if isinstance(limit, int) else None)

    def _seen(self, question: Question, room: float) -> Question:
        """Return the question with as much of the conversation as fits; people are told if not all."""
        count, history = self._asking.count, transcript.remembered(question.context.history)
        room -= count(question.system)
        room -= summaries.reserve(room) if self._asking.summaries else 0
        view = summaries.seen(
            question.known.summaries,
            history,
            asked(question.turn, pictures=len(question.pictures), count=count),
            room,
            is_all=question.is_all,
            count=count,
        )
        summary = summaries.shown(view.summary, room, count=count) if view.summary else ""
        sentence = SUMMARISED if summary and view.is_covered else OUT_OF_VIEW
        made_with = _remarked(question, sentence) if view.first else question.made_with
        seen = _counted(history, view.first, is_all=question.is_all, is_summarised=bool(summary))
        return replace(
            question,
            view=history[view.first :],
            summary=summary,
            room=room,
            made_with=replace(made_with, seen=seen),
        )

    async def _learn(self) -> None:
        """Ask the service how much its models take: once, and beside the first question, which goes on."""
        if self._asking.windows:
            try:
                self._windows.listed(await self._asking.windows())
            except ModelError as error:
                log.info("The models' windows are not known.", action="windows_unknown", error=error.code)

    async def _context(self, turn: Turn) -> Context:
        """Return what is known of the thread; read it from the platform first if we missed some of it."""
        context = await self._store.context(turn, limit=HISTORY)
        if turn.thread.root == turn.message_id or context.read_at >= self._complete_since():
            return context
        surface = self._surfaces[turn.thread.platform]
        try:
            messages = await surface.read(turn.thread, limit=READ, since=context.read_at - OVERLAP)
        except SurfaceError as error:
            log.info("The thread could not be read.", action="thread_unread", error=error.code)
            return context
        await self._store.overheard(turn.thread, messages)
        return await self._store.context(turn, limit=HISTORY)

    def _applying(self, turn: Turn, context: Context) -> Effective:
        """Return what admins want of an answer in the turn's thread, or where a draft is meant for."""
        draft = context.draft
        settings = {version.key: version.steering for version in context.steering}
        if draft:
            settings[draft.level] = draft.steering
        where = draft.where if draft else turn.thread
        return steering.effective(
            {**settings, steering.DEPLOYMENT: self._asking.steering},
            draft.level if draft else steering.thread_level(turn.thread),
            is_direct=self._surfaces[where.platform].is_direct(where),
        )

    async def _filled(self, system: str, turn: Turn, context: Context) -> str:
        """Return the system prompt for a turn, its placeholders filled in."""
        where = context.draft.where if context.draft else turn.thread
        used = placeholders.used(system)
        values = {"user": turn.author.name, "date": datetime.now(UTC).date().isoformat()}
        if used & {"channel", "workspace"}:  # only then may it take a call of the platform
            values.update(await self._surfaces[turn.thread.platform].places(where))
        return placeholders.fill(system, values)


def _made_with(applying: Effective, context: Context) -> MadeWith:
    """Return what to keep of what applies; a draft takes the place of its level's version."""
    draft = context.draft
    if draft is None:
        return steering.made_with(applying, context.steering)
    versions = [version for version in context.steering if version.key != draft.level]
    made_with = steering.made_with(applying, versions)
    return replace(made_with, remarks=DRAFT, draft=steering.place(draft.level))


def _counted(history: Sequence[Turn], first: int, *, is_all: bool, is_summarised: bool) -> Seen:
    """Return how much of a conversation is seen from its turn number `first` on."""
    view = history[first:]
    ends = {"first": view[0].message_id, "last": view[-1].message_id} if view else {}
    return Seen(turns=len(view), left_out=first, is_all_counted=is_all, is_summarised=is_summarised, **ends)


def _model(question: Question) -> str:
    return str(question.parameters["model"])


def _remarked(question: Question, sentence: str) -> MadeWith:
    """Return what the answer is made with; people are told what is out of view when that is news to them."""
    made_with = question.made_with
    told = next((_tells(turn) for turn in reversed(question.context.history) if _tells(turn)), "")
    is_news = told != sentence if told else question.is_all
    if not is_news or any(each in made_with.remarks for each in (OUT_OF_VIEW, SUMMARISED)):
        return made_with
    return replace(made_with, remarks="\n\n".join(filter(None, (made_with.remarks, sentence))))


def _tells(turn: Turn) -> str:
    """Return what stands below a turn's answer of older messages; nothing so stands below an error."""
    if turn.status is not TurnStatus.DONE or turn.made_with is None:
        return ""
    remarks = turn.made_with.remarks
    return next((each for each in (OUT_OF_VIEW, SUMMARISED) if each in remarks), "")
