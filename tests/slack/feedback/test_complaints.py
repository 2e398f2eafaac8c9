"""Feedback for admins over real sockets: votes in Home, the list of complaints, scores of versions."""

from dataclasses import replace

import pytest

from bot.core.config import Prompt, ScopeConfig
from bot.core.history.feedback import Verdict, VoteReason
from bot.core.history.personal_data import PersonKey
from bot.core.requests import Answer, Provenance
from bot.core.turns import AddressingKind, Author, IncomingMessage, ThreadKey, TurnStatus
from bot.slack.admin import authorization
from bot.slack.admin.prompts import editor_views
from bot.slack.feedback.complaints import COMPLAINTS_ACTION, MAX_COMPLAINTS_SHOWN
from bot.testing.personal_data import MemoryPersonalData
from bot.testing.store import MemoryStore
from tests.slack.admin_client import ADA, CHANNEL, GENERAL, GRACE, JOAN, TEAM, AdminClient

pytestmark = pytest.mark.calendar

THREAD = ThreadKey(platform="slack", workspace=TEAM, channel=GENERAL, root="1700000000.000100")


async def vote_on_answer(
    admin_client: AdminClient,
    number: int,
    verdict: Verdict,
    note: str = "",
    *,
    thread: ThreadKey = THREAD,
    version: int = 1,
) -> None:
    """Let Grace vote on an answer that was made with a version."""
    store = MemoryStore(data=admin_client.data)
    thread = replace(thread, root=f"17{number:08}.000100")
    asked = IncomingMessage(
        thread=thread, message_id=thread.root, author=Author(id=JOAN), text="why?", addressed=AddressingKind.MENTION
    )
    turn = await store.accept(asked, claim=True)
    assert turn is not None
    await store.record_page(turn, 0, f"17{number:08}.000200")
    await store.save_answer(turn, Answer(text="Secret.", model="m-1", made_with=Provenance(versions=(version,))))
    await store.settle(turn, TurnStatus.DONE)
    vote = await admin_client.votes.cast_vote(turn.id, thread, verdict, by=GRACE)
    assert vote is not None
    await admin_client.votes.add_reasons(vote.id, verdict, by=GRACE, reasons=[VoteReason.WRONG], note=note)


async def home(admin_client: AdminClient, user: str) -> str:
    await admin_client.press(user, editor_views.EDIT_CHANNEL_ACTION, "")  # shows Home anew
    view = admin_client.workspace.views.home(user)
    assert view is not None
    return str(view.content["blocks"])


async def test_home_counts_votes_for_admins_only(admin_client: AdminClient) -> None:
    assert "Nobody has voted yet." in await home(admin_client, ADA)
    for number, verdict in enumerate((Verdict.GOOD, Verdict.GOOD, Verdict.BAD)):
        await vote_on_answer(admin_client, number, verdict)
    await vote_on_answer(admin_client, 9, Verdict.BAD, thread=replace(THREAD, workspace="T2"))
    assert "👍 2  👎 1 in the last 30 days" in await home(admin_client, ADA)
    assert "👍" not in await home(admin_client, GRACE)


async def test_complaints_link_to_their_threads_without_quoting_them(admin_client: AdminClient) -> None:
    await vote_on_answer(admin_client, 1, Verdict.BAD, "Not <!channel> *so*.")
    await vote_on_answer(admin_client, 2, Verdict.GOOD)
    await admin_client.press(ADA, COMPLAINTS_ACTION, "")
    said = admin_client.shown_text(ADA)
    link = f"https://sandbox.slack.com/archives/{GENERAL}/p1700000001000200?thread_ts=1700000001.000100&cid={GENERAL}"
    for text in (f"<@{GRACE}>", f"<@{JOAN}>", "Something in it is wrong", "m-1", link):
        assert text in said
    assert "&lt;!channel&gt;" in said
    assert "Secret." not in said
    assert said.count("👎") == 1


async def test_a_voter_whose_data_was_erased_is_anonymous(admin_client: AdminClient) -> None:
    await vote_on_answer(admin_client, 1, Verdict.BAD, "Secret.")
    data = MemoryPersonalData(admin_client.data)
    while await data.erase(PersonKey(user=GRACE), limit=9):
        pass
    await admin_client.press(ADA, COMPLAINTS_ACTION, "")
    assert "👎 somebody" in admin_client.shown_text(ADA)
    assert "Secret." not in admin_client.shown_text(ADA)


async def test_a_long_list_fits_into_a_view(admin_client: AdminClient) -> None:
    for number in range(MAX_COMPLAINTS_SHOWN + 1):
        await vote_on_answer(admin_client, number, Verdict.BAD, "<&>" * 1_000)
    await admin_client.press(ADA, COMPLAINTS_ACTION, "")
    assert admin_client.shown_text(ADA).count("👎") == MAX_COMPLAINTS_SHOWN


async def test_a_list_without_complaints_says_so(admin_client: AdminClient) -> None:
    await admin_client.press(ADA, COMPLAINTS_ACTION, "")
    assert "Nobody has complained." in admin_client.shown_text(ADA)


async def test_others_are_refused_the_list(admin_client: AdminClient) -> None:
    await vote_on_answer(admin_client, 1, Verdict.BAD)
    await admin_client.press(GRACE, COMPLAINTS_ACTION, "")
    assert authorization.NOT_AN_ADMIN in admin_client.shown_text(GRACE)
    assert "👎" not in admin_client.shown_text(GRACE)


async def test_history_tells_the_score_of_each_version(admin_client: AdminClient) -> None:
    for number, text in enumerate(("Be kind.", "Be brief.", "Be gone.")):
        config = ScopeConfig(prompt=Prompt(text))
        await admin_client.versions.save(CHANNEL, config, based_on=number, by=Author(id=ADA))
    await vote_on_answer(admin_client, 1, Verdict.BAD, version=1)
    await vote_on_answer(admin_client, 2, Verdict.GOOD, version=2)
    await vote_on_answer(admin_client, 3, Verdict.GOOD, version=2)
    await admin_client.press(ADA, editor_views.HISTORY_ACTION, f"channel {TEAM}/{GENERAL}")
    scores = [
        block["elements"][0]["text"]
        for block in admin_client.top_view(ADA).content["blocks"]
        if block["type"] == "context" and "👍" in str(block)
    ]
    assert scores == ["👍 2  👎 0 on answers made with it", "👍 0  👎 1 on answers made with it"]
