"""Loads one scope for editing, and saves the edited config after checking it.

Slack's forms and the commands of the shell both go through here, so neither can do more than the other:

    editable = await editor.load_scope(scope)          what is set here and above, what is locked
    editable.effective_config(draft)                   what would apply if the draft were saved
    await editor.save(scope, draft, based_on=editable.version_number, by=author)

`save` checks again, against the locks of that moment, since an admin may have set one while the form was open.
The caller has decided before who may edit which scope.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.core.chat import scoped_config
from bot.core.config import ConfigVersion, Scope, ScopeConfig
from bot.core.errors import ConfigRefused
from bot.core.turns import Author, ThreadKey
from bot.ports import ConfigVersions


@dataclass(frozen=True, slots=True, kw_only=True)
class EditableScope:
    """A scope with what is set there and above it, as an admin or steward edits it."""

    scope: Scope
    newest_version: ConfigVersion | None
    """None if nothing was ever saved here, and always for the deployment."""
    configs: Mapping[Scope, ScopeConfig]
    """What is set here and in the scopes above."""
    is_direct: bool = False
    is_steward: bool = False
    """Whether a steward edits it, not an admin: locks, and what they lock here, cannot be changed then."""

    @property
    def fixed_fields(self) -> frozenset[str]:
        """The fields that this editor cannot change, because they are locked here."""
        return self.config.locks if self.is_steward else frozenset()

    def find_problems(self, draft: ScopeConfig) -> Mapping[str, str]:
        """Return why a draft cannot be saved: a sentence for people for each wrong field; empty if it can."""
        found = scoped_config.find_lock_violations(self.config, draft) if self.is_steward else {}
        return {**found, **scoped_config.find_problems(draft, self.locked_fields)}

    @property
    def config(self) -> ScopeConfig:
        """What is set here."""
        return self.configs.get(self.scope, scoped_config.EMPTY_CONFIG)

    @property
    def version_number(self) -> int:
        """The number of the newest version, which a change is based on; 0 if there is none."""
        return self.newest_version.number if self.newest_version else 0

    @property
    def locked_fields(self) -> Mapping[str, Scope]:
        """The fields that cannot be set here, each with the scope that locks it."""
        return scoped_config.find_locks(self.configs, self.scope, is_direct=self.is_direct)

    def effective_config(self, draft: ScopeConfig | None = None) -> scoped_config.EffectiveConfig:
        """Return what applies here, or what would apply if the draft were saved."""
        configs = self.configs if draft is None else {**self.configs, self.scope: draft}
        return scoped_config.resolve_config(configs, self.scope, is_direct=self.is_direct)


class ConfigEditor:
    """Loads and saves scopes; the deployment's settings are the highest of them."""

    def __init__(
        self, versions: ConfigVersions, deployment: ScopeConfig, is_direct: Callable[[str], bool] = lambda _: False
    ) -> None:
        """`is_direct` returns whether a channel is a direct message, which only the platform's adapter knows."""
        self.versions = versions
        self._deployment = deployment
        self._is_direct = is_direct

    async def load_scope(self, scope: Scope, *, is_steward: bool = False) -> EditableScope:
        """Return a scope as an admin sees it now, or as a steward does."""
        thread = ThreadKey(platform=scope.platform, workspace=scope.workspace, channel=scope.channel, root=scope.root)
        saved = {version.scope: version for version in await self.versions.list_applying(thread)}
        configs = {key: version.config for key, version in saved.items()}
        return EditableScope(
            scope=scope,
            newest_version=saved.get(scope),
            configs={**configs, scoped_config.DEPLOYMENT_SCOPE: self._deployment},
            is_direct=self._is_direct(scope.channel),
            is_steward=is_steward,
        )

    async def save(
        self,
        scope: Scope,
        config: ScopeConfig,
        *,
        based_on: int,
        by: Author,
        note: str = "",
        is_steward: bool = False,
    ) -> ConfigVersion:
        """Save a new version of a scope.

        Raises `ConfigRefused` with a sentence for each wrong field, and `VersionConflict` if `based_on` is no
        longer the newest version.
        """
        problems = (await self.load_scope(scope, is_steward=is_steward)).find_problems(config)
        if problems:
            raise ConfigRefused(problems)
        return await self.versions.save(scope, config, based_on=based_on, by=by, note=note)
