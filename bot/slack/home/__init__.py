"""The Home tab: a list of sections, each rendered by its own module.

`HomeTab` renders all sections at once and joins their blocks. A section that is not for this reader
returns no blocks. Leaving out a button does not protect anything; the `Authorizer` checks each press. A
section that cannot be read becomes a sentence, and the other sections stay.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import structlog

from bot.core.errors import StoreError
from bot.slack.admin.authorization import Authorizer
from bot.slack.views import block_kit
from bot.slack.views.block_kit import Block, View

MAX_VIEW_BLOCKS = 100
"""Slack shows no more blocks in one view."""
SECTION_FAILED = "A part of this page could not be loaded. Please open it again in a minute."

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeReader:
    """The person whose Home tab is rendered."""

    user: str
    """Slack's id of the person."""
    is_admin: bool


HomeSection: TypeAlias = Callable[[HomeReader], Awaitable[Sequence[Block]]]
"""Renders a section of a Home tab; no blocks if it is not for this reader. May raise `StoreError`."""


class HomeTab:
    """Renders Home tabs in one workspace."""

    def __init__(self, authorizer: Authorizer, sections: Sequence[HomeSection]) -> None:
        """`sections` are shown in this order."""
        self._authorizer = authorizer
        self._sections = sections

    async def __call__(self, user: str) -> View:
        """Return a person's Home tab."""
        reader = HomeReader(user=user, is_admin=await self._authorizer.is_admin(user))
        sections = await asyncio.gather(*(_render_section(section, reader) for section in self._sections))
        blocks: list[Block] = []
        for section in filter(None, sections):
            blocks += [block_kit.divider(), *section] if blocks else section
        return block_kit.home_tab(blocks[:MAX_VIEW_BLOCKS])


async def _render_section(section: HomeSection, reader: HomeReader) -> Sequence[Block]:
    try:
        return await section(reader)
    except StoreError as error:
        log.warning("A part of a Home tab could not be made.", action="home_failed", error=error.code)
        return [block_kit.context(SECTION_FAILED)]
