"""Where admins steer: each thing that they do in Slack, from who asks to the view that answers.

Separate from `listeners`, which knows Bolt, and from the views, which are pure. Rules: every method passes
the gate first; what is saved goes through `Editing`, which checks it once more; a refusal changes nothing.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.core import steering
from bot.core.domain import PromptKey
from bot.core.errors import Conflict
from bot.core.steering import direct
from bot.editing import Editing, SteeringRefused
from bot.ports import Votes
from bot.slack import payload
from bot.slack.admin import editor, form, gate, history, welcome, wording
from bot.slack.admin.form import Models
from bot.slack.admin.gate import Gate
from bot.slack.admin.home import Home
from bot.slack.admin.kit import Block, View
from bot.slack.admin.reasons import Reasons
from bot.slack.admin.saving import Saving
from bot.slack.admin.submissions import Wrong


class Helm:
    """What people do to steer, or to see how it is steered, in one workspace."""

    def __init__(
        self,
        gate: Gate,
        home: Home,
        editing: Editing,
        reasons: Reasons,
        votes: Votes,
        saving: Saving,
        models: Callable[[], Awaitable[Models]],
    ) -> None:
        """`models` never raises, and takes a second at most."""
        self._gate = gate
        self._home = home
        self._editing = editing
        self._reasons = reasons
        self._votes = votes
        self._saving = saving
        self._models = models
        self._direct = direct(gate.workspace)

    # Looking

    async def home(self, user: str) -> View:
        """Return a person's Home tab."""
        return await self._home(user)

    async def applying(self, user: str, channel: str) -> list[Block]:
        """Return what applies in a channel; the prompt itself is for admins."""
        return await self._applying(user, self._gate.channel(user, channel))

    async def applying_in(self, user: str, channel: str) -> View:
        """Return the same as a view, for a channel that was chosen from a list."""
        key = self._gate.channel(user, channel, gate.SHARABLE)
        return welcome.applying(key, await self._applying(user, key, longest=steering.LONGEST_PROMPT))

    async def choose(self, user: str) -> View:
        """Return the question what to edit."""
        await self._gate.admit(user, "choose")
        return editor.chooser(self._gate.workspace, self._direct)

    async def edit(self, user: str, name: str) -> View:
        """Return the form for the level of that name."""
        key = self._gate.level(user, name)
        is_delegated = await self._gate.admit_to(key, user, "edit")
        level = await self._editing.level(key, is_delegated=is_delegated)
        return editor.editor(level, self._gate.mandate(user, level.key, level.number), await self._models())

    async def edit_channel(self, user: str, channel: str) -> View:
        """Return the form for a channel."""
        return await self.edit(user, steering.place(self._gate.channel(user, channel)))

    async def history(self, user: str, name: str) -> View:
        """Return the versions of the level of that name."""
        key = self._gate.level(user, name)
        await self._gate.admit_to(key, user, "history")
        return await self._history(user, key)

    async def why(self, user: str, channel: str, root: str, ts: str) -> View:
        """Return how the answer came about that a message shows; see `Reasons.why`."""
        return await self._reasons.why(user, channel, root, ts)

    # Changing

    async def save(self, user: str, view: Mapping[str, Any]) -> View | Wrong | None:
        """Save what was submitted; return None, or what is wrong, or the form with what came between."""
        leave = self._gate.leave(user, payload.text(view, "private_metadata"))
        is_delegated = await self._gate.admit_to(leave.level, user, "save")
        level = await self._editing.level(leave.level, is_delegated=is_delegated)
        entered = form.read(payload.mapping(view, "state", "values"), level)
        if wrong := {**level.problems(entered.steering), **entered.wrong}:
            return Wrong(errors=form.errors(wrong, payload.items(view, "blocks")))
        if entered.steering == level.steering:
            return None  # nothing is changed, or somebody else has just saved the very same
        try:
            await self._saving.save(leave, entered.steering, entered.note, is_delegated=is_delegated)
        except SteeringRefused as refused:
            return Wrong(errors=form.errors(refused.problems, payload.items(view, "blocks")))
        except Conflict as found:
            return await self._saving.conflict(
                user, level, found.newest, entered.steering, entered.note, entered.parts
            )
        return None

    async def restore(self, user: str, view: Mapping[str, Any], number: str) -> View:
        """Save an old version once more; return the versions there are now, and what came of it."""
        leave = self._gate.leave(user, payload.text(view, "private_metadata"))
        is_delegated = await self._gate.admit_to(leave.level, user, "restore")
        versions = await self._editing.versions.history(leave.level, limit=history.SHOWN)
        old = next((version for version in versions if str(version.number) == number), None)
        if old is None:
            raise self._gate.refusal(user, "restore", gate.NOT_HERE)
        try:
            why = f"Restores version {number}."
            await self._saving.save(leave, old.steering, why, is_delegated=is_delegated)
        except SteeringRefused as refused:
            news = " ".join(refused.problems.values())
        except Conflict as conflict:
            news = conflict.for_people
        else:
            news = f"Restored: what version {number} says applies again."
        return await self._history(user, leave.level, news=news)

    async def _applying(
        self, user: str, key: PromptKey, *, longest: int = wording.LONGEST_SHOWN
    ) -> list[Block]:
        applies, is_admin = (await self._editing.level(key)).effective(), await self._gate.knows(user)
        return wording.applying(applies, with_prompt=is_admin, longest=longest)

    async def _history(self, user: str, level: PromptKey, *, news: str = "") -> View:
        versions = await self._editing.versions.history(level, limit=history.SHOWN + 1)
        newest = versions[0].number if versions else 0
        scores = await self._votes.scores([version.id for version in versions])
        leave = self._gate.mandate(user, level, newest)
        return history.history(level, versions, leave, scores=scores, news=news)
