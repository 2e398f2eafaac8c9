"""What every store must do, whichever it is: in memory, on SQLite, on PostgreSQL."""

import asyncio
import random
from contextlib import suppress
from dataclasses import replace

import pytest

from bot.core.domain import Addressed, Answer, Author, ThreadKey, Turn, TurnStatus
from bot.core.errors import ClaimLost
from bot.ports import Store
from tests.contracts.conftest import FOR_EVER, Join
from tests.contracts.questions import SAID, asked, question, refuses_everything, settled, thread

# --- accept -------------------------------------------------------------------------------------------


async def test_a_question_comes_back_as_it_was_asked(store: Store) -> None:
    turn = await asked(store, question("1.0", "Why?", author=Author(id="U1", name="Ada L.")))
    assert turn == Turn(
        id=turn.id,
        thread=thread(),
        message_id="1.0",
        author=Author(id="U1", name="Ada L."),
        question="Why?",
        status=TurnStatus.ANSWERING,
        token=1,
    )


async def test_without_a_claim_it_waits(store: Store) -> None:
    turn = await asked(store, question("1.0"), claim=False)
    assert (turn.status, turn.token) == (TurnStatus.WAITING, 0)


async def test_a_message_is_recorded_once(store: Store) -> None:
    """Delivered again, at any time and even for another thread, it is known."""
    turn = await asked(store, question("1.0"))
    assert await store.accept(question("1.0"), claim=True) is None
    await settled(store, turn)
    assert await store.accept(question("1.0", "Why, oh why?"), claim=True) is None
    assert await store.accept(question("1.0", where=thread("0.5")), claim=True) is None
    assert (
        await store.accept(question("2.0", where=thread("0.5"), addressed=Addressed.REPLY), claim=True)
        is None
    )


async def test_the_same_message_id_elsewhere_is_another_message(store: Store) -> None:
    for where in (thread(), thread(channel="C2"), thread(workspace="T2")):
        assert (await asked(store, question("1.0", where=where))).status is TurnStatus.ANSWERING


async def test_twenty_deliveries_at_once_are_one_turn(join: Join) -> None:
    """Two processes, each given the same message ten times, in a thread that is new to both."""
    stores = [await join("a"), await join("b")] * 10
    turns = await asyncio.gather(*(store.accept(question("1.0"), claim=True) for store in stores))
    assert [turn.status for turn in turns if turn] == [TurnStatus.ANSWERING]


async def test_a_reply_counts_only_where_the_bot_was_asked(store: Store) -> None:
    reply = question("1.1", addressed=Addressed.REPLY)
    assert await store.accept(reply, claim=True) is None
    await asked(store, question("1.0", addressed=Addressed.DIRECT))
    assert (await asked(store, reply)).status is TurnStatus.WAITING


# --- order --------------------------------------------------------------------------------------------


async def test_five_questions_in_one_thread_are_answered_in_order(store: Store) -> None:
    turns = [await asked(store, question(f"{n}.0", f"{n}?")) for n in range(5)]
    assert [turn.status for turn in turns] == [TurnStatus.ANSWERING] + [TurnStatus.WAITING] * 4
    assert await store.claim(10) == []
    running: Turn | None = turns[0]
    seen = []
    while running:
        seen.append(running.question)
        running = await settled(store, running)
    assert seen == ["0?", "1?", "2?", "3?", "4?"]


async def test_settling_may_leave_the_next_one_to_others(store: Store) -> None:
    first = await asked(store, question("1.0"))
    await asked(store, question("2.0"))
    assert await store.settle(first, TurnStatus.STOPPED, claim=False) is None
    (second,) = await store.claim(1)
    assert (second.message_id, second.status, second.token) == ("2.0", TurnStatus.ANSWERING, 1)


async def test_claim_takes_the_oldest_threads_first_and_no_more_than_asked(store: Store) -> None:
    for root in ("3.0", "1.0", "2.0"):
        for reply in ("a", "b"):
            await asked(store, question(root + reply, where=thread(root)), claim=False)
    assert [turn.message_id for turn in await store.claim(2)] == ["3.0a", "1.0a"]
    assert [turn.message_id for turn in await store.claim(9)] == ["2.0a"]
    assert await store.claim(9) == []


