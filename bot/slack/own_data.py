"""What is stored of whoever looks: a section of Home, and its buttons to have it sent, and to have it erased.

Separate because it is everybody's, and no admin's. Rule: it is only ever about the person whom Slack names in
its payload; nothing that a button or a view says is believed.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot import privacy
from bot.core import personal as core
from bot.core.errors import SurfaceError, SurfaceGone
from bot.core.personal import Held, Person
from bot.ports import PersonalData
from bot.slack import payload
from bot.slack.admin import kit, wording
from bot.slack.admin.home import Reader
from bot.slack.admin.kit import Block, View, notice
from bot.slack.admin.screen import Screen
from bot.slack.admin.submissions import Refused
from bot.slack.handing import hand
from bot.slack.parse import PLATFORM

SEND, ERASE = "own_data_send", "own_data_erase"
"""`action_id`s."""
FILE = "threadkeeper-my-data.jsonl"
MOST = 50 * 1024**2
"""Bytes of a file; whoever has more asks at the shell."""
NOTHING = "I have stored no message and no vote of yours."
ABOVE = "This is what I have stored of you: one line of JSON for each message, vote and saved prompt."
SENT = "I have sent you a file in our direct message."
TOO_MUCH = "It is more than I can send here. Whoever runs this bot can write it out: `bot export --user {}`."
REFUSED = (
    "Slack does not let me send files. Whoever runs this bot can give its Slack app the scope files:write, "
    "or write your data out: `bot export --user {}`."
)
FAILED = "Slack did not take the file. Please try again in a minute."
UNDER_WAY = "That is under way already."
ERASED = "Erased: {}, with my answers and the reasons you gave with votes."
CONFIRM = (
    "Your messages, my answers to them and the reasons you gave with votes are erased here for ever. "
    "What Slack shows stays in Slack. What it cost stays counted, for past months without your name."
)

Aside: TypeAlias = Callable[[Coroutine[Any, Any, None]], None]

log = structlog.get_logger()


class OwnData:
    """The section, and what its buttons do, in one workspace."""

    def __init__(
        self, personal: PersonalData, client: AsyncWebClient, *, workspace: str, retention: int
    ) -> None:
        """`retention` is in days, 0 for ever."""
        self._personal = personal
        self._client = client
        self._workspace = workspace
        self._retention = retention
        self._busy: set[str] = set()

    async def __call__(self, reader: Reader) -> Sequence[Block]:
        """Return the section. Raises `StoreError`."""
        held = await self._personal.held(self._person(reader.user))
        buttons = [kit.button("Send me my data", SEND)]  # there may be figures, or prompts that they saved
        if held != Held():
            buttons.append(kit.button("Erase my data", ERASE, style="danger", confirm=CONFIRM))
        told = kit.section(f"{_told(held)} {self._kept()}")
        return [kit.header("Your data"), told, kit.actions(*buttons)]

    async def send(self, user: str) -> View:
        """Send a person what is stored of them; return what to say about it."""
        with self._at_work(user):
            content = await self._written(user)
            if not content:
                return notice(NOTHING)
            try:
                await hand(self._client, user, FILE, content, ABOVE)
            except SurfaceGone as gone:
                log.warning("A person's data could not be sent.", action="data_unsent", reason=str(gone))
                return notice(REFUSED.format(user))
            except SurfaceError as error:
                log.warning("A person's data could not be sent.", action="data_unsent", reason=error.code)
                return notice(FAILED)
        log.info("A person was sent their data.", action="data_sent")
        return notice(SENT)

    async def erase(self, user: str) -> View:
        """Erase what is stored of a person; return what to say about it."""
        with self._at_work(user):
            count = await privacy.erase(self._personal, self._person(user))
        log.info("A person has erased their data.", action="data_erased", messages=count)
        return notice(ERASED.format(_messages(count)))

    async def _written(self, user: str) -> bytes:
        """Return all records. Raises `Refused` where they are too many."""
        content = bytearray()
        async for record in privacy.records(self._personal, self._person(user)):
            content += core.lines([record]).encode()
            if len(content) > MOST:
                raise Refused(TOO_MUCH.format(user))
        return bytes(content)

    @contextmanager
    def _at_work(self, user: str) -> Iterator[None]:
        """Do one thing at a time for a person; who presses twice is told so."""
        if user in self._busy:
            raise Refused(UNDER_WAY)
        self._busy.add(user)
        try:
            yield
        finally:
            self._busy.discard(user)

    def _kept(self) -> str:
        if not self._retention:
            return "What I store is kept until you erase it here, or delete the message in Slack."
        days = "a day" if self._retention == 1 else f"{self._retention} days"
        return f"A conversation is erased {days} after its newest message."

    def _person(self, user: str) -> Person:
        return Person(user=user, platform=PLATFORM, workspace=self._workspace)


def register(
    app: AsyncApp,
    own: OwnData,
    home: Callable[[str], Coroutine[Any, Any, View]],
    screen: Screen,
    aside: Aside,
) -> None:
    """Let the app send and erase. Call it before what takes everything that is left."""

    @app.action(SEND)
    async def send(body: dict[str, Any], ack: AsyncAck) -> None:
        aside(_shown(screen, payload.text(body, "trigger_id"), own.send(_user(body))))
        await ack()

    @app.action(ERASE)
    async def erase(body: dict[str, Any], ack: AsyncAck) -> None:
        user = _user(body)

        async def erased() -> None:
            await _shown(screen, payload.text(body, "trigger_id"), own.erase(user))
            await screen.publish(user, home(user))

        aside(erased())
        await ack()


async def _shown(screen: Screen, trigger: str, doing: Coroutine[Any, Any, View]) -> None:
    """Do something to its end, whether or not Slack shows what is said about it."""
    done = asyncio.ensure_future(doing)

    async def said() -> View:
        return await asyncio.shield(done)

    try:
        await screen.open(trigger, said())
        await asyncio.wait({done})
    finally:
        done.cancel()  # it has ended, unless this process does
    if not done.cancelled():
        done.exception()  # a person was told of it, see `Screen`


def _user(body: dict[str, Any]) -> str:
    return payload.text(body, "user", "id")


def _told(held: Held) -> str:
    if held == Held():
        return NOTHING
    votes = {0: "no vote", 1: "1 vote"}.get(held.votes, f"{held.votes:,} votes")
    since = f" since {wording.moment(held.since)}" if held.messages else ""
    return f"I have stored *{_messages(held.messages)}* of yours, with my answers,{since}, and *{votes}*."


def _messages(count: int) -> str:
    return "1 message" if count == 1 else f"{count:,} messages"
