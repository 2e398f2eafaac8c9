"""The Home tab: sections one below the other, each made by a module of its own.

Separate because sections know nothing of each other. Rules: what is not for everybody is not in the view of
others at all; that nobody else presses its buttons is not trusted, but checked; a section that cannot be read
says so in its place, and takes no other with it.
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
"""Blocks that Slack shows in one view."""
SECTION_FAILED = "A part of this page can't be read just now. Please open it again in a minute."

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeReader:
    """Whose Home tab it is."""

    user: str
    """Platform's id of the person."""
    is_admin: bool


HomeSection: TypeAlias = Callable[[HomeReader], Awaitable[Sequence[Block]]]
"""Makes one part of a Home tab, no blocks where its reader has none; may raise `StoreError`."""


class HomeTab:
    """Makes Home tabs in one workspace."""

    def __init__(self, authorizer: Authorizer, sections: Sequence[HomeSection]) -> None:
        """`sections` in the order in which they are shown."""
        self._authorizer = authorizer
        self._sections = sections

    async def __call__(self, user: str) -> View:
        """Return a person's Home tab."""
        reader = HomeReader(user=user, is_admin=await self._authorizer.is_admin(user))
        made = await asyncio.gather(*(_render_section(section, reader) for section in self._sections))
        shown: list[Block] = []
        for blocks in filter(None, made):
            shown += [block_kit.divider(), *blocks] if shown else blocks
        return block_kit.home_tab(shown[:MAX_VIEW_BLOCKS])


async def _render_section(section: HomeSection, reader: HomeReader) -> Sequence[Block]:
    try:
        return await section(reader)
    except StoreError as error:
        log.warning("A part of a Home tab could not be made.", action="home_failed", error=error.code)
        return [block_kit.context(SECTION_FAILED)]
