"""The buttons below an answer: what a press of each means."""

from typing import Any

import pytest

from bot.core.turns import Action
from bot.slack import messages
from bot.slack.rendering import buttons

BOT = messages.BotIdentity(user="UBOT", bot_id="BBOT", workspace="T1")


def body(**changes: Any) -> dict[str, Any]:
    """Return the payload of a press on a button of turn 7 in a thread, with changes."""
    element = buttons.actions_block(7, (Action.RETRY,))["elements"][0]
    fields = {
        "type": "block_actions",
        "user": {"id": "U1", "team_id": "TX"},
        "team": {"id": "TX"},
        "channel": {"id": "C1"},
        "message": {"ts": "5.0", "thread_ts": "1.0", "team": "T1"},
        "actions": [{"type": "button", "action_id": element["action_id"], "value": element["value"]}],
    }
    return fields | changes


@pytest.mark.parametrize("action", buttons.ACTIONS_BY_ID.values())
def test_each_action_has_a_button_that_names_it(action: Action) -> None:
    (element,) = buttons.actions_block(7, (action,))["elements"]
    pressed = buttons.parse_button_press(body(actions=[element]), BOT)
    assert pressed is not None
    assert (pressed.turn, pressed.action, pressed.user) == (7, action, "U1")
    assert (pressed.thread.workspace, pressed.thread.channel, pressed.thread.root) == ("T1", "C1", "1.0")


@pytest.mark.parametrize(
    ("block_id", "token"),
    [
        ("turn.3", 3),
        ("turn.0", 0),
        ("turn", 0),
        ("", 0),
        ("turn.", 0),
        ("turn.x", 0),
        ("turn.-3", 0),
        ("turn." + "9" * 19, 0),
    ],
)
def test_a_press_says_under_which_token_its_button_was_written(block_id: str, token: int) -> None:
    """Buttons of before have no token; their presses count as they did."""
    element = {**buttons.actions_block(7, (Action.RETRY,))["elements"][0], "block_id": block_id}
    pressed = buttons.parse_button_press(body(actions=[element]), BOT)
    assert pressed is not None
    assert pressed.shown_token == token


def test_a_press_in_a_shared_channel_belongs_to_the_bots_workspace() -> None:
    """`team` is then the other company's, whose people may press as well."""
    pressed = buttons.parse_button_press(body(message={"ts": "5.0", "thread_ts": "1.0"}), BOT)
    assert pressed is not None
    assert pressed.thread.workspace == "TX", "the fallback if the message does not name a team"


@pytest.mark.parametrize(
    "changes",
    [
        {"actions": []},
        {"actions": [{"action_id": "something_else", "value": "7"}]},
        {"actions": [{"action_id": "turn_retry", "value": "seven"}]},
        {"actions": [{"action_id": "turn_retry", "value": "\u0667"}]},
        {"actions": [{"action_id": "turn_retry", "value": "9" * 19}]},
        {"user": {}},
        {"channel": None},
        {"message": {}},
    ],
    ids=str,
)
def test_other_payloads_are_no_press(changes: dict[str, Any]) -> None:
    assert buttons.parse_button_press(body(**changes), BOT) is None
