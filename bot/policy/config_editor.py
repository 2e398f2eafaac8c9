"""One level as an admin edits it: what is set there, what applies, what is locked; and saving it.

Separate because Slack's forms and the shell do the same, and neither may be able to do more. Rules: whatever
is saved is checked here, at the moment of saving, against the locks of that moment; who may edit which level
is decided before.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.core.chat.scoped_config import (
    DEPLOYMENT_SCOPE,
    EMPTY_CONFIG,
    EffectiveConfig,
    find_lock_violations,
    find_locks,
    find_problems,
    resolve_config,
)
from bot.core.config import ConfigVersion, Scope, ScopeConfig
from bot.core.errors import ConfigRefused
from bot.core.turns import Author, ThreadKey
from bot.ports import ConfigVersions


@dataclass(frozen=True, slots=True, kw_only=True)
class EditableScope:
    """What an admin sees of a level."""

    scope: Scope
    newest_version: ConfigVersion | None
    """The newest version; None if nothing was ever saved, and always for the deployment."""
    configs: Mapping[Scope, ScopeConfig]
    """What is set here and at the levels above it."""
    is_direct: bool = False
    is_delegated: bool = False
    """Whether it is edited by somebody who is no admin: what is locked here stays, and so do the locks."""

    @property
    def fixed_fields(self) -> frozenset[str]:
        """The fields that stay as they are set here."""
        return self.config.locks if self.is_delegated else frozenset()

    def find_problems(self, draft: ScopeConfig) -> Mapping[str, str]:
        """Return what forbids to save a draft: a sentence for people for each field that is wrong."""
        found = find_lock_violations(self.config, draft) if self.is_delegated else {}
        return {**found, **find_problems(draft, self.locked_fields)}

    @property
    def config(self) -> ScopeConfig:
        """What is set here."""
        return self.configs.get(self.scope, EMPTY_CONFIG)

    @property
    def version_number(self) -> int:
        """Of the newest version, 0 if there is none: what a change is based on."""
        return self.newest_version.number if self.newest_version else 0

    @property
    def locked_fields(self) -> Mapping[str, Scope]:
        """The fields that may not be set here, each with the level that locks it."""
        return find_locks(self.configs, self.scope, is_direct=self.is_direct)

    def effective_config(self, draft: ScopeConfig | None = None) -> EffectiveConfig:
        """Return what applies here, or would if the draft were saved."""
        settings = self.configs if draft is None else {**self.configs, self.scope: draft}
        return resolve_config(settings, self.scope, is_direct=self.is_direct)


class ConfigEditor:
    """Reads and saves levels, under the one that the deployment's settings make up."""

    def __init__(
        self, versions: ConfigVersions, deployment: ScopeConfig, is_direct: Callable[[str], bool] = lambda _: False
    ) -> None:
        """`is_direct` says whether a channel is a direct message; only the platform's adapter knows."""
        self.versions = versions
        self._deployment = deployment
        self._is_direct = is_direct

    async def load_scope(self, scope: Scope, *, is_delegated: bool = False) -> EditableScope:
        """Return a level as it is now, for an admin or for whom one let edit it."""
        thread = ThreadKey(platform=scope.platform, workspace=scope.workspace, channel=scope.channel, root=scope.root)
        saved = {version.scope: version for version in await self.versions.list_applying(thread)}
        settings = {level: version.config for level, version in saved.items()}
        return EditableScope(
            scope=scope,
            newest_version=saved.get(scope),
            configs={**settings, DEPLOYMENT_SCOPE: self._deployment},
            is_direct=self._is_direct(scope.channel),
            is_delegated=is_delegated,
        )

    async def save(
        self,
        scope: Scope,
        config: ScopeConfig,
        *,
        based_on: int,
        by: Author,
        note: str = "",
        is_delegated: bool = False,
    ) -> ConfigVersion:
        """Save what was entered for a level, by an admin or by whom one let edit it.

        Raises `SteeringRefused` with a sentence for each wrong field, and `Conflict` if the version it is
        `based_on` is not the newest any more.
        """
        wrong = (await self.load_scope(scope, is_delegated=is_delegated)).find_problems(config)
        if wrong:
            raise ConfigRefused(wrong)
        return await self.versions.save(scope, config, based_on=based_on, by=by, note=note)
