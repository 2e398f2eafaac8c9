"""Votes and their reasons over real sockets, forged ones included."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.config import Scope
from bot.core.errors import StoreUnavailable
from bot.core.history.feedback import Verdict, Vote, VoteCounts, VoteReason
from bot.core.requests import Answer, Provenance
from bot.core.turns import AddressingKind, Author, IncomingMessage, ThreadKey, TurnStatus
from bot.sandbox.server import SandboxWorkspace
from bot.sandbox.workspace.records import FieldsRefused, WorkspaceView
from bot.slack.events.bolt_app import create_bolt_app
from bot.slack.feedback import form
from bot.slack.feedback.form import ANSWER_GONE, REASONS_FIELD, REASONS_NOT_SAVED, VOTE_CHANGED, FeedbackController
from bot.slack.people.directory import People
from bot.slack.rendering.feedback_buttons import feedback_block, plain_feedback_block
from bot.slack.transport import connect
from bot.slack.transport.socket_mode import open_sockets
from bot.slack.views.block_kit import NOTE_FIELD, VALUE_ACTION_ID, View
from bot.slack.views.listeners import Listeners
from bot.slack.views.modals import Modals
from bot.testing.records import MemoryVotes
from bot.testing.store import MemoryStore
from tests.slack.events.inboxes import IdleIntake, OpenAccess, make_inbox

ADA, GRACE = "U0ADA", "U0GRACE"
GENERAL, TEAM = "C0GENERAL", "T0SANDBOX"
HERE = Scope(platform="slack", workspace=TEAM)
MADE = Answer(text="So.", made_with=Provenance(versions=(1,)))


class Fragile(MemoryVotes):
    """Fails while `is_away`."""

    is_away = False

    async def cast_vote(self, turn: int, thread: ThreadKey, verdict: Verdict, *, by: str) -> Vote | None:
        if self.is_away:
            raise StoreUnavailable
        return await super().cast_vote(turn, thread, verdict, by=by)

    async def add_reasons(self, *args: Any, **kwargs: Any) -> bool:
        if self.is_away:
            raise StoreUnavailable
        return await super().add_reasons(*args, **kwargs)


class AdmitOnlyAda(OpenAccess):
    """Refuses one person."""

    refused = ""

    async def admit_press(self, thread: ThreadKey, user: str) -> bool:
        return user != self.refused


@dataclass
class FeedbackClient:
    """What people do in a workspace with one answer."""

    workspace: SandboxWorkspace
    store: MemoryStore
    votes: Fragile
    client: AsyncWebClient
    access_guard: Any = field(default_factory=AdmitOnlyAda)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    root: str = ""
    message_ts: str = ""

    def run_in_background(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.add(asyncio.create_task(work))

    async def answer(self, block: dict[str, Any] | None = None) -> None:
        self.root = await self.workspace.say(ADA, GENERAL, "why?")
        thread = ThreadKey(platform="slack", workspace=TEAM, channel=GENERAL, root=self.root)
        asked = IncomingMessage(
            thread=thread, message_id=self.root, author=Author(id=ADA), text="why?", addressed=AddressingKind.MENTION
        )
        turn = await self.store.accept(asked, claim=True)
        assert turn is not None
        await self.store.save_answer(turn, MADE)
        await self.store.settle(turn, TurnStatus.DONE)
        blocks = [{"type": "markdown", "text": "So."}, block or feedback_block(turn.id)]
        said = await self.client.chat_postMessage(channel=GENERAL, thread_ts=self.root, text="So.", blocks=blocks)
        self.message_ts = said["ts"]

    async def press(self, user: str, verdict: str, **changes: str) -> None:
        pressed = {"type": "feedback_buttons", "action_id": "judge", "value": f"{verdict}:1"} | changes
        await self.workspace.interactivity.act_on_message(user, GENERAL, self.message_ts, pressed, {})
        await asyncio.gather(*self.tasks)

    async def submit(self, user: str, view: WorkspaceView, note: str = "", *reasons: str) -> None:
        values: dict[str, dict[str, Any]] = {
            NOTE_FIELD: {VALUE_ACTION_ID: {"type": "plain_text_input", "value": note}},
            REASONS_FIELD: {
                VALUE_ACTION_ID: {"type": "checkboxes", "selected_options": [{"value": each} for each in reasons]}
            },
        }
        await self.workspace.interactivity.submit(user, view.id, values)

    def top_view(self, user: str) -> WorkspaceView:
        return self.workspace.views.stack(user)[-1]

    async def count_votes(self) -> VoteCounts:
        return (await self.votes.count_votes_by_version([1])).get(1, VoteCounts())


async def no_home(user: str) -> View:
    """Fail: feedback never shows Home."""
    raise AssertionError(user)


@pytest.fixture
async def feedback_client() -> AsyncIterator[FeedbackClient]:
    async with SandboxWorkspace(enforce_rates=False) as workspace:
        store = MemoryStore()
        async with connect.open_web_client(workspace.bot_token, workspace.api_url) as client:
            feedback_client = FeedbackClient(workspace, store, Fragile(store.data), client)
            bot, people = await connect.fetch_bot_identity(client), People(client, "T0SANDBOX")

            def add(app: AsyncApp) -> None:
                feedback = FeedbackController(feedback_client.votes, feedback_client.access_guard, bot)
                form.register(app, feedback, Listeners(Modals(client), feedback_client.run_in_background, no_home))

            app = create_bolt_app(client, bot, make_inbox(bot, people, IdleIntake()), register=add)
            async with open_sockets(app, client, workspace.app_token, count=1):
                await feedback_client.answer()
                yield feedback_client
                await asyncio.gather(*feedback_client.tasks)


@pytest.fixture
def errors(feedback_client: FeedbackClient) -> list[Mapping[str, str]]:
    """Collect the errors of submitted forms."""
    found: list[Mapping[str, str]] = []

    def note(change: object) -> None:
        if isinstance(change, FieldsRefused):
            found.append(change.errors)

    feedback_client.workspace.state.observe(note)
    return found


async def test_a_thumb_counts_at_once_and_its_reason_when_it_is_sent(feedback_client: FeedbackClient) -> None:
    await feedback_client.press(GRACE, "bad")
    assert await feedback_client.count_votes() == VoteCounts(bad=1)
    view = feedback_client.top_view(GRACE)
    assert "Your vote counts" in str(view.content)
    await feedback_client.submit(GRACE, view, " Teapots. ", "wrong", "nonsense")
    assert not feedback_client.workspace.views.stack(GRACE), "the form is closed"
    (found,) = await feedback_client.votes.list_complaints(HERE, limit=9)
    assert (found.vote.reasons, found.vote.note, found.voter) == ((VoteReason.WRONG,), "Teapots.", GRACE)
    assert not feedback_client.workspace.calls("chat.update"), "the answer is not touched"


async def test_the_other_thumb_replaces_the_vote(feedback_client: FeedbackClient) -> None:
    for verdict in ("bad", "good"):
        await feedback_client.press(GRACE, verdict)
    await feedback_client.press(ADA, "good")
    assert await feedback_client.count_votes() == VoteCounts(good=2)
    assert "What is wrong" not in str(feedback_client.top_view(GRACE).content)


async def test_the_form_opens_with_earlier_reasons(feedback_client: FeedbackClient) -> None:
    await feedback_client.press(GRACE, "bad")
    await feedback_client.submit(GRACE, feedback_client.top_view(GRACE), "Teapots.", "beside")
    await feedback_client.press(GRACE, "bad")
    fields = [
        block["element"] for block in feedback_client.top_view(GRACE).content["blocks"] if block["type"] == "input"
    ]
    assert [each["value"] for each in fields[0]["initial_options"]] == ["beside"]
    assert fields[1]["initial_value"] == "Teapots."


async def test_plain_buttons_do_the_same(feedback_client: FeedbackClient) -> None:
    await feedback_client.answer(plain_feedback_block(2))
    await feedback_client.press(GRACE, "good", type="button", action_id="judge:good", value="good:2")
    assert await feedback_client.count_votes() == VoteCounts(good=1)


@pytest.mark.parametrize(
    "value", ["bad:2", "bad:999999999999999999", "bad:9999999999999999999", "bad:", "bad", "ugly:1", "bad:-1", ""]
)
async def test_a_forged_vote_counts_nowhere(feedback_client: FeedbackClient, value: str) -> None:
    """For a turn of another thread, an invalid turn, or an unknown verdict."""
    elsewhere = feedback_client.message_ts, feedback_client.root
    await feedback_client.answer()
    feedback_client.message_ts, feedback_client.root = elsewhere
    await feedback_client.press(GRACE, "", value=value)
    assert await feedback_client.count_votes() == VoteCounts()
    stack = feedback_client.workspace.views.stack(GRACE)
    assert not stack or ANSWER_GONE in str(stack[-1].content)


async def test_a_form_for_another_persons_vote_changes_nothing(
    feedback_client: FeedbackClient, errors: list[Mapping[str, str]]
) -> None:
    await feedback_client.press(GRACE, "bad")
    forms = ["bad:1", "good:1", "bad:7", "bad:x", "", "nonsense"]
    for metadata in forms:
        forged = feedback_client.workspace.views.open(
            ADA, feedback_client.top_view(GRACE).content | {"private_metadata": metadata}
        )
        await feedback_client.submit(ADA, forged, "Mine!")
    assert errors == [{NOTE_FIELD: VOTE_CHANGED}] * len(forms)
    (found,) = await feedback_client.votes.list_complaints(HERE, limit=9)
    assert found.vote.note == ""


async def test_people_are_told_that_the_database_is_away(
    feedback_client: FeedbackClient, errors: list[Mapping[str, str]]
) -> None:
    await feedback_client.press(GRACE, "good")
    feedback_client.votes.is_away = True
    await feedback_client.submit(GRACE, feedback_client.top_view(GRACE), "Fine.")
    assert errors == [{NOTE_FIELD: REASONS_NOT_SAVED}]
    await feedback_client.press(ADA, "good")
    assert "can't reach my database" in str(feedback_client.top_view(ADA).content)


async def test_a_person_without_access_has_no_vote(feedback_client: FeedbackClient) -> None:
    feedback_client.access_guard.refused = GRACE
    await feedback_client.press(GRACE, "bad")
    await feedback_client.press(ADA, "good")
    assert await feedback_client.count_votes() == VoteCounts(good=1)
    assert not feedback_client.workspace.views.stack(GRACE)
