"""An exact counter of tokens, where one is installed: `pip install threadkeeper[tokens]`.

Separate because nothing needs it: without it `core.context.estimate` counts, and what services count corrects
either. Rules: it takes time in proportion to a text, whatever people write; what is kept is no text.

The vocabulary is that of OpenAI's models since gpt-4o. Services with others count otherwise, each by a factor
that is much the same for all its texts, which is what the correction is for.
"""

import hashlib
import warnings
from functools import cache
from importlib import import_module
from typing import Final

from bot.core.chat.context_window import TokenCounter, estimate_tokens

TOKENIZER_PACKAGE: Final = "bpe_openai"
"""GitHub's tokenizer; it brings its vocabularies along. Others take minutes for a run of 20,000 letters."""
VOCABULARY: Final = "o200k_base"
TOKENS_PER_MESSAGE: Final = 4
"""Tokens around each message; facts/model-api.md 5."""
MAX_CACHED_COUNTS: Final = 50_000
"""Texts whose count is remembered."""


@cache
def load_counter(library: str = TOKENIZER_PACKAGE) -> TokenCounter:
    """Return the exact counter, or the estimate where there is none."""
    try:
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # how it finds its files
            encoding = import_module(library).get_encoding(VOCABULARY)
    except ImportError:
        return estimate_tokens
    counted: dict[bytes, int] = {}

    def count(text: str) -> int:
        data = text.encode(errors="replace")
        key = hashlib.blake2b(data, digest_size=16).digest()
        if key not in counted:
            if len(counted) >= MAX_CACHED_COUNTS:
                counted.clear()
            counted[key] = len(encoding.encode_ordinary(data.decode())) + TOKENS_PER_MESSAGE
        return counted[key]

    return count
