"""The contract of the store for what a process may claim: turns that it serves, and a few of each person."""

import asyncio
from dataclasses import replace

import pytest

from bot.core.errors import TooManyQuestions
from bot.core.turns import AddressingKind, Author, ThreadKey, Turn, TurnStatus
from bot.ports import ClaimRules
from tests.contracts.conftest import Join
from tests.contracts.questions import ADA, ask_question, end_turn, question, thread
from tests.contracts.stores import Store

BOB = Author(id="U0BOB", name="Bob")

OTHERS = {
    "another workspace": thread("2.0", workspace="T2"),
    "another platform": replace(thread("2.0"), platform="matrix"),
    "another platform's workspace": replace(thread("2.0", workspace="T9"), platform="matrix"),
}


@pytest.mark.parametrize("elsewhere", OTHERS.values(), ids=OTHERS)
async def test_what_is_not_served_is_left_to_those_who_serve_it(join: Join, elsewhere: ThreadKey) -> None:
    ours = await join("ours", ClaimRules(served=frozenset({("slack", "T1"), ("matrix", "T2")})))
    theirs = await join("theirs", ClaimRules(served=frozenset({(elsewhere.platform, elsewhere.workspace)})))
    await ours.accept(question("2.0", where=elsewhere), claim=False)
    await ours.accept(question("1.0"), claim=False)
    assert [turn.message_id for turn in await ours.claim(9)] == ["1.0"]
    assert await ours.claim(9) == []
    (turn,) = await theirs.claim(9)
    assert (turn.message_id, turn.status, turn.attempt) == ("2.0", TurnStatus.ANSWERING, 1)


async def test_who_serves_nothing_claims_nothing(join: Join) -> None:
    nobody = await join("nobody", ClaimRules(served=frozenset()))
    await nobody.accept(question("1.0"), claim=False)
    assert await nobody.claim(9) == []


LIMITED = ClaimRules(answers_per_person=2)


async def ask_in_threads(store: Store, count: int, author: Author = ADA, *, claim: bool = False) -> list[Turn]:
    """Ask in so many threads of one's own, one after the other."""
    questions = (
        question(f"{author.id}-{n}", where=thread(f"{author.id}-{n}"), author=author, sent_at=float(n))
        for n in range(count)
    )
    return [await ask_question(store, each, claim=claim) for each in questions]


async def test_more_turns_of_a_person_wait_whoever_claims_them(join: Join) -> None:
    a, b = await join("a", LIMITED), await join("b", LIMITED)
    first, second, third = await ask_in_threads(a, 3, claim=True)
    assert [turn.status for turn in (first, second)] == [TurnStatus.ANSWERING] * 2
    assert third.status is TurnStatus.WAITING
    assert await b.claim(9) == []
    assert await end_turn(a, first) is None
    assert [turn.message_id for turn in await b.claim(9)] == [third.message_id]
    assert await a.claim(9) == []


async def test_the_next_turn_of_a_thread_counts_too(join: Join) -> None:
    """Bob's thread ends, and Ada's question is next there; but two of hers run already."""
    store = await join("me", LIMITED)
    bobs = await ask_question(store, question("1.0", author=BOB))
    await ask_question(store, question("1.1"))
    await ask_in_threads(store, 2, claim=True)
    assert await end_turn(store, bobs) is None
    assert await store.claim(9) == []


async def test_trying_again_counts_too(join: Join) -> None:
    store = await join("me", LIMITED)
    ended = await ask_question(store, question("1.0"))
    await end_turn(store, ended)
    await ask_in_threads(store, 2, claim=True)
    again = await store.retry(ended.id, ended.thread, by=ADA.id, claim=True)
    assert again is not None
    assert again.status is TurnStatus.WAITING


async def test_claiming_goes_round_over_people(join: Join) -> None:
    """Ada asked five times before the others came; each of them gets a turn before her second one."""
    store = await join("me")
    await ask_in_threads(store, 5)
    for author in (BOB, Author(id="U0CY")):
        await ask_in_threads(store, 2, author)
    claimed = [turn.message_id for turn in await store.claim(4)]
    assert claimed == ["U0ADA-0", "U0BOB-0", "U0CY-0", "U0ADA-1"]
    assert [turn.message_id for turn in await store.claim(3)] == ["U0BOB-1", "U0CY-1", "U0ADA-2"]


async def test_people_of_two_workspaces_with_one_id_are_two(join: Join) -> None:
    store = await join("me", ClaimRules(answers_per_person=1, questions_per_minute=1))
    here = await ask_question(store, question("1.0"))
    there = await ask_question(store, question("1.0", where=thread(workspace="T2")))
    assert (here.status, there.status) == (TurnStatus.ANSWERING, TurnStatus.ANSWERING)


async def test_many_questions_at_once_are_claimed_up_to_the_limit(join: Join) -> None:
    """Two processes record and claim them, each as fast as it can."""
    stores = [await join(name, LIMITED) for name in "ab"]
    asked = [stores[n % 2].accept(question(f"{n}", where=thread(f"{n}")), claim=True) for n in range(20)]
    claimed = await asyncio.gather(*asked, *(store.claim(9) for store in stores * 3))
    turns = [turn for found in claimed for turn in ([found] if isinstance(found, Turn) else found or ())]
    assert sum(turn.status is TurnStatus.ANSWERING for turn in turns) <= 2
    assert len(await stores[0].claim(9)) + sum(turn.status is TurnStatus.ANSWERING for turn in turns) == 2


async def test_questions_of_a_minute_are_counted_however_they_come(join: Join) -> None:
    stores = [await join(name, ClaimRules(questions_per_minute=5)) for name in "ab"]
    questions = [question(f"{n}", where=thread(f"{n}")) for n in range(6)]
    asked = [store.accept(each, claim=store is stores[0]) for each in questions for store in stores]
    results = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(each, TooManyQuestions) for each in results) >= 1
    assert sum(isinstance(each, Turn) for each in results) == 5


async def test_a_question_too_many_leaves_nothing_behind(join: Join) -> None:
    """Its delivery is not remembered, and no conversation begins; overheard messages do not count."""
    store = await join("me", ClaimRules(questions_per_minute=2))
    for n in range(2):
        await ask_question(store, question(f"{n}"))
    await store.record_overheard(thread(), [question(f"note {n}") for n in range(5)])
    assert await store.accept(question("noted", addressed=AddressingKind.OVERHEARD), claim=True) is None
    for _ in range(2):
        with pytest.raises(TooManyQuestions):
            await store.accept(question("9.0", where=thread("9.0"), delivery="Ev9"), claim=True)
    await ask_question(store, question("1.0b", author=BOB))
    assert await store.accept(question("0"), claim=True) is None, "what is recorded already is not asked again"
    assert await store.accept(question("9.1", where=thread("9.0"), addressed=AddressingKind.REPLY), claim=True) is None
