"""The contract of the store for changes by people: a question is edited, deleted, or retried."""

import pytest

from bot.core.errors import ClaimLost
from bot.core.requests import Answer
from bot.core.turns import AddressingKind, Author, TurnStatus
from tests.contracts.conftest import Join
from tests.contracts.questions import (
    ADA,
    ANSWER,
    ask_question,
    assert_owner_lost,
    end_turn,
    message_key,
    question,
    thread,
)
from tests.contracts.stores import Store

ENDS = [TurnStatus.DONE, TurnStatus.STOPPED, TurnStatus.FAILED]

# --- edited -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ENDS)
async def test_an_edit_of_an_ended_question_returns_its_turn(store: Store, end: TurnStatus) -> None:
    """The returned turn has what a new answer needs: the new text, and the messages that show the old answer."""
    turn = await ask_question(store, question("1", "Why?"))
    await store.record_page(turn, 0, "1.1")
    await end_turn(store, turn, end)
    found = await store.edit_question(message_key("1"), "Why not?")
    assert found is not None
    assert (found.id, found.question, found.status, found.pages) == (turn.id, "Why not?", end, ("1.1",))
    assert await store.edit_question(message_key("1"), "Why not?") is None, "it is the same text"


async def test_an_edit_before_the_answer_needs_no_offer(store: Store) -> None:
    """The new text counts from then on, whether the turn waits or is being answered."""
    first = await ask_question(store, question("1", "Why?", sent_at=1.0))
    await ask_question(store, question("2", "How?", sent_at=2.0))
    assert await store.edit_question(message_key("1"), "Why not?") is None
    assert await store.edit_question(message_key("2"), "How not?") is None
    await store.save_answer(first, ANSWER)
    assert await store.edit_question(message_key("1"), "Why ever not?") is None
    second = await store.settle(first, TurnStatus.DONE)
    assert second is not None
    assert second.question == "How not?"
    assert [turn.question for turn in (await store.read_context(second, limit=9)).history] == ["Why ever not?"]


async def test_an_edit_of_an_overheard_message_changes_the_history(store: Store) -> None:
    await end_turn(store, await ask_question(store, question("1", sent_at=1.0)))
    await store.accept(question("2", "Tea?", addressed=AddressingKind.OVERHEARD, sent_at=2.0), claim=True)
    assert await store.edit_question(message_key("2"), "Coffee?") is None
    context = await store.read_context(await ask_question(store, question("3", sent_at=3.0)), limit=1)
    assert [turn.question for turn in context.history] == ["Coffee?"]


async def test_changes_of_unknown_messages_do_nothing(store: Store) -> None:
    assert await store.edit_question(message_key("1"), "Why?", delivery="Ev1") is None
    assert await store.forget(message_key("1"), delivery="Ev2") is None
    assert await store.retry(1, thread(), by=ADA.id, claim=True) is None


# --- deleted ------------------------------------------------------------------------------------------


async def test_a_deleted_question_is_gone_from_the_conversation(store: Store) -> None:
    """Its turn is returned with the messages to delete; a second deletion finds nothing."""
    turn = await ask_question(store, question("1", "My password is 1234."))
    await store.record_page(turn, 0, "1.1")
    await store.record_page(turn, 1, "1.2")
    await end_turn(store, turn)
    erased = await store.forget(message_key("1"))
    assert erased is not None
    assert (erased.id, erased.thread, erased.status) == (turn.id, turn.thread, TurnStatus.FORGOTTEN)
    assert erased.pages == ("1.1", "1.2")
    assert (erased.question, erased.answer, erased.author, erased.finish_reason) == (
        "",
        "",
        Author(id=""),
        "",
    )
    assert await store.forget(message_key("1")) is None
    assert (await store.read_context(await ask_question(store, question("2")), limit=9)).history == ()


async def test_a_deleted_question_stays_deleted(store: Store) -> None:
    """It is not recorded again, not edited, and not answered again, for anybody."""
    turn = await ask_question(store, question("1"))
    await end_turn(store, turn)
    await store.forget(message_key("1"))
    assert await store.accept(question("1"), claim=True) is None
    await store.record_overheard(thread(), [question("1", "My password is 1234.")])
    assert await store.edit_question(message_key("1"), "My password is 1234.") is None
    for by in (ADA.id, ""):
        assert await store.retry(turn.id, turn.thread, by=by, claim=True) is None
    assert await store.claim(9) == []
    assert (await store.read_context(await ask_question(store, question("2")), limit=9)).history == ()


@pytest.mark.parametrize("is_saved", [False, True])
async def test_a_question_deleted_in_mid_answer_is_lost_to_its_owner(join: Join, *, is_saved: bool) -> None:
    """Any process can go on with the next turn of its thread."""
    a, b = await join("a"), await join("b")
    turn = await ask_question(a, question("1"))
    await ask_question(a, question("2"))
    await a.record_page(turn, 0, "1.1")
    if is_saved:
        await a.save_answer(turn, ANSWER)
    erased = await b.forget(message_key("1"))
    assert erased is not None
    assert erased.pages == ("1.1",)
    await assert_owner_lost(a, turn)
    assert [turn.message_id for turn in await b.claim(9)] == ["2"]


