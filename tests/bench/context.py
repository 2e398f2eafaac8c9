"""How much of a request a prompt cache knows from the one before: `uv run python -m tests.bench.context`.

It prints the figure for the bot, and for a window that drops turns one by one. Both answer the same
conversation of 200 turns. The known part of a request is what comes before the first message that differs
from the previous request.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise

from bot.conversation.request_builder import RequestBuilder, RequestOptions
from bot.conversation.summarising import Summariser
from bot.core.chat.context_window import count_turn_tokens, estimate_tokens
from bot.core.chat.stream import ChoiceFinished, StreamEvent, TextDelta
from bot.core.chat.transcript import build_messages
from bot.core.config import Prompt, ScopeConfig
from bot.core.requests import Answer, ChatMessage, ChatRequest, Usage
from bot.core.turns import AddressingKind, Author, IncomingMessage, ThreadKey, Turn, TurnStatus
from bot.plugins import Plugins
from bot.policy.spending import SpendingPolicy
from bot.testing.records import MemorySummaries
from bot.testing.store import MemoryStore
from bot.testing.surface import PaperSurface

TURNS, WINDOWS = 200, (8_000, 16_000, 32_000)
SYSTEM = "You answer questions about the handbook of our company. " * 5
THREAD = ThreadKey(platform="paper", workspace="T1", channel="C1", root="1")
Requests = list[tuple[ChatMessage, ...]]


def talk(count: int = TURNS) -> Iterator[tuple[str, str]]:
    """Yield questions and answers of different lengths."""
    dice = random.Random(5)
    for _ in range(count):
        yield "why is it so " * dice.randrange(1, 30), "because it is " * dice.randrange(1, 150)


def counted(sent: Sequence[ChatMessage]) -> int:
    """Count tokens as a service with another tokenizer would: one a word, and some for its template."""
    return 40 + sum(4 + len(message.content.split()) for message in sent)


@asynccontextmanager
async def asked(store: MemoryStore, number: int, question: str, answer: str) -> AsyncIterator[Turn]:
    """Record a question; at the end of the context, save its answer."""
    message = IncomingMessage(
        thread=THREAD,
        message_id=str(number),
        author=Author(id="U1"),
        text=question,
        addressed=AddressingKind.MENTION,
        sent_at=float(number),
    )
    turn = await store.accept(message, claim=True)
    assert turn
    yield turn
    await store.save_answer(turn, Answer(text=answer, finish_reason="stop"))
    await store.settle(turn, TurnStatus.DONE)


class SummaryWriter:
    """A model that writes summaries of the greatest allowed length."""

    def __init__(self) -> None:
        self.tasks = Requests()

    @asynccontextmanager
    async def stream(self, request: ChatRequest, **_: object) -> AsyncIterator[AsyncIterator[StreamEvent]]:
        self.tasks.append(request.messages)
        yield self._told()

    async def _told(self) -> AsyncIterator[StreamEvent]:
        yield TextDelta(f"As was said in part {len(self.tasks)}, " * 200)
        yield ChoiceFinished("stop")


async def ours(conversation: Sequence[tuple[str, str]], window: int) -> Requests:
    """Return the requests of the bot, which corrects its estimate by the counts of the service."""
    return await _ours(conversation, window, SummaryWriter(), is_summarised=False)


async def summarised(conversation: Sequence[tuple[str, str]], window: int) -> tuple[Requests, Requests]:
    """Return the requests of the bot with summaries, and those for the summaries."""
    model = SummaryWriter()
    return await _ours(conversation, window, model, is_summarised=True), model.tasks


async def _ours(
    conversation: Sequence[tuple[str, str]], window: int, model: SummaryWriter, *, is_summarised: bool
) -> Requests:
    store, sent = MemoryStore(owner="me"), Requests()
    steering = ScopeConfig(prompt=Prompt(SYSTEM), parameters={"model": "m"})
    kept = MemorySummaries(store.data)
    asking = RequestOptions(
        deployment_config=steering,
        user_key=b"k",
        context_tokens=window,
        summaries=kept if is_summarised else None,
    )
    asker = RequestBuilder(store, {"paper": PaperSurface()}, asking, complete_since=lambda: 0.0)
    summariser = Summariser.create(asking, model, Plugins(), SpendingPolicy())
    for number, (text, said) in enumerate(conversation, 1):
        async with asked(store, number, text, said) as turn:
            question = await asker.prepare(turn)
            request = asker.build(question)
            asker.learn_token_count(request, Usage(prompt_tokens=counted(request.messages)))
            sent.append(request.messages)
            if summariser:
                summariser.start_if_due(question, request, Answer(text=said))
                await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})
                await asyncio.sleep(0)
    return sent


async def turn_by_turn(conversation: Sequence[tuple[str, str]], window: int) -> Requests:
    """Return the requests of a window that always holds as many of the newest turns as fit."""
    store, sent = MemoryStore(owner="me"), Requests()
    for number, (question, answer) in enumerate(conversation, 1):
        async with asked(store, number, question, answer) as turn:
            history = (await store.read_context(turn, limit=1_000)).history
            left, fits = window - estimate_tokens(SYSTEM) - count_turn_tokens(turn), list[Turn]()
            for earlier in reversed(history):
                left -= count_turn_tokens(earlier)
                if left < 0:
                    break
                fits.append(earlier)
            sent.append(build_messages(SYSTEM, fits[::-1], turn))
    return sent


def known(sent: Requests) -> float:
    """Return the share of all prompt tokens that are a prefix of the request before."""
    same, total = 0, sum(map(counted, sent))
    for before, after in pairwise(sent):
        alike = 0
        while alike < min(len(before), len(after)) and before[alike] == after[alike]:
            alike += 1
        same += counted(after[:alike]) if alike else 0
    return same / total


def moves(sent: Requests) -> int:
    """Return how often the oldest message of the request changed."""
    return sum(before[1] != after[1] for before, after in pairwise(sent))


async def main() -> None:
    """Print a line for each way to leave out turns."""
    conversation = list(talk())
    print("window   turns are left out   known   moves of the front   tokens of a request   summaries")  # noqa: T201 - a figure
    for window in WINDOWS:
        with_summaries, tasks = await summarised(conversation, window)
        for name, sent, made in (
            ("in coarse steps", await ours(conversation, window), 0),
            ("and summarised", with_summaries, len(tasks)),
            ("one by one", await turn_by_turn(conversation, window), 0),
        ):
            mean = sum(map(counted, sent)) / len(sent)
            figures = f"{known(sent):>7.1%} {moves(sent):>20} {mean:>21,.0f} {made:>11}"
            print(f"{window:>6,}   {name:18} {figures}")  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main())
