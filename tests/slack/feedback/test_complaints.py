"""What admins learn of people's opinions, over real sockets; and that nobody else does."""

from dataclasses import replace

import pytest

from bot.core.config import Prompt, ScopeConfig
from bot.core.history.feedback import Verdict, VoteReason
from bot.core.history.personal_data import PersonKey
from bot.core.requests import Answer, Provenance
from bot.core.turns import AddressingKind, Author, IncomingMessage, ThreadKey, TurnStatus
from bot.slack.admin import authorization
from bot.slack.admin.prompts import modals
from bot.slack.feedback.complaints import COMPLAINTS_ACTION, MAX_COMPLAINTS_SHOWN
from bot.testing.personal_data import MemoryPersonalData
from bot.testing.store import MemoryStore
from tests.slack.admin_client import ADA, CHANNEL, GENERAL, GRACE, JOAN, TEAM, Office

pytestmark = pytest.mark.calendar

THREAD = ThreadKey(platform="slack", workspace=TEAM, channel=GENERAL, root="1700000000.000100")


async def judged(
    office: Office,
    number: int,
    verdict: Verdict,
    note: str = "",
    *,
    thread: ThreadKey = THREAD,
    version: int = 1,
) -> None:
    """Have Grace judge an answer that was made with a version."""
    store = MemoryStore(data=office.data)
    thread = replace(thread, root=f"17{number:08}.000100")
    asked = IncomingMessage(
        thread=thread,
        message_id=thread.root,
        author=Author(id=JOAN),
        text="why?",
        addressed=AddressingKind.MENTION,
    )
    turn = await store.accept(asked, claim=True)
    assert turn is not None
    await store.record_page(turn, 0, f"17{number:08}.000200")
    await store.save_answer(turn, Answer(text="Secret.", model="m-1", made_with=Provenance(versions=(version,))))
    await store.settle(turn, TurnStatus.DONE)
    vote = await office.votes.cast_vote(turn.id, thread, verdict, by=GRACE)
    assert vote is not None
    await office.votes.add_reasons(vote.id, verdict, by=GRACE, reasons=[VoteReason.WRONG], note=note)


async def home(office: Office, user: str) -> str:
    await office.press(user, modals.EDIT_CHANNEL_ACTION, "")  # shows Home anew
    view = office.workspace.views.home(user)
    assert view is not None
    return str(view.content["blocks"])


async def test_home_counts_what_people_think_for_admins_only(office: Office) -> None:
    assert "Nobody has voted yet." in await home(office, ADA)
    for number, verdict in enumerate((Verdict.GOOD, Verdict.GOOD, Verdict.BAD)):
        await judged(office, number, verdict)
    await judged(office, 9, Verdict.BAD, thread=replace(THREAD, workspace="T2"))
    assert "👍 2  👎 1 in the last 30 days" in await home(office, ADA)
    assert "👍" not in await home(office, GRACE)


async def test_complaints_are_listed_with_their_threads_and_without_what_was_said(office: Office) -> None:
    await judged(office, 1, Verdict.BAD, "Not <!channel> *so*.")
    await judged(office, 2, Verdict.GOOD)
    await office.press(ADA, COMPLAINTS_ACTION, "")
    said = office.says(ADA)
    link = f"https://sandbox.slack.com/archives/{GENERAL}/p1700000001000200?thread_ts=1700000001.000100&cid={GENERAL}"
    for text in (f"<@{GRACE}>", f"<@{JOAN}>", "Something in it is wrong", "m-1", link):
        assert text in said
    assert "&lt;!channel&gt;" in said
    assert "Secret." not in said
    assert said.count("👎") == 1


async def test_who_had_their_data_erased_is_somebody(office: Office) -> None:
    await judged(office, 1, Verdict.BAD, "Secret.")
    data = MemoryPersonalData(office.data)
    while await data.erase(PersonKey(user=GRACE), limit=9):
        pass
    await office.press(ADA, COMPLAINTS_ACTION, "")
    assert "👎 somebody" in office.says(ADA)
    assert "Secret." not in office.says(ADA)


async def test_a_long_list_fits_into_a_view(office: Office) -> None:
    for number in range(MAX_COMPLAINTS_SHOWN + 1):
        await judged(office, number, Verdict.BAD, "<&>" * 1_000)
    await office.press(ADA, COMPLAINTS_ACTION, "")
    assert office.says(ADA).count("👎") == MAX_COMPLAINTS_SHOWN


async def test_a_list_without_complaints_says_so(office: Office) -> None:
    await office.press(ADA, COMPLAINTS_ACTION, "")
    assert "Nobody has complained." in office.says(ADA)


async def test_others_are_refused_the_list(office: Office) -> None:
    await judged(office, 1, Verdict.BAD)
    await office.press(GRACE, COMPLAINTS_ACTION, "")
    assert authorization.NOT_AN_ADMIN in office.says(GRACE)
    assert "👎" not in office.says(GRACE)


async def test_history_tells_the_score_of_each_version(office: Office) -> None:
    for number, text in enumerate(("Be kind.", "Be brief.", "Be gone.")):
        steering = ScopeConfig(prompt=Prompt(text))
        await office.versions.save(CHANNEL, steering, based_on=number, by=Author(id=ADA))
    await judged(office, 1, Verdict.BAD, version=1)
    await judged(office, 2, Verdict.GOOD, version=2)
    await judged(office, 3, Verdict.GOOD, version=2)
    await office.press(ADA, modals.HISTORY_ACTION, f"channel {TEAM}/{GENERAL}")
    scores = [
        block["elements"][0]["text"]
        for block in office.top(ADA).content["blocks"]
        if block["type"] == "context" and "👍" in str(block)
    ]
    assert scores == ["👍 2  👎 0 on answers made with it", "👍 0  👎 1 on answers made with it"]
