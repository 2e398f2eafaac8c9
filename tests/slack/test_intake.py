"""From what people do in Slack to the intake, over real sockets: acknowledged when recorded, not before."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.core.domain import Action, Addressed, Incoming, MessageKey, ThreadKey
from bot.core.errors import StoreUnavailable
from bot.core.stopping import StopOutcome, StopRequest
from bot.ports import Page
from bot.sandbox.records import Change, Noticed
from bot.sandbox.server import SandboxWorkspace
from bot.slack import connect, inbox
from bot.slack.listeners import slack_app
from bot.slack.people import People
from bot.slack.refusals import NO_ANSWER, NOT_YOURS, NOT_YOURS_TO_STOP, TOO_LATE
from bot.slack.socket_mode import sockets
from bot.slack.surface import SlackSurface
from bot.slack.wishes import AGAIN
from tests.slack.inboxes import inbox as inbox_of

ADA, GRACE, GENERAL, DIRECT = "U0ADA", "U0GRACE", "C0GENERAL", "D0ADA"


async def nothing() -> None:
    """Take no time."""


@dataclass
class Notebook:
    """Notes what it is told, in order, after `meanwhile`; only `owner` may ask for a new answer."""

    meanwhile: Callable[[], Awaitable[object]] = nothing
    owner: str = ADA
    is_draining: bool = False
    asked: list[Incoming] = field(default_factory=list)
    notes: list[tuple[Any, ...]] = field(default_factory=list)
    deliveries: list[str] = field(default_factory=list)
    stops: list[StopRequest] = field(default_factory=list)
    is_running: bool = False
    admins: frozenset[str] = frozenset()

    async def is_admin(self, user: str) -> bool:
        return user in self.admins

    @property
    def texts(self) -> list[str]:
        return [incoming.text for incoming in self.asked]

    async def accept(self, incoming: Incoming) -> None:
        self.asked.append(incoming)
        self.deliveries.append(incoming.delivery)
        await self.meanwhile()
        self.notes.append(("asked", incoming.message_id, incoming.text))

    async def reworded(self, message: MessageKey, text: str, *, delivery: str = "") -> None:
        self.deliveries.append(delivery)
        await self.meanwhile()
        self.notes.append(("reworded", message.message_id, text))

    async def forget(self, message: MessageKey, *, delivery: str = "") -> None:
        self.deliveries.append(delivery)
        await self.meanwhile()
        self.notes.append(("forgotten", message.message_id))

    async def retry(
        self, turn: int, thread: ThreadKey, *, by: str, by_admin: bool = False, goes_on: bool = False
    ) -> bool:
        await self.meanwhile()
        self.notes.append(("gone on" if goes_on else "retried", turn, thread.root, by))
        return by_admin or by == self.owner

    async def answer_again(
        self, thread: ThreadKey, message_id: str, *, by: str, by_admin: bool = False
    ) -> bool:
        self.notes.append(("again", message_id, thread.root, by))
        return by_admin or by == self.owner

    async def flip(
        self, turn: int, thread: ThreadKey, action: Action, *, by: str, by_admin: bool = False
    ) -> bool:
        self.notes.append((str(action), turn, thread.root, by))
        return by_admin or by == self.owner

    async def stop(self, request: StopRequest) -> StopOutcome:
        self.stops.append(request)
        if not self.is_running:
            return StopOutcome.NOTHING
        is_theirs = request.by_admin or request.by == self.owner
        return StopOutcome.TAKEN if is_theirs else StopOutcome.FORBIDDEN


@pytest.fixture
async def workspace() -> AsyncIterator[SandboxWorkspace]:
    async with SandboxWorkspace(ack_timeout=0.5, redelivery=(0.0, 0.2, 0.2)) as running:
        yield running


@pytest.fixture
async def patient() -> AsyncIterator[SandboxWorkspace]:
    """Wait for acknowledgements as long as Slack does."""
    async with SandboxWorkspace() as running:
        yield running


@asynccontextmanager
async def connected(
    workspace: SandboxWorkspace, notebook: Notebook, *, follow: bool = False
) -> AsyncIterator[SlackSurface]:
    """Connect as the bot does, with a notebook in place of the intake."""
    async with connect.web_client(workspace.bot_token, workspace.api_url) as client:
        bot, people = await connect.who_am_i(client), People(client, "T0SANDBOX")
        box = inbox_of(bot, people, notebook, is_admin=notebook.is_admin, follow=follow)
        app = slack_app(client, bot, box)
        async with sockets(app, client, workspace.app_token, count=1):
            yield SlackSurface(client, bot, people)


def acknowledged(workspace: SandboxWorkspace) -> int:
    """Return how many deliveries were acknowledged so far."""
    return sum(entry.kind == "ack" and entry.status == "ok" for entry in workspace.trace)


async def until(predicate: Callable[[], object]) -> None:
    """Wait for something on either side; the workspace would only look when something changes there."""
    async with asyncio.timeout(10):
        while not predicate():  # noqa: ASYNC110 - what it waits for knows nothing of it
            await asyncio.sleep(0.005)


async def test_a_message_arrives_readable_with_the_names_of_those_it_mentions(
    workspace: SandboxWorkspace,
) -> None:
    notebook = Notebook()
    async with connected(workspace, notebook):
        ts = await workspace.say(ADA, GENERAL, "<@U0BOT> ask <@U0GRACE> in <#C0ENG> & elsewhere")
        await until(lambda: acknowledged(workspace) == 2)
    (incoming,) = notebook.asked
    assert incoming.text == "ask @grace in #engineering & elsewhere"
    assert incoming.author.name == "ada"
    assert (incoming.message_id, incoming.sent_at) == (ts, float(ts))
    assert incoming.delivery


@pytest.mark.parametrize("meanwhile", [0.0, 0.2], ids=["recorded", "being recorded"])
async def test_a_mention_is_told_twice_and_recorded_once(
    workspace: SandboxWorkspace, meanwhile: float
) -> None:
    """Both events are acknowledged, but not before it is recorded: what failed, the next one tries again."""
    notebook = Notebook()

    async def fail_once() -> None:
        await asyncio.sleep(meanwhile)
        if len(notebook.asked) == 1:
            raise StoreUnavailable

    notebook.meanwhile = fail_once
    async with connected(workspace, notebook):
        await workspace.say(ADA, GENERAL, "<@U0BOT> hi")
        await until(lambda: acknowledged(workspace) == 2)
        assert [note[0] for note in notebook.notes] == ["asked"]
        assert len(notebook.asked) == 2, "in vain, and in earnest"
        await workspace.say(ADA, GENERAL, "<@U0BOT> hi")
        await until(lambda: acknowledged(workspace) == 4)
    assert len(notebook.notes) == 2, "another message that says the same"


async def test_names_are_looked_up_once(workspace: SandboxWorkspace) -> None:
    notebook = Notebook()
    async with connected(workspace, notebook):
        for number in (1, 2):
            for _ in range(3):
                await workspace.say(ADA, DIRECT, "hi")
            await until(lambda: len(notebook.asked) == 3 * number)  # noqa: B023 - it ends with the iteration
    assert len(workspace.calls("users.info")) == 1


async def test_a_name_that_cannot_be_had_does_not_hold_the_question_up(workspace: SandboxWorkspace) -> None:
    notebook = Notebook()
    workspace.fault("users.info", delay=30, times=9)
    async with connected(workspace, notebook):
        await workspace.say(ADA, DIRECT, "hi")
        await until(lambda: notebook.asked)
    assert notebook.asked[0].author.name == ""


async def test_what_was_not_recorded_is_not_acknowledged_and_comes_again(workspace: SandboxWorkspace) -> None:
    notebook = Notebook()

    async def fail_once() -> None:
        if len(notebook.asked) == 1:
            raise StoreUnavailable

    notebook.meanwhile = fail_once
    async with connected(workspace, notebook):
        await workspace.say(ADA, DIRECT, "hi")
        await until(lambda: notebook.notes)
    assert notebook.asked[0] == notebook.asked[1]


async def test_what_takes_too_long_is_refused_but_not_cut_short(
    workspace: SandboxWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit under way cannot be called back: cut short, it would be recorded and nobody would know."""
    monkeypatch.setattr(inbox, "PATIENCE", 0.1)
    released = asyncio.Event()
    notebook = Notebook(meanwhile=released.wait)
    with capture_logs() as logs:
        async with connected(workspace, notebook):
            await workspace.say(ADA, DIRECT, "hi")
            await until(lambda: sum(line["action"] == "event_not_taken" for line in logs) == 2)
            assert (acknowledged(workspace), notebook.notes) == (0, [])
            assert len(notebook.deliveries) == 1, "what Slack delivered again waits for the first one's end"
            released.set()
            await until(lambda: acknowledged(workspace))
    assert notebook.notes


