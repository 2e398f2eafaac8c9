"""The variants of answers, as rows beside their turns.

Separate from the turns' own statements because few turns have any. Rules: there are rows only where there is
a choice, or is about to be one; what is shown stands in the turn as well, which is all that others read; a
caller has locked the turn's conversation, or holds the turn.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    Connection,
    and_,
    bindparam,
    delete,
    exists,
    false,
    insert,
    literal,
    null,
    select,
    update,
)

from bot.core import variants as rules
from bot.core.domain import Action, Place, TurnStatus
from bot.store.rights import IS_THEIRS
from bot.store.schema import status_in, turns, variants

COPIED: Final = (
    "answer",
    "model",
    "finish_reason",
    "made_with",
    "prompt_tokens",
    "completion_tokens",
    "cached_tokens",
)
"""Columns that a turn and a variant have in common: those of an `Answer`."""

_OF_TURN = variants.c.turn_id == bindparam("turn")

PLACES = select(variants.c.number, variants.c.is_shown, variants.c.is_chosen).where(_OF_TURN)
ERASE = delete(variants).where(_OF_TURN)
HIDE = update(variants).where(_OF_TURN).values(is_shown=False, is_chosen=False)
DROP = delete(variants).where(_OF_TURN, variants.c.number == bindparam("shown"))
ADD = insert(variants)
READ = select(*(variants.c[name] for name in COPIED)).where(_OF_TURN, variants.c.number == bindparam("shown"))
MOVE = (
    update(variants)
    .where(_OF_TURN)
    .values(
        is_shown=variants.c.number == bindparam("shown"),
        is_chosen=and_(variants.c.number == bindparam("shown"), bindparam("chosen", type_=Boolean)),
    )
)

# A turn that failed has half an answer at best: not worth a choice.
KEEP = insert(variants).from_select(
    ["turn_id", "number", "is_shown", "is_chosen", *COPIED],
    select(turns.c.id, literal(1), false(), false(), *(turns.c[name] for name in COPIED)).where(
        turns.c.id == bindparam("turn"),
        turns.c.conversation_id == bindparam("conversation"),
        IS_THEIRS,
        status_in(turns.c.status, {TurnStatus.DONE, TurnStatus.STOPPED}),
        turns.c.answer != "",
        ~exists().where(variants.c.turn_id == turns.c.id),
    ),
)

ASKERS_TURN = select(turns.c.id).where(
    turns.c.id == bindparam("turn"),
    turns.c.conversation_id == bindparam("conversation"),
    IS_THEIRS,
    status_in(turns.c.status, {TurnStatus.DONE, TurnStatus.ANSWERED}),
)

SHOW = (
    update(turns)
    .where(turns.c.id == bindparam("turn"))
    .values(status=TurnStatus.ANSWERED, attempt=0, ended_at=null(), stopped_by=null())
)


def place(connection: Connection, turn: int) -> Place:
    """Return which variant of a turn is shown."""
    rows = connection.execute(PLACES, {"turn": turn}).all()
    shown = next((row for row in rows if row.is_shown), None)
    return Place(shown.number, len(rows), shown.is_chosen) if shown else Place(0, len(rows))


def add(connection: Connection, turn: int, answers: Sequence[Mapping[str, Any]]) -> Place:
    """Keep new answers and return the place of the first, which is shown; one that is alone needs no row.

    Where one is shown already, the first is that one, gone on with, and replaces it.
    """
    before = place(connection, turn)
    if not before.count and len(answers) == 1:
        return before
    replaced = [before.number] if before.number else []
    count = before.count + len(answers) - len(replaced)
    numbers = [*replaced, *range(before.count + 1, count + 1)]
    connection.execute(DROP, {"turn": turn, "shown": before.number})
    rows = [
        {**answer, "turn_id": turn, "number": number, "is_shown": number == numbers[0], "is_chosen": False}
        for number, answer in zip(numbers, answers, strict=True)
    ]
    connection.execute(ADD, rows)
    return Place(numbers[0], count)


def flip(connection: Connection, wanted: Mapping[str, Any], action: Action) -> bool:
    """Have another variant of `wanted["turn"]` shown, if that person may and there is a choice."""
    if connection.scalar(ASKERS_TURN, wanted) is None:
        return False
    after = rules.moved(place(connection, wanted["turn"]), action)
    if after is None:
        return False
    there = {"turn": wanted["turn"], "shown": after.number}
    connection.execute(MOVE, there | {"chosen": after.is_chosen})
    answer = connection.execute(READ, there).one()
    connection.execute(SHOW, {"turn": wanted["turn"], **answer._mapping})  # noqa: SLF001 - its public name
    return True