async def test_two_processes_never_run_one_thread_at_once(join: Join) -> None:
    """Two that accept, claim and settle as fast as they can answer everything once, each thread in order."""
    stores = [await join("a"), await join("b")]
    running: set[ThreadKey] = set()
    turns: list[Turn] = []

    async def run(store: Store, turn: Turn | None) -> None:
        while turn:
            assert turn.thread not in running, "two answers in one thread"
            running.add(turn.thread)
            turns.append(turn)
            await asyncio.sleep(0)
            await store.answered(turn, SAID)
            running.remove(turn.thread)
            turn = await store.settle(turn, TurnStatus.DONE)

    async def ask(number: int) -> None:
        store = stores[number % 2]
        turn = await asked(store, question(f"{number}", where=thread(f"{number % 3}")), claim=number % 5 > 0)
        if turn.status is TurnStatus.ANSWERING:
            await run(store, turn)

    async def poll(store: Store) -> None:
        while len(turns) < 30:
            for turn in await store.claim(2):
                await run(store, turn)
            await asyncio.sleep(0.001)

    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        for job in (*map(ask, range(30)), *map(poll, stores)):
            tasks.create_task(job)
    assert {turn.message_id for turn in turns} == set(map(str, range(30)))
    for root in "012":
        ids = [turn.id for turn in turns if turn.thread == thread(root)]
        assert ids == sorted(set(ids))


# --- the life of a turn -------------------------------------------------------------------------------


async def test_an_answer_is_kept(store: Store) -> None:
    first = await asked(store, question("1.0"))
    await settled(store, first)
    second = await asked(store, question("2.0"))
    (earlier,) = (await store.context(second, limit=10)).history
    assert (earlier.answer, earlier.finish_reason, earlier.status) == ("Because.", "stop", TurnStatus.DONE)


async def test_what_was_said_before_a_failure_is_kept(store: Store) -> None:
    first = await asked(store, question("1.0"))
    await store.settle(first, TurnStatus.FAILED, error="model_interrupted", answer=Answer(text="Beca"))
    second = await asked(store, question("2.0"))
    (earlier,) = (await store.context(second, limit=10)).history
    assert (earlier.answer, earlier.error, earlier.status) == ("Beca", "model_interrupted", TurnStatus.FAILED)


async def test_failing_to_show_an_answer_keeps_it(store: Store) -> None:
    first = await asked(store, question("1.0"))
    await store.answered(first, SAID)
    await store.settle(first, TurnStatus.FAILED, error="surface_gone")
    second = await asked(store, question("2.0"))
    (earlier,) = (await store.context(second, limit=10)).history
    assert earlier.answer == "Because."


async def test_a_turn_is_not_done_before_its_answer_is_saved(store: Store) -> None:
    turn = await asked(store, question("1.0"))
    with pytest.raises(ClaimLost):
        await store.settle(turn, TurnStatus.DONE)
    await store.answered(turn, SAID)


async def test_an_ended_turn_takes_no_more_writes(store: Store) -> None:
    turn = await asked(store, question("1.0"))
    await settled(store, turn)
    await refuses_everything(store, turn)


# --- recovery -----------------------------------------------------------------------------------------


async def test_a_turn_given_back_is_taken_up_under_a_new_token(join: Join) -> None:
    """The next owner edits the same messages; the earlier one can write no more."""
    a, b = await join("a"), await join("b")
    before = await asked(a, question("1.0"))
    await a.opened(before, 0, "1.1")
    await a.opened(before, 1, "1.2")
    await a.release(before)
    (after,) = await b.claim(5)
    assert (after.status, after.token, after.pages) == (TurnStatus.ANSWERING, 2, ("1.1", "1.2"))
    await refuses_everything(a, before)
    assert await settled(b, after) is None