async def test_while_the_process_ends_nothing_is_taken(workspace: SandboxWorkspace) -> None:
    """Slack delivers it again, to a process that stays."""
    ending, staying = Notebook(is_draining=True), Notebook()
    with capture_logs() as logs:
        async with connected(workspace, ending):
            await workspace.say(ADA, DIRECT, "hi")
            await until(lambda: any(line["action"] == "event_not_taken" for line in logs))
    async with connected(workspace, staying):
        await until(lambda: staying.asked)
    assert ending.asked == []


async def test_a_thread_is_recorded_in_the_order_in_which_it_was_written(workspace: SandboxWorkspace) -> None:
    """Although Ada's name takes longer to find out than Grace's, and each delivery has its own task."""
    notebook = Notebook()
    async with connected(workspace, notebook):
        await workspace.say(GRACE, "D0GRACE", "hello")
        await until(lambda: notebook.notes)
        workspace.fault("users.info", delay=0.3)
        root = await workspace.say(ADA, GENERAL, "<@U0BOT> 0")
        await workspace.say(GRACE, GENERAL, "<@U0BOT> 1", thread_ts=root)
        reply = await workspace.say(GRACE, GENERAL, "2", thread_ts=root)
        await workspace.edit(GRACE, GENERAL, reply, "3")
        await workspace.delete(GRACE, GENERAL, reply)
        await workspace.say(GRACE, "D0GRACE", "elsewhere")
        await until(lambda: len(notebook.notes) == 7)
    noted = [note[0] if note[0] == "forgotten" else note[-1] for note in notebook.notes[1:]]
    assert noted[0] == "elsewhere", "other threads do not wait"
    assert noted[1:] == ["0", "1", "2", "3", "forgotten"]


