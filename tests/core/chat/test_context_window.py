"""Which turns are sent to the model, and what is known of its window."""

import base64
import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.chat.context_window import (
    ANSWER_RESERVE_TOKENS,
    MAX_TURNS_IN_VIEW,
    MIN_WINDOW_TOKENS,
    ContextWindows,
    EstimateCorrection,
    count_question_tokens,
    count_turn_tokens,
    estimate_tokens,
    find_first_turn,
)
from bot.core.requests import Provenance
from bot.core.turns import Author, ThreadKey, Turn, TurnStatus

THREAD = ThreadKey(platform="slack", workspace="T1", channel="C1", root="1.0")


def turn(number: int, question: str = "Why?", answer: str = "") -> Turn:
    """Return a turn as the store would."""
    return Turn(
        id=number,
        thread=THREAD,
        message_id=f"{number}.0",
        author=Author(id="U1"),
        question=question,
        status=TurnStatus.DONE,
        token=1,
        answer=answer,
    )


def talk(count: int, seed: int = 1) -> list[Turn]:
    """Return turns of very different lengths."""
    dice = random.Random(seed)
    return [turn(number, "why " * dice.randrange(1, 100), "so " * dice.randrange(1, 600)) for number in range(count)]


def fronts(turns: Sequence[Turn], room: float, *, read: int = 1_000) -> list[int]:
    """Return the first turn in view for each question, if at most `read` turns are read."""
    found = []
    for end, question in enumerate(turns):
        history = turns[max(0, end - read) : end]
        seen = view(history, replace(question, answer=""), room, is_all=len(history) < read)
        found.append(seen[0].id if seen else end)
    return found


def view(
    history: Sequence[Turn], question: Turn, room: float, *, pictures: int = 0, is_all: bool = True
) -> Sequence[Turn]:
    """Return the turns in view."""
    return history[find_first_turn(history, count_question_tokens(question, pictures=pictures), room, is_all=is_all) :]


def moves(found: Sequence[int]) -> int:
    return len(set(found)) - 1


UNTIMED = settings(deadline=None)  # the machine may be busy, and time is not what these tests are about
TURNS = st.lists(st.tuples(st.text(max_size=60), st.text(max_size=60)), max_size=40)


@UNTIMED
@given(TURNS, st.text(max_size=60), st.integers(0, 300))
def test_the_newest_turns_are_in_view_whole_and_within_the_room(
    said: list[tuple[str, str]], question: str, room: int
) -> None:
    turns = [turn(number, *texts) for number, texts in enumerate(said)]
    newest = turn(len(turns), question)
    seen = view(turns, newest, room)
    assert list(seen) == turns[len(turns) - len(seen) :]
    if seen:
        assert sum(map(count_turn_tokens, seen)) + count_turn_tokens(newest) <= room
    if sum(map(count_turn_tokens, (*turns, newest))) <= room:
        assert len(seen) == len(turns)


def test_the_front_never_moves_back_and_moves_seldom() -> None:
    """200 turns of very different lengths, about 20 in view: it moves about every tenth turn."""
    found = fronts(talk(200), 20 * 300)
    assert found == sorted(found)
    assert found[-1] > 150
    assert moves(found) < 200 / 8


def test_the_front_stands_also_when_not_the_whole_conversation_is_read() -> None:
    """Of 2,000 short turns the newest 1,000 are read, so the first one that is read changes each time."""
    found = fronts([turn(number) for number in range(2_000)], 1_000_000)
    assert found == sorted(found)
    assert moves(found) < 25
    assert all(end - front <= MAX_TURNS_IN_VIEW for end, front in enumerate(found))
    assert found[MAX_TURNS_IN_VIEW] == 0
    assert found[MAX_TURNS_IN_VIEW + 1] > 0, "turns are left out before less than all is read, so that it can be told"


