"""The contract of the store for variants: several answers to one question, of which one is the conversation's."""

import pytest

from bot.core.errors import ClaimLost
from bot.core.requests import Answer
from bot.core.turns import Action, Turn, TurnStatus, VariantPosition
from tests.contracts.conftest import Join
from tests.contracts.questions import ADA, ANSWER, ask_question, end_turn, message_key, question, thread
from tests.contracts.stores import Store

TEA, MILK = Answer(text="Tea.", finish_reason="length"), Answer(text="Milk.", finish_reason="stop")


async def turn_with_three_variants(store: Store) -> Turn:
    """Return an ended turn with three variants of its answer, the first of them shown."""
    turn = await ask_question(store, question("1"))
    assert await store.save_answer(turn, ANSWER, [TEA, MILK]) == VariantPosition(1, 3)
    await store.settle(turn, TurnStatus.DONE)
    return turn


async def show_next(store: Store) -> tuple[str, str, VariantPosition]:
    """Claim and settle the turn that is to be shown; return its text, finish reason and position."""
    (turn,) = await store.claim(9)
    assert turn.status is TurnStatus.ANSWERED
    await store.settle(turn, TurnStatus.DONE)
    return turn.answer, turn.finish_reason, turn.variant_position


async def read_history(store: Store) -> list[str]:
    later = await ask_question(store, question("later", sent_at=9.0))
    return [turn.answer for turn in (await store.read_context(later, limit=9)).history]


async def test_a_single_answer_has_no_position(store: Store) -> None:
    turn = await ask_question(store, question("1"))
    assert await store.save_answer(turn, ANSWER) == VariantPosition()
    await store.settle(turn, TurnStatus.DONE)
    for action in (Action.NEXT, Action.PREVIOUS, Action.CHOOSE):
        assert not await store.flip(turn.id, turn.thread, action, by=ADA.id)


async def test_flipping_goes_round(store: Store) -> None:
    """Each step copies another complete answer to the turn, and the process that claims it shows it."""
    turn = await turn_with_three_variants(store)
    seen = []
    for action in (Action.NEXT, Action.NEXT, Action.NEXT, Action.PREVIOUS):
        assert await store.flip(turn.id, turn.thread, action, by=ADA.id)
        seen.append(await show_next(store))
    assert seen == [
        ("Tea.", "length", VariantPosition(2, 3)),
        ("Milk.", "stop", VariantPosition(3, 3)),
        ("Because.", "stop", VariantPosition(1, 3)),
        ("Milk.", "stop", VariantPosition(3, 3)),
    ]
    assert await read_history(store) == ["Milk."], "the model knows what people see"


async def test_a_button_flips_once_until_its_answer_is_claimed_again(store: Store) -> None:
    """A second press, or delivery, of the same button comes before the claim or after it, in any process."""
    turn = await turn_with_three_variants(store)

    async def press(token: int) -> bool:
        return await store.flip(turn.id, turn.thread, Action.NEXT, by=ADA.id, shown_token=token)

    assert not await press(turn.token + 1)
    assert await press(turn.token)
    assert not await press(turn.token), "before the claim"
    (claimed,) = await store.claim(9)
    assert not await press(claimed.token), "while it is shown"
    await store.settle(claimed, TurnStatus.DONE)
    assert not await press(turn.token), "after it"
    assert claimed.variant_position == VariantPosition(2, 3)
    assert await press(claimed.token), "that is the next button"


async def test_a_button_has_a_turn_answered_again_once(store: Store) -> None:
    turn = await ask_question(store, question("1"))
    await store.settle(turn, TurnStatus.FAILED, error="model_busy")

    async def press(token: int) -> Turn | None:
        return await store.retry(turn.id, turn.thread, by=ADA.id, claim=True, shown_token=token)

    assert await press(turn.token + 1) is None
    again = await press(turn.token)
    assert again
    assert await press(turn.token) is None, "while it is answered"
    await store.settle(again, TurnStatus.FAILED, error="model_busy")
    assert await press(turn.token) is None, "after it"
    assert await press(again.token), "that is the next button"


async def test_a_chosen_variant_stays(store: Store) -> None:
    turn = await turn_with_three_variants(store)
    await store.flip(turn.id, turn.thread, Action.NEXT, by=ADA.id)
    await show_next(store)
    assert await store.flip(turn.id, turn.thread, Action.CHOOSE, by=ADA.id)
    assert await show_next(store) == ("Tea.", "length", VariantPosition(2, 3, is_chosen=True))
    for action in (Action.NEXT, Action.PREVIOUS, Action.CHOOSE):
        assert not await store.flip(turn.id, turn.thread, action, by=ADA.id)
    assert await read_history(store) == ["Tea."]


