"""An exact token counter, if one is installed: `uv sync --extra tokens`.

    count = load_counter()
    count("Hello")              5: one for the word, four that the API adds to a message

It is optional: without it `estimate_tokens` counts, and either is corrected by what the services count. Its
time is proportional to the text, whatever people write. Counts are cached under a hash, so the cache holds no
text.

The vocabulary is that of OpenAI's models since gpt-4o. Services with another vocabulary count differently, by
a factor that is much the same for all their texts; the correction finds that factor.
"""

import hashlib
import warnings
from functools import cache
from importlib import import_module
from typing import Final

from bot.core.chat.context_window import TokenCounter, estimate_tokens

TOKENIZER_PACKAGE: Final = "bpe_openai"
"""GitHub's tokenizer; it contains its vocabularies. Others take minutes for a run of 20,000 letters."""
VOCABULARY: Final = "o200k_base"
TOKENS_PER_MESSAGE: Final = 4
"""Tokens that the API adds to each message
(https://github.com/openai/openai-cookbook/blob/main/examples/How_to_format_inputs_to_ChatGPT_models.ipynb).
"""
MAX_CACHED_COUNTS: Final = 50_000
"""Texts whose count is remembered."""


@cache
def load_counter(library: str = TOKENIZER_PACKAGE) -> TokenCounter:
    """Return the exact counter, or the estimate if none is installed."""
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
