"""The exact token counter, compared with the estimate."""

import time

import pytest

from bot.core.chat.context_window import TokenCounter, count_request_tokens, estimate_tokens
from bot.llm import token_counter
from tests.conversation.test_request_builder import PaperThread
from tests.virtual_time import run

WINDOW = 3_000


@pytest.fixture(scope="module")
def count() -> TokenCounter:
    return token_counter.load_counter()


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("", 0),
        ("Hello, world!", 4),
        ("The quick brown fox jumps over the lazy dog.", 10),
        ("日本語", 2),
        ("<|endoftext|>", 7),
        ("half a \ud83d pair", 4),
    ],
)
def test_it_counts_as_openais_models_do_and_accepts_any_text(count: TokenCounter, text: str, exact: int) -> None:
    assert count(text) == exact + token_counter.TOKENS_PER_MESSAGE
    assert count(text) == exact + token_counter.TOKENS_PER_MESSAGE, "the second time too"


@pytest.mark.parametrize("piece", ["a", " ", "日本語", "\U0001f600", "-" * 7])
def test_no_text_keeps_everybody_waiting(count: TokenCounter, piece: str) -> None:
    """Some tokenizers need minutes for these."""
    began = time.process_time()
    count(piece * 40_000)
    assert time.process_time() - began < 5


def test_without_the_extra_tokens_are_estimated() -> None:
    assert token_counter.load_counter("no_such_library") is estimate_tokens


@pytest.mark.parametrize("is_exact", [True, False])
def test_requests_fit_before_the_service_has_counted_anything(count: TokenCounter, *, is_exact: bool) -> None:
    """For unusual text, the estimate is too low until it is corrected."""

    async def body() -> None:
        thread = PaperThread(tokens=WINDOW)
        thread.counter = count if is_exact else estimate_tokens
        thread.start()
        for _ in range(12):
            await thread.ask("🦄🐉🧙‍♀️ " * 60)
        largest = max(count_request_tokens(request.messages, count) for request in thread.model.requests)
        assert (largest <= WINDOW) is is_exact

    run(body())
