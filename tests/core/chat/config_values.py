"""Hypothesis strategies for configs that an admin may save."""

from hypothesis import strategies as st

from bot.core.chat.parameters import PARAMETERS
from bot.core.chat.scoped_config import PROMPT_FIELD, list_scopes
from bot.core.config import Prompt, Scope, ScopeConfig

FIELDS = (PROMPT_FIELD, *PARAMETERS)

texts = (
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0{}"), min_size=1, max_size=60)
    .filter(str.strip)
    .map(lambda text: f"{text}{{{{x}}}}" if len(text) % 3 else text)
)
prompts = st.builds(Prompt, texts, appends=st.booleans())
parameters = st.fixed_dictionaries(
    {},
    optional={
        "model": st.sampled_from(["m-1", "m-2"]),
        "temperature": st.floats(0, 2) | st.integers(0, 2),
        "n": st.integers(1, 8),
        "stop": st.lists(
            st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200),
            min_size=1,
            max_size=4,
        ),
        "logit_bias": st.dictionaries(st.sampled_from(["1", "50256"]), st.integers(-100, 100), min_size=1),
        "verbosity": st.sampled_from(["low", "medium", "high"]),
    },
)
configs = st.builds(
    ScopeConfig,
    prompt=st.none() | prompts,
    parameters=parameters,
    locks=st.frozensets(st.sampled_from(FIELDS), max_size=2),
)

THREAD = Scope(platform="slack", workspace="T1", channel="D1", root="9.1")
CHAIN = list_scopes(THREAD, is_direct=True)
scope_configs = st.dictionaries(st.sampled_from(CHAIN), configs)
"""What each scope of a thread in direct messages sets."""
