"""What to add to a message so that it shows a longer text; it can't take anything back.

Separate because whoever appends, and whoever checks that, needs the very same rule. Pure.
"""


def find_addition(text: str, shown: str) -> str | None:
    """Return what to add to a message that shows `shown` so that it reads `text`; None if nothing does.

    White space at the end of `shown` may be more than `text` has there: nobody sees it.
    """
    if text.startswith(shown):
        return text[len(shown) :]
    stem = shown.rstrip()
    if not text.startswith(stem):
        return None
    rest = text[len(stem) :]
    if rest and not rest[0].isspace():
        return None
    rest = rest.lstrip(" ")
    return rest.lstrip("\n") if "\n" in shown[len(stem) :] else rest
