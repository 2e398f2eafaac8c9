"""The buttons below an answer: the blocks that show them, and what a press of one means.

`button_blocks` renders a row of buttons. Each carries the action in its `action_id` and the turn's id in its
`value`; the `block_id` says under which fencing token of the turn the buttons were written. Slack sends all of
them back in a `block_actions` payload, which `parse_button_press` reads; a payload of another shape is None. A
press proves nothing about permission: the store checks who may do what. It also checks the token, so that a
button acts once: what it does leads to the next claim, and to buttons with the next token.

Pure. Sources: https://docs.slack.dev/reference/block-kit/blocks/actions-block and
https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from bot.core.turns import Action, ThreadKey
from bot.slack import payload
from bot.slack.messages import PLATFORM, BotIdentity

ANSWER_BUTTONS_BLOCK_ID = "turn"
"""The `block_id` of the buttons, which a dot and the turn's fencing token follow, as in `turn.3`."""
ACTIONS_BY_ID: Mapping[str, Action] = MappingProxyType(
    {
        "turn_retry": Action.RETRY,
        "turn_continue": Action.CONTINUE,
        "turn_again": Action.AGAIN,
        "turn_previous": Action.PREVIOUS,
        "turn_next": Action.NEXT,
        "turn_choose": Action.CHOOSE,
        "turn_stop": Action.STOP,
    }
)
"""By Slack's `action_id`. Buttons of old messages carry these ids, so they never change."""
BUTTON_LABELS: Mapping[Action, str] = MappingProxyType(
    {
        Action.RETRY: "Try again",
        Action.CONTINUE: "Go on",
        Action.AGAIN: "Answer again",
        Action.PREVIOUS: "◀",
        Action.NEXT: "▶",
        Action.CHOOSE: "Use this one",
        Action.STOP: "Stop",
    }
)
ACCESSIBILITY_LABELS: Mapping[Action, str] = MappingProxyType(
    {Action.PREVIOUS: "Show the answer before this one", Action.NEXT: "Show the answer after this one"}
)
"""What a screen reader says for labels that are only a symbol."""

_MAX_ID_DIGITS = 18
"""Digits of a turn's id; a longer number would not fit the database's integer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonPress:
    """A person pressed one of the buttons below an answer."""

    turn: int
    action: Action
    user: str
    thread: ThreadKey
    shown_token: int = 0
    """The fencing token under which the buttons were written; 0 if they do not say."""


def actions_block(turn: int, actions: Sequence[Action], *, token: int = 0) -> dict[str, Any]:
    """Return a block with a button for each of `actions`."""
    ids = {action: action_id for action_id, action in ACTIONS_BY_ID.items()}
    return {
        "type": "actions",
        "block_id": f"{ANSWER_BUTTONS_BLOCK_ID}.{token}",
        "elements": [
            {
                "type": "button",
                "action_id": ids[action],
                "text": {"type": "plain_text", "text": BUTTON_LABELS[action]},
                "value": str(turn),
                **({"accessibility_label": ACCESSIBILITY_LABELS[action]} if action in ACCESSIBILITY_LABELS else {}),
            }
            for action in actions
        ],
    }


def button_blocks(turn: int, actions: Sequence[Action], *, token: int = 0) -> list[dict[str, Any]]:
    """Return the blocks with the buttons of an answer; empty if none of `actions` has a button."""
    visible = [action for action in actions if action in BUTTON_LABELS]
    return [actions_block(turn, visible, token=token)] if visible else []


def parse_message_shortcut(body: Mapping[str, Any], bot: BotIdentity) -> tuple[ThreadKey, str, str] | None:
    """Return the thread, the message's ts and the user id of a message shortcut; None if one is missing."""
    thread, user = find_thread(body, bot), payload.text(body, "user", "id")
    ts = payload.text(body, "message", "ts")
    return (thread, ts, user) if thread and user and ts else None


def parse_button_press(body: Mapping[str, Any], bot: BotIdentity) -> ButtonPress | None:
    """Return the press that a `block_actions` payload describes; None if it is not one of these buttons."""
    first = next(iter(payload.items(body, "actions")), None)
    action = ACTIONS_BY_ID.get(payload.text(first, "action_id"))
    value, user = payload.text(first, "value"), payload.text(body, "user", "id")
    thread = find_thread(body, bot)
    if action is None or not user or not is_turn_id(value) or thread is None:
        return None
    token = payload.text(first, "block_id").rpartition(".")[2]
    return ButtonPress(
        turn=int(value),
        action=action,
        user=user,
        thread=thread,
        shown_token=int(token) if is_turn_id(token) else 0,
    )


def is_turn_id(text: str) -> bool:
    """Return whether a text may be a turn's id."""
    return text.isascii() and text.isdecimal() and len(text) <= _MAX_ID_DIGITS


def find_thread(body: Mapping[str, Any], bot: BotIdentity) -> ThreadKey | None:
    """Return the thread of the message whose button or shortcut was used; None without a channel or ts."""
    channel, message = payload.text(body, "channel", "id"), payload.mapping(body, "message")
    root = payload.text(message, "thread_ts") or payload.text(message, "ts")
    if not (channel and root):
        return None
    # In a shared channel the payload's `team` is the presser's; the message's `team` is the bot's own.
    team = payload.text(message, "team") or payload.text(body, "team", "id") or bot.workspace
    return ThreadKey(platform=PLATFORM, workspace=team, channel=channel, root=root)
