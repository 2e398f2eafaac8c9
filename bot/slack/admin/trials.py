"""Trying a draft before it is published: in a thread of its admin's direct messages, and what becomes of it.

Separate from the helm, which changes what applies at once. Rules: every step passes the gate, and a button
below a draft carries a sealed leave of its own; what is tried is kept in the database, so that no step, no
other process and no closed form loses it; only its author publishes or discards it.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from bot.core import steering
from bot.core.domain import Addressed, Incoming, Steering, ThreadKey
from bot.core.drafts import LASTS, Draft
from bot.core.errors import Conflict, SurfaceError
from bot.editing import Editing, SteeringRefused
from bot.ports import Drafts
from bot.slack import payload
from bot.slack.admin import editor, form, kit, trial
from bot.slack.admin.form import Models
from bot.slack.admin.gate import Gate
from bot.slack.admin.kit import View
from bot.slack.admin.letters import Letters
from bot.slack.admin.mandate import Mandate
from bot.slack.admin.saving import Saving
from bot.slack.admin.submissions import Wrong
from bot.slack.parse import PLATFORM

NO_QUESTION = "Write a question here, as people would ask it."
NO_LETTER = "I could not write to you in our direct messages. What you wrote is still here; please try again."
GONE = "This draft is no longer there: it was published or discarded, or it has expired."

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What an admin wants to try."""

    leave: Mandate
    was: Steering
    """What the level sets now."""
    steering: Steering
    note: str
    question: str


class Trials:
    """What admins do with drafts, in one workspace."""

    def __init__(
        self,
        gate: Gate,
        editing: Editing,
        drafts: Drafts,
        saving: Saving,
        letters: Letters,
        *,
        models: Callable[[], Awaitable[Models]],
        ask: Callable[[Incoming], Awaitable[object]],
    ) -> None:
        """`models` never raises; `ask` records a question, which is then answered."""
        self._gate = gate
        self._editing = editing
        self._drafts = drafts
        self._saving = saving
        self._letters = letters
        self._models = models
        self._ask = ask

    async def wish(self, user: str, view: Mapping[str, Any]) -> Wish | Wrong:
        """Return what a form asks to try, or what is wrong with it, as it would be on saving."""
        leave = self._gate.leave(user, payload.text(view, "private_metadata"))
        is_delegated = await self._gate.admit_to(leave.level, user, "try")
        level = await self._editing.level(leave.level, is_delegated=is_delegated)
        values = payload.mapping(view, "state", "values")
        entered, question = form.read(values, level), form.question(values)
        wrong = {**level.problems(entered.steering), **entered.wrong}
        if not question:
            wrong[form.QUESTION] = NO_QUESTION
        if wrong:
            return Wrong(errors=form.errors(wrong, payload.items(view, "blocks")))
        return Wish(
            leave=leave,
            was=level.steering,
            steering=entered.steering,
            note=entered.note,
            question=question,
        )

    async def begin(self, wish: Wish) -> View:
        """Ask the question in a new thread, with the draft; return where that is."""
        leave = wish.leave
        try:
            thread = await self._kept(wish)
            asked = await self._letters.add(thread, wish.question, trial.question(wish.question))
        except SurfaceError as error:
            log.warning("A draft could not be tried.", action="trial_failed", error=str(error))
            return kit.notice(NO_LETTER)
        incoming = Incoming(
            thread=thread,
            message_id=asked,
            author=await self._saving.author(leave.admin),
            text=wish.question,
            addressed=Addressed.DIRECT,
            sent_at=float(asked),
        )
        await self._ask(incoming)
        place = steering.place(leave.level)
        log.info("An admin tries a draft.", action="draft_tried", user=leave.admin, place=place)
        return trial.begun(self._letters.link(thread))

    async def publish(self, user: str, thread: ThreadKey, sealed: str) -> View | None:
        """Save the draft of a thread; return what there is to say beyond that."""
        draft, leave, is_delegated = await self._tried(user, thread, sealed, "publish")
        level = await self._editing.level(draft.level, is_delegated=is_delegated)
        try:
            version = await self._saving.save(leave, draft.steering, draft.note, is_delegated=is_delegated)
        except SteeringRefused as refused:
            return kit.notice(" ".join(refused.problems.values()))
        except Conflict as found:
            if found.newest is None or found.newest.steering != draft.steering:
                return await self._saving.conflict(user, level, found.newest, draft.steering, draft.note)
            version = found.newest  # it was published from its form, or twice at once
        await self._drafts.drop(thread)
        await self._letters.change(thread, "Published", trial.published(version))
        return None

    async def edit(self, user: str, thread: ThreadKey, sealed: str) -> View:
        """Return the form of the level with the draft in it."""
        draft, leave, is_delegated = await self._tried(user, thread, sealed, "edit a draft")
        level = await self._editing.level(draft.level, is_delegated=is_delegated)
        if level.newest and level.number != draft.based_on:
            return await self._saving.conflict(user, level, level.newest, draft.steering, draft.note)
        mandate = self._gate.mandate(user, leave.level, draft.based_on)
        return editor.draft(level, draft, mandate, await self._models())

    async def discard(self, user: str, thread: ThreadKey, sealed: str) -> None:
        """Let the draft of a thread be tried no more."""
        draft, _leave, _is_delegated = await self._tried(user, thread, sealed, "discard")
        await self._drafts.drop(thread)
        await self._letters.change(thread, "Discarded", trial.discarded(draft.level))

    async def _kept(self, wish: Wish) -> ThreadKey:
        """Return a new thread with the draft, which is kept. Raises `SurfaceError`."""
        leave = wish.leave
        mandate = self._gate.mandate(leave.admin, leave.level, leave.based_on, lasts=LASTS)
        thread = await self._letters.begin(
            leave.admin,
            trial.title(leave.level, leave.based_on + 1),
            trial.head(leave.level, wish.was, wish.steering, leave.based_on, mandate),
        )
        draft = Draft(
            thread=thread,
            level=leave.level,
            based_on=leave.based_on,
            steering=wish.steering,
            author=leave.admin,
            note=wish.note,
        )
        await self._drafts.keep(draft, lasts=LASTS)
        return thread

    async def _tried(
        self, user: str, thread: ThreadKey, sealed: str, what: str
    ) -> tuple[Draft, Mandate, bool]:
        """Return the draft of a thread, the leave to publish it, and whether its author is no admin.

        Raises `Refused`.
        """
        leave = self._gate.leave(user, sealed)
        is_delegated = await self._gate.admit_to(leave.level, user, what)
        draft = await self._drafts.tried(thread)
        if draft is None or (draft.author, draft.level, draft.based_on) != (
            user,
            leave.level,
            leave.based_on,
        ):
            raise self._gate.refusal(user, what, GONE)
        return draft, leave, is_delegated

    def thread(self, channel: str, root: str) -> ThreadKey:
        """Return the thread of a direct message in this workspace."""
        workspace = self._gate.workspace.workspace
        return ThreadKey(platform=PLATFORM, workspace=workspace, channel=channel, root=root)