async def test_one_process_cannot_use_its_own_old_claim(store: Store) -> None:
    before = await asked(store, question("1.0"))
    await store.release(before)
    (after,) = await store.claim(1)
    await refuses_everything(store, before)
    await settled(store, after)


async def test_a_page_shown_again_replaces_the_message(store: Store) -> None:
    turn = await asked(store, question("1.0"))
    await store.opened(turn, 0, "1.1")
    await store.opened(turn, 0, "1.9")
    await store.release(turn)
    assert [turn.pages for turn in await store.claim(1)] == [("1.9",)]


async def test_a_saved_answer_is_only_shown(join: Join) -> None:
    """Its owner dies after saving: the next one gets the text and asks no model."""
    a, b = await join("a"), await join("b")
    turn = await asked(a, question("1.0"))
    await asked(a, question("2.0"))
    await a.answered(turn, SAID)
    await b.beat(0)
    (again,) = await b.claim(5)
    assert (again.message_id, again.status, again.answer) == ("1.0", TurnStatus.ANSWERED, "Because.")
    following = await b.settle(again, TurnStatus.DONE)
    assert following is not None
    assert following.message_id == "2.0"


async def test_turns_of_a_silent_process_are_free_after_its_lease(join: Join) -> None:
    a, b = await join("a"), await join("b")
    turn = await asked(a, question("1.0"))
    await asked(b, question("2.0", where=thread("2.0")))
    await b.beat(30)
    assert await b.claim(5) == []
    await asyncio.sleep(0.2)
    await b.beat(0.1)
    assert [turn.message_id for turn in await b.claim(5)] == ["1.0"]
    await refuses_everything(a, turn)


async def test_a_process_that_beats_keeps_its_turns(join: Join) -> None:
    a, b = await join("a"), await join("b")
    turn = await asked(a, question("1.0"))
    await asyncio.sleep(0.2)
    await a.beat(5)
    await b.beat(0.15)
    assert await b.claim(5) == []
    await settled(a, turn)


async def test_a_process_that_leaves_hands_everything_on_at_once(join: Join) -> None:
    a, b = await join("a"), await join("b")
    await asked(a, question("1.0"))
    shown = await asked(a, question("2.0", where=thread("2.0")))
    await a.answered(shown, SAID)
    await a.leave()
    assert [turn.status for turn in await b.claim(5)] == [TurnStatus.ANSWERING, TurnStatus.ANSWERED]


async def test_a_process_taken_for_dead_may_go_on_with_new_turns(join: Join) -> None:
    a, b = await join("a"), await join("b")
    await asked(a, question("1.0"))
    await b.beat(0)
    await a.beat(FOR_EVER)
    assert [turn.token for turn in await a.claim(5)] == [2]
    await b.beat(FOR_EVER)
    assert await b.claim(5) == []


async def test_nothing_is_lost_or_done_twice_while_processes_die(join: Join) -> None:
    """Two processes drop turns at every point of their life and take each other for dead all the time."""
    stores = [await join("a"), await join("b")]
    for number in range(24):
        await asked(stores[0], question(f"{number}", where=thread(f"{number % 4}")), claim=False)
    fate = random.Random(7)
    done: list[Turn] = []

    async def process(store: Store) -> None:
        while len(done) < 24:
            for turn in await store.claim(2):
                with suppress(ClaimLost):
                    done.extend(await mortal(store, turn, fate))
            await store.beat(fate.choice([0, FOR_EVER]))
            await asyncio.sleep(0)  # the store in memory never waits

    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        for store in stores:
            tasks.create_task(process(store))
    assert {turn.message_id for turn in done} == set(map(str, range(24)))
    for root in "0123":
        ids = [turn.id for turn in done if turn.thread == thread(root)]
        assert ids == sorted(set(ids))


async def mortal(store: Store, turn: Turn, fate: random.Random) -> list[Turn]:
    """Take a turn to its end and return it, or give it back, or die on the way and return nothing."""
    await store.opened(turn, 0, "page")
    if turn.status is TurnStatus.ANSWERING:
        if fate.random() < 0.2:
            await store.release(turn)
            return []
        if fate.random() < 0.2:
            return []
        await store.answered(turn, SAID)
    if fate.random() < 0.2:
        return []
    await store.settle(turn, TurnStatus.DONE, claim=fate.random() < 0.5)
    return [turn]


