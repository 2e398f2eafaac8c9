"""The answers of the sandbox's model, and the directives in a question."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.model.composer import (
    PromptMessage,
    compose_answer,
    fill_to_token_count,
    read_conversation,
    split_tokens,
)
from bot.sandbox.model.directives import Directives, ModelFault, last_paragraph, parse_directives

# What it says


def answer_to(*messages: tuple[str, str]) -> str:
    return compose_answer(read_conversation([PromptMessage(role=role, text=text) for role, text in messages]))


def test_a_greeting_is_answered_briefly() -> None:
    assert answer_to(("user", "Hello!")).startswith("Hello!")
    assert len(split_tokens(answer_to(("user", "hi there")))) < 50


def test_a_question_gets_a_well_formed_answer() -> None:
    """A heading, a list, code and a table, about the words of the question."""
    answer = answer_to(("user", "How do rate limits work with several threads?"))
    for part in (
        "## Rate limits",
        "> How do rate limits",
        "1. **",
        "   - ",
        "```python",
        "|:----",
        "| limits | 6 |",
    ):
        assert part in answer
    assert answer.count("```") == 2


def test_it_knows_what_came_before() -> None:
    talk = [("user", "Tell me about cats"), ("assistant", "..."), ("user", "And dogs?"), ("assistant", "...")]
    assert "1. Tell me about cats\n2. And dogs?" in answer_to(*talk, ("user", "What did I ask?"))
    assert "question 3" in answer_to(*talk, ("user", "Describe a lighthouse, please"))
    assert "the first one" in answer_to(("user", "what did I say before?"))
    assert "1. Tell me about cats" in answer_to(*talk, ("user", "Did we talk about tea?"))


def test_it_shows_its_instructions() -> None:
    asked = ("user", "Which instructions do you have?")
    assert "> Be kind.\n> Be brief." in answer_to(("system", "Be kind.\nBe brief."), asked)
    assert "no instructions" in answer_to(asked)


def test_it_addresses_the_speaker_where_there_are_several() -> None:
    """The bot puts names in front only if several people ask; a colon alone does not make a name."""
    earlier = [("user", "Ada: hello"), ("assistant", "Hello!")]
    assert "Hello again, Grace Hopper!" in answer_to(*earlier, ("user", "Grace Hopper: hi"))
    assert answer_to(*earlier, ("user", "Grace: what did we ask?")).endswith("1. hello")
    assert "> Note: buy milk" in answer_to(("user", "Note: buy milk"))


def test_a_name_field_is_a_speaker() -> None:
    talk = read_conversation([PromptMessage(role="user", text="hello", name="Ada")])
    assert compose_answer(talk).startswith("Hello, Ada!")


@pytest.mark.parametrize(
    "text", ["", " ", "!!!", "اكتب لي عن القطط", "猫について教えて", "🧵🧵", "a|b_c*d`e", "x" * 40_000]
)
def test_any_question_has_an_answer(text: str) -> None:
    assert answer_to(("user", text)).strip()
    assert "".join(split_tokens(text.strip())) == text.strip()


@given(st.text(max_size=200))
def test_tokens_joined_are_the_text(text: str) -> None:
    assert "".join(split_tokens(text)) == text


@given(st.lists(st.tuples(st.sampled_from(["system", "user", "assistant"]), st.text(max_size=60)), max_size=6))
def test_every_conversation_has_the_same_answer_twice(messages: list[tuple[str, str]]) -> None:
    assert answer_to(*messages) == answer_to(*messages) != ""


@pytest.mark.parametrize("number", [1, 7, 500, 5_000])
def test_an_answer_of_an_exact_length(number: int) -> None:
    talk = read_conversation([PromptMessage(role="user", text="Tell me about cats")])
    assert len(split_tokens(fill_to_token_count(compose_answer(talk), number, talk))) == number


# The directives


@pytest.mark.parametrize(
    ("text", "directives", "rest"),
    [
        ("hello", Directives(), "hello"),
        ("a [[tokens=5]] b [[rate=2.5]]", Directives(tokens=5, rate=2.5), "a  b"),
        ("[[fault=500 times=1]]", Directives(fault=ModelFault.FAILED, times=1), ""),
        ("[[say=a\n\nb]]", Directives(say="a\n\nb"), ""),
        ("[[say=]]", Directives(say=""), ""),
        ("[[tokens=many]] [[colour=red]] [[fault=]] [[fault=9]]", Directives(), ""),
        ("old [[fault=500]]\n\nnew", Directives(), "new"),
        ("old\n\nnew [[delay=1]]", Directives(delay=1), "new"),
    ],
)
def test_directives(text: str, directives: Directives, rest: str) -> None:
    found, left = parse_directives(text)
    assert found == directives
    assert " ".join(left.split()) == " ".join(rest.split())


@given(st.text(alphabet="[]= \nfault=times0-9say", max_size=60))
def test_any_text_is_read(text: str) -> None:
    parse_directives(text)
    assert text.endswith(last_paragraph(text))
