"""How services say that a conversation is too long, and what they state about the window.

The wordings are taken from the services' documentation and code, and from reports of their users.
"""

import json
from typing import Any

import pytest

from bot.core.errors import ContextTooLong
from bot.llm.protocol.error_body import parse_error_body
from bot.llm.protocol.error_translation import make_model_error

Row = tuple[str, int | None, int | None]
"""What a service says; the window and the tokens of the prompt, if it states them."""

WORDINGS: dict[str, Row] = {
    "OpenAI": (
        "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
        8192,
        9000,
    ),
    "OpenAI: with the answer's limit": (
        "maximum context length is 8,192 tokens, however you requested 9,000 tokens (8,000 in your prompt;",
        8192,
        8000,
    ),
    "OpenAI: gpt-5": (
        "Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 300000 tokens.",
        272_000,
        300_000,
    ),
    "OpenAI: without numbers": (
        "Your input exceeds the context window of this model. Please adjust your input and try again.",
        None,
        None,
    ),
    "OpenRouter": (
        "maximum context length is 8192 tokens. However, you requested about 9000 tokens (8000 of text input",
        8192,
        8000,
    ),
    "vLLM": (
        "maximum context length is 4096 tokens. However, you requested 5000 tokens (4500 in the messages,",
        4096,
        4500,
    ),
    "vLLM: its engine": (
        "The decoder prompt (length 5951) is longer than the maximum model length of 4096.",
        4096,
        5951,
    ),
    "vLLM: the answer's limit does not fit beside it": (
        "too large: 500. maximum context length is 4096 tokens and your request has 3900 input tokens",
        4096,
        3900,
    ),
    "SGLang": (
        "context length of 4096 tokens. You requested a total of 5000 tokens: 4500 tokens from the input",
        4096,
        4500,
    ),
    "SGLang: shorter": (
        "Input length (265330) exceeds model's maximum context length (262144).",
        262_144,
        265_330,
    ),
    "SGLang: another": (
        "Input length 131393 exceeds the maximum allowed input length of 131040 tokens.",
        131_040,
        131_393,
    ),
    "Together": (
        "The input (516368 tokens) is longer than the model's context length (262144 tokens).",
        262_144,
        516_368,
    ),
    "llama.cpp": ("the request exceeds the available context size, try increasing it", None, None),
    "llama.cpp: newer": (
        "request (9000 tokens) exceeds the available context size (8192 tokens), try increasing it",
        8192,
        9000,
    ),
    "LM Studio": (
        "Trying to keep the first 6269 tokens [...] the model has a context length of only 4096 tokens",
        4096,
        None,
    ),
    "Ollama": ("prompt too long; exceeded max context length by 4096 tokens", None, None),
    "Anthropic": ("prompt is too long: 210000 tokens > 200000 maximum", 200_000, 210_000),
    "Anthropic: with the answer's limit": (
        "input length and `max_tokens` exceed context limit: 178902 + 32000 > 200000",
        200_000,
        178_902,
    ),
    "Gemini": (
        "The input token count (1196265) exceeds the maximum number of tokens allowed (1048575).",
        1_048_575,
        1_196_265,
    ),
    "Gemini: shorter": (
        "The input token count exceeds the maximum number of tokens allowed 1048576.",
        1_048_576,
        None,
    ),
    "Mistral": (
        "Prompt contains 9000 tokens, too large for model with 8192 maximum context length",
        8192,
        9000,
    ),
    "xAI": (
        "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
        131_072,
        537_812,
    ),
    "Groq": ("Please reduce the length of the messages or completion.", None, None),
    "Cerebras": (
        "Please reduce the length of the messages or completion. Current length is 9000 while limit is 8192",
        8192,
        9000,
    ),
    "GitHub": ("prompt token count of 200000 exceeds the limit of 128000", 128_000, 200_000),
    "Moonshot": (
        "Invalid request: Your request exceeded model token limit: 262144 (requested: 291351)",
        262_144,
        291_351,
    ),
    "MiniMax: the number is its code": ("invalid params, context window exceeds limit (2013)", None, None),
    "DashScope": ("Range of input length should be [1, 30720]", 30_720, None),
    "Fireworks": ("The prompt is too long: 9000, model maximum context length: 8191", 8191, 9000),
    "Text Generation Inference": (
        "`max_new_tokens` must be <= 8192. Given: 9000 `inputs` tokens and 100 `max_new_tokens`",
        8192,
        9000,
    ),
    "Bedrock": ("Input is too long for requested model.", None, None),
    "a limit of the rate that the request alone exceeds": (
        "Request too large for m on tokens per min (TPM): Limit 30000, Requested 41000.",
        30_000,
        41_000,
    ),
}


def refused(said: Any) -> ContextTooLong:
    error = make_model_error(parse_error_body(400, json.dumps(said).encode()), {}, now=0.0)
    assert isinstance(error, ContextTooLong)
    return error


@pytest.mark.parametrize(("message", "window", "tokens"), WORDINGS.values(), ids=WORDINGS)
def test_a_too_long_prompt_is_recognised_in_every_services_words(
    message: str, window: int | None, tokens: int | None
) -> None:
    error = refused({"error": {"message": message}})
    assert (error.window, error.tokens) == (window, tokens)


def test_numbers_or_words_alone_are_understood_too() -> None:
    numbers = {"error": {"type": "exceed_context_size_error", "n_prompt_tokens": 1234, "n_ctx": 1024}}
    words = {"code": "invalid-argument", "error": WORDINGS["xAI"][0]}
    assert (refused(numbers).window, refused(numbers).tokens) == (1024, 1234)
    assert (refused(words).window, refused(words).tokens) == (131_072, 537_812)


def test_a_body_that_is_too_large_may_tell_the_window() -> None:
    said = json.dumps({"error": {"message": "Request body too large for m. Max size: 8000 tokens."}})
    error = make_model_error(parse_error_body(413, said.encode()), {}, now=0.0)
    assert isinstance(error, ContextTooLong)
    assert error.window == 8000
