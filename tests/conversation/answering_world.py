"""An `Answerer` for one thread, with a store in memory, a surface on paper and a scripted model."""

from bot.conversation.answering import Answerer
from bot.conversation.request_builder import RequestOptions
from bot.core.config import Prompt, ScopeConfig
from bot.core.turns import AddressingKind, Author, IncomingMessage, ThreadKey, Turn
from bot.plugins import Plugin, Plugins
from bot.testing.model import ScriptedModel
from bot.testing.store import MemoryStore
from bot.testing.surface import PaperSurface

DEPLOYMENT = ScopeConfig(prompt=Prompt("Be kind."), parameters={"model": "m"})
THREAD = ThreadKey(platform="paper", workspace="T1", channel="C1", root="1")


def said(
    text: str, number: int, *, by: str = "U1", addressed: AddressingKind = AddressingKind.MENTION
) -> IncomingMessage:
    """Return a message that a person wrote at second `number`."""
    return IncomingMessage(
        thread=THREAD,
        message_id=f"q{number}",
        author=Author(id=by),
        text=text,
        addressed=addressed,
        sent_at=float(number),
    )


class AnsweringWorld:
    """A store, a surface, a model, and the `Answerer` that uses them."""

    def __init__(self, model: ScriptedModel, surface: PaperSurface | None = None, *plugins: Plugin) -> None:
        self.model = model
        self.surface = surface or PaperSurface()
        self.store = MemoryStore(owner="me")
        self.answering = Answerer(
            store=self.store,
            model=model,
            surfaces={"paper": self.surface},
            options=RequestOptions(deployment_config=DEPLOYMENT, user_key=b"k"),
            plugins=Plugins(plugins),
            holds_lease=self.holds_lease,
            complete_since=lambda: self.complete_since,
        )
        self.is_ours = True
        self.complete_since = 0.0
        self._asked = 0

    async def holds_lease(self) -> bool:
        return self.is_ours

    async def ask(self, question: str = "Why?") -> Turn:
        """Record a question and return its claimed turn."""
        self._asked += 1
        turn = await self.store.accept(said(question, self._asked), claim=True)
        assert turn is not None
        return turn

    async def answer(self, question: str = "Why?") -> list[str]:
        """Have a question answered and return what the thread shows then."""
        assert await self.answering.answer(await self.ask(question)) is None
        return self.surface.list_texts(THREAD)

    async def stored(self) -> Turn:
        """Return the newest turn that has ended."""
        later = await self.ask("later")
        return (await self.store.read_context(later, limit=10)).history[-1]
