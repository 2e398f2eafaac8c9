"""The contract of the store for threads: order, overheard messages, deliveries and attempts."""

import asyncio
import time

import pytest

from bot.core.turns import AddressingKind, Author, TurnStatus
from tests.contracts.conftest import FOR_EVER, Join
from tests.contracts.questions import ADA, ask_question, end_turn, message_key, question, thread
from tests.contracts.stores import Store

BOB = Author(id="U0BOB", name="Bob")


# --- order --------------------------------------------------------------------------------------------


async def test_a_thread_is_answered_in_the_order_in_which_it_was_written(store: Store) -> None:
    """In any order of deliveries; two messages of the same moment are ordered by when they were recorded."""
    for message, sent_at in [("c", 3.0), ("a", 1.0), ("b1", 2.0), ("b2", 2.0), ("a+", 1.000001)]:
        await ask_question(store, question(message, sent_at=sent_at), claim=False)
    (turn,) = await store.claim(9)
    order = [turn.message_id]
    while following := await end_turn(store, turn):
        turn = following
        order.append(turn.message_id)
    assert order == ["a", "a+", "b1", "b2", "c"]


async def test_a_late_earlier_message_comes_next_and_interrupts_nobody(join: Join) -> None:
    a, b = await join("a"), await join("b")
    later = await ask_question(a, question("later", sent_at=2.0))
    await ask_question(b, question("latest", sent_at=3.0))
    assert (await ask_question(b, question("earlier", sent_at=1.0))).status is TurnStatus.WAITING
    assert await b.claim(9) == []
    following = await end_turn(a, later)
    assert following is not None
    assert following.message_id == "earlier"


async def test_the_context_of_a_late_earlier_message_is_what_was_written_before_it(store: Store) -> None:
    later = await ask_question(store, question("later", sent_at=2.0))
    earlier = await ask_question(store, question("earlier", sent_at=1.0))
    await end_turn(store, later)
    assert (await store.read_context(earlier, limit=9)).history == ()
    third = await ask_question(store, question("third", sent_at=3.0))
    assert [turn.message_id for turn in (await store.read_context(third, limit=9)).history] == ["later"]


# --- overheard ----------------------------------------------------------------------------------------


async def test_overheard_messages_are_context_and_no_questions(store: Store) -> None:
    turn = await ask_question(store, question("1.0", sent_at=1.0))
    said = question("1.1", "Lunch?", addressed=AddressingKind.OVERHEARD, author=BOB, sent_at=2.0)
    assert await store.accept(said, claim=True) is None
    assert await end_turn(store, turn) is None
    second = await ask_question(store, question("1.2", sent_at=3.0))
    history = (await store.read_context(second, limit=9)).history
    assert [(turn.author, turn.question, turn.status) for turn in history] == [
        (ADA, "Why?", TurnStatus.DONE),
        (BOB, "Lunch?", TurnStatus.NOTED),
    ]


async def test_nothing_is_overheard_in_a_thread_without_questions(store: Store) -> None:
    """Neither when it is delivered nor when it is read from the platform."""
    said = question("1.1", addressed=AddressingKind.OVERHEARD)
    assert await store.accept(said, claim=True) is None
    await store.record_overheard(thread(), [said])
    turn = await ask_question(store, question("1.2", sent_at=9.0))
    assert (await store.read_context(turn, limit=9)).history == ()


async def test_a_thread_that_is_read_is_put_in_order_around_its_questions(store: Store) -> None:
    """A recorded message stays as it is, however often it is read."""
    turn = await ask_question(store, question("2", "Second", sent_at=2.0))
    await end_turn(store, turn)
    read = [question(f"{n}", f"{n}, as read", author=BOB, sent_at=n) for n in (1.0, 2.0, 3.0)]
    for message in read[:1], read, read:
        await store.record_overheard(thread(), [*message, question("2", "Second, as read", sent_at=2.0)])
    last = await ask_question(store, question("4", sent_at=4.0))
    history = (await store.read_context(last, limit=9)).history
    assert [turn.question for turn in history] == ["1.0, as read", "Second", "2.0, as read", "3.0, as read"]
    assert [turn.status for turn in history] == [
        TurnStatus.NOTED,
        TurnStatus.DONE,
        TurnStatus.NOTED,
        TurnStatus.NOTED,
    ]


