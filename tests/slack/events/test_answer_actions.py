"""Actions on answers: who may, and when."""

import asyncio

from bot.core.turns import Action, ThreadKey
from bot.slack.events.answer_actions import AnswerActions
from bot.slack.events.ephemeral_replies import CHANGE_NOT_ALLOWED
from bot.slack.rendering import buttons
from tests.slack.events.inboxes import OpenAccess, is_not_admin
from tests.slack.rendering.test_buttons import BOT, body
from tests.virtual_time import on_virtual_time


class OneAnswer:
    """An answer to a question of U1's; it ends after `ends` seconds."""

    def __init__(self, ends: float = 0.0) -> None:
        self._ends = asyncio.get_running_loop().time() + ends
        self.done: list[Action | str] = []

    async def retry(
        self, _turn: int, _thread: ThreadKey, *, by: str, by_admin: bool = False, goes_on: bool = False
    ) -> bool:
        return self._do("goes on" if goes_on else "again", by, by_admin=by_admin)

    async def flip(self, _turn: int, _thread: ThreadKey, action: Action, *, by: str, by_admin: bool = False) -> bool:
        return self._do(action, by, by_admin=by_admin)

    async def answer_again(self, *_: object, **__: object) -> bool:
        raise NotImplementedError

    async def stop(self, *_: object, **__: object) -> None:
        raise NotImplementedError

    def _do(self, what: Action | str, by: str, *, by_admin: bool) -> bool:
        may = by == "U1" or by_admin
        has_ended = asyncio.get_running_loop().time() >= self._ends
        if may and has_ended:
            self.done.append(what)
        return may and has_ended


async def is_admin(user: str) -> bool:
    return user == "U0ADMIN"


def pressed(action: Action, user: str = "U1") -> dict[str, object]:
    return body(user={"id": user}, actions=buttons.actions_block(7, (action,))["elements"])


@on_virtual_time
async def test_a_button_works_as_soon_as_it_is_visible() -> None:
    """The answer is shown shortly before its turn is settled."""
    for ends in (0.0, 0.2):
        answers = OneAnswer(ends)
        actions = AnswerActions(BOT, answers, OpenAccess(), is_not_admin)  # type: ignore[arg-type]  # buttons need no more
        assert await actions.press_button(pressed(Action.CONTINUE)) is None
        assert await actions.press_button(pressed(Action.NEXT)) is None
        assert answers.done == ["goes on", Action.NEXT]


@on_virtual_time
async def test_a_button_of_a_running_answer_is_refused_in_time() -> None:
    actions = AnswerActions(BOT, OneAnswer(60), OpenAccess(), is_not_admin)  # type: ignore[arg-type]  # as above
    before = asyncio.get_running_loop().time()
    refused = await actions.press_button(pressed(Action.RETRY))
    assert refused
    assert refused.sentence == CHANGE_NOT_ALLOWED
    assert asyncio.get_running_loop().time() - before < 1


@on_virtual_time
async def test_admins_may_use_all_buttons() -> None:
    for action in (Action.RETRY, Action.CONTINUE, Action.AGAIN, Action.PREVIOUS, Action.NEXT, Action.CHOOSE):
        answers = OneAnswer()
        actions = AnswerActions(BOT, answers, OpenAccess(), is_admin)  # type: ignore[arg-type]  # as above
        assert await actions.press_button(pressed(action, "U0OTHER"))
        assert not answers.done
        assert await actions.press_button(pressed(action, "U0ADMIN")) is None
        assert answers.done
