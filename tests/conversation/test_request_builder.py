"""What the model gets of a long conversation, and what the thread says about it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import pytest

from bot.conversation.answering import Answerer
from bot.conversation.request_builder import OUT_OF_VIEW_NOTE, RequestOptions
from bot.core.chat import summaries
from bot.core.chat.context_window import TokenCounter, estimate_tokens
from bot.core.config import Prompt, ScopeConfig
from bot.core.errors import ContextTooLong, ModelBusy, ModelUnavailable
from bot.core.requests import ContextCoverage, Usage
from bot.core.turns import AddressingKind, Author, IncomingMessage, ThreadKey
from bot.llm.adaptation.learned_facts import ModelFacts
from bot.plugins import Plugins
from bot.testing.model import ModelScript, ScriptedModel
from bot.testing.store import MemoryStore
from bot.testing.surface import PaperSurface
from tests.bench import context as bench
from tests.virtual_time import on_virtual_time

THREAD = ThreadKey(platform="paper", workspace="T1", channel="C1", root="1")
LONG = "as I said before, " * 30


class PaperThread:
    """A thread on paper, in which one person asks a model one question after the other."""

    def __init__(
        self,
        *scripts: ModelScript,
        tokens: int = 100_000,
        windows: Callable[[], Awaitable[Mapping[str, int]]] | None = None,
    ) -> None:
        self.model = ScriptedModel(*scripts)
        self.surface = PaperSurface(page_size=10_000)
        self.store = MemoryStore(owner="me")
        self.tokens = tokens
        self.windows = windows
        self.counter: TokenCounter = estimate_tokens
        self.page = ModelFacts().for_server()
        self.asked = 0
        self.start()

    def start(self) -> None:
        """Start the bot, which knows nothing but what is stored."""
        steering = ScopeConfig(prompt=Prompt("Be kind."), parameters={"model": "m"})
        self.answering = Answerer(
            store=self.store,
            model=self.model,
            surfaces={"paper": self.surface},
            options=RequestOptions(
                deployment_config=steering,
                user_key=b"k",
                context_tokens=self.tokens,
                list_windows=self.windows,
                count_tokens=self.counter,
                server_facts=self.page,
            ),
            plugins=Plugins(()),
        )

    async def ask(self, question: str = LONG) -> str:
        """Ask, and return what stands below the question."""
        self.asked += 1
        message = IncomingMessage(
            thread=THREAD,
            message_id=f"q{self.asked}",
            author=Author(id="U1"),
            text=question,
            addressed=AddressingKind.MENTION,
            sent_at=float(self.asked),
        )
        turn = await self.store.accept(message, claim=True)
        assert turn
        await self.answering.answer(turn)
        return self.surface.list_texts(THREAD)[-1]

    @property
    def seen(self) -> int:
        """How many messages were sent to the model with the newest question."""
        return len(self.model.requests[-1].messages)


@pytest.mark.parametrize("window", [8_000, 16_000])
async def test_over_200_turns_most_of_each_request_is_the_beginning_of_the_one_before(window: int) -> None:
    """At least 85 % of all prompt tokens, while the bot learns how a tokenizer counts."""
    conversation = list(bench.talk())
    sent = await bench.ours(conversation, window)
    assert bench.moves(sent) > 3, "much was left out"
    assert bench.known(sent) >= 0.85
    assert all(messages[0].content == bench.SYSTEM for messages in sent)
    assert [messages[-1].content for messages in sent] == [question for question, _ in conversation]
    assert all(bench.counted(messages) <= window for messages in sent)


@pytest.mark.parametrize("window", [8_000, 16_000])
async def test_the_beginning_of_requests_is_stable_with_summaries_too(window: int) -> None:
    """They change only when the first visible turn moves, once for each move."""
    conversation = list(bench.talk())
    sent, tasks = await bench.summarised(conversation, window)
    assert bench.moves(sent) > 3, "much was left out"
    assert bench.known(sent) >= 0.85
    assert len(tasks) <= bench.moves(sent) + 1
    assert all(bench.counted(messages) <= window for messages in sent)
    told = [summaries.SUMMARY_BEGINNING in messages[1].content for messages in sent]
    assert all(told[told.index(True) :])


@on_virtual_time
async def test_people_are_told_once_that_older_messages_are_out_of_view() -> None:
    thread = PaperThread(tokens=1_000)
    shown = [await thread.ask() for _ in range(30)]
    told = [number for number, text in enumerate(shown) if OUT_OF_VIEW_NOTE in text]
    assert len(told) == 1
    lengths = [len(request.messages) for request in thread.model.requests]
    assert lengths[told[0]] < lengths[told[0] - 1], "told by the first answer for which something was left out"
    assert lengths[: told[0]] == sorted(set(lengths[: told[0]]))


@on_virtual_time
async def test_what_the_model_was_sent_is_kept_with_each_answer() -> None:
    """Which turns it got, and how many were left out; so that the answer can be explained later."""
    thread = PaperThread(tokens=1_000)
    for _ in range(12):
        await thread.ask()
    turns = [thread.store.data.turns[number] for number in range(1, 13)]
    kept = [turn.made_with.seen for turn in turns if turn.made_with and turn.made_with.seen]
    assert kept[:2] == [ContextCoverage(turns=0), ContextCoverage(turns=1, first="q1", last="q1")]
    assert [seen.turns + seen.left_out for seen in kept] == list(range(12))
    last = kept[-1]
    assert last.left_out > 0
    assert (last.first, last.last) == (f"q{last.left_out + 1}", "q11")
    assert 2 * last.turns + 2 == thread.seen, "questions and answers, the prompt and the question"


@on_virtual_time
async def test_people_are_not_told_again_after_a_restart_with_a_smaller_window() -> None:
    thread = PaperThread(tokens=1_000)
    before = [await thread.ask() for _ in range(10)]
    thread.tokens = 600
    thread.start()
    after = [await thread.ask() for _ in range(5)]
    assert [OUT_OF_VIEW_NOTE in text for text in (*before, *after)].count(True) == 1


@on_virtual_time
async def test_if_an_error_hid_the_note_the_next_answer_has_it() -> None:
    thread = PaperThread(*[["fine"]] * 5, [ModelBusy()], ["fine"], tokens=1_000)
    shown = [await thread.ask() for _ in range(5)]
    assert not any(OUT_OF_VIEW_NOTE in text for text in shown)
    assert await thread.ask("so " * 800) == ModelBusy.for_people
    assert OUT_OF_VIEW_NOTE in await thread.ask()


@on_virtual_time
async def test_the_models_list_is_asked_once_and_no_answer_waits_for_it() -> None:
    asked, comes = 0, asyncio.Event()

    async def windows() -> Mapping[str, int]:
        nonlocal asked
        asked += 1
        await comes.wait()
        return {"m": 1_200}

    thread = PaperThread(windows=windows)
    for _ in range(10):
        assert await thread.ask() == "fine"
    comes.set()
    await asyncio.sleep(0.1)
    assert OUT_OF_VIEW_NOTE in await thread.ask()
    assert asked == 1


@on_virtual_time
async def test_a_service_without_a_list_of_models_is_still_asked() -> None:
    async def windows() -> Mapping[str, int]:
        raise ModelUnavailable

    thread = PaperThread(windows=windows)
    assert [await thread.ask(), await thread.ask()] == ["fine", "fine"]


@on_virtual_time
async def test_a_refusal_teaches_the_window_so_the_next_question_fits_at_once() -> None:
    thread = PaperThread(*[["fine"]] * 9, [ContextTooLong(window=1_000, tokens=1_900)], ["fits"], ["fine"])
    for _ in range(9):
        await thread.ask()
    assert (await thread.ask()).startswith("fits")
    assert await thread.ask() == "fine"
    assert len(thread.model.requests) == 12
    assert thread.seen < 10


@on_virtual_time
async def test_a_fallback_server_teaches_nothing_about_the_preferred_one() -> None:
    """Turns that it cannot take are left out of that question only."""
    smaller = ContextTooLong(window=1_000, tokens=1_900)
    smaller.is_from_fallback = True
    thread = PaperThread(*[["fine"]] * 9, [smaller], ["fits"], ["fine"])
    for _ in range(9):
        await thread.ask()
    assert (await thread.ask()).startswith("fits")
    assert thread.seen < 10
    await thread.ask()
    assert thread.seen == 22
    assert not thread.page.read("m")


@on_virtual_time
async def test_what_the_service_counts_corrects_the_estimate() -> None:
    """A service that counts twice as many tokens is sent about half as much."""
    most = []
    for usage in ([], [Usage(prompt_tokens=6_000)]):
        thread = PaperThread(["fine", *usage], tokens=3_000)
        sizes = []
        for _ in range(30):
            await thread.ask()
            sizes.append(thread.seen)
        most.append(max(sizes[10:]))
    assert most[1] < 0.6 * most[0]


def test_the_key_of_the_hash_is_in_no_repr() -> None:
    assert "secret" not in repr(RequestOptions(deployment_config=ScopeConfig(), user_key=b"secret"))
