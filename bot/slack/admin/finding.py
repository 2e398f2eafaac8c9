"""Finding a level: by its channel's name, by what it sets, by who set it and why; page by page.

Separate from Home, which shows what was changed last. Rule: what a page shows, its buttons say; nothing is
remembered between two of them. Channels where nothing is set are found by Slack's own list.
"""

import asyncio
import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeAlias

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.domain import Version
from bot.core.errors import StoreError
from bot.core.steering import NOTHING, described
from bot.ports import Versions
from bot.slack import payload
from bot.slack.admin import kit, wording
from bot.slack.admin.editor import EDIT_CHANNEL
from bot.slack.admin.gate import Gate
from bot.slack.admin.kit import Block, View
from bot.slack.admin.levels import FIND, found
from bot.slack.admin.screen import Screen
from bot.slack.admin.submissions import Refused
from bot.slack.people import People

SOUGHT = "sought"
"""The field of what is looked for."""
TURN = "steer_page"
"""Where `action_id`s of the buttons begin that turn pages; the value is the number of a page."""
ENTRIES = 10
"""Levels on one page, at three blocks each."""
LONGEST = 200
"""Characters that are looked for at most."""
NAMED = 40
"""Levels at most whose channels' names are looked up: each unknown one is a call, of fifty a minute."""
PATIENCE = 2.5
"""Seconds; Slack waits three for the acknowledgement."""
LOOKING = "There is much to show; it takes a moment."
UNREAD = "I could not look just now. Please try again in a minute."

Aside: TypeAlias = Callable[[Coroutine[Any, Any, None]], None]

log = structlog.get_logger()


class Finding:
    """Looks for levels, for admins of one workspace."""

    def __init__(self, gate: Gate, versions: Versions, people: People) -> None:
        self._gate = gate
        self._versions = versions
        self._people = people

    async def find(self, user: str, sought: str = "", page: int = 0) -> View:
        """Return a page of the levels in which all words of `sought` occur. Raises `Refused`."""
        await self._gate.admit(user, "find")
        newest = await self._versions.overview(self._gate.workspace)
        levels = sorted(newest, key=lambda version: version.id, reverse=True)
        levels = [version for version in levels if version.steering != NOTHING]
        names: Mapping[str, str] = {}
        if sought and len(levels) <= NAMED:
            names = await self._people.names({version.key.channel for version in levels} - {""})
        words = sought.casefold().split()
        matching = [each for each in levels if all(word in _text(each, names) for word in words)]
        return results(sought, matching, page)


def results(sought: str, levels: Sequence[Version], page: int) -> View:
    """Return the view; a page that is not there is the last one."""
    last = max(0, (len(levels) - 1) // ENTRIES)
    page = max(0, min(page, last))
    shown: list[Block] = [
        kit.section("A channel, also one where nothing is set:", kit.channel_select(EDIT_CHANNEL, "Edit…")),
        kit.field(
            SOUGHT,
            "Or what is set somewhere",
            kit.text_input(sought, placeholder="pirate, gpt-4o, #engineering", longest=LONGEST),
            hint="Words of a prompt, a parameter, a note, the name of a channel or of who changed it.",
        ),
    ]
    for version in levels[page * ENTRIES :][:ENTRIES]:
        shown += [kit.divider(), *found(version)]
    count = f"{len(levels):,} {'level' if len(levels) == 1 else 'levels'}"
    shown.append(kit.context(f"{count}, page {page + 1} of {last + 1}." if levels else "Nothing is found."))
    turns = [
        kit.button(label, f"{TURN}:{at}", str(at))
        for label, at in (("Previous", page - 1), ("Next", page + 1))
        if 0 <= at <= last
    ]
    view = kit.modal("Find a level", [*shown, *([kit.actions(*turns)] if turns else [])], submit="Find")
    return view | {"callback_id": FIND, "private_metadata": sought}


def _text(version: Version, names: Mapping[str, str]) -> str:
    """Return all in which something may be found, in lower case."""
    level, author = version.key, version.author
    name = f"#{names[level.channel]}" if level.channel in names else ""
    places = (name, wording.place(level))
    return "\n".join([*places, *described(version.steering), version.note, author.name]).casefold()


def register(app: AsyncApp, finding: Finding, screen: Screen, aside: Aside) -> None:
    """Let the app look for levels. Call it before what takes everything that is left."""

    @app.action(FIND)
    async def opened(body: dict[str, Any], ack: AsyncAck) -> None:
        aside(screen.open(payload.text(body, "trigger_id"), finding.find(payload.text(body, "user", "id"))))
        await ack()

    @app.action(re.compile(TURN))
    async def turned(body: dict[str, Any], ack: AsyncAck) -> None:
        view, pressed = payload.mapping(body, "view"), next(iter(payload.items(body, "actions")), None)
        page, sought = payload.text(pressed, "value"), payload.text(view, "private_metadata")
        number = int(page) if re.fullmatch("[0-9]{1,6}", page) else 0
        making = finding.find(payload.text(body, "user", "id"), sought, number)
        aside(screen.update(payload.text(view, "id"), payload.text(view, "hash"), making))
        await ack()

    @app.view(FIND)
    async def submitted(body: dict[str, Any], ack: AsyncAck) -> None:
        values = payload.mapping(body, "view", "state", "values")
        sought = payload.text(values, SOUGHT, kit.VALUE, "value").strip()
        try:
            async with asyncio.timeout(PATIENCE):
                view = await finding.find(payload.text(body, "user", "id"), sought)
        except Refused as refused:
            await ack(response_action="errors", errors={SOUGHT: str(refused)})
        except (StoreError, TimeoutError) as error:
            log.warning("Levels were not found.", action="levels_unread", error=type(error).__name__)
            await ack(response_action="errors", errors={SOUGHT: UNREAD})
        else:
            await screen.answer(ack, payload.mapping(body, "view"), view, meanwhile=LOOKING, aside=aside)
