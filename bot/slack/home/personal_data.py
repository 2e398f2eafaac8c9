"""Home's section of the reader's own data: how much is stored, and buttons that export or erase it.

Everybody sees it. The person is taken from Slack's payload, never from a button or a view, so it is impossible
to export or erase another person's data.
"""

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.errors import SurfaceError, SurfaceGone
from bot.core.history import personal_data as core
from bot.core.history.personal_data import PersonKey, StoredCounts
from bot.policy import personal_data
from bot.ports import PersonalData
from bot.slack.home import HomeReader
from bot.slack.messages import PLATFORM
from bot.slack.surface.uploads import upload_file
from bot.slack.views import block_kit, wording
from bot.slack.views.block_kit import Block, View, render_notice
from bot.slack.views.listeners import Interaction, Listeners
from bot.slack.views.modals import Modals
from bot.slack.views.submissions import ActionRefused

SEND_DATA_ACTION, ERASE_DATA_ACTION = "own_data_send", "own_data_erase"
"""`action_id`s."""
EXPORT_FILE_NAME = "threadkeeper-my-data.jsonl"
MAX_EXPORT_BYTES = 50 * 1024**2
"""More data than this is exported at the shell only."""
NOTHING_STORED = "I have stored no message and no vote of yours."
EXPORT_MESSAGE = (
    "This is the data that I have stored about you: one line of JSON for each message, vote and saved prompt."
)
DATA_SENT = "I have sent you a file in our direct message."
EXPORT_TOO_LARGE = "It is too large to send here. The person who runs this bot can export it: `bot export --user {}`."
UPLOAD_NOT_ALLOWED = (
    "Slack does not let me send files. The person who runs this bot can add the scope files:write "
    "to its Slack app, or export your data: `bot export --user {}`."
)
UPLOAD_FAILED = "Slack did not take the file. Please try again in a minute."
ALREADY_RUNNING = "That is already running."
DATA_ERASED = "Erased: {}, with my answers and the reasons you gave with votes."
ERASE_CONFIRMATION = (
    "Your messages, my answers to them and the reasons you gave with votes are erased here for ever. "
    "Slack keeps its own messages. Costs stay counted, for past months without your name."
)

log = structlog.get_logger()


class PersonalDataSection:
    """Home's section of the reader's own data, and its two buttons, in one workspace."""

    def __init__(self, personal: PersonalData, client: AsyncWebClient, *, workspace: str, retention: int) -> None:
        """`retention` is in days; 0 keeps data for ever."""
        self._personal = personal
        self._client = client
        self._workspace = workspace
        self._retention = retention
        self._busy: set[str] = set()

    async def __call__(self, reader: HomeReader) -> Sequence[Block]:
        """Return the section. Raises `StoreError`."""
        counts = await self._personal.count_stored(self._person(reader.user))
        # Offered without messages, too: there may be usage figures, or prompts that the person saved.
        buttons = [block_kit.button("Send me my data", SEND_DATA_ACTION)]
        if counts != StoredCounts():
            buttons.append(
                block_kit.button("Erase my data", ERASE_DATA_ACTION, style="danger", confirm=ERASE_CONFIRMATION)
            )
        summary = block_kit.section(f"{_describe_stored(counts)} {self._describe_retention()}")
        return [block_kit.header("Your data"), summary, block_kit.actions(*buttons)]

    async def send_data(self, user: str) -> View:
        """Send a person the data stored about them; return a view with the result."""
        with self._one_at_a_time(user):
            content = await self._write_export(user)
            if not content:
                return render_notice(NOTHING_STORED)
            try:
                await upload_file(self._client, user, EXPORT_FILE_NAME, content, EXPORT_MESSAGE)
            except SurfaceGone as gone:
                log.warning("A person's data could not be sent.", action="data_unsent", reason=str(gone))
                return render_notice(UPLOAD_NOT_ALLOWED.format(user))
            except SurfaceError as error:
                log.warning("A person's data could not be sent.", action="data_unsent", reason=error.code)
                return render_notice(UPLOAD_FAILED)
        log.info("A person was sent their data.", action="data_sent")
        return render_notice(DATA_SENT)

    async def erase_data(self, user: str) -> View:
        """Erase the data stored about a person; return a view with the result."""
        with self._one_at_a_time(user):
            count = await personal_data.erase(self._personal, self._person(user))
        log.info("A person has erased their data.", action="data_erased", messages=count)
        return render_notice(DATA_ERASED.format(_count_messages(count)))

    async def _write_export(self, user: str) -> bytes:
        """Return all records as JSON lines. Raises `ActionRefused` if they are too large to send."""
        content = bytearray()
        async for record in personal_data.export_records(self._personal, self._person(user)):
            content += core.to_json_lines([record]).encode()
            if len(content) > MAX_EXPORT_BYTES:
                raise ActionRefused(EXPORT_TOO_LARGE.format(user))
        return bytes(content)

    @contextmanager
    def _one_at_a_time(self, user: str) -> Iterator[None]:
        """Raise `ActionRefused` if another export or erasure of the same person is running."""
        if user in self._busy:
            raise ActionRefused(ALREADY_RUNNING)
        self._busy.add(user)
        try:
            yield
        finally:
            self._busy.discard(user)

    def _describe_retention(self) -> str:
        if not self._retention:
            return "What I store is kept until you erase it here, or delete the message in Slack."
        days = "a day" if self._retention == 1 else f"{self._retention} days"
        return f"A conversation is erased {days} after its newest message."

    def _person(self, user: str) -> PersonKey:
        return PersonKey(user=user, platform=PLATFORM, workspace=self._workspace)


def register(app: AsyncApp, section: PersonalDataSection, listeners: Listeners) -> None:
    """Register what exports and erases the data of the person who presses."""

    async def send(pressed: Interaction) -> None:
        await _run_to_end(listeners.modals, pressed.trigger, section.send_data(pressed.user))

    async def erase(pressed: Interaction) -> None:
        await _run_to_end(listeners.modals, pressed.trigger, section.erase_data(pressed.user))
        await listeners.publish_home(pressed.user)

    app.action(SEND_DATA_ACTION)(listeners.runs(send))
    app.action(ERASE_DATA_ACTION)(listeners.runs(erase))


async def _run_to_end(modals: Modals, trigger: str, work: Coroutine[Any, Any, View]) -> None:
    """Run `work` to its end and show its view, even if Slack refuses to open a view."""
    task = asyncio.ensure_future(work)

    async def render_result() -> View:
        return await asyncio.shield(task)

    try:
        await modals.open_view(trigger, render_result())
        await asyncio.wait({task})
    finally:
        task.cancel()  # without effect unless this process is ending
    if not task.cancelled():
        task.exception()  # marks it as retrieved; `Modals` has shown it


def _describe_stored(counts: StoredCounts) -> str:
    if counts == StoredCounts():
        return NOTHING_STORED
    votes = {0: "no vote", 1: "1 vote"}.get(counts.votes, f"{counts.votes:,} votes")
    since = f" since {wording.format_time(counts.since)}" if counts.messages else ""
    return f"I have stored *{_count_messages(counts.messages)}* of yours, with my answers,{since}, and *{votes}*."


def _count_messages(count: int) -> str:
    return "1 message" if count == 1 else f"{count:,} messages"
