"""The contract of the store for files of a question, and for the text that was read from them."""

from dataclasses import replace

from bot.core.requests import Answer, Provenance
from bot.core.turns import AddressingKind, File
from tests.contracts.questions import ADA, ask_question, end_turn, message_key, question, thread
from tests.contracts.stores import Store

PLAN = File(name="plan.pdf", type="application/pdf", size=9, url="https://files.example/plan.pdf")
BARE = File(name="a\N{WHITE SMILING FACE}.txt")


async def test_a_question_keeps_its_files(store: Store) -> None:
    """Also in the history, on a retry, and if the message was noted before it became a question."""
    note = replace(question("2", addressed=AddressingKind.OVERHEARD, sent_at=2.0), files=(BARE,))
    first = await ask_question(store, replace(question("1", sent_at=1.0), files=(PLAN, BARE)))
    assert first.files == (PLAN, BARE)
    await end_turn(store, first)
    await store.accept(note, claim=True)
    again = await store.retry(first.id, thread(), by=ADA.id, claim=True)
    assert again is not None
    assert again.files == (PLAN, BARE)
    await end_turn(store, again)
    second = await ask_question(store, replace(note, addressed=AddressingKind.MENTION))
    assert second.files == (BARE,)
    assert [turn.files for turn in (await store.read_context(second, limit=9)).history] == [(PLAN, BARE)]


async def test_file_text_is_kept_with_the_answer_and_erased_with_the_question(store: Store) -> None:
    turn = await ask_question(store, replace(question("1", sent_at=1.0), files=(PLAN,)))
    made = Provenance(reading="The plan: \0 tea.", remarks="_I read the first 3 pages._")
    await store.save_answer(turn, Answer(text="Tea.", made_with=made))
    later = await ask_question(store, question("2", sent_at=2.0))
    assert [turn.made_with for turn in (await store.read_context(later, limit=9)).history] == [made]
    assert not await store.is_forgotten(turn)
    erased = await store.forget(message_key("1"))
    assert await store.is_forgotten(turn)
    assert erased is not None
    assert (erased.files, erased.made_with) == ((), None)