async def test_when_a_thread_was_read_is_kept(store: Store) -> None:
    """In seconds since 1970; 0 if it was never read."""
    turn = await ask_question(store, question("1.0"))
    elsewhere = await ask_question(store, question("2.0", where=thread("2.0")))
    assert (await store.read_context(turn, limit=0)).read_at == 0.0
    await store.record_overheard(thread(), [])
    assert (await store.read_context(turn, limit=0)).read_at == pytest.approx(time.time(), abs=5)
    assert (await store.read_context(elsewhere, limit=0)).read_at == 0.0


# --- deliveries ---------------------------------------------------------------------------------------


async def test_a_delivery_counts_once(join: Join) -> None:
    """With any content the second time, in any process; for each workspace separately."""
    a, b = await join("a"), await join("b")
    turn = await ask_question(a, question("1", delivery="Ev1"))
    assert await b.accept(question("2", delivery="Ev1"), claim=True) is None
    assert await b.edit_question(message_key("1"), "What?", delivery="Ev1") is None
    assert await b.forget(message_key("1"), delivery="Ev1") is None
    await end_turn(a, turn)
    await ask_question(b, question("2", where=thread(workspace="T2"), delivery="Ev1"))
    await ask_question(b, question("3", delivery="Ev2"))
    await ask_question(b, question("4"))
    await ask_question(b, question("5"))


async def test_a_late_second_delivery_of_an_edit_does_not_bring_the_old_text_back(store: Store) -> None:
    await end_turn(store, await ask_question(store, question("1", "One")))
    assert await store.edit_question(message_key("1"), "Two", delivery="Ev2")
    assert await store.edit_question(message_key("1"), "Three", delivery="Ev3")
    assert await store.edit_question(message_key("1"), "Two", delivery="Ev2") is None
    context = await store.read_context(await ask_question(store, question("2")), limit=9)
    assert [turn.question for turn in context.history] == ["Three"]


async def test_a_delivery_that_did_not_concern_us_may_do_so_later(store: Store) -> None:
    reply = question("1.1", addressed=AddressingKind.REPLY, delivery="Ev1")
    assert await store.accept(reply, claim=True) is None
    await ask_question(store, question("1.0"))
    assert await store.accept(reply, claim=True)


async def test_one_delivery_to_two_processes_at_once_is_one_turn(join: Join) -> None:
    stores = [await join("a"), await join("b")] * 5
    turns = await asyncio.gather(
        *(store.accept(question(f"{n}", delivery="Ev1"), claim=True) for n, store in enumerate(stores))
    )
    assert len([turn for turn in turns if turn]) == 1


# --- claims and attempts ------------------------------------------------------------------------------


async def test_attempts_are_claims_since_a_person_asked(join: Join) -> None:
    """Attempts count failures; the token only grows."""
    a, b = await join("a"), await join("b")
    turn = await ask_question(a, question("1"), claim=False)
    assert (turn.attempt, turn.token) == (0, 0)
    for count in (1, 2, 3):
        (turn,) = await a.claim(1)
        assert (turn.attempt, turn.token) == (count, count)
        await b.record_heartbeat(0)
        await a.record_heartbeat(FOR_EVER)
    (turn,) = await a.claim(1)
    await a.settle(turn, TurnStatus.FAILED, error="model")
    again = await a.retry(turn.id, turn.thread, by=ADA.id, claim=True)
    assert again is not None
    assert (again.attempt, again.token) == (1, 5)
