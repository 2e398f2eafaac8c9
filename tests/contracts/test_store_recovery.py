"""The contract of the store for turns that change their owner: released, or taken from a dead process."""

import asyncio
import random
from contextlib import suppress

from bot.core.errors import ClaimLost
from bot.core.turns import Turn, TurnStatus
from tests.contracts.conftest import FOR_EVER, Join
from tests.contracts.questions import ANSWER, ask_question, assert_owner_lost, end_turn, question, thread
from tests.contracts.stores import Store


async def test_a_turn_given_back_is_taken_up_under_a_new_token(join: Join) -> None:
    """The next owner edits the same messages; the earlier one cannot write any more."""
    a, b = await join("a"), await join("b")
    before = await ask_question(a, question("1.0"))
    await a.record_page(before, 0, "1.1")
    await a.record_page(before, 1, "1.2")
    await a.release(before)
    (after,) = await b.claim(5)
    assert (after.status, after.token, after.pages) == (TurnStatus.ANSWERING, 2, ("1.1", "1.2"))
    await assert_owner_lost(a, before)
    assert await end_turn(b, after) is None


async def test_one_process_cannot_use_its_own_old_claim(store: Store) -> None:
    before = await ask_question(store, question("1.0"))
    await store.release(before)
    (after,) = await store.claim(1)
    await assert_owner_lost(store, before)
    await end_turn(store, after)


async def test_a_page_shown_again_replaces_the_message(store: Store) -> None:
    turn = await ask_question(store, question("1.0"))
    await store.record_page(turn, 0, "1.1")
    await store.record_page(turn, 0, "1.9")
    await store.release(turn)
    assert [turn.pages for turn in await store.claim(1)] == [("1.9",)]


async def test_a_saved_answer_is_only_shown(join: Join) -> None:
    """Its owner dies after saving it: the next owner gets the text and asks no model."""
    a, b = await join("a"), await join("b")
    turn = await ask_question(a, question("1.0"))
    await ask_question(a, question("2.0"))
    await a.save_answer(turn, ANSWER)
    await b.record_heartbeat(0)
    (again,) = await b.claim(5)
    assert (again.message_id, again.status, again.answer) == ("1.0", TurnStatus.ANSWERED, "Because.")
    following = await b.settle(again, TurnStatus.DONE)
    assert following is not None
    assert following.message_id == "2.0"


async def test_turns_of_a_silent_process_are_free_after_its_lease(join: Join) -> None:
    a, b = await join("a"), await join("b")
    turn = await ask_question(a, question("1.0"))
    await ask_question(b, question("2.0", where=thread("2.0")))
    await b.record_heartbeat(30)
    assert await b.claim(5) == []
    await asyncio.sleep(0.2)
    await b.record_heartbeat(0.1)
    assert [turn.message_id for turn in await b.claim(5)] == ["1.0"]
    await assert_owner_lost(a, turn)


async def test_a_process_that_beats_keeps_its_turns(join: Join) -> None:
    a, b = await join("a"), await join("b")
    turn = await ask_question(a, question("1.0"))
    await asyncio.sleep(0.2)
    await a.record_heartbeat(5)
    await b.record_heartbeat(0.15)
    assert await b.claim(5) == []
    await end_turn(a, turn)


async def test_a_process_that_leaves_hands_everything_on_at_once(join: Join) -> None:
    a, b = await join("a"), await join("b")
    await ask_question(a, question("1.0"))
    shown = await ask_question(a, question("2.0", where=thread("2.0")))
    await a.save_answer(shown, ANSWER)
    await a.unregister()
    assert [turn.status for turn in await b.claim(5)] == [TurnStatus.ANSWERING, TurnStatus.ANSWERED]


async def test_a_process_taken_for_dead_may_go_on_with_new_turns(join: Join) -> None:
    a, b = await join("a"), await join("b")
    await ask_question(a, question("1.0"))
    await b.record_heartbeat(0)
    await a.record_heartbeat(FOR_EVER)
    assert [turn.token for turn in await a.claim(5)] == [2]
    await b.record_heartbeat(FOR_EVER)
    assert await b.claim(5) == []


async def test_nothing_is_lost_or_done_twice_while_processes_die(join: Join) -> None:
    """Two processes drop turns at every point of their life, and keep taking each other for dead."""
    stores = [await join("a"), await join("b")]
    for number in range(24):
        await ask_question(stores[0], question(f"{number}", where=thread(f"{number % 4}")), claim=False)
    fate = random.Random(7)
    done: list[Turn] = []

    async def process(store: Store) -> None:
        while len(done) < 24:
            for turn in await store.claim(2):
                with suppress(ClaimLost):
                    done.extend(await live_or_die(store, turn, fate))
            await store.record_heartbeat(fate.choice([0, FOR_EVER]))
            await asyncio.sleep(0)  # the store in memory never waits

    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        for store in stores:
            tasks.create_task(process(store))
    assert {turn.message_id for turn in done} == set(map(str, range(24)))
    for root in "0123":
        ids = [turn.id for turn in done if turn.thread == thread(root)]
        assert ids == sorted(set(ids))


async def live_or_die(store: Store, turn: Turn, fate: random.Random) -> list[Turn]:
    """Take a turn to its end and return it, or release it, or die on the way and return nothing."""
    await store.record_page(turn, 0, "page")
    if turn.status is TurnStatus.ANSWERING:
        if fate.random() < 0.2:
            await store.release(turn)
            return []
        if fate.random() < 0.2:
            return []
        await store.save_answer(turn, ANSWER)
    if fate.random() < 0.2:
        return []
    await store.settle(turn, TurnStatus.DONE, claim=fate.random() < 0.5)
    return [turn]
