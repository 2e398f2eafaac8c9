"""Any Python string becomes one that a database can store."""

from hypothesis import given
from hypothesis import strategies as st

from bot.store.storable_text import make_storable


@given(st.text(st.characters(), max_size=50))
def test_any_string_becomes_storable_and_stays_so(text: str) -> None:
    """Also with lone surrogates and U+0000; a second pass changes nothing."""
    kept = make_storable(text)
    assert "\0" not in kept
    assert kept.encode().decode() == kept
    assert make_storable(kept) == kept


@given(st.text(st.characters(exclude_characters="\0", codec="utf-8")))
def test_proper_text_is_left_alone(text: str) -> None:
    assert make_storable(text) == text
