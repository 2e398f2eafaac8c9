"""The variants of an answer, as rows beside their turn.

Most turns have one answer and no row here. When a person retries, the answer so far becomes variant 1 and the new
one variant 2; a failed answer is not kept. If the model is asked for several answers (`n` > 1), each is a variant:

    answer "A"                turn.answer = "A"    no variants
    retry                     turn.answer = ""     1: "A"
    save_answer "B"           turn.answer = "B"    1: "A", 2: "B" (shown)
    flip to the previous one  turn.answer = "A"    1: "A" (shown), 2: "B"

The shown variant is copied to the turn, and all other code reads only the turn. Callers have locked the turn's
conversation, or own the turn.
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
    or_,
    select,
    update,
)

from bot.core.reply import variants as rules
from bot.core.turns import Action, TurnStatus, VariantPosition
from bot.store.conversations.requester import ANY_BUTTON, MAY_DECIDE
from bot.store.schema import status_in, turns, variants

_USAGE_COLUMNS: Final = ("prompt_tokens", "completion_tokens", "cached_tokens")
ANSWER_COLUMNS: Final = ("answer", "model", "finish_reason", "made_with", *_USAGE_COLUMNS)
"""The columns of an `Answer`, which turns and variants have in common."""

_IS_OF_TURN = variants.c.turn_id == bindparam("turn")

SELECT_POSITIONS = select(variants.c.number, variants.c.is_shown, variants.c.is_chosen).where(_IS_OF_TURN)
DELETE_VARIANTS = delete(variants).where(_IS_OF_TURN)
HIDE_VARIANTS = update(variants).where(_IS_OF_TURN).values(is_shown=False, is_chosen=False)
DELETE_SHOWN_VARIANT = delete(variants).where(_IS_OF_TURN, variants.c.number == bindparam("shown"))
INSERT_VARIANTS = insert(variants)
SELECT_ANSWER = select(*(variants.c[name] for name in ANSWER_COLUMNS)).where(
    _IS_OF_TURN, variants.c.number == bindparam("shown")
)
UPDATE_SHOWN_VARIANT = (
    update(variants)
    .where(_IS_OF_TURN)
    .values(
        is_shown=variants.c.number == bindparam("shown"),
        is_chosen=and_(variants.c.number == bindparam("shown"), bindparam("chosen", type_=Boolean)),
    )
)

# A failed turn is left out: it has half an answer at best, which nobody would choose.
INSERT_CURRENT_ANSWER = insert(variants).from_select(
    ["turn_id", "number", "is_shown", "is_chosen", *ANSWER_COLUMNS],
    select(turns.c.id, literal(1), false(), false(), *(turns.c[name] for name in ANSWER_COLUMNS)).where(
        turns.c.id == bindparam("turn"),
        turns.c.conversation_id == bindparam("conversation"),
        MAY_DECIDE,
        status_in(turns.c.status, {TurnStatus.DONE, TurnStatus.STOPPED}),
        turns.c.answer != "",
        ~exists().where(variants.c.turn_id == turns.c.id),
    ),
)

SELECT_REQUESTERS_TURN = select(turns.c.id).where(
    turns.c.id == bindparam("turn"),
    turns.c.conversation_id == bindparam("conversation"),
    MAY_DECIDE,
    or_(turns.c.status == TurnStatus.DONE, and_(turns.c.status == TurnStatus.ANSWERED, ANY_BUTTON)),
)

SHOW_AGAIN = (
    update(turns)
    .where(turns.c.id == bindparam("turn"))
    .values(status=TurnStatus.ANSWERED, attempt=0, ended_at=null(), stopped_by=null())
)


def read_position(connection: Connection, turn: int) -> VariantPosition:
    """Return which variant a turn shows, and how many it has."""
    rows = connection.execute(SELECT_POSITIONS, {"turn": turn}).all()
    shown = next((row for row in rows if row.is_shown), None)
    return VariantPosition(shown.number, len(rows), shown.is_chosen) if shown else VariantPosition(0, len(rows))


def add_variants(connection: Connection, turn: int, answers: Sequence[Mapping[str, Any]]) -> VariantPosition:
    """Save new answers and return the position of the first, which is shown. A single answer needs no row.

    If a variant is shown already, the first answer continues that variant, and replaces it.
    """
    before = read_position(connection, turn)
    if not before.count and len(answers) == 1:
        return before
    replaced = [before.number] if before.number else []
    count = before.count + len(answers) - len(replaced)
    numbers = [*replaced, *range(before.count + 1, count + 1)]
    connection.execute(DELETE_SHOWN_VARIANT, {"turn": turn, "shown": before.number})
    rows = [
        {**answer, "turn_id": turn, "number": number, "is_shown": number == numbers[0], "is_chosen": False}
        for number, answer in zip(numbers, answers, strict=True)
    ]
    connection.execute(INSERT_VARIANTS, rows)
    return VariantPosition(numbers[0], count)


def flip_variant(connection: Connection, wanted: Mapping[str, Any], action: Action) -> bool:
    """Show another variant of `wanted["turn"]`; return False if the person may not, or there is only one."""
    if connection.scalar(SELECT_REQUESTERS_TURN, wanted) is None:
        return False
    after = rules.move_position(read_position(connection, wanted["turn"]), action)
    if after is None:
        return False
    values = {"turn": wanted["turn"], "shown": after.number}
    connection.execute(UPDATE_SHOWN_VARIANT, values | {"chosen": after.is_chosen})
    answer = connection.execute(SELECT_ANSWER, values).one()
    connection.execute(SHOW_AGAIN, {"turn": wanted["turn"], **answer._mapping})  # noqa: SLF001 - its public name
    return True
