"""Prints every regular expression that the program compiles: `python -m tests.program_patterns`.

It runs as a process of its own, because it has to wrap `re` before the first module of the bot is imported. Then it
calls each entry point, since some patterns are made at run time. One line of JSON: `[[place, pattern, flags], ...]`.
"""

import importlib
import json
import pkgutil
import re
import sys
from typing import Any

NOT_IMPORTABLE = ("bot.__main__",)
"""It runs the command."""


def main() -> None:
    """Collect, and print."""
    found: dict[tuple[str, int], str] = {}
    compile_pattern = re._compile  # type: ignore[attr-defined]  # `re.compile`, `re.sub` and the others all call it

    def note(pattern: Any, flags: Any) -> Any:
        compiled = compile_pattern(pattern, flags)
        frame = sys._getframe(1)
        while frame.f_back and frame.f_globals["__name__"] == "re":
            frame = frame.f_back
        place = frame.f_globals["__name__"]
        if place.startswith("bot.") and isinstance(compiled.pattern, str):
            found.setdefault((compiled.pattern, compiled.flags), f"{place}:{frame.f_lineno}")
        return compiled

    re._compile = note  # type: ignore[attr-defined]
    package = importlib.import_module("bot")
    for module in pkgutil.walk_packages(package.__path__, "bot."):
        if module.name not in NOT_IMPORTABLE:
            importlib.import_module(module.name)
    entry_points = importlib.import_module("tests.entry_points")
    for enter in (*entry_points.QUICK.values(), *entry_points.GROWING.values()):
        enter("<@UBOT> a **word**, `code`\n\n- [a](b) 1: 2\n")
    print(json.dumps([[place, *pattern] for pattern, place in found.items()]))  # noqa: T201 - its output


if __name__ == "__main__":
    main()
