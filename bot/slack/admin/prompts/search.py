"""Search over scopes: by channel name, by what a scope sets, and by the author and note of its version.

The view shows one page of results. It keeps the query in `private_metadata` and page numbers in its
buttons, so the server stores nothing between two clicks. A scope that sets nothing cannot be found here;
Slack's own list of channels opens it.
"""

from collections.abc import Mapping, Sequence

from bot.core.chat.scoped_config import EMPTY_CONFIG, describe_config
from bot.core.config import ConfigVersion
from bot.ports import ConfigVersions
from bot.slack.admin.authorization import Authorizer
from bot.slack.admin.prompts.editor_views import EDIT_CHANNEL_ACTION
from bot.slack.admin.prompts.scope_list import FIND_ACTION, render_found
from bot.slack.people.directory import People
from bot.slack.views import block_kit, wording
from bot.slack.views.block_kit import Block, View

QUERY_FIELD = "sought"
"""Block id of the search field."""
PAGE_ACTION_PREFIX = "steer_page"
"""First part of the `action_id`s of the buttons that turn pages. The value is a page number."""
SCOPES_PER_PAGE = 10
"""Each takes three blocks."""
MAX_QUERY_CHARACTERS = 200
"""Characters of a query."""
MAX_CHANNEL_LOOKUPS = 40
"""Look up channel names for at most this many scopes: each uncached name is a call, of fifty a minute."""
RESULTS_FOLLOW = "There are many results. They appear here in a moment."
SEARCH_FAILED = "I could not search just now. Please try again in a minute."


class ScopeSearch:
    """Searches the scopes of one workspace, for its admins."""

    def __init__(self, authorizer: Authorizer, versions: ConfigVersions, people: People) -> None:
        self._authorizer = authorizer
        self._versions = versions
        self._people = people

    async def find(self, user: str, query: str = "", page: int = 0) -> View:
        """Return a page of the scopes whose text contains every word of `query`. Raises `ActionRefused`."""
        await self._authorizer.require_admin(user, "find")
        newest = await self._versions.list_newest(self._authorizer.workspace)
        versions = sorted(newest, key=lambda version: version.id, reverse=True)
        versions = [version for version in versions if version.config != EMPTY_CONFIG]
        names: Mapping[str, str] = {}
        if query and len(versions) <= MAX_CHANNEL_LOOKUPS:
            names = await self._people.names({version.scope.channel for version in versions} - {""})
        words = query.casefold().split()
        matching = [each for each in versions if all(word in _searchable_text(each, names) for word in words)]
        return render_results(query, matching, page)


def render_results(query: str, versions: Sequence[ConfigVersion], page: int) -> View:
    """Return the view of a page; a page number that is too large shows the last page."""
    last = max(0, (len(versions) - 1) // SCOPES_PER_PAGE)
    page = max(0, min(page, last))
    blocks: list[Block] = [
        block_kit.section("Any channel:", block_kit.channel_select(EDIT_CHANNEL_ACTION, "Edit…")),
        block_kit.input_block(
            QUERY_FIELD,
            "Or search levels that set something",
            block_kit.text_input(query, placeholder="pirate, gpt-4o, #engineering", longest=MAX_QUERY_CHARACTERS),
            hint="Words from a prompt, a parameter, a note, a channel's name or an author's name.",
        ),
    ]
    for version in versions[page * SCOPES_PER_PAGE :][:SCOPES_PER_PAGE]:
        blocks += [block_kit.divider(), *render_found(version)]
    count = f"{len(versions):,} {'level' if len(versions) == 1 else 'levels'}"
    blocks.append(block_kit.context(f"{count}, page {page + 1} of {last + 1}." if versions else "No level matches."))
    buttons = [
        block_kit.button(label, f"{PAGE_ACTION_PREFIX}:{at}", str(at))
        for label, at in (("Previous", page - 1), ("Next", page + 1))
        if 0 <= at <= last
    ]
    view = block_kit.modal(
        "Find a level", [*blocks, *([block_kit.actions(*buttons)] if buttons else [])], submit="Find"
    )
    return view | {"callback_id": FIND_ACTION, "private_metadata": query}


def _searchable_text(version: ConfigVersion, names: Mapping[str, str]) -> str:
    """Return the text that a search looks through, case-folded."""
    scope, author = version.scope, version.author
    name = f"#{names[scope.channel]}" if scope.channel in names else ""
    texts = (name, wording.describe_scope(scope))
    return "\n".join([*texts, *describe_config(version.config), version.note, author.name]).casefold()
