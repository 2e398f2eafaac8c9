"""Sealed leaves: what we gave comes back, and nothing else does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.domain import DIRECT, PromptKey
from bot.slack.admin.mandate import Forged, Mandate, seal, unseal

KEY = b"a key"
CHANNEL = PromptKey(platform="slack", workspace="T1", channel="C1")
MANDATE = Mandate(level=CHANNEL, based_on=3, admin="U1", until=9.5)


@pytest.mark.parametrize("channel", ["", "C1", DIRECT])
@pytest.mark.parametrize("root", ["", "1.5"])
def test_a_mandate_comes_back(channel: str, root: str) -> None:
    level = PromptKey(platform="slack", workspace="T1", channel=channel, root=root if channel == "C1" else "")
    mandate = Mandate(level=level, based_on=3, admin="U1", until=9.5)
    assert unseal(seal(mandate, KEY), KEY) == mandate
    assert len(seal(mandate, KEY)) < 3_000


@given(st.text(max_size=200))
def test_what_we_never_made_is_refused(text: str) -> None:
    with pytest.raises(Forged):
        unseal(text, KEY)


@given(st.integers(0, len(seal(MANDATE, KEY)) - 1), st.characters())
def test_a_changed_letter_breaks_the_seal(at: int, letter: str) -> None:
    sealed = seal(MANDATE, KEY)
    changed = sealed[:at] + letter + sealed[at + 1 :]
    if changed != sealed:
        with pytest.raises(Forged):
            unseal(changed, KEY)


def test_another_key_is_no_key() -> None:
    with pytest.raises(Forged):
        unseal(seal(MANDATE, KEY), b"another key")
