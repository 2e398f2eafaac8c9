"""The variants of an answer: where a button leads, and what stands below the one that is shown.

Separate because it is the whole rule of flipping, and nothing else knows it. Pure. The one that is shown is
always the conversation's history too: the model must know what people see. To choose it only ends the choice.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from bot.core.turns import Action, VariantPosition

STEPS_BY_ACTION: Mapping[Action, int] = MappingProxyType(
    {Action.PREVIOUS: -1, Action.NEXT: 1, Action.CHOOSE: 0}
)
"""How far each button moves; who goes beyond an end comes to the other one."""


def move_position(position: VariantPosition, action: Action) -> VariantPosition | None:
    """Return where a button of `STEPS` leads; None where there is nothing left to choose from."""
    if position.is_chosen or not position.number or position.count < 2:  # noqa: PLR2004 - one is no choice
        return None
    number = (position.number - 1 + STEPS_BY_ACTION[action]) % position.count + 1
    return replace(position, number=number, is_chosen=action is Action.CHOOSE)


def describe_position(position: VariantPosition) -> str:
    """Return what is said below an answer of its place; nothing where it is the only one."""
    return f"_{position.number} of {position.count}_" if position.count and position.number else ""


def list_actions(position: VariantPosition) -> tuple[Action, ...]:
    """Return the buttons below an answer; none once it is chosen."""
    return tuple(STEPS_BY_ACTION) if move_position(position, Action.NEXT) else ()