def test_an_answer_to_continue_and_a_questions_files_take_room_too() -> None:
    history, room = [turn(1), turn(2)], sum(map(count_turn_tokens, (turn(1), turn(2), turn(3))))
    assert len(view(history, turn(3), room)) == 2
    assert len(view(history, turn(3, answer="beginning"), room)) < 2
    assert len(view(history, replace(turn(3), made_with=Provenance(reading="a table")), room)) < 2
    assert len(view(history, turn(3), room, pictures=1)) < 2


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 4), ("word " * 70, 104), ("日本語" * 7, 22), (base64.b64encode(bytes(300)).decode(), 204)],
    ids=["empty", "words", "japanese", "base64"],
)
def test_estimates(text: str, tokens: int) -> None:
    """Two bytes a token in unbroken runs, 3.5 elsewhere, and 4 tokens for the message."""
    assert estimate_tokens(text) == tokens


@UNTIMED
@given(st.lists(st.floats(0.01, 100), max_size=30))
def test_a_correction_stays_within_its_bounds(ratios: list[float]) -> None:
    correction = EstimateCorrection()
    for ratio in ratios:
        correction.feed(1_000, 1_000 * ratio)
        assert 0.5 <= correction.factor <= 3 * 1.25


@pytest.mark.parametrize("ratio", [0.6, 0.9, 1.0, 1.4, 2.0, 2.9])
def test_a_correction_approaches_the_counts_and_does_not_stay_below(ratio: float) -> None:
    correction = EstimateCorrection()
    for _ in range(30):
        correction.feed(1_000, 1_000 * ratio)
    assert ratio / 1.03 <= correction.factor <= ratio * 1.25**1.6


@pytest.mark.parametrize("ratio", [0.7, 0.83, 1.0, 1.25, 1.3, 1.56, 1.7])
def test_a_correction_does_not_change_while_counts_scatter(ratio: float) -> None:
    correction, dice = EstimateCorrection(), random.Random(7)
    factors = []
    for _ in range(300):
        correction.feed(1_000, 1_000 * ratio * dice.uniform(0.9, 1.1))
        factors.append(correction.factor)
    settled = factors[20:]
    assert sum(a != b for a, b in pairwise(settled)) <= 1


def test_short_prompts_tell_nothing() -> None:
    correction = EstimateCorrection()
    correction.feed(20, 90)
    assert correction.factor == 1


def test_a_window_comes_from_a_refusal_else_the_list_else_the_setting() -> None:
    windows = ContextWindows(100_000)
    assert windows.prompt_limit("m") == 100_000
    windows.set_listed({"m": 32_768, "large": 1_000_000})
    assert windows.prompt_limit("m") == 32_768 - ANSWER_RESERVE_TOKENS
    assert windows.prompt_limit("large") == 100_000, "the setting is the cap"
    windows.note_too_long("m", 20_000, window=16_384, tokens=None)
    assert windows.prompt_limit("m") == 16_384 - ANSWER_RESERVE_TOKENS


def test_room_is_left_for_the_answer() -> None:
    windows = ContextWindows(100_000)
    windows.set_listed({"m": 8_000})
    assert windows.prompt_limit("m") == 6_000, "a quarter at most is reserved"
    assert windows.prompt_limit("m", 1_000) == 7_000
    assert windows.prompt_limit("m", 1_000_000) == 4_000, "a limit beyond the window leaves half of it"


def test_a_refusal_that_counts_corrects_the_estimate_at_once() -> None:
    windows = ContextWindows(100_000)
    windows.note_too_long("m", 5_000, window=8_000, tokens=10_000)
    assert windows.prompt_limit("m", 0) <= 8_000 / 2
    assert windows.prompt_limit("other") == 100_000


def test_a_refusal_without_numbers_halves_and_halves_again() -> None:
    windows = ContextWindows(100_000)
    windows.note_too_long("m", 60_000, window=None, tokens=None)
    once = windows.prompt_limit("m", 0)
    windows.note_too_long("m", once, window=None, tokens=None)
    assert (once, windows.prompt_limit("m", 0)) == (30_000, 15_000)
    windows.note_too_long("m", 10, window=None, tokens=None)
    assert windows.prompt_limit("m", 0) == MIN_WINDOW_TOKENS, "something else made it too long"
