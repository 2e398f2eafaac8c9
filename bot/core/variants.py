"""The variants of an answer: where a button leads, and what stands below the one that is shown.

Separate because it is the whole rule of flipping, and nothing else knows it. Pure. The one that is shown is
always the conversation's history too: the model must know what people see. To choose it only ends the choice.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from bot.core.domain import Action, Place

STEPS: Mapping[Action, int] = MappingProxyType({Action.PREVIOUS: -1, Action.NEXT: 1, Action.CHOOSE: 0})
"""How far each button moves; who goes beyond an end comes to the other one."""


def moved(place: Place, action: Action) -> Place | None:
    """Return where a button of `STEPS` leads; None where there is nothing left to choose from."""
    if place.is_chosen or not place.number or place.count < 2:  # noqa: PLR2004 - one is no choice
        return None
    number = (place.number - 1 + STEPS[action]) % place.count + 1
    return replace(place, number=number, is_chosen=action is Action.CHOOSE)


def note(place: Place) -> str:
    """Return what is said below an answer of its place; nothing where it is the only one."""
    return f"_{place.number} of {place.count}_" if place.count and place.number else ""


def actions(place: Place) -> tuple[Action, ...]:
    """Return the buttons below an answer; none once it is chosen."""
    return tuple(STEPS) if moved(place, Action.NEXT) else ()
