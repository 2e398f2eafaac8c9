"""The change that `bot prompt set` makes of a config: only what the command line names, the rest stays.

PromptChange(values=["temperature=0.2"], unset=["model"]).apply(config)
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.core.chat import parameters
from bot.core.chat.scoped_config import PROMPT_FIELD
from bot.core.config import Prompt, ScopeConfig
from bot.core.parameter_types import ParameterValue


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptChange:
    """The options of the command line, as they were written."""

    text: str | None = None
    """The new prompt; None leaves the present one."""
    appends: bool | None = None
    """Whether the prompt follows those above it; None leaves that, and means no for a new prompt."""
    values: Iterable[str] = ()
    """Such as `temperature=0.2`."""
    unset: Iterable[str] = ()
    """Fields to inherit again."""
    lock: Iterable[str] = ()
    unlock: Iterable[str] = ()

    def apply(self, before: ScopeConfig) -> ScopeConfig:
        """Return the changed config. Raises ValueError, a sentence for people."""
        unset, chosen = {*self.unset}, dict(_parse_value(value) for value in self.values)
        if unknown := unset - {PROMPT_FIELD, *before.parameters}:
            raise ValueError(f"`{min(unknown)}` is not set here, so it cannot be unset.")
        if both := unset & {*chosen, *([PROMPT_FIELD] if self.text is not None else [])}:
            raise ValueError(f"`{min(both)}` cannot be set and unset at once.")
        values = {**before.parameters, **chosen}
        return replace(
            before,
            prompt=None if PROMPT_FIELD in unset else self._prompt(before.prompt),
            parameters={name: value for name, value in values.items() if name not in unset},
            locks=(before.locks | {*self.lock}) - {*self.unlock},
        )

    def _prompt(self, before: Prompt | None) -> Prompt | None:
        text = before.text if self.text is None and before else self.text
        if text is None:
            if self.appends is not None:
                raise ValueError("There is no prompt here yet to append or replace with; write one.")
            return None
        appends = before.appends if self.appends is None and before else bool(self.appends)
        return Prompt(text, appends=appends)


def _parse_value(value: str) -> tuple[str, ParameterValue]:
    name, equals, text = value.partition("=")
    if not equals:
        raise ValueError(f"`{value}` must be written as name=value.")
    return name, parameters.parse(name, text)
