"""For any request, the Web API answers as Slack does: with a result, or with the name of an error.

Each place of each valid payload is replaced by each kind of invalid value.
"""

import copy
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from bot.sandbox.server import SandboxWorkspace
from bot.sandbox.workspace.arguments import Arguments
from bot.sandbox.workspace.block_kit import add_ids, check_blocks, check_view
from bot.sandbox.workspace.message_limits import ApiRefusal
from bot.sandbox.workspace.records import Json, WorkspaceMessage

RUBBISH: list[Any] = [
    None,
    True,
    7,
    1.5,
    "",
    "x",
    "{",
    [],
    {},
    [[]],
    [None],
    [7],
    [{}],
    {"type": []},
    {"type": "x"},
]

PLAIN = {"type": "plain_text", "text": "x"}
OPTION = {"text": PLAIN, "value": "x"}
CONFIRM = {"title": PLAIN, "text": PLAIN, "confirm": PLAIN, "deny": PLAIN}
BUTTON = {"type": "button", "text": PLAIN, "action_id": "go", "confirm": CONFIRM}
SELECT = {"type": "static_select", "action_id": "pick", "placeholder": PLAIN, "options": [OPTION]}
INPUT = {"type": "plain_text_input", "action_id": "say", "max_length": 10, "initial_value": "x"}
FIELD = {"type": "input", "block_id": "field", "label": PLAIN, "element": INPUT}
SECTION = {"type": "section", "text": PLAIN, "fields": [PLAIN], "accessory": SELECT}
MESSAGE = [
    SECTION,
    FIELD,
    {"type": "actions", "elements": [BUTTON, SELECT]},
    {"type": "context", "elements": [PLAIN, {"type": "image", "image_url": "x", "alt_text": "x"}]},
    {"type": "markdown", "text": "# x"},
    {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]},
]
VIEW = {"type": "modal", "title": PLAIN, "submit": PLAIN, "blocks": [SECTION, FIELD], "private_metadata": "x"}
TASK = {"type": "task_update", "id": "x", "title": "x", "status": "pending"}
ARGUMENTS: dict[str, Any] = {
    **dict.fromkeys(("channel", "channel_id"), "C0GENERAL"),
    **dict.fromkeys(("user", "user_id", "users", "recipient_user_id"), "U0ADA"),
    **dict.fromkeys(("ts", "thread_ts", "message_ts", "timestamp"), "1.000001"),
    **dict.fromkeys(("text", "title", "cursor", "hash", "trigger_id", "view_id"), "x"),
    "attachments": [{}],
    "blocks": [SECTION],
    "chunks": [{"type": "markdown_text", "text": "x"}, TASK],
    "latest": "9",
    "limit": 3,
    "loading_messages": ["x"],
    "markdown_text": "",
    "metadata": {"event_type": "x", "event_payload": {}},
    "name": "eyes",
    "oldest": "0",
    "prompts": [{"title": "x", "message": "x"}],
    "recipient_team_id": "T0SANDBOX",
    "status": "active",
    "types": "im",
    "view": VIEW,
}


def broken(payload: Any) -> Iterator[Any]:
    """Yield copies of a payload with one place replaced: each place by each invalid value."""
    if isinstance(payload, dict | list):
        for key in payload if isinstance(payload, dict) else range(len(payload)):
            for worse in (*RUBBISH, *broken(payload[key])):
                changed = copy.copy(payload)
                changed[key] = worse
                yield changed


def test_blocks_are_taken_or_refused() -> None:
    for blocks in (*RUBBISH, *broken(MESSAGE)):
        with suppress(ApiRefusal):
            check_blocks(blocks, "message")
            json.dumps(add_ids(blocks))


def test_views_are_taken_or_refused() -> None:
    for view in (*RUBBISH, *broken(VIEW)):
        with suppress(ApiRefusal):
            check_view(view, "modal")
            json.dumps(add_ids(view["blocks"]))


@pytest.mark.parametrize("method", sorted(SandboxWorkspace()._methods()))
def test_methods_answer_or_refuse(method: str) -> None:
    workspace = SandboxWorkspace()
    workspace.state._observers.clear()  # what follows from a change needs a running loop
    asked = WorkspaceMessage(channel="C0GENERAL", ts="1.000001", user="U0BOT", text="x")
    for name, value in ARGUMENTS.items():
        for worse in (*RUBBISH, *broken(value)):
            workspace.state.post(asked)
            arguments: Json = ARGUMENTS | {name: worse}
            with suppress(ApiRefusal):
                json.dumps(workspace._methods()[method](Arguments(arguments)))
