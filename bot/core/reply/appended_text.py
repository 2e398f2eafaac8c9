"""Computes what to append to a message so that it shows a longer text.

Shared by the adapter that appends to Slack messages and by its test doubles, which must agree.

    find_addition("One two", "One ")     "two"
    find_addition("One, two", "One ")    None: the message already shows a space where the comma belongs
"""


def find_addition(text: str, shown: str) -> str | None:
    """Return what to append to a message so that it shows `text`; None if that is impossible.

    Trailing white space of `shown` may be more than `text` has there: it is invisible.
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
