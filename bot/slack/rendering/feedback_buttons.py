"""The thumbs below an answer: the block that shows them, and what a press of one means.

Anybody in the thread may press a thumb, unlike `buttons`, which are for the person who asked. Where Slack
does not know the `feedback_buttons` element, two plain buttons stand in for it; their `action_id` is
`judge:good` or `judge:bad`. The `value` carries the verdict and the turn's id, for example `good:42`. Pure.
Source: https://docs.slack.dev/reference/block-kit/blocks/context-actions-block
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from bot.core.history.feedback import Verdict
from bot.core.turns import ThreadKey
from bot.slack import payload
from bot.slack.messages import BotIdentity
from bot.slack.rendering import buttons

FEEDBACK_ACTION_ID = "judge"
"""The `action_id` of the thumbs, and the beginning of those of the plain buttons."""
VERDICT_LABELS: Mapping[Verdict, str] = MappingProxyType({Verdict.GOOD: "Good answer", Verdict.BAD: "Bad answer"})
VERDICT_EMOJI: Mapping[Verdict, str] = MappingProxyType({Verdict.GOOD: "👍", Verdict.BAD: "👎"})
"""The labels of the plain buttons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThumbPress:
    """A person pressed a thumb below an answer."""

    turn: int
    verdict: Verdict
    user: str
    thread: ThreadKey


def feedback_block(turn: int) -> dict[str, Any]:
    """Return the block of thumbs for a turn. Slack assigns a new `block_id` at each write, as it advises."""
    pair: dict[str, Any] = {"type": "feedback_buttons", "action_id": FEEDBACK_ACTION_ID}
    for name, verdict in (("positive_button", Verdict.GOOD), ("negative_button", Verdict.BAD)):
        pair[name] = {
            "text": _plain_text(VERDICT_LABELS[verdict]),
            "value": _button_value(turn, verdict),
            "accessibility_label": VERDICT_LABELS[verdict],
        }
    return {"type": "context_actions", "elements": [pair]}


def plain_feedback_block(turn: int) -> dict[str, Any]:
    """Return two plain buttons for a turn, which every version of Slack knows."""
    return {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                "action_id": f"{FEEDBACK_ACTION_ID}:{verdict}",
                "text": _plain_text(VERDICT_EMOJI[verdict]),
                "value": _button_value(turn, verdict),
                "accessibility_label": VERDICT_LABELS[verdict],
            }
            for verdict in Verdict
        ],
    }


def parse_thumb_press(body: Mapping[str, Any], bot: BotIdentity) -> ThumbPress | None:
    """Return the press that a `block_actions` payload describes; None if it is not one of these thumbs."""
    first = next(iter(payload.items(body, "actions")), None)
    verdict, _, turn = payload.text(first, "value").partition(":")
    user, thread = payload.text(body, "user", "id"), buttons.find_thread(body, bot)
    if verdict not in set(Verdict) or not buttons.is_turn_id(turn) or not user or thread is None:
        return None
    return ThumbPress(turn=int(turn), verdict=Verdict(verdict), user=user, thread=thread)


def _button_value(turn: int, verdict: Verdict) -> str:
    return f"{verdict}:{turn}"


def _plain_text(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}
