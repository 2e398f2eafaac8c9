"""The bot on paper: the real answering between a store, a surface and a model that live in memory.

    bot = PaperBot(MyPlugin(), model=ScriptedModel(["Hello."]))
    assert await bot.ask("Hi!") == ["Hello."]
    assert bot.model.requests[0].messages[-1].content == "Hi!"

Prompts, context, plugins, paging and the life of a turn are those of the real bot. Slack, HTTP and the database are
not there, so a question takes milliseconds. To test with them, see `sandbox_bot`.
"""

from itertools import count

from bot.conversation.answering import Answerer
from bot.conversation.request_builder import RequestOptions
from bot.core.config import Prompt, ScopeConfig
from bot.core.turns import AddressingKind, Author, IncomingMessage, ThreadKey
from bot.plugins import Plugin, Plugins
from bot.testing.model import ScriptedModel
from bot.testing.store import MemoryStore
from bot.testing.surface import PaperSurface

CONFIG = ScopeConfig(prompt=Prompt("You are a helpful assistant."), parameters={"model": "paper-model"})
PAGE_SIZE = 4_000


class PaperBot:
    """A bot that people ask by calling `ask`."""

    def __init__(self, *plugins: Plugin, model: ScriptedModel | None = None) -> None:
        """Without a `model`, every answer is "fine"."""
        self.model = model or ScriptedModel()
        self.surface = PaperSurface(page_size=PAGE_SIZE, write_seconds=0.0)
        self.store = MemoryStore()
        self._answerer = Answerer(
            store=self.store,
            model=self.model,
            surfaces={"paper": self.surface},
            options=RequestOptions(deployment_config=CONFIG, user_key=b"paper"),
            plugins=Plugins(plugins),
        )
        self._numbers = count(1)

    async def ask(self, question: str, *, thread: str = "1", user: str = "U1") -> list[str]:
        """Ask a question, wait for the answer, and return all texts of the bot in that thread."""
        number = next(self._numbers)
        key = ThreadKey(platform="paper", workspace="T1", channel="C1", root=thread)
        message = IncomingMessage(
            thread=key,
            message_id=str(number),
            author=Author(id=user),
            text=question,
            addressed=AddressingKind.MENTION,
            sent_at=float(number),
        )
        turn = await self.store.accept(message, claim=True)
        while turn is not None:
            turn = await self._answerer.answer(turn)
        return self.surface.list_texts(key)
