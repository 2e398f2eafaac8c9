"""The variants of an answer: which variant each button leads to, and the note below the answer.

The variant that is shown is also the one in the conversation's history, so the model always knows what people
see. Choosing a variant only removes the buttons.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from bot.core.turns import Action, VariantPosition

STEPS_BY_ACTION: Mapping[Action, int] = MappingProxyType({Action.PREVIOUS: -1, Action.NEXT: 1, Action.CHOOSE: 0})
"""How far each button moves; after the last variant comes the first one."""


def move_position(position: VariantPosition, action: Action) -> VariantPosition | None:
    """Return the position that a button leads to; None if there is no choice to make."""
    if position.is_chosen or not position.number or position.count < 2:  # noqa: PLR2004 - one is no choice
        return None
    number = (position.number - 1 + STEPS_BY_ACTION[action]) % position.count + 1
    return replace(position, number=number, is_chosen=action is Action.CHOOSE)


def describe_position(position: VariantPosition) -> str:
    """Return the note about the variant below an answer, such as `_2 of 3_`; empty if there is only one."""
    return f"_{position.number} of {position.count}_" if position.count and position.number else ""


def list_actions(position: VariantPosition) -> tuple[Action, ...]:
    """Return the buttons below an answer; none once a variant is chosen."""
    return tuple(STEPS_BY_ACTION) if move_position(position, Action.NEXT) else ()
