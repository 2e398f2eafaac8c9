"""The bytes of a one-word answer, and a helper that asks once with its own client."""

from bot.core.chat.stream import StreamEvent
from bot.llm.chat_completions import OpenAIChat
from bot.llm.http.client import open_client
from tests.contracts.chat_model import asking, collect

WORD = b'data: {"choices":[{"delta":{"content":"Hi"}}]}\n\n'
END = b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n'
DONE = b"data: [DONE]\n\n"


async def ask(
    base_url: str,
    text: str = "hello",
    *,
    key: str = "",
    first_word: float = 5.0,
    idle: float = 5.0,
    total: float = 5.0,
) -> list[StreamEvent]:
    """Ask once, with a client of its own."""
    events: list[StreamEvent] = []
    async with open_client(base_url, key) as client:
        model = OpenAIChat(client, first_word_timeout=first_word, idle_timeout=idle, total_timeout=total)
        await collect(model, asking(text), events)
    return events
