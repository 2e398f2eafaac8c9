"""Access checks over real sockets: refused people are not recorded, and read one sentence."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.core.access.grants import Grants
from bot.core.access.permission_check import AccessRefusal, AccessRules, Admission, MemberType
from bot.core.config import Scope
from bot.core.turns import Action, Author, IncomingMessage, ThreadKey
from bot.policy.saved_grants import GRANTS_CACHE_TTL_SECONDS, SavedGrants
from bot.ports import Page
from bot.sandbox.server import SandboxWorkspace
from bot.sandbox.workspace.records import NoticeShown, WorkspaceChange, WorkspaceMessage
from bot.slack.events import access_guard
from bot.slack.events.access_guard import AccessGuard
from bot.slack.events.bolt_app import create_bolt_app
from bot.slack.people import directory
from bot.slack.people.access_check import SlackAccessPolicy
from bot.slack.people.directory import FAILURE_TTL_SECONDS, People
from bot.slack.surface import SlackSurface
from bot.slack.transport import connect
from bot.slack.transport.socket_mode import open_sockets
from bot.testing.config import MemoryGrants
from tests.slack.events.inboxes import make_inbox

ADA, GRACE, LIN, NOOR, BUILDER = "U0ADA", "U0GRACE", "U0LIN", "U0NOOR", "U0BUILD"
GENERAL, ENG, PARTNER = "C0GENERAL", "C0ENG", "C0PARTNER"
WORKSPACE = Scope(platform="slack", workspace="T0SANDBOX")


@dataclass
class AccessWorld:
    """A workspace, the bot's access guard, and an intake that records who was admitted."""

    slack: SandboxWorkspace
    grants: MemoryGrants = field(default_factory=MemoryGrants)
    now: float = 0.0
    admitted: list[tuple[str, str]] = field(default_factory=list)
    pressed: list[str] = field(default_factory=list)
    notices: list[NoticeShown] = field(default_factory=list)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    is_draining: bool = False

    # What the guard admits

    async def accept(self, incoming: IncomingMessage) -> None:
        self.admitted.append((incoming.author.id, incoming.text))

    async def retry(self, turn: int, thread: ThreadKey, *, by: str, **_: object) -> bool:
        self.pressed.append(by)
        return True

    # Rules and messages

    async def set(self, **rules: frozenset[Any]) -> None:
        """Apply these rules from now on, without the old ones in any cache."""
        newest = len(await self.grants.list_history(WORKSPACE, limit=99))
        grants = Grants(rules=AccessRules(**rules))
        await self.grants.save(WORKSPACE, grants, based_on=newest, by=Author(id=ADA))
        self.now += GRANTS_CACHE_TTL_SECONDS

    async def say(self, user: str, channel: str, text: str = "<@U0BOT> hi", thread_ts: str | None = None) -> str:
        """Post a message; wait until its deliveries are acknowledged and refusals sent."""
        ts = await self.slack.say(user, channel, text, thread_ts=thread_ts)
        await self.wait_until_settled()
        return ts

    async def wait_until_settled(self) -> None:
        async with asyncio.timeout(20):
            while self.acked < len(self.slack.events()):  # noqa: ASYNC110 - it only tells of changes
                await asyncio.sleep(0.005)
        await asyncio.gather(*self.tasks)

    @property
    def acked(self) -> int:
        return sum(entry.kind == "ack" and entry.status == "ok" for entry in self.slack.trace)

    def run_in_background(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.add(asyncio.create_task(work))

    @property
    def written(self) -> list[str]:
        """The bot's messages that everybody in a channel sees."""
        state = self.slack.state
        messages = (each for channel in state.channels for each in state.messages(channel))
        return [message.text for message in messages if message.is_from_app]


@pytest.fixture
async def world() -> AsyncIterator[AccessWorld]:
    async with SandboxWorkspace(enforce_rates=False, redelivery=(0.0, 0.2, 0.2)) as slack:
        world = AccessWorld(slack)

        def note(change: WorkspaceChange) -> None:
            if isinstance(change, NoticeShown):
                world.notices.append(change)

        slack.state.observe(note)
        async with connect.open_web_client(slack.bot_token, slack.api_url) as client:
            bot = await connect.fetch_bot_identity(client)
            people = People(client, bot.workspace, clock=lambda: world.now)
            access = SavedGrants(world.grants, WORKSPACE, clock=lambda: world.now)
            guard = AccessGuard(
                SlackAccessPolicy(access, people), client, world.run_in_background, clock=lambda: world.now
            )
            app = create_bolt_app(client, bot, make_inbox(bot, people, world, guard, follow_threads=True))
            async with open_sockets(app, client, slack.app_token, count=1):
                yield world
                await asyncio.gather(*world.tasks)


async def test_members_are_admitted_everywhere(world: AccessWorld) -> None:
    for channel in (GENERAL, PARTNER, "D0ADA"):
        await world.say(ADA, channel)
    assert len(world.admitted) == 3, "once, although mentions in channels are delivered twice"
    assert (world.notices, world.written) == ([], [])


@pytest.mark.parametrize(
    ("user", "channel", "reason"),
    [(LIN, ENG, AccessRefusal.GUEST), (NOOR, PARTNER, AccessRefusal.EXTERNAL)],
)
async def test_guests_and_outsiders_read_an_ephemeral_refusal(
    world: AccessWorld, user: str, channel: str, reason: AccessRefusal
) -> None:
    """Once, although a mention is delivered twice; and they are admitted once they are invited by name."""
    with capture_logs() as logs:
        await world.say(user, channel, "<@U0BOT> secret words")
    assert world.admitted == []
    (notice,) = world.notices
    assert (notice.user, notice.channel, notice.text) == (user, channel, reason.for_people)
    assert world.written == []
    assert {log["reason"] for log in logs if log["action"] == "ask_denied"} == {reason}
    assert "secret" not in str(logs)
    await world.set(invited=frozenset({user}))
    await world.say(user, channel, "<@U0BOT> now?")
    assert world.admitted == [(user, "now?")]


async def test_other_bots_are_ignored(world: AccessWorld) -> None:
    """Neither an answer nor a refusal, even if everybody is admitted: such a conversation would never end.

    This includes bots whose messages do not say that an app wrote them.
    """
    await world.set(admits=frozenset(Admission), invited=frozenset({BUILDER}))
    await world.say(BUILDER, ENG)
    state = world.slack.state
    state.post(WorkspaceMessage(channel=ENG, ts=state.new_ts(), user=BUILDER, text="<@U0BOT> I am a person"))
    await world.wait_until_settled()
    assert (world.admitted, world.notices, world.written) == ([], [], [])


async def test_in_a_direct_message_a_refusal_is_a_message(world: AccessWorld) -> None:
    await world.set(denied_people=frozenset({GRACE}))
    root = await world.say(GRACE, "D0GRACE", "hi")
    assert world.admitted == []
    assert [message.text for message in world.slack.thread("D0GRACE", root)[1:]] == [AccessRefusal.PERSON.for_people]


async def test_a_draft_is_tried_although_direct_messages_are_off(world: AccessWorld) -> None:
    """By people who are not refused for another reason."""
    async with connect.open_web_client(world.slack.bot_token, world.slack.api_url) as client:
        people = People(client, "T0SANDBOX")
        await world.set(admits=frozenset(), denied_people=frozenset({GRACE}))

        async def find_draft(thread: ThreadKey) -> bool:
            return thread.root == "9.1"

        policy = SlackAccessPolicy(SavedGrants(world.grants, WORKSPACE), people, find_draft)
        thread = ThreadKey(platform="slack", workspace="T0SANDBOX", channel="D0ADA", root="9.1")
        assert await policy.find_refusal(thread, ADA) is None
        assert await policy.find_refusal(thread, GRACE) is AccessRefusal.PERSON
        assert await policy.find_refusal(replace(thread, root="1.0"), ADA) is AccessRefusal.DIRECT


async def test_in_a_denied_channel_only_people_who_ask_are_told(world: AccessWorld) -> None:
    """Each person once in ten minutes; replies that do not ask are neither recorded nor refused."""
    await world.set(denied_channels=frozenset({GENERAL}))
    root = await world.say(ADA, GENERAL)
    await world.say(ADA, GENERAL, "to the others", thread_ts=root)
    await world.say(GRACE, GENERAL, thread_ts=root)
    await world.say(GRACE, GENERAL)
    assert world.admitted == []
    expected = [(ADA, None), (GRACE, root)]
    assert [(notice.user, notice.thread_ts) for notice in world.notices] == expected
    assert {notice.text for notice in world.notices} == {AccessRefusal.CHANNEL.for_people}
    world.now += access_guard.SECONDS_BETWEEN_SAME_REFUSALS
    await world.say(ADA, GENERAL)
    assert len(world.notices) == 3
    await world.say(ADA, ENG)
    assert len(world.admitted) == 1


async def test_refusals_are_limited_in_the_whole_workspace(world: AccessWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_guard, "SECONDS_BETWEEN_SAME_REFUSALS", 0.0)
    await world.set(denied_people=frozenset({GRACE}))
    for _ in range(access_guard.REFUSALS_BURST + 5):
        await world.say(GRACE, "D0GRACE", "hi")
    assert len(world.written) == access_guard.REFUSALS_BURST


async def test_a_person_unknown_to_slack_is_refused(world: AccessWorld) -> None:
    """For ten seconds only; then Slack is asked again."""
    world.slack.inject_fault("users.info", error="user_not_found")
    await world.say(ADA, "D0ADA", "one")
    assert (world.admitted, world.written) == ([], [AccessRefusal.UNKNOWN.for_people])
    world.now += FAILURE_TTL_SECONDS
    await world.say(ADA, "D0ADA", "two")
    assert world.admitted == [(ADA, "two")]


async def test_without_the_scope_people_read_why_and_the_log_names_it_once(world: AccessWorld) -> None:
    """Nobody can be told apart then; and once the scope is there, people are answered without a restart."""
    scopes = world.slack.scopes
    world.slack.scopes = scopes - {"users:read"}
    with capture_logs() as logs:
        await world.say(ADA, "D0ADA", "one")
        await world.say(GRACE, ENG)
    assert world.admitted == []
    assert world.written == [AccessRefusal.NOT_TOLD.for_people]
    assert [notice.text for notice in world.notices] == [AccessRefusal.NOT_TOLD.for_people]
    (told,) = [log for log in logs if log["action"] == "scope_missing"]
    assert (told["method"], told["error"], told["scope"]) == ("users.info", "missing_scope", "users:read")
    assert {log["reason"] for log in logs if log["action"] == "ask_denied"} == {AccessRefusal.NOT_TOLD}
    world.slack.scopes = scopes
    world.now += FAILURE_TTL_SECONDS
    await world.say(ADA, "D0ADA", "two")
    assert world.admitted == [(ADA, "two")]


async def test_without_the_scope_for_channels_a_button_says_that_it_is_missing(world: AccessWorld) -> None:
    """And not that the channel is shared, which nobody knows; a delivery says it by itself."""
    world.slack.scopes -= {"channels:read"}
    await world.set(admits=frozenset({Admission.DIRECT}))
    async with connect.open_web_client(world.slack.bot_token, world.slack.api_url) as client:
        bot = await connect.fetch_bot_identity(client)
        surface = SlackSurface(client, bot, People(client, bot.workspace))
        await press(world, surface, ADA, ENG, await world.slack.say(ADA, ENG, "hi"))
    await world.say(ADA, PARTNER)
    sentences = [AccessRefusal.NOT_TOLD.for_people, AccessRefusal.SHARED.for_people]
    assert [notice.text for notice in world.notices] == sentences


async def test_people_without_guest_flags_are_admitted_by_name_only(
    world: AccessWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `BOT_ALLOW` does it."""
    monkeypatch.setattr(directory, "read_member_type", lambda *_: MemberType.UNCLEAR)
    await world.say(ADA, "D0ADA", "one")
    assert (world.admitted, world.written) == ([], [AccessRefusal.UNCLEAR.for_people])
    await world.set(people=frozenset({ADA}))
    await world.say(ADA, "D0ADA", "two")
    assert world.admitted == [(ADA, "two")]


@pytest.mark.parametrize("fault", [{"status": 500}, {"delay": 30.0}, {"error": "odd"}])
async def test_while_slack_does_not_answer_deliveries_are_refused_and_repeated(
    world: AccessWorld, fault: dict[str, Any]
) -> None:
    """The delivery is not acknowledged, so Slack repeats it, and by then it may answer."""
    world.slack.inject_fault("users.info", times=2 if "delay" in fault else 8, **fault)
    with capture_logs() as logs:
        await world.say(ADA, "D0ADA", "hi")
    assert world.admitted == [(ADA, "hi")]
    assert world.written == []
    refused = {log["reason"] for log in logs if log["action"] == "event_not_taken"}
    assert refused
    assert refused <= {f"users.info: {how}" for how in ("500", "TimeoutError", "odd")}


async def test_a_button_is_refused_while_slack_does_not_answer(world: AccessWorld) -> None:
    async with connect.open_web_client(world.slack.bot_token, world.slack.api_url) as client:
        bot = await connect.fetch_bot_identity(client)
        surface = SlackSurface(client, bot, People(client, bot.workspace))
        world.slack.inject_fault("users.info", status=500, times=8)
        await press(world, surface, ADA, ENG, await world.slack.say(ADA, ENG, "hi"))
    assert world.pressed == []
    assert [notice.text for notice in world.notices] == [AccessRefusal.UNKNOWN.for_people]


async def test_shared_channels_can_be_closed(
    world: AccessWorld,
) -> None:
    await world.set(admits=frozenset({Admission.DIRECT}))
    await world.say(ADA, PARTNER)
    await world.say(ADA, ENG)
    assert len(world.admitted) == 1
    assert [notice.text for notice in world.notices] == [AccessRefusal.SHARED.for_people]
    assert world.slack.calls("conversations.info") == [], "the delivery said so"


async def press(world: AccessWorld, surface: SlackSurface, user: str, channel: str, root: str) -> None:
    thread = ThreadKey(platform="slack", workspace="T0SANDBOX", channel=channel, root=root)
    ts = await surface.post(thread, Page(turn=7, number=0, text="It failed.", actions=(Action.RETRY,)))
    action = world.slack.state.message(channel, ts).blocks[-1]["elements"][0]
    await world.slack.interactivity.act_on_message(user, channel, ts, action, {})
    await asyncio.gather(*world.tasks)


async def test_buttons_are_for_people_who_may_ask(world: AccessWorld) -> None:
    """Whether the channel is shared is looked up, because a button's payload does not say."""
    async with connect.open_web_client(world.slack.bot_token, world.slack.api_url) as client:
        bot = await connect.fetch_bot_identity(client)
        surface = SlackSurface(client, bot, People(client, bot.workspace))
        for channel in (ENG, PARTNER):
            root = await world.slack.say(ADA, channel, "hi")
            await press(world, surface, ADA, channel, root)
        assert world.pressed == [ADA, ADA]
        await world.set(admits=frozenset({Admission.DIRECT}), denied_people=frozenset({GRACE}))
        await press(world, surface, ADA, PARTNER, root)
        await press(world, surface, GRACE, ENG, await world.slack.say(ADA, ENG, "hi"))
    assert world.pressed == [ADA, ADA]
    assert [notice.text for notice in world.notices] == [
        AccessRefusal.SHARED.for_people,
        AccessRefusal.PERSON.for_people,
    ]


async def test_messages_of_people_without_access_are_not_read(world: AccessWorld) -> None:
    async with connect.open_web_client(world.slack.bot_token, world.slack.api_url) as client:
        bot = await connect.fetch_bot_identity(client)
        people = People(client, bot.workspace)
        policy = SlackAccessPolicy(SavedGrants(world.grants, WORKSPACE), people)
        root = await world.slack.say(ADA, PARTNER, "ours")
        await world.slack.say(NOOR, PARTNER, "theirs", thread_ts=root)
        thread = ThreadKey(platform="slack", workspace="T0SANDBOX", channel=PARTNER, root=root)
        read = await SlackSurface(client, bot, people, access_policy=policy).read_messages(thread, limit=9)
    assert [incoming.text for incoming in read] == ["ours"]
