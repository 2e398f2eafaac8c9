"""The arguments of a Web API call, read as one type each.

Slack's clients send the same argument in several forms: a list as JSON or as its JSON text, a truth value as
`true`, `"true"` or `"1"`. `Arguments` is the dict that a client sent; each method of it reads one argument as
one Python type. If an argument cannot be read, the method raises `ApiRefusal` with Slack's error name.
"""

import json
from typing import Any

from bot.sandbox.workspace.message_limits import ApiRefusal


class Arguments(dict[str, Any]):
    """The arguments of one call, by name."""

    def text(self, name: str) -> str:
        """Return an argument as text; an absent one is empty."""
        value = self.get(name)
        return "" if value is None else str(value)

    def required(self, name: str) -> str:
        """Return a text that must be there. Raises `invalid_arguments`."""
        if not (value := self.text(name)):
            raise ApiRefusal("invalid_arguments", f"[ERROR] missing required field: {name}")
        return value

    def flag(self, name: str) -> bool:
        """Return an argument as a truth value; an absent one is False."""
        return self.text(name).lower() in ("1", "true")

    def parse_json(self, name: str, error: str = "invalid_arguments") -> Any:
        """Return a list or an object, sent as JSON or as JSON text; None if it is absent.

        Raises `error` if the text is not JSON.
        """
        value = self.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise ApiRefusal(error, f"[ERROR] {name} is not valid JSON") from None

    def number(self, name: str, default: int, *, maximum: int) -> int:
        """Return a number from 1 to `maximum`. Raises `invalid_limit`."""
        value = self.text(name) or str(default)
        if not value.isdecimal() or not 1 <= int(value) <= maximum:
            raise ApiRefusal("invalid_limit")
        return int(value)
