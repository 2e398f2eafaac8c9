"""The contract of the store for stopping: a mark on the turn, which its owner or its next owner finds."""

from dataclasses import replace

import pytest

from bot.core.reply.stopping import StopOutcome, StopRequest
from bot.core.requests import Answer
from bot.core.turns import Action, AddressingKind, TurnStatus
from tests.contracts.conftest import Join
from tests.contracts.questions import ADA, ANSWER, ask_question, end_turn, message_key, question, thread
from tests.contracts.stores import Store

STOP = StopRequest(thread=thread(), requested_by=ADA.id)
OTHERS = replace(STOP, requested_by="U0BOB")


async def test_only_the_owner_finds_the_mark(join: Join) -> None:
    """Its state does not change, and it is listed until the turn has ended."""
    a, b = await join("a"), await join("b")
    turn = await ask_question(a, question("1"))
    assert await a.list_turns_to_stop() == []
    assert await b.stop(STOP) is StopOutcome.TAKEN
    assert (await a.list_turns_to_stop(), await b.list_turns_to_stop()) == ([turn.id], [])
    assert await a.stop(STOP) is StopOutcome.TAKEN, "twice is no harm"
    await a.record_page(turn, 0, "1.1")
    await a.settle(turn, TurnStatus.STOPPED, answer=Answer(text="Beca", finish_reason="stopped"))
    assert await a.list_turns_to_stop() == []
    assert await b.stop(STOP) is StopOutcome.NOTHING


async def test_the_next_owner_finds_the_mark(join: Join) -> None:
    a, b = await join("a"), await join("b")
    await ask_question(a, question("1"))
    await a.stop(STOP)
    await a.unregister()
    (taken,) = await b.claim(9)
    assert (taken.status, taken.stopped_by) == (TurnStatus.ANSWERING, ADA.id)
    assert await b.list_turns_to_stop() == [taken.id]


async def test_an_answer_that_is_saved_can_be_stopped_in_its_showing(store: Store) -> None:
    turn = await ask_question(store, question("1"))
    await store.save_answer(turn, ANSWER)
    assert await store.stop(STOP) is StopOutcome.TAKEN
    await store.settle(turn, TurnStatus.STOPPED, answer=Answer(text="Beca"))
    context = await store.read_context(await ask_question(store, question("2", sent_at=2.0)), limit=1)
    assert [turn.answer for turn in context.history] == ["Beca"]


async def test_only_the_running_turn_is_stopped_and_waiting_ones_go_on(store: Store) -> None:
    """The turn with an owner need not be the oldest."""
    running = await ask_question(store, question("2", sent_at=2.0))
    await ask_question(store, question("1", sent_at=1.0))
    await store.stop(STOP)
    assert await store.list_turns_to_stop() == [running.id]
    following = await store.settle(running, TurnStatus.STOPPED)
    assert following is not None
    assert (following.message_id, following.stopped_by) == ("1", "")


async def test_a_question_that_waits_alone_is_stopped_before_it_is_answered(join: Join) -> None:
    a, b = await join("a"), await join("b")
    await ask_question(a, question("1"), claim=False)
    assert await a.stop(STOP) is StopOutcome.TAKEN
    (taken,) = await b.claim(9)
    assert taken.stopped_by == ADA.id


async def test_a_turn_that_is_named_is_stopped_and_no_other(store: Store) -> None:
    first = await ask_question(store, question("1", sent_at=1.0))
    second = await ask_question(store, question("2", sent_at=2.0))
    await store.stop(replace(STOP, turn=second.id))
    assert await store.list_turns_to_stop() == []
    assert await store.stop(replace(STOP, turn=first.id, thread=thread("2.0"))) is StopOutcome.NOTHING
    following = await end_turn(store, first)
    assert following is not None
    assert following.stopped_by == ADA.id
    assert await store.stop(replace(STOP, turn=first.id)) is StopOutcome.NOTHING, "it has ended"


async def test_only_the_author_and_admins_may_stop(store: Store) -> None:
    turn = await ask_question(store, question("1"))
    assert await store.stop(OTHERS) is StopOutcome.FORBIDDEN
    assert await store.list_turns_to_stop() == []
    assert await store.stop(replace(OTHERS, is_by_admin=True)) is StopOutcome.TAKEN
    assert await store.list_turns_to_stop() == [turn.id]


