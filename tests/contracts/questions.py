"""Questions for stores under test: short ways to make threads and messages, and to take turns through their life."""

import pytest

from bot.core.errors import ClaimLost
from bot.core.requests import Answer, Usage
from bot.core.turns import AddressingKind, Author, IncomingMessage, MessageKey, ThreadKey, Turn, TurnStatus
from tests.contracts.stores import Store

ADA = Author(id="U0ADA", name="Ada")
ANSWER = Answer(text="Because.", model="m-1", finish_reason="stop", usage=Usage(prompt_tokens=3))


def thread(root: str = "1.0", channel: str = "C1", workspace: str = "T1") -> ThreadKey:
    return ThreadKey(platform="slack", workspace=workspace, channel=channel, root=root)


def question(
    message_id: str,
    text: str = "Why?",
    *,
    where: ThreadKey | None = None,
    addressed: AddressingKind = AddressingKind.MENTION,
    author: Author = ADA,
    sent_at: float = 0.0,
    delivery: str = "",
) -> IncomingMessage:
    return IncomingMessage(
        thread=where or thread(),
        message_id=message_id,
        author=author,
        text=text,
        addressed=addressed,
        sent_at=sent_at,
        delivery=delivery,
    )


def message_key(message_id: str) -> MessageKey:
    return MessageKey(platform="slack", workspace="T1", channel="C1", message_id=message_id)


async def ask_question(store: Store, incoming: IncomingMessage, *, claim: bool = True) -> Turn:
    turn = await store.accept(incoming, claim=claim)
    assert turn is not None
    return turn


async def end_turn(store: Store, turn: Turn, status: TurnStatus = TurnStatus.DONE) -> Turn | None:
    if status is TurnStatus.DONE:
        await store.save_answer(turn, ANSWER)
    return await store.settle(turn, status)


async def assert_owner_lost(store: Store, turn: Turn) -> None:
    with pytest.raises(ClaimLost):
        await store.record_page(turn, 0, "9.9")
    with pytest.raises(ClaimLost):
        await store.save_answer(turn, Answer(text="Never."))
    for status in (TurnStatus.DONE, TurnStatus.STOPPED, TurnStatus.FAILED):
        with pytest.raises(ClaimLost):
            await store.settle(turn, status)
    with pytest.raises(ClaimLost):
        await store.release(turn)