async def test_an_edit_and_a_deletion_are_told_of(workspace: SandboxWorkspace) -> None:
    notebook = Notebook()
    async with connected(workspace, notebook):
        ts = await workspace.say(ADA, GENERAL, "<@U0BOT> before")
        await until(lambda: len(notebook.notes) == 1)
        await workspace.edit(ADA, GENERAL, ts, "<@U0BOT> after, <@U0GRACE>")
        await until(lambda: len(notebook.notes) == 3)
        await workspace.delete(ADA, GENERAL, ts)
        await until(lambda: len(notebook.notes) == 4)
        await until(lambda: acknowledged(workspace) == 5)
    assert notebook.notes[1:] == [("reworded", ts, "after, @grace")] * 2 + [("forgotten", ts)]
    assert len(set(notebook.deliveries)) == 4, "each has its own id"


async def test_the_first_message_of_a_thread_is_forgotten_too(workspace: SandboxWorkspace) -> None:
    """Slack leaves a tombstone in its place and calls that a change."""
    notebook = Notebook()
    async with connected(workspace, notebook) as surface:
        root = await workspace.say(ADA, DIRECT, "hi")
        thread = ThreadKey(platform="slack", workspace="T0SANDBOX", channel=DIRECT, root=root)
        answer = await surface.post(thread, Page(turn=1, number=0, text="hello"))
        await workspace.delete(ADA, DIRECT, root)
        await until(lambda: ("forgotten", root) in notebook.notes)
        await surface.remove(thread, answer)
        await until(lambda: acknowledged(workspace) == 5)
    assert notebook.notes.count(("forgotten", root)) == 1, "what goes after it was nobody's"
    assert workspace.thread(DIRECT, root) == []


async def test_our_own_messages_are_nobodys_edits_or_deletions(workspace: SandboxWorkspace) -> None:
    notebook = Notebook()
    async with connected(workspace, notebook) as surface:
        root = await workspace.say(ADA, DIRECT, "hi")
        thread = ThreadKey(platform="slack", workspace="T0SANDBOX", channel=DIRECT, root=root)
        answer = await surface.post(thread, Page(turn=1, number=0, text="one"))
        await surface.edit(thread, answer, Page(turn=1, number=0, text="two"))
        await surface.remove(thread, answer)
        await until(lambda: acknowledged(workspace) == 4)
    assert notebook.notes == [("asked", root, "hi")]


