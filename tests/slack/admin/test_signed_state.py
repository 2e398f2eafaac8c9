"""Signed form state: what the bot signed is verified, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.config import DIRECT_MESSAGES, Scope
from bot.slack.admin.signed_state import FormState, InvalidSignature, sign, verify

KEY = b"a key"
CHANNEL = Scope(platform="slack", workspace="T1", channel="C1")
STATE = FormState(scope=CHANNEL, based_on=3, user="U1", expires_at=9.5)


@pytest.mark.parametrize("channel", ["", "C1", DIRECT_MESSAGES])
@pytest.mark.parametrize("root", ["", "1.5"])
def test_a_signed_state_is_verified(channel: str, root: str) -> None:
    level = Scope(platform="slack", workspace="T1", channel=channel, root=root if channel == "C1" else "")
    state = FormState(scope=level, based_on=3, user="U1", expires_at=9.5)
    assert verify(sign(state, KEY), KEY) == state
    assert len(sign(state, KEY)) < 3_000


@given(st.text(max_size=200))
def test_text_without_a_signature_is_refused(text: str) -> None:
    with pytest.raises(InvalidSignature):
        verify(text, KEY)


@given(st.integers(0, len(sign(STATE, KEY)) - 1), st.characters())
def test_a_changed_letter_breaks_the_signature(at: int, letter: str) -> None:
    signed = sign(STATE, KEY)
    changed = signed[:at] + letter + signed[at + 1 :]
    if changed != signed:
        with pytest.raises(InvalidSignature):
            verify(changed, KEY)


def test_another_key_is_refused() -> None:
    with pytest.raises(InvalidSignature):
        verify(sign(STATE, KEY), b"another key")
