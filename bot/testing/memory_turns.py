"""What a turn in memory is with an answer, with another one, and with none.

Separate from `memory`, which says when: here is what a row's columns would be. Pure.
"""

from dataclasses import replace

from bot.core.requests import Answer
from bot.core.turns import Turn
from bot.store.storable_text import make_storable


def without_answer(turn: Turn) -> Turn:
    """Return a turn to which nobody has said anything yet."""
    return replace(turn, answer="", model="", finish_reason="", error="", made_with=None, stopped_by="")


def with_answer_of(turn: Turn, said: Turn) -> Turn:
    """Return a turn with the answer of another."""
    return replace(
        turn, answer=said.answer, model=said.model, finish_reason=said.finish_reason, made_with=said.made_with
    )


def with_answer(turn: Turn, answer: Answer) -> Turn:
    """Return a turn with an answer, as it can be stored."""
    return replace(
        turn,
        answer=make_storable(answer.text),
        model=make_storable(answer.model),
        finish_reason=make_storable(answer.finish_reason),
        made_with=answer.made_with,
    )