async def test_a_button_asks_for_a_new_answer_and_only_its_owner_may(patient: SandboxWorkspace) -> None:
    """Who may not is refused when it was tried once more: the answer may just be ending."""
    workspace = patient
    notebook = Notebook(
        owner=ADA, is_draining=True
    )  # a button is not delivered again: it must work even then
    told: list[Change] = []
    workspace.state.observe(told.append)
    async with connected(workspace, notebook) as surface:
        root = await workspace.say(ADA, GENERAL, "hi")
        thread = ThreadKey(platform="slack", workspace="T0SANDBOX", channel=GENERAL, root=root)
        page = Page(turn=7, number=0, text="It failed.", actions=(Action.RETRY,))
        ts = await surface.post(thread, page)
        shown = workspace.state.message(GENERAL, ts).blocks[-1]
        press = {**shown["elements"][0], "block_id": shown["block_id"]}
        for person in (ADA, GRACE):
            await workspace.interactivity.act_on_message(person, GENERAL, ts, press, {})
    assert [note for note in notebook.notes if note[0] == "retried"] == [
        ("retried", 7, root, ADA),
        ("retried", 7, root, GRACE),
        ("retried", 7, root, GRACE),
    ]
    notices = [change for change in told if isinstance(change, Noticed)]
    assert [(notice.user, notice.thread_ts, notice.text) for notice in notices] == [(GRACE, root, NOT_YOURS)]


async def test_a_button_asks_to_go_on(workspace: SandboxWorkspace) -> None:
    notebook = Notebook(owner=ADA)
    async with connected(workspace, notebook) as surface:
        root = await workspace.say(ADA, DIRECT, "hi")
        thread = ThreadKey(platform="slack", workspace="T0SANDBOX", channel=DIRECT, root=root)
        ts = await surface.post(thread, Page(turn=7, number=0, text="Half", actions=(Action.CONTINUE,)))
        press = workspace.state.message(DIRECT, ts).blocks[-1]["elements"][0]
        await workspace.interactivity.act_on_message(ADA, DIRECT, ts, press, {})
    assert ("gone on", 7, root, ADA) in notebook.notes


@pytest.mark.parametrize("action", [Action.PREVIOUS, Action.NEXT, Action.CHOOSE])
async def test_a_button_flips_or_chooses(workspace: SandboxWorkspace, action: Action) -> None:
    notebook = Notebook(owner=ADA)
    async with connected(workspace, notebook) as surface:
        root = await workspace.say(ADA, DIRECT, "hi")
        thread = ThreadKey(platform="slack", workspace="T0SANDBOX", channel=DIRECT, root=root)
        ts = await surface.post(thread, Page(turn=7, number=0, text="One.", actions=(action,)))
        press = workspace.state.message(DIRECT, ts).blocks[-1]["elements"][0]
        await workspace.interactivity.act_on_message(ADA, DIRECT, ts, press, {})
    assert (str(action), 7, root, ADA) in notebook.notes


async def test_a_button_is_acknowledged_although_the_refusal_cannot_be_told(
    patient: SandboxWorkspace,
) -> None:
    workspace = patient
    notebook = Notebook(owner="")
    told: list[Change] = []
    workspace.state.observe(told.append)
    workspace.fault("chat.postEphemeral", error="user_not_in_channel")
    async with connected(workspace, notebook) as surface:
        root = await workspace.say(ADA, DIRECT, "hi")
        thread = ThreadKey(platform="slack", workspace="T0SANDBOX", channel=DIRECT, root=root)
        ts = await surface.post(thread, Page(turn=7, number=0, text="It failed.", actions=(Action.RETRY,)))
        press = workspace.state.message(DIRECT, ts).blocks[-1]["elements"][0]
        await workspace.interactivity.act_on_message(ADA, DIRECT, ts, press, {})
    assert not [change for change in told if isinstance(change, Noticed)]


