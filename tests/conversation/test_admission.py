"""Questions that wait while rules change: if the author may no longer ask, the thread says so without a model call."""

import asyncio

from bot.conversation.admission import NOT_ADMITTED_CODE, AdmissionCheck
from bot.conversation.answering import Answerer
from bot.conversation.request_builder import RequestOptions
from bot.core.access.permission_check import AccessRefusal
from bot.core.config import Prompt, ScopeConfig
from bot.core.errors import SurfaceBusy, SurfaceError, SurfaceUnavailable
from bot.core.requests import Answer
from bot.core.turns import AddressingKind, Author, IncomingMessage, ThreadKey, Turn, TurnStatus
from bot.plugins import Plugins
from bot.testing.model import ScriptedModel
from bot.testing.store import MemoryStore
from bot.testing.surface import PaperSurface
from tests.virtual_time import on_virtual_time

THREAD = ThreadKey(platform="paper", workspace="T1", channel="C1", root="q1")


class MoodyAccess:
    """Decides differently each time, or does not answer; the last decision is repeated."""

    def __init__(self, *refusals: AccessRefusal | SurfaceError | None) -> None:
        self.refusals = list(refusals)
        self.asked = 0

    async def find_refusal(self, thread: ThreadKey, person: str) -> AccessRefusal | None:
        assert (thread, person) == (THREAD, "U1")
        self.asked += 1
        said = self.refusals.pop(0) if len(self.refusals) > 1 else self.refusals[0]
        if isinstance(said, SurfaceError):
            raise said
        return said


class AdmissionWorld:
    """A thread whose questions are checked before they are answered."""

    def __init__(self, *refusals: AccessRefusal | SurfaceError | None) -> None:
        self.model = ScriptedModel(["fine"])
        self.surface = PaperSurface()
        self.store = MemoryStore(owner="me")
        self.access = MoodyAccess(*refusals)
        steering = ScopeConfig(prompt=Prompt("Be kind."), parameters={"model": "m"})
        answering = Answerer(
            store=self.store,
            model=self.model,
            surfaces={"paper": self.surface},
            options=RequestOptions(deployment_config=steering, user_key=b"k"),
            plugins=Plugins(()),
        )
        self.check = AdmissionCheck(self.access, answering)

    async def ask(self, number: int = 1, *, claim: bool = True) -> Turn:
        message = IncomingMessage(
            thread=THREAD,
            message_id=f"q{number}",
            author=Author(id="U1"),
            text="why?",
            addressed=AddressingKind.MENTION,
            sent_at=float(number),
        )
        turn = await self.store.accept(message, claim=claim)
        assert turn
        return turn

    @property
    def shown(self) -> list[str]:
        return self.surface.list_texts(THREAD)


@on_virtual_time
async def test_an_author_who_may_ask_is_answered() -> None:
    world = AdmissionWorld(None)
    await world.check.answer(await world.ask())
    assert world.shown == ["fine"]


@on_virtual_time
async def test_an_author_who_may_no_longer_ask_reads_why_and_the_thread_goes_on() -> None:
    world = AdmissionWorld(AccessRefusal.PERSON, None)
    turn, second = await world.ask(1), await world.ask(2, claim=False)
    following = await world.check.answer(turn)
    assert world.shown == [AccessRefusal.PERSON.for_people]
    assert world.model.requests == []
    assert following
    assert following.id == second.id
    await world.check.answer(following)
    (earlier, _later) = [world.store.data.turns[each] for each in (turn.id, second.id)]
    assert (earlier.status, earlier.error) == (TurnStatus.FAILED, NOT_ADMITTED_CODE)
    assert world.shown[1:] == ["fine"]


@on_virtual_time
async def test_a_saved_answer_is_shown_without_a_check() -> None:
    """A process that died saved it, for example; the question was admitted then."""
    world = AdmissionWorld(AccessRefusal.PERSON)
    turn = await world.ask()
    await world.store.save_answer(turn, Answer(text="Because."))
    await world.store.release(turn)
    (again,) = await world.store.claim(1)
    await world.check.answer(again)
    assert world.shown == ["Because."]
    assert world.access.asked == 0


@on_virtual_time
async def test_the_check_waits_until_the_platform_says_who_the_author_is() -> None:
    world = AdmissionWorld(SurfaceUnavailable(), SurfaceBusy(retry_after=40.0), None)
    began = asyncio.get_running_loop().time()
    await world.check.answer(await world.ask())
    assert world.shown == ["fine"]
    assert asyncio.get_running_loop().time() - began >= 40.0


@on_virtual_time
async def test_an_unknown_author_is_refused() -> None:
    world = AdmissionWorld(AccessRefusal.UNKNOWN)
    await world.check.answer(await world.ask())
    assert world.shown == [AccessRefusal.UNKNOWN.for_people]
    assert world.model.requests == []
