"""This version continues the work in a database that an earlier commit left unfinished."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.core.chat.summaries import SUMMARY_BEGINNING
from bot.core.history.feedback import Verdict
from bot.core.reply.stopping import STOPPED_TEXT_LOST_NOTE
from bot.core.turns import Action
from bot.sandbox.workspace.records import NoticeShown
from bot.slack.admin.prompts import draft_view
from bot.slack.rendering.buttons import BUTTON_LABELS
from tests.databases import KINDS
from tests.e2e.conftest import ADA, GENERAL, GRACE, ready_bot
from tests.e2e.left_behind import Heir, left_behind, shell
from tests.e2e.test_drafts import ASK, SPOKEN, bot_messages_to_ada, button
from tests.e2e.test_thumbs import press
from tests.program import START_TIMEOUT_SECONDS, Program

pytestmark = pytest.mark.asyncio(loop_scope="module")

LIN = "U0LIN"
ENG, PARTNER, RANDOM = "C0ENG", "C0PARTNER", "C0RANDOM"
OPEN_TURNS = "SELECT id FROM turns WHERE status IN ('waiting', 'answering', 'answered')"


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=KINDS)
async def heir(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Heir]:
    """Open the dump on each kind of database."""
    async with left_behind(request.param, tmp_path_factory.mktemp("takeover")) as heir:
        yield heir


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(heir: Heir) -> AsyncIterator[Program]:
    """Run the present program until no turn is open."""
    async with ready_bot(heir) as running:
        await heir.until_rows(OPEN_TURNS, lambda rows: not rows)
        yield running


def words(name: str, count: int) -> list[str]:
    """Return the words that a question of the dump asks for."""
    return [f"{name}-{number}" for number in range(count)]


def asked_for(heir: Heir, beginning: str) -> int:
    """Return how often the model was asked a question that begins like this."""
    return sum(each["messages"][-1]["content"].startswith(beginning) for each in heir.model.requests)


@pytest.mark.usefixtures("bot")
async def test_a_running_answer_is_carried_on_in_its_own_messages(heir: Heir) -> None:
    """One with two pages shown, one whose message grew by additions, and one whose message was not noted."""
    for name, count, after in (("running", 700, []), ("streamed", 80, ["behind"]), ("posted", 40, [])):
        assert heir.says(name).split() == words(name, count) + after, name
        before = heir.pages_before(name)
        assert heir.pages_now(name)[: len(before)] == before, name
    assert len(heir.pages_before("running")) == 2
    assert len(heir.pages_now("running")) == 3
    assert len(heir.pages_now("streamed")) == 2
    assert len(heir.pages_now("posted")) == 1
    assert not any(each.is_streaming for each in heir.workspace.thread(*heir.thread("streamed")))


@pytest.mark.usefixtures("bot")
async def test_what_is_saved_is_shown_and_what_waits_is_answered(heir: Heir) -> None:
    """The model is not asked for what is saved; what waits in a thread of its own is asked once."""
    assert heir.says("saved").split() == words("saved", 2)
    assert len(heir.pages_now("saved")) == 1
    assert asked_for(heir, "Saved, not shown.") == 0
    assert heir.says("waiting") == "waiting"
    assert asked_for(heir, "Waiting.") == 1


@pytest.mark.usefixtures("bot")
async def test_what_somebody_stopped_is_not_asked_again(heir: Heir) -> None:
    """Its message says that it was stopped."""
    assert heir.says("stopped").endswith(STOPPED_TEXT_LOST_NOTE)
    assert heir.pages_now("stopped") == heir.pages_before("stopped")
    assert asked_for(heir, "Stopped.") == 0


@pytest.mark.usefixtures("bot")
async def test_no_thread_stays_busy_and_nothing_stays_reserved(heir: Heir) -> None:
    assert heir.workspace.statuses == {}
    assert {session.status for session in heir.workspace.sessions.values()} == {"active"}
    assert heir.rows("SELECT * FROM reservations") == []
    await heir.until_rows("SELECT * FROM workers", lambda rows: len(rows) == 1)


@pytest.mark.usefixtures("bot")
async def test_votes_are_kept_and_may_be_changed(heir: Heir) -> None:
    query = "SELECT voter_id, is_good FROM votes ORDER BY voter_id"
    assert heir.rows(query) == [(ADA, True), (GRACE, False)]
    message = heir.workspace.thread(*heir.thread("voted"))[-1]
    await press(heir, message, GRACE, Verdict.GOOD)
    await heir.until_rows(query, lambda rows: rows == [(ADA, True), (GRACE, True)])


@pytest.mark.usefixtures("bot")
async def test_variants_are_flipped_on(heir: Heir) -> None:
    channel, root = heir.thread("variants")
    message = heir.workspace.thread(channel, root)[-1]
    (buttons,) = (block for block in message.blocks if block["type"] == "actions")
    (following,) = (each for each in buttons["elements"] if each["text"]["text"] == BUTTON_LABELS[Action.NEXT])
    pressed = {**following, "block_id": buttons["block_id"]}
    await heir.workspace.interactivity.act_on_message(ADA, channel, message.ts, pressed, {})
    shown = await heir.wait_for_text(channel, root, ends="_3 of 3_")
    assert shown.startswith("Answer 3.")


@pytest.mark.usefixtures("bot")
async def test_versions_apply_and_are_listed(heir: Heir) -> None:
    """The second version of the workspace's prompt, with the channel's own parameter."""
    root = await heir.workspace.say(ADA, ENG, "<@U0BOT> [[say=Yes.]]")
    await heir.wait_for_text(ENG, root, ends="_1 of 3_")
    request = heir.model.requests[-1]
    assert request["messages"][0]["content"].startswith("Answer briefly, in #engineering.")
    assert request["n"] == 3
    assert request["user"] == heir.left["user"], "made with the secret in the database"
    history = await shell(heir, "prompt", "history", "workspace", "T0SANDBOX")
    assert history.index("second") < history.index("first")


@pytest.mark.usefixtures("bot")
async def test_grants_let_in_and_keep_out(heir: Heir) -> None:
    """Guests are admitted, a channel is denied, and Grace may edit the one she was given."""
    root = await heir.workspace.say(LIN, ENG, "<@U0BOT> [[say=Welcome.]]")
    await heir.wait_for_text(ENG, root, ends="_1 of 3_")
    refused: list[NoticeShown] = []
    heir.workspace.state.observe(lambda change: refused.append(change) if isinstance(change, NoticeShown) else None)
    await heir.workspace.say(ADA, PARTNER, "<@U0BOT> [[say=Never.]]")
    await heir.workspace.wait_until(lambda: refused, START_TIMEOUT_SECONDS)
    views = heir.workspace.views
    await heir.workspace.interactivity.command(GRACE, ENG, "/threadkeeper", "prompt")
    await heir.workspace.wait_until(
        lambda: any(each.content.get("submit") for each in views.stack(GRACE)), START_TIMEOUT_SECONDS
    )
    views.close_all(GRACE)


@pytest.mark.usefixtures("bot")
async def test_a_budget_limits_and_the_books_agree(heir: Heir) -> None:
    """Ten tokens a day for Grace; what was spent before and since is summed up as it is in single calls."""
    root = await heir.workspace.say(GRACE, "D0GRACE", "[[say=one two]]")
    await heir.workspace.wait_until(lambda: "budget" in heir.bot_text("D0GRACE", root), START_TIMEOUT_SECONDS)
    sums = "sum(prompt_tokens), sum(completion_tokens), sum(cost)"
    tallied = f"SELECT {sums} FROM tallies WHERE span = 'day' AND dimension = 'workspace'"
    await heir.until_rows(f"SELECT {sums} FROM calls", lambda rows: rows == heir.rows(tallied))


@pytest.mark.usefixtures("bot")
async def test_what_was_learnt_of_a_model_is_known(heir: Heir) -> None:
    """It refuses to be streamed, and is asked once, in one piece."""
    before = len(heir.model.requests)
    root = await heir.workspace.say(ADA, RANDOM, "<@U0BOT> [[fault=unverified]] [[say=Known.]]")
    await heir.wait_for_text(RANDOM, root, ends="Known.")
    (request,) = heir.model.requests[before:]
    assert (request["model"], request["stream"]) == ("sandbox-old", False)


@pytest.mark.usefixtures("bot")
async def test_a_summary_stands_for_what_is_out_of_view(heir: Heir) -> None:
    channel, root = heir.thread("summary")
    await heir.workspace.say(ADA, channel, "[[say=So it is.]]", thread_ts=root)
    await heir.workspace.wait_until(lambda: "So it is." in heir.bot_text(channel, root), START_TIMEOUT_SECONDS)
    asked = [each["messages"] for each in heir.model.requests if "So it is." in each["messages"][-1]["content"]]
    assert asked[0][1]["content"].startswith(SUMMARY_BEGINNING)


@pytest.mark.usefixtures("bot")
async def test_a_draft_is_tried_on_and_published(heir: Heir) -> None:
    """The last test here: what is published applies to all that is asked after it."""
    channel, root = heir.thread("draft")
    await heir.workspace.say(ADA, channel, f"Again: {ASK}", thread_ts=root)
    await heir.workspace.wait_until(lambda: heir.says("draft").count(SPOKEN) == 2, START_TIMEOUT_SECONDS)
    head = next(each for each in bot_messages_to_ada(heir) if each.ts == root)
    await heir.workspace.interactivity.act_on_message(ADA, channel, root, button(head, draft_view.PUBLISH_ACTION), {})
    await heir.workspace.wait_until(
        lambda: any(each.ts == root and each.text == "Published" for each in bot_messages_to_ada(heir)),
        START_TIMEOUT_SECONDS,
    )
    asked = await heir.workspace.say(ADA, GENERAL, f"<@U0BOT> {ASK}")
    await heir.workspace.wait_until(lambda: SPOKEN in heir.bot_text(GENERAL, asked), START_TIMEOUT_SECONDS)