async def test_what_nobody_wants_is_acknowledged(workspace: SandboxWorkspace) -> None:
    """Or Slack would repeat it, and tell people of trouble."""
    notebook = Notebook()
    told: list[Change] = []
    workspace.state.observe(told.append)
    async with connected(workspace, notebook) as surface:
        ts = await workspace.say(ADA, GENERAL, "not for the bot")
        thread = ThreadKey(platform="slack", workspace="T0SANDBOX", channel=GENERAL, root=ts)
        message = await surface.post(thread, Page(turn=1, number=0, text="hello"))
        foreign = {"type": "button", "block_id": "b", "action_id": "of_another_version", "value": "7"}
        await workspace.interactivity.act_on_message(ADA, GENERAL, message, foreign, {})
        malformed = {"type": "button", "block_id": "b", "action_id": "turn_retry", "value": "x"}
        await workspace.interactivity.act_on_message(ADA, GENERAL, message, malformed, {})
        await workspace.interactivity.command(ADA, GENERAL, "/unknown", "")
        await workspace.interactivity.shortcut(ADA, "unknown", "", "")
        await workspace.interactivity.shortcut(ADA, "unknown", GENERAL, message)
        workspace.interactivity.open_home(ADA, "home")
        workspace.interactivity.stop(ADA, GENERAL, ts)
        await until(lambda: acknowledged(workspace) == 9)
    assert notebook.notes == []
    assert not [change for change in told if isinstance(change, Noticed)]


@pytest.mark.parametrize(("follow", "why"), [(False, Addressed.OVERHEARD), (True, Addressed.REPLY)])
async def test_replies_without_a_mention_ask_only_where_threads_are_followed(
    workspace: SandboxWorkspace, follow: bool, why: Addressed
) -> None:
    notebook = Notebook()
    async with connected(workspace, notebook, follow=follow):
        root = await workspace.say(ADA, GENERAL, "a thread")
        await workspace.say(ADA, GENERAL, "a reply", thread_ts=root)
        await workspace.say(ADA, DIRECT, "the end")
        await until(lambda: "the end" in notebook.texts)
    assert {each.text: each.addressed for each in notebook.asked} == {
        "a reply": why,
        "the end": Addressed.DIRECT,
    }


async def test_nothing_that_people_write_is_in_the_log(workspace: SandboxWorkspace) -> None:
    notebook = Notebook()

    async def fail() -> None:
        raise StoreUnavailable("secret words")

    notebook.meanwhile = fail
    with capture_logs() as logs:
        async with connected(workspace, notebook):
            await workspace.say(ADA, DIRECT, "secret words")
            await until(lambda: any(line["action"] == "intake_failed" for line in logs))
    assert "secret" not in str(logs)


@pytest.mark.parametrize("word", ["stop", "<@U0BOT> Stop!", "please stop", "<@U0BOT>, stop it now please."])
async def test_a_bare_stop_while_an_answer_runs_is_no_question(
    workspace: SandboxWorkspace, word: str
) -> None:
    """It names who said it, where and in which message; nobody is told anything."""
    notebook = Notebook(is_running=True)
    async with connected(workspace, notebook):
        root = await workspace.say(ADA, GENERAL, "<@U0BOT> hi")
        await until(lambda: notebook.asked)
        ts = await workspace.say(ADA, GENERAL, word, thread_ts=root)
        await until(lambda: len(notebook.stops) == (2 if "<@U0BOT>" in word else 1))
    assert {(stop.thread.root, stop.by, stop.message_id) for stop in notebook.stops} == {(root, ADA, ts)}
    assert {incoming.message_id for incoming in notebook.asked} == {root}
    assert not workspace.calls("chat.postEphemeral")


@pytest.mark.parametrize("word", ["Don't stop", "stop the press", "Why stop?", "stopping"])
async def test_what_says_more_than_stop_is_a_question(workspace: SandboxWorkspace, word: str) -> None:
    notebook = Notebook(is_running=True)
    async with connected(workspace, notebook):
        await workspace.say(ADA, DIRECT, word)
        await until(lambda: notebook.asked)
    assert notebook.texts == [word]
    assert notebook.stops == []


async def test_where_nothing_runs_stop_is_a_question(workspace: SandboxWorkspace) -> None:
    notebook = Notebook(is_running=False)
    async with connected(workspace, notebook):
        await workspace.say(ADA, DIRECT, "stop")
        await until(lambda: notebook.asked)
    assert notebook.texts == ["stop"]
    assert notebook.asked[0].author.name == "ada"


