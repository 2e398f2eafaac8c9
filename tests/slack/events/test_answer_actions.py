"""Actions on answers: who may, and when."""

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.errors import StoreUnavailable
from bot.core.turns import Action, ThreadKey
from bot.slack.events.answer_actions import AnswerActions
from bot.slack.events.bolt_app import create_bolt_app
from bot.slack.events.ephemeral_replies import CHANGE_NOT_ALLOWED
from bot.slack.events.inbox import Inbox
from bot.slack.rendering import buttons
from bot.slack.transport.bolt_dispatch import dispatch_payload
from tests.slack.events.inboxes import OpenAccess, is_not_admin
from tests.slack.rendering.test_buttons import BOT, body
from tests.virtual_time import on_virtual_time, run


class OneAnswer:
    """An answer to a question of U1's; it ends after `ends` seconds."""

    def __init__(self, ends: float = 0.0) -> None:
        self._ends = asyncio.get_running_loop().time() + ends
        self._token = 3
        self.done: list[Action | str] = []
        self.is_store_down = False

    async def retry(
        self,
        _turn: int,
        _thread: ThreadKey,
        *,
        by: str,
        by_admin: bool = False,
        goes_on: bool = False,
        shown_token: int = 0,
    ) -> bool:
        return self._do("goes on" if goes_on else "again", by, by_admin=by_admin, shown_token=shown_token)

    async def flip(
        self, _turn: int, _thread: ThreadKey, action: Action, *, by: str, by_admin: bool = False, shown_token: int = 0
    ) -> bool:
        return self._do(action, by, by_admin=by_admin, shown_token=shown_token)

    async def answer_again(self, *_: object, **__: object) -> bool:
        raise NotImplementedError

    async def stop(self, *_: object, **__: object) -> None:
        raise NotImplementedError

    def _do(self, what: Action | str, by: str, *, by_admin: bool, shown_token: int) -> bool:
        if self.is_store_down:
            raise StoreUnavailable("down")
        may = (by == "U1" or by_admin) and shown_token in {0, self._token}
        has_ended = asyncio.get_running_loop().time() >= self._ends
        if may and has_ended:
            self.done.append(what)
            self._token += shown_token > 0
        return may and has_ended


async def is_admin(user: str) -> bool:
    return user == "U0ADMIN"


def pressed(action: Action, user: str = "U1", token: int = 0) -> dict[str, object]:
    block = buttons.actions_block(7, (action,), token=token)
    return body(user={"id": user}, actions=[{**block["elements"][0], "block_id": block["block_id"]}])


@pytest.mark.parametrize("action", [Action.RETRY, Action.CONTINUE, Action.AGAIN, Action.NEXT, Action.CHOOSE])
@pytest.mark.parametrize("ends", [0.0, 0.2])
def test_a_button_that_is_pressed_impatiently_acts_once_and_says_nothing(action: Action, ends: float) -> None:
    """Also while the first press waits for the answer to end; the button that comes next acts again."""

    async def check() -> None:
        answers = OneAnswer(ends)
        actions = AnswerActions(BOT, answers, OpenAccess(), is_not_admin)  # type: ignore[arg-type]  # buttons need no more
        presses = [actions.press_button(pressed(action, token=3)) for _ in range(3)]
        assert await asyncio.gather(*presses) == [None, None, None]
        assert await actions.press_button(pressed(action, token=3)) is None
        assert len(answers.done) == 1
        assert await actions.press_button(pressed(action, token=4)) is None
        assert len(answers.done) == 2

    run(check())


@on_virtual_time
async def test_a_press_that_was_refused_may_be_tried_again() -> None:
    answers = OneAnswer(2.0)
    actions = AnswerActions(BOT, answers, OpenAccess(), is_not_admin)  # type: ignore[arg-type]  # as above
    assert await actions.press_button(pressed(Action.RETRY, token=3)), "it has not ended"
    await asyncio.sleep(2.0)
    assert await actions.press_button(pressed(Action.RETRY, token=3)) is None
    assert await actions.press_button(pressed(Action.RETRY, "U2", token=3)), "it is U1's"
    assert len(answers.done) == 1


@on_virtual_time
async def test_a_press_that_the_store_could_not_take_may_be_tried_again() -> None:
    """By the person, and by Slack, which delivers again what was not acknowledged."""
    answers = OneAnswer()
    actions = AnswerActions(BOT, answers, OpenAccess(), is_not_admin)  # type: ignore[arg-type]  # as above
    app = create_bolt_app(AsyncWebClient(token="xoxb-1"), BOT, cast("Inbox", SimpleNamespace(answer_actions=actions)))
    press = pressed(Action.RETRY, token=3) | {"type": "block_actions", "trigger_id": "1.2.3"}
    answers.is_store_down = True
    assert (await dispatch_payload(app, dict(press), {})).status == 500
    assert (await dispatch_payload(app, press | {"trigger_id": "1.2.4"}, {})).status == 500
    answers.is_store_down = False
    for _ in range(3):
        again = await dispatch_payload(app, dict(press), {"X-Slack-Retry-Num": "1"})
        assert (again.status, answers.done) == (200, ["again"])


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
