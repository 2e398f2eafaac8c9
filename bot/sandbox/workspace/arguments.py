"""The arguments of a Web API call, whether they came as JSON or as a form.

Separate because Slack's clients send the same argument in several dresses: a list or its JSON text, `true` or
`"1"`. Rules: a reader returns one type; what cannot be read is refused with Slack's own error name.
"""

import json
from typing import Any

from bot.sandbox.workspace.message_limits import ApiRefusal


class Arguments(dict[str, Any]):
    """What a client sent, by name."""

    def text(self, name: str) -> str:
        """Return a text, empty where there is none."""
        value = self.get(name)
        return "" if value is None else str(value)

    def required(self, name: str) -> str:
        """Return a text. Raises `invalid_arguments` where there is none."""
        if not (value := self.text(name)):
            raise ApiRefusal("invalid_arguments", f"[ERROR] missing required field: {name}")
        return value

    def flag(self, name: str) -> bool:
        """Return a truth value."""
        return self.text(name).lower() in ("1", "true")

    def parse_json(self, name: str, error: str = "invalid_arguments") -> Any:
        """Return a list or an object, given as such or as JSON text; None where there is none.

        Raises `error` where the text is no JSON.
        """
        value = self.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise ApiRefusal(error, f"[ERROR] {name} is not valid JSON") from None

    def number(self, name: str, default: int, *, maximum: int) -> int:
        """Return a number from 1 to `most`. Raises `invalid_limit`."""
        value = self.text(name) or str(default)
        if not value.isdecimal() or not 1 <= int(value) <= maximum:
            raise ApiRefusal("invalid_limit")
        return int(value)