async def test_a_deleted_question_that_waited_is_passed_over(store: Store) -> None:
    first = await ask_question(store, question("1"))
    for message in ("2", "3"):
        await ask_question(store, question(message))
    assert await store.forget(message_key("2"))
    following = await end_turn(store, first)
    assert following is not None
    assert following.message_id == "3"


# --- retried ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ENDS)
async def test_an_ended_turn_is_answered_again_into_the_same_messages(store: Store, end: TurnStatus) -> None:
    turn = await ask_question(store, question("1"))
    await store.record_page(turn, 0, "1.1")
    await store.settle(turn, TurnStatus.FAILED, error="model", answer=Answer(text="Beca", finish_reason="x"))
    again = await store.retry(turn.id, turn.thread, by=ADA.id, claim=True)
    assert again is not None
    assert (again.id, again.status, again.pages) == (turn.id, TurnStatus.ANSWERING, ("1.1",))
    assert (again.answer, again.error, again.finish_reason) == ("", "", "")
    await assert_owner_lost(store, turn)
    await end_turn(store, again, end)
    assert await store.retry(turn.id, turn.thread, by=ADA.id, claim=True)


async def test_a_continued_turn_keeps_its_text(join: Join) -> None:
    """Also if another process claims it; the continuation is saved with it."""
    a, b = await join("a"), await join("b")
    turn = await ask_question(a, question("1"))
    await a.settle(turn, TurnStatus.FAILED, error="model", answer=Answer(text="Beca", finish_reason="x"))
    assert await a.retry(turn.id, turn.thread, by=ADA.id, claim=False, goes_on=True)
    (again,) = await b.claim(9)
    assert (again.answer, again.error, again.finish_reason) == ("Beca", "", "")
    await b.save_answer(again, Answer(text="Because."))
    await b.settle(again, TurnStatus.DONE)
    context = await a.read_context(await ask_question(a, question("2", sent_at=2.0)), limit=1)
    assert [turn.answer for turn in context.history] == ["Because."]


async def test_without_a_claim_it_waits_again(join: Join) -> None:
    """A process that is busy leaves it to others; the pages are kept."""
    a, b = await join("a"), await join("b")
    turn = await ask_question(a, question("1"))
    await a.record_page(turn, 0, "1.1")
    await end_turn(a, turn)
    again = await a.retry(turn.id, turn.thread, by=ADA.id, claim=False)
    assert again is not None
    assert (again.status, again.attempt, again.pages) == (TurnStatus.WAITING, 0, ("1.1",))
    assert [turn.pages for turn in await b.claim(9)] == [("1.1",)]


async def test_an_older_turn_asked_again_waits_for_the_one_that_runs(store: Store) -> None:
    """It then comes before younger turns: a thread is answered in order."""
    old = await ask_question(store, question("1", sent_at=1.0))
    await end_turn(store, old)
    running = await ask_question(store, question("2", sent_at=2.0))
    await ask_question(store, question("3", sent_at=3.0))
    again = await store.retry(old.id, old.thread, by=ADA.id, claim=True)
    assert again is not None
    assert again.status is TurnStatus.WAITING
    following = await end_turn(store, running)
    assert following is not None
    assert following.id == old.id


async def test_only_its_author_may_ask_again_and_only_there(store: Store) -> None:
    turn = await ask_question(store, question("1"))
    await end_turn(store, turn)
    await ask_question(store, question("2", where=thread("2.0")))
    assert await store.retry(turn.id, turn.thread, by="U0BOB", claim=True) is None
    assert await store.retry(turn.id, thread("2.0"), by=ADA.id, claim=True) is None
    assert await store.retry(turn.id, thread("none"), by=ADA.id, claim=True) is None
    assert await store.retry(turn.id, turn.thread, by=ADA.id, claim=True)


async def test_an_open_turn_cannot_be_retried(store: Store) -> None:
    """So a button that is pressed twice leads to one answer; and a noted turn cannot be retried."""
    first = await ask_question(store, question("1"))
    waiting = await ask_question(store, question("2"))
    for turn in (first, waiting):
        assert await store.retry(turn.id, turn.thread, by=ADA.id, claim=True) is None
    await store.save_answer(first, ANSWER)
    assert await store.retry(first.id, first.thread, by=ADA.id, claim=True) is None
    await store.accept(question("3", addressed=AddressingKind.OVERHEARD), claim=True)
    assert await store.retry(waiting.id + 1, first.thread, by=ADA.id, claim=True) is None
    with pytest.raises(ClaimLost):
        await store.save_answer(waiting, ANSWER)
