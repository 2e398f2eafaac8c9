"""The contract of `Conversations` and `WorkQueue`: in memory, on SQLite, on PostgreSQL."""

import asyncio
from dataclasses import replace

import pytest

from bot.core.errors import ClaimLost
from bot.core.requests import Answer
from bot.core.turns import AddressingKind, Author, ThreadKey, Turn, TurnStatus
from tests.contracts.conftest import Join
from tests.contracts.questions import ANSWER, ask_question, assert_owner_lost, end_turn, question, thread
from tests.contracts.stores import Store

# --- accept -------------------------------------------------------------------------------------------


async def test_a_question_comes_back_as_it_was_asked(store: Store) -> None:
    turn = await ask_question(store, question("1.0", "Why?", author=Author(id="U1", name="Ada L.")))
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
    turn = await ask_question(store, question("1.0"), claim=False)
    assert (turn.status, turn.token) == (TurnStatus.WAITING, 0)


async def test_a_message_is_recorded_once(store: Store) -> None:
    """A message that is delivered again is recognised at any time, even with another thread."""
    turn = await ask_question(store, question("1.0"))
    assert await store.accept(question("1.0"), claim=True) is None
    await end_turn(store, turn)
    assert await store.accept(question("1.0", "Why, oh why?"), claim=True) is None
    assert await store.accept(question("1.0", where=thread("0.5")), claim=True) is None
    assert await store.accept(question("2.0", where=thread("0.5"), addressed=AddressingKind.REPLY), claim=True) is None


async def test_the_same_message_id_elsewhere_is_another_message(store: Store) -> None:
    for where in (thread(), thread(channel="C2"), thread(workspace="T2")):
        assert (await ask_question(store, question("1.0", where=where))).status is TurnStatus.ANSWERING


async def test_twenty_deliveries_at_once_are_one_turn(join: Join) -> None:
    """Two processes each get the same message ten times, in a thread that is new to both."""
    stores = [await join("a"), await join("b")] * 10
    turns = await asyncio.gather(*(store.accept(question("1.0"), claim=True) for store in stores))
    assert [turn.status for turn in turns if turn] == [TurnStatus.ANSWERING]


async def test_a_reply_counts_only_where_the_bot_was_asked(store: Store) -> None:
    reply = question("1.1", addressed=AddressingKind.REPLY)
    assert await store.accept(reply, claim=True) is None
    await ask_question(store, question("1.0", addressed=AddressingKind.DIRECT))
    assert (await ask_question(store, reply)).status is TurnStatus.WAITING


# --- order --------------------------------------------------------------------------------------------


async def test_five_questions_in_one_thread_are_answered_in_order(store: Store) -> None:
    turns = [await ask_question(store, question(f"{n}.0", f"{n}?")) for n in range(5)]
    assert [turn.status for turn in turns] == [TurnStatus.ANSWERING] + [TurnStatus.WAITING] * 4
    assert await store.claim(10) == []
    running: Turn | None = turns[0]
    seen = []
    while running:
        seen.append(running.question)
        running = await end_turn(store, running)
    assert seen == ["0?", "1?", "2?", "3?", "4?"]


async def test_settling_may_leave_the_next_one_to_others(store: Store) -> None:
    first = await ask_question(store, question("1.0"))
    await ask_question(store, question("2.0"))
    assert await store.settle(first, TurnStatus.STOPPED, claim=False) is None
    (second,) = await store.claim(1)
    assert (second.message_id, second.status, second.token) == ("2.0", TurnStatus.ANSWERING, 1)


async def test_claim_takes_the_oldest_threads_first_and_no_more_than_asked(store: Store) -> None:
    for root in ("3.0", "1.0", "2.0"):
        for reply in ("a", "b"):
            await ask_question(store, question(root + reply, where=thread(root)), claim=False)
    assert [turn.message_id for turn in await store.claim(2)] == ["3.0a", "1.0a"]
    assert [turn.message_id for turn in await store.claim(9)] == ["2.0a"]
    assert await store.claim(9) == []


async def test_two_processes_never_run_one_thread_at_once(join: Join) -> None:
    """Two processes that accept, claim and settle as fast as they can answer everything once, in order."""
    stores = [await join("a"), await join("b")]
    running: set[ThreadKey] = set()
    turns: list[Turn] = []

    async def run(store: Store, turn: Turn | None) -> None:
        while turn:
            assert turn.thread not in running, "two answers in one thread"
            running.add(turn.thread)
            turns.append(turn)
            await asyncio.sleep(0)
            await store.save_answer(turn, ANSWER)
            running.remove(turn.thread)
            turn = await store.settle(turn, TurnStatus.DONE)

    async def ask(number: int) -> None:
        store = stores[number % 2]
        turn = await ask_question(store, question(f"{number}", where=thread(f"{number % 3}")), claim=number % 5 > 0)
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
    first = await ask_question(store, question("1.0"))
    await end_turn(store, first)
    second = await ask_question(store, question("2.0"))
    (earlier,) = (await store.read_context(second, limit=10)).history
    assert (earlier.answer, earlier.finish_reason, earlier.status) == ("Because.", "stop", TurnStatus.DONE)


