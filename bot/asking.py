"""One turn -> the request that is put to the model.

Separate from `answering`, which ends turns: here is decided what the model gets to know, and how it is asked.
Rules: nothing is read of the platform that is stored; whatever is left out is left out in whole turns.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog

from bot.core import placeholders, steering, transcript
from bot.core.domain import ChatRequest, Context, MadeWith, Steering, Turn
from bot.core.errors import ContextTooLong, SurfaceError
from bot.core.kinds import Value
from bot.core.steering import Effective
from bot.ports import Store, Surface

HISTORY = 1_000
"""Turns read for one question; a bound on work, far above what fits into most models."""

READ = 200
"""Messages read from a thread that was there before we were."""

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
    names: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Everything that is known before a turn is put to the model."""

    turn: Turn
    context: Context
    system: str
    """The system prompt, complete."""
    parameters: Mapping[str, Value]
    made_with: MadeWith


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

    async def question(self, turn: Turn) -> Question:
        """Gather what is known of a turn's thread. Raises `StoreError`."""
        context = await self._context(turn)
        applying = self._applying(turn, context)
        return Question(
            turn=turn,
            context=context,
            system=await self._filled(applying.system, turn),
            parameters=applying.parameters,
            made_with=steering.made_with(applying, context.steering),
        )

    def request(self, question: Question, budget: float | None = None) -> ChatRequest:
        """Return the request; of the conversation what fits into `budget` tokens, or the deployment's."""
        asking, turn = self._asking, question.turn
        budget = asking.context_tokens if budget is None else budget
        fixed = transcript.estimate(question.system) + transcript.size(turn)
        remembered = transcript.remembered(question.context.history)
        history = transcript.fit(remembered, max(0, budget - fixed))
        return ChatRequest(
            model=str(question.parameters["model"]),
            messages=transcript.messages(question.system, history, turn, names=asking.names),
            parameters=question.parameters,
            user=transcript.model_user(turn.author, turn.thread.workspace, asking.user_key),
            conversation=transcript.opaque(
                asking.user_key, turn.thread.workspace, turn.thread.channel, turn.thread.root
            ),
        )

    def shorter(self, question: Question, error: ContextTooLong) -> ChatRequest:
        """Return a request that fits, by what the service said of its window, or half as long.

        Our estimate may be off by as much as the service's own count of what we sent tells.
        """
        said = sum(transcript.size(earlier) for earlier in question.context.history)
        sent = min(said, self._asking.context_tokens)
        budget = sent / 2
        if error.window and error.tokens:
            budget = min(budget, 0.75 * sent * error.window / error.tokens)
        return self.request(question, budget)

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
        """Return what admins want of an answer in the turn's thread."""
        settings = {version.key: version.steering for version in context.steering}
        is_direct = self._surfaces[turn.thread.platform].is_direct(turn.thread)
        return steering.effective(
            {**settings, steering.DEPLOYMENT: self._asking.steering},
            steering.thread_level(turn.thread),
            is_direct=is_direct,
        )

    async def _filled(self, system: str, turn: Turn) -> str:
        """Return the system prompt for a turn, its placeholders filled in."""
        used = placeholders.used(system)
        values = {"user": turn.author.name, "date": datetime.now(UTC).date().isoformat()}
        if used & {"channel", "workspace"}:  # only then may it take a call of the platform
            values.update(await self._surfaces[turn.thread.platform].places(turn.thread))
        return placeholders.fill(system, values)
