"""The thumbs below an answer: how they look, and what pressing one tells.

Separate from `buttons`, which are for who asked: anybody in the thread may press these. Pure. Sources:
https://docs.slack.dev/reference/block-kit/blocks/context-actions-block and facts/slack.md 5 (Feedback).
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
"""`action_id`; where Slack does not know thumbs, that of the button for a verdict is `judge:good`."""
VERDICT_LABELS: Mapping[Verdict, str] = MappingProxyType({Verdict.GOOD: "Good answer", Verdict.BAD: "Bad answer"})
VERDICT_EMOJI: Mapping[Verdict, str] = MappingProxyType({Verdict.GOOD: "👍", Verdict.BAD: "👎"})
"""On the buttons that stand in for thumbs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThumbPress:
    """Somebody pressed a thumb of ours."""

    turn: int
    verdict: Verdict
    user: str
    thread: ThreadKey


def feedback_block(turn: int) -> dict[str, Any]:
    """Return the block of thumbs for a turn; it gets another id at each write, as Slack advises."""
    pair: dict[str, Any] = {"type": "feedback_buttons", "action_id": FEEDBACK_ACTION_ID}
    for name, verdict in (("positive_button", Verdict.GOOD), ("negative_button", Verdict.BAD)):
        pair[name] = {
            "text": _plain_text(VERDICT_LABELS[verdict]),
            "value": _button_value(turn, verdict),
            "accessibility_label": VERDICT_LABELS[verdict],
        }
    return {"type": "context_actions", "elements": [pair]}


def plain_feedback_block(turn: int) -> dict[str, Any]:
    """Return the same as plain buttons, which every server knows."""
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
    """Return what a `block_actions` payload tells, or None where it is no thumb of ours in a thread."""
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