async def test_the_text_before_a_failure_is_kept(store: Store) -> None:
    first = await ask_question(store, question("1.0"))
    await store.settle(first, TurnStatus.FAILED, error="model_interrupted", answer=Answer(text="Beca"))
    second = await ask_question(store, question("2.0"))
    (earlier,) = (await store.read_context(second, limit=10)).history
    assert (earlier.answer, earlier.error, earlier.status) == ("Beca", "model_interrupted", TurnStatus.FAILED)


async def test_failing_to_show_an_answer_keeps_it(store: Store) -> None:
    first = await ask_question(store, question("1.0"))
    await store.save_answer(first, ANSWER)
    await store.settle(first, TurnStatus.FAILED, error="surface_gone")
    second = await ask_question(store, question("2.0"))
    (earlier,) = (await store.read_context(second, limit=10)).history
    assert earlier.answer == "Because."


async def test_a_turn_is_not_done_before_its_answer_is_saved(store: Store) -> None:
    turn = await ask_question(store, question("1.0"))
    with pytest.raises(ClaimLost):
        await store.settle(turn, TurnStatus.DONE)
    await store.save_answer(turn, ANSWER)


async def test_an_ended_turn_takes_no_more_writes(store: Store) -> None:
    turn = await ask_question(store, question("1.0"))
    await end_turn(store, turn)
    await assert_owner_lost(store, turn)


# --- context ------------------------------------------------------------------------------------------


async def test_context_is_the_newest_earlier_turns_oldest_first(store: Store) -> None:
    for number in range(6):
        await end_turn(store, await ask_question(store, question(f"{number}", f"{number}?")))
    turn = await ask_question(store, question("6"))
    await ask_question(store, question("7"))
    await end_turn(store, await ask_question(store, question("elsewhere", where=thread("other"))))
    history = (await store.read_context(turn, limit=3)).history
    assert [earlier.question for earlier in history] == ["3?", "4?", "5?"]
    assert all(earlier.thread == turn.thread for earlier in history)
    assert (await store.read_context(turn, limit=0)).history == ()
    assert len((await store.read_context(turn, limit=100)).history) == 6


async def test_context_of_a_long_thread(store: Store) -> None:
    """A thread's earlier turns are its history, whether done, stopped or failed."""
    ends = [TurnStatus.DONE, TurnStatus.STOPPED, TurnStatus.FAILED]
    for number, status in enumerate(ends):
        await end_turn(store, await ask_question(store, question(f"{number}")), status)
    context = await store.read_context(await ask_question(store, question("9")), limit=10)
    assert [turn.status for turn in context.history] == ends


async def test_a_question_that_was_read_before_its_event_came_is_a_question(store: Store) -> None:
    """A thread is read while deliveries are on their way, or were missed: reading it swallows none of them."""
    first = await ask_question(store, question("1"))
    late = question("2", addressed=AddressingKind.MENTION)
    await store.record_overheard(first.thread, [replace(late, addressed=AddressingKind.OVERHEARD)])
    assert await store.accept(replace(late, addressed=AddressingKind.OVERHEARD), claim=True) is None
    recorded = await store.accept(late, claim=True)
    assert recorded is not None
    assert (recorded.status, recorded.question) == (TurnStatus.WAITING, late.text)
    assert await store.accept(late, claim=True) is None
    assert await end_turn(store, first) == replace(recorded, status=TurnStatus.ANSWERING, token=1, attempt=1), (
        "it is next"
    )


# --- secrets, and odd text ----------------------------------------------------------------------------


async def test_a_secret_is_made_once_for_all_processes(join: Join) -> None:
    a, b = await join("a"), await join("b")
    made = await asyncio.gather(
        a.get_or_create_secret("user_key", lambda: "by a"),
        b.get_or_create_secret("user_key", lambda: "by b"),
        a.get_or_create_secret("other", lambda: "x"),
    )
    assert made[0] == made[1]
    assert made[2] == "x"
    assert await b.get_or_create_secret("user_key", lambda: "again") == made[0]


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
    """Characters that a database refuses are replaced, in every text that people or models write."""
    turn = await ask_question(store, question("1.0", written, author=Author(id="U1", name=written)))
    assert (turn.question, turn.author.name) == (kept, kept)
    await store.save_answer(turn, Answer(text=written, model=written, finish_reason=written))
    await store.settle(turn, TurnStatus.DONE)
    (earlier,) = (await store.read_context(await ask_question(store, question("2.0")), limit=1)).history
    assert (earlier.question, earlier.answer, earlier.finish_reason) == (kept, kept, kept)
