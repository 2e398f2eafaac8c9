"""The messages array: order, speakers, and the person's identifier."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.chat import transcript
from bot.core.requests import ChatMessage
from bot.core.turns import Author, ThreadKey, Turn, TurnStatus

THREAD = ThreadKey(platform="slack", workspace="T1", channel="C1", root="1.0")
ADA = Author(id="U1", name="Ada Lovelace")
GRACE = Author(id="U2", name="Grace")


def turn(question: str, answer: str = "", *, author: Author = ADA, error: str = "", number: int = 1) -> Turn:
    """Return a turn as the store would."""
    status = TurnStatus.FAILED if error else TurnStatus.DONE
    return Turn(
        id=number,
        thread=THREAD,
        message_id=f"{number}.0",
        author=author,
        question=question,
        status=status,
        token=1,
        answer=answer,
        error=error,
    )


def said(array: Sequence[ChatMessage]) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in array]


def test_system_prompt_then_turns_in_order_then_the_question() -> None:
    array = transcript.build_messages("Be kind.", [turn("one", "1"), turn("two", "2")], turn("three"))
    assert said(array) == [
        ("system", "Be kind."),
        ("user", "one"),
        ("assistant", "1"),
        ("user", "two"),
        ("assistant", "2"),
        ("user", "three"),
    ]


def test_an_answer_to_continue_is_sent_with_the_request_to_continue() -> None:
    """The request to continue has no speaker, even if several people write."""
    array = transcript.build_messages("", [turn("one", "1", author=GRACE)], turn("two", "Tw"))
    assert said(array)[2:] == [
        ("user", "Ada Lovelace: two"),
        ("assistant", "Tw"),
        ("user", transcript.CONTINUE_PROMPT),
    ]


def test_if_several_people_write_each_message_names_its_speaker() -> None:
    array = transcript.build_messages("", [turn("one", "1")], turn("two", author=GRACE))
    assert said(array) == [("user", "Ada Lovelace: one"), ("assistant", "1"), ("user", "Grace: two")]


def test_people_without_a_name_are_told_apart_by_a_number() -> None:
    history = [turn("one", "1", author=Author(id="U8"))]
    array = transcript.build_messages("", history, turn("two", author=Author(id="U9")))
    assert [content for _, content in said(array)] == ["Person 1: one", "1", "Person 2: two"]
    assert "U8" not in str(array), "an id of the platform never reaches the model"


def test_names_are_sent_only_where_the_server_takes_them() -> None:
    with_names = transcript.build_messages("", [], turn("one"), names=True)
    assert (with_names[0].content, with_names[0].name) == ("one", "Ada_Lovelace")
    assert transcript.build_messages("", [], turn("one"))[0].name == ""


def test_a_question_that_failed_is_joined_with_the_next_so_that_roles_alternate() -> None:
    """The templates of many models refuse two messages of one role in a row."""
    array = transcript.build_messages("", [turn("one", error="model_busy")], turn("again, please"))
    assert said(array) == [("user", "one\n\nagain, please")]


def test_a_message_without_text_still_has_content() -> None:
    assert transcript.build_messages("", [], turn(""))[0].content == transcript.NO_TEXT


def test_a_filtered_question_is_not_sent_again() -> None:
    history = (turn("fine", "1"), turn("forbidden", error="content_filtered"))
    assert transcript.select_remembered(history) == (history[0],)


@given(st.text())
def test_api_names_fit_the_pattern_of_the_api(name: str) -> None:
    safe = transcript.to_api_name(name)
    assert len(safe) <= 64
    assert all(character.isascii() and (character.isalnum() or character in "_-") for character in safe)


@pytest.mark.parametrize("other", [("T1", "U2", b"k"), ("T2", "U1", b"k"), ("T1", "U1", b"l")])
def test_the_user_field_is_stable_opaque_and_different_for_others(other: tuple[str, str, bytes]) -> None:
    mine = transcript.hash_user(ADA, "T1", b"k")
    assert mine == transcript.hash_user(Author(id="U1", name="renamed"), "T1", b"k")
    assert len(mine) == 64
    assert int(mine, 16) >= 0
    workspace, user, key = other
    assert transcript.hash_user(Author(id=user), workspace, key) != mine