# --- context ------------------------------------------------------------------------------------------


async def test_context_is_the_newest_earlier_turns_oldest_first(store: Store) -> None:
    for number in range(6):
        await settled(store, await asked(store, question(f"{number}", f"{number}?")))
    turn = await asked(store, question("6"))
    await asked(store, question("7"))
    await settled(store, await asked(store, question("elsewhere", where=thread("other"))))
    history = (await store.context(turn, limit=3)).history
    assert [earlier.question for earlier in history] == ["3?", "4?", "5?"]
    assert all(earlier.thread == turn.thread for earlier in history)
    assert (await store.context(turn, limit=0)).history == ()
    assert len((await store.context(turn, limit=100)).history) == 6


async def test_context_of_a_long_thread(store: Store) -> None:
    """A thread's earlier turns are counted in, whether done, stopped or failed."""
    ends = [TurnStatus.DONE, TurnStatus.STOPPED, TurnStatus.FAILED]
    for number, status in enumerate(ends):
        await settled(store, await asked(store, question(f"{number}")), status)
    context = await store.context(await asked(store, question("9")), limit=10)
    assert [turn.status for turn in context.history] == ends


async def test_a_question_that_was_read_before_its_event_came_is_a_question(store: Store) -> None:
    """A thread is read while deliveries are under way, or were missed: reading it takes none of them away."""
    first = await asked(store, question("1"))
    late = question("2", addressed=Addressed.MENTION)
    await store.overheard(first.thread, [replace(late, addressed=Addressed.OVERHEARD)])
    assert await store.accept(replace(late, addressed=Addressed.OVERHEARD), claim=True) is None
    recorded = await store.accept(late, claim=True)
    assert recorded is not None
    assert (recorded.status, recorded.question) == (TurnStatus.WAITING, late.text)
    assert await store.accept(late, claim=True) is None
    assert await settled(store, first) == replace(
        recorded, status=TurnStatus.ANSWERING, token=1, attempt=1
    ), "it is next"


# --- secrets, and text as it comes --------------------------------------------------------------------


async def test_a_secret_is_made_once_for_all_processes(join: Join) -> None:
    a, b = await join("a"), await join("b")
    made = await asyncio.gather(
        a.secret("user_key", lambda: "by a"),
        b.secret("user_key", lambda: "by b"),
        a.secret("other", lambda: "x"),
    )
    assert made[0] == made[1]
    assert made[2] == "x"
    assert await b.secret("user_key", lambda: "again") == made[0]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("", ""),
        ("שלום, עולם — مرحبا", "שלום, עולם — مرحبا"),
        ("👩‍👩‍👧‍👦 e\u0301 \u202e", "👩‍👩‍👧‍👦 e\u0301 \u202e"),
        ("'; DROP TABLE turns; -- %s :x {y} \\ \r\n", "'; DROP TABLE turns; -- %s :x {y} \\ \r\n"),
        ("ä" * 40_000, "ä" * 40_000),
        ("nul\0nul", "nul\ufffdnul"),
        ("cut \ud83d\ude00 joined, \ud83d lone", "cut 😀 joined, \ufffd lone"),
    ],
    ids=["empty", "rtl", "emoji", "sql", "long", "nul", "surrogates"],
)
async def test_any_text_is_kept(store: Store, written: str, kept: str) -> None:
    """What a database refuses is replaced at the door, in every text that people or models write."""
    turn = await asked(store, question("1.0", written, author=Author(id="U1", name=written)))
    assert (turn.question, turn.author.name) == (kept, kept)
    await store.answered(turn, Answer(text=written, model=written, finish_reason=written))
    await store.settle(turn, TurnStatus.DONE)
    (earlier,) = (await store.context(await asked(store, question("2.0")), limit=1)).history
    assert (earlier.question, earlier.answer, earlier.finish_reason) == (kept, kept, kept)
