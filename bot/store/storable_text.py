"""Turns any Python string into one that every database stores unchanged; used by the SQL and the memory store."""


def make_storable(text: str) -> str:
    """Return `text` without characters that UTF-8 or PostgreSQL refuses; almost always `text` itself.

    A surrogate pair that was cut in two (JSON allows it, and a stream may do it) is joined. A lone
    surrogate and U+0000 become U+FFFD: https://www.postgresql.org/docs/current/datatype-character.html
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.replace("\0", "\ufffd")