async def test_only_the_author_may_flip_and_only_in_the_thread(store: Store) -> None:
    turn = await turn_with_three_variants(store)
    await ask_question(store, question("2", where=thread("2.0")))
    assert not await store.flip(turn.id, turn.thread, Action.NEXT, by="U0BOB")
    assert not await store.flip(turn.id, thread("2.0"), Action.NEXT, by=ADA.id)
    assert not await store.flip(turn.id, thread("none"), Action.NEXT, by=ADA.id)
    assert not await store.flip(99, turn.thread, Action.NEXT, by=ADA.id)


async def test_two_flips_show_the_last_variant(join: Join) -> None:
    """The second flip comes while another process shows the first: the turn is shown once more."""
    a, b = await join("a"), await join("b")
    turn = await turn_with_three_variants(a)
    await b.flip(turn.id, turn.thread, Action.NEXT, by=ADA.id)
    (showing,) = await a.claim(9)
    assert await b.flip(turn.id, turn.thread, Action.NEXT, by=ADA.id)
    assert await b.claim(9) == [], "nobody else writes while one writes"
    again = await a.settle(showing, TurnStatus.DONE)
    assert again is not None
    assert (again.id, again.answer, again.variant_position) == (turn.id, "Milk.", VariantPosition(3, 3))
    assert await a.settle(again, TurnStatus.DONE) is None


async def test_a_flip_that_a_dead_process_did_not_show_is_shown_by_another(join: Join) -> None:
    a, b = await join("a"), await join("b")
    turn = await turn_with_three_variants(a)
    await a.flip(turn.id, turn.thread, Action.PREVIOUS, by=ADA.id)
    await a.claim(9)
    await a.unregister()
    assert await show_next(b) == ("Milk.", "stop", VariantPosition(3, 3))


async def test_a_retried_answer_is_kept_beside_the_old_one(store: Store) -> None:
    turn = await ask_question(store, question("1"))
    await end_turn(store, turn)
    for number, text in enumerate(("Tea.", "Milk."), 2):
        again = await store.retry(turn.id, turn.thread, by=ADA.id, claim=True)
        assert again is not None
        assert (again.answer, again.variant_position) == ("", VariantPosition(0, number - 1))
        assert not await store.flip(turn.id, turn.thread, Action.NEXT, by=ADA.id), "it is being answered"
        assert await store.save_answer(again, Answer(text=text)) == VariantPosition(number, number)
        await store.settle(again, TurnStatus.DONE)
    await store.flip(turn.id, turn.thread, Action.NEXT, by=ADA.id)
    assert await show_next(store) == ("Because.", "stop", VariantPosition(1, 3))


async def test_half_an_answer_is_no_variant(store: Store) -> None:
    turn = await ask_question(store, question("1"))
    await store.settle(turn, TurnStatus.FAILED, error="model", answer=Answer(text="Beca"))
    again = await store.retry(turn.id, turn.thread, by=ADA.id, claim=True)
    assert again is not None
    assert await store.save_answer(again, ANSWER) == VariantPosition()


async def test_a_continued_variant_keeps_its_position(store: Store) -> None:
    turn = await turn_with_three_variants(store)
    await store.flip(turn.id, turn.thread, Action.NEXT, by=ADA.id)
    await show_next(store)
    again = await store.retry(turn.id, turn.thread, by=ADA.id, claim=True, goes_on=True)
    assert again is not None
    assert (again.answer, again.variant_position) == ("Tea.", VariantPosition(2, 3))
    assert await store.save_answer(again, Answer(text="Tea. And milk.")) == VariantPosition(2, 3)
    await store.settle(again, TurnStatus.DONE)
    for action, text in ((Action.NEXT, "Milk."), (Action.PREVIOUS, "Tea. And milk.")):
        await store.flip(turn.id, turn.thread, action, by=ADA.id)
        assert (await show_next(store))[0] == text


async def test_the_variants_of_a_deleted_question_are_gone(store: Store) -> None:
    turn = await turn_with_three_variants(store)
    erased = await store.forget(message_key("1"))
    assert erased is not None
    assert (erased.answer, erased.variant_position) == ("", VariantPosition())
    assert not await store.flip(turn.id, turn.thread, Action.NEXT, by=ADA.id)


async def test_pages_that_are_not_needed_are_forgotten(join: Join) -> None:
    a, b = await join("a"), await join("b")
    turn = await ask_question(a, question("1"))
    for page in range(3):
        await a.record_page(turn, page, f"1.{page}")
    await a.forget_pages(turn, 1)
    with pytest.raises(ClaimLost):
        await b.forget_pages(turn, 0)
    await a.release(turn)
    (again,) = await a.claim(1)
    assert again.pages == ("1.0",)
