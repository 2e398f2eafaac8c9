"""One level as an admin edits it: what is set there, what applies, what is locked; and saving it.

Separate because Slack's forms and the shell do the same, and neither may be able to do more. Rules: whatever
is saved is checked here, at the moment of saving, against the locks of that moment; who may edit which level
is decided before.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.core.domain import Author, PromptKey, Steering, ThreadKey, Version
from bot.core.errors import BotError
from bot.core.steering import DEPLOYMENT, NOTHING, Effective, effective, locked, overruled, problems
from bot.ports import Versions


class SteeringRefused(BotError):
    """What an admin entered cannot be saved as it is."""

    code = "steering_refused"

    def __init__(self, problems: Mapping[str, str]) -> None:
        """`problems` holds a sentence for people for each field that is wrong."""
        super().__init__(" ".join(problems.values()))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """What an admin sees of a level."""

    key: PromptKey
    newest: Version | None
    """The newest version; None if nothing was ever saved, and always for the deployment."""
    settings: Mapping[PromptKey, Steering]
    """What is set here and at the levels above it."""
    is_direct: bool = False
    is_delegated: bool = False
    """Whether it is edited by somebody who is no admin: what is locked here stays, and so do the locks."""

    @property
    def kept(self) -> frozenset[str]:
        """The fields that stay as they are set here."""
        return self.steering.locks if self.is_delegated else frozenset()

    def problems(self, draft: Steering) -> Mapping[str, str]:
        """Return what forbids to save a draft: a sentence for people for each field that is wrong."""
        found = overruled(self.steering, draft) if self.is_delegated else {}
        return {**found, **problems(draft, self.locked)}

    @property
    def steering(self) -> Steering:
        """What is set here."""
        return self.settings.get(self.key, NOTHING)

    @property
    def number(self) -> int:
        """Of the newest version, 0 if there is none: what a change is based on."""
        return self.newest.number if self.newest else 0

    @property
    def locked(self) -> Mapping[str, PromptKey]:
        """The fields that may not be set here, each with the level that locks it."""
        return locked(self.settings, self.key, is_direct=self.is_direct)

    def effective(self, draft: Steering | None = None) -> Effective:
        """Return what applies here, or would if the draft were saved."""
        settings = self.settings if draft is None else {**self.settings, self.key: draft}
        return effective(settings, self.key, is_direct=self.is_direct)


class Editing:
    """Reads and saves levels, under the one that the deployment's settings make up."""

    def __init__(
        self, versions: Versions, deployment: Steering, is_direct: Callable[[str], bool] = lambda _: False
    ) -> None:
        """`is_direct` says whether a channel is a direct message; only the platform's adapter knows."""
        self.versions = versions
        self._deployment = deployment
        self._is_direct = is_direct

    async def level(self, key: PromptKey, *, is_delegated: bool = False) -> Level:
        """Return a level as it is now, for an admin or for whom one let edit it."""
        thread = ThreadKey(platform=key.platform, workspace=key.workspace, channel=key.channel, root=key.root)
        saved = {version.key: version for version in await self.versions.applying(thread)}
        settings = {level: version.steering for level, version in saved.items()}
        return Level(
            key=key,
            newest=saved.get(key),
            settings={**settings, DEPLOYMENT: self._deployment},
            is_direct=self._is_direct(key.channel),
            is_delegated=is_delegated,
        )

    async def save(
        self,
        key: PromptKey,
        steering: Steering,
        *,
        based_on: int,
        by: Author,
        note: str = "",
        is_delegated: bool = False,
    ) -> Version:
        """Save what was entered for a level, by an admin or by whom one let edit it.

        Raises `SteeringRefused` with a sentence for each wrong field, and `Conflict` if the version it is
        `based_on` is not the newest any more.
        """
        wrong = (await self.level(key, is_delegated=is_delegated)).problems(steering)
        if wrong:
            raise SteeringRefused(wrong)
        return await self.versions.save(key, steering, based_on=based_on, by=by, note=note)