async def test_the_message_that_stopped_is_no_question_however_often_it_comes(store: Store) -> None:
    """A mention comes as two events: the second one must not be answered, whichever process was first."""
    turn = await ask_question(store, question("1"))
    word = replace(STOP, message_id="2")
    assert await store.stop(word) is StopOutcome.TAKEN
    assert await store.stop(word) is StopOutcome.KNOWN
    await store.settle(turn, TurnStatus.STOPPED)
    assert await store.stop(word) is StopOutcome.KNOWN
    assert await store.accept(question("2", "stop"), claim=True) is None
    await store.record_overheard(thread(), [question("2", "stop")])
    assert await store.edit_question(message_key("2"), "stop it") is None
    context = await store.read_context(await ask_question(store, question("3", sent_at=3.0)), limit=9)
    assert [turn.question for turn in context.history] == ["Why?"]


async def test_a_stop_message_without_permission_is_no_question_either(store: Store) -> None:
    await ask_question(store, question("1"))
    word = replace(OTHERS, message_id="2")
    assert await store.stop(word) is StopOutcome.FORBIDDEN
    assert await store.stop(word) is StopOutcome.KNOWN, "so that people are told once"
    assert await store.stop(replace(word, is_by_admin=True)) is StopOutcome.TAKEN, "asked for once more"


async def test_the_stop_message_is_forgotten_also_if_it_was_noted_before(store: Store) -> None:
    turn = await ask_question(store, question("1"))
    await store.record_overheard(thread(), [question("2", "stop", sent_at=2.0)])
    await store.stop(replace(STOP, message_id="2"))
    await store.settle(turn, TurnStatus.STOPPED)
    context = await store.read_context(await ask_question(store, question("3", sent_at=3.0)), limit=9)
    assert [turn.question for turn in context.history] == ["Why?"]


async def test_without_an_open_turn_a_stop_message_is_like_any_other(store: Store) -> None:
    word = replace(STOP, message_id="2")
    assert await store.stop(word) is StopOutcome.NOTHING
    await end_turn(store, await ask_question(store, question("1", sent_at=1.0)))
    assert await store.stop(word) is StopOutcome.NOTHING
    await ask_question(store, question("2", "stop", sent_at=2.0))


async def test_a_delivery_that_comes_again_stops_nothing_more(store: Store) -> None:
    first = await ask_question(store, question("1"))
    await ask_question(store, question("2"))
    sign = replace(STOP, delivery="Ev1")
    assert await store.stop(sign) is StopOutcome.TAKEN
    assert await store.settle(first, TurnStatus.STOPPED)
    assert await store.stop(sign) is StopOutcome.KNOWN
    assert await store.list_turns_to_stop() == []


@pytest.mark.parametrize("goes_on", [False, True])
async def test_a_stopped_turn_can_be_retried(store: Store, *, goes_on: bool) -> None:
    turn = await ask_question(store, question("1"))
    await store.stop(STOP)
    await store.settle(turn, TurnStatus.STOPPED, answer=Answer(text="Beca"))
    again = await store.retry(turn.id, thread(), by=ADA.id, claim=True, goes_on=goes_on)
    assert again is not None
    assert (again.stopped_by, again.answer) == ("", "Beca" if goes_on else "")
    assert await store.list_turns_to_stop() == []
    place = await store.save_answer(again, ANSWER)
    assert place.count == (0 if goes_on else 2), "what was stopped is kept beside it"


async def test_a_deleted_question_does_not_say_who_stopped_it(store: Store) -> None:
    await ask_question(store, question("1"))
    await store.stop(STOP)
    erased = await store.forget(message_key("1"))
    assert erased is not None
    assert erased.stopped_by == ""
    assert await store.list_turns_to_stop() == []


async def test_admins_may_ask_again_and_flip_for_others(store: Store) -> None:
    turn = await ask_question(store, question("1"))
    await store.save_answer(turn, ANSWER, [Answer(text="Or not.")])
    await store.settle(turn, TurnStatus.DONE)
    assert not await store.flip(turn.id, thread(), Action.NEXT, by="U0BOB")
    assert await store.flip(turn.id, thread(), Action.NEXT, by="U0BOB", by_admin=True)
    (shown,) = await store.claim(9)
    await store.settle(shown, TurnStatus.DONE)
    assert await store.retry(turn.id, thread(), by="U0BOB", claim=True) is None
    assert await store.retry(turn.id, thread(), by="U0BOB", by_admin=True, claim=True)


async def test_the_turn_of_a_message_is_found_by_question_and_by_page(store: Store) -> None:
    turn = await ask_question(store, question("1"))
    assert await store.find_turn(thread(), "1") is None, "it has not ended"
    await store.record_page(turn, 0, "1.1")
    await store.record_page(turn, 1, "1.2")
    await end_turn(store, turn)
    await store.accept(question("2", addressed=AddressingKind.OVERHEARD), claim=True)
    for message in ("1", "1.1", "1.2"):
        assert await store.find_turn(thread(), message) == turn.id
    for message in ("2", "3"):
        assert await store.find_turn(thread(), message) is None
    assert await store.find_turn(thread("none"), "1") is None