async def test_who_may_not_stop_is_told_so_and_an_admin_is_not(workspace: SandboxWorkspace) -> None:
    """Grace may be an admin; whether she is is asked only because the answer is not hers."""
    told: list[Change] = []
    workspace.state.observe(told.append)
    notebook = Notebook(owner=ADA, is_running=True)
    async with connected(workspace, notebook):
        root = await workspace.say(ADA, GENERAL, "<@U0BOT> hi")
        await workspace.say(GRACE, GENERAL, "stop", thread_ts=root)
        await until(lambda: notices(told))
        notebook.admins = frozenset({GRACE})
        await workspace.say(GRACE, GENERAL, "stop", thread_ts=root)
        await until(lambda: len(notebook.stops) == 3)
    assert notices(told) == [(GRACE, root, NOT_YOURS_TO_STOP)]
    assert [stop.by_admin for stop in notebook.stops] == [False, False, True]


async def test_slacks_own_stop_is_a_stop_without_a_message(workspace: SandboxWorkspace) -> None:
    notebook = Notebook(is_running=True)
    async with connected(workspace, notebook):
        root = await workspace.say(ADA, DIRECT, "hi")
        workspace.interactivity.stop(ADA, DIRECT, root)
        await until(lambda: notebook.stops)
    (stop,) = notebook.stops
    assert (stop.thread.root, stop.by, stop.message_id, stop.turn) == (root, ADA, "", None)
    assert stop.delivery, "Slack may deliver it again"


@pytest.mark.parametrize("is_running", [True, False])
async def test_the_stop_button_names_its_answer(workspace: SandboxWorkspace, *, is_running: bool) -> None:
    """Whoever presses too late is told."""
    told: list[Change] = []
    workspace.state.observe(told.append)
    notebook = Notebook(owner=ADA, is_running=is_running)
    async with connected(workspace, notebook) as surface:
        root = await workspace.say(ADA, GENERAL, "<@U0BOT> hi")
        thread = ThreadKey(platform="slack", workspace="T0SANDBOX", channel=GENERAL, root=root)
        ts = await surface.post(thread, Page(turn=7, number=0, text="It grows", actions=(Action.STOP,)))
        shown = workspace.state.message(GENERAL, ts).blocks[-1]
        press = {**shown["elements"][0], "block_id": shown["block_id"]}
        for person in (ADA, GRACE):
            await workspace.interactivity.act_on_message(person, GENERAL, ts, press, {})
    assert [(stop.turn, stop.by) for stop in notebook.stops] == [(7, ADA), (7, GRACE)]
    refused = (
        [(GRACE, root, NOT_YOURS_TO_STOP)]
        if is_running
        else [(each, root, TOO_LATE) for each in (ADA, GRACE)]
    )
    assert notices(told) == refused


async def test_the_shortcut_asks_for_another_answer(workspace: SandboxWorkspace) -> None:
    """On the answer or on its question; by who asked, or an admin; others are told."""
    told: list[Change] = []
    workspace.state.observe(told.append)
    notebook = Notebook(owner=ADA)
    async with connected(workspace, notebook) as surface:
        root = await workspace.say(ADA, GENERAL, "<@U0BOT> hi")
        thread = ThreadKey(platform="slack", workspace="T0SANDBOX", channel=GENERAL, root=root)
        ts = await surface.post(thread, Page(turn=7, number=0, text="Hi."))
        for person in (ADA, GRACE):
            await workspace.interactivity.shortcut(person, AGAIN, GENERAL, ts)
        notebook.admins = frozenset({GRACE})
        await workspace.interactivity.shortcut(GRACE, AGAIN, GENERAL, root)
    wanted = [note for note in notebook.notes if note[0] == "again"]
    assert wanted == [
        ("again", ts, root, ADA),
        ("again", ts, root, GRACE),
        *[("again", root, root, GRACE)] * 2,
    ]
    assert notices(told) == [(GRACE, root, NO_ANSWER)]


def notices(told: list[Change]) -> list[tuple[str, str | None, str]]:
    """Return who was told what, and in which thread."""
    found = [change for change in told if isinstance(change, Noticed)]
    return [(notice.user, notice.thread_ts, notice.text) for notice in found]
