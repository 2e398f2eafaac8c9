"""What a reader of the thread sees of several answers to one question, on virtual time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.conversation.answering import QUESTION_EDITED_NOTE, Answerer
from bot.conversation.intake import Intake
from bot.conversation.lease import Lease
from bot.conversation.request_builder import RequestOptions
from bot.conversation.worker import Worker
from bot.core.chat.stream import ChoiceFinished, TextDelta
from bot.core.config import Prompt, ScopeConfig
from bot.core.errors import ModelBusy
from bot.core.turns import Action, MessageKey
from bot.plugins import Plugins
from bot.testing.model import ScriptedModel
from bot.testing.store import MemoryStore
from bot.testing.surface import PaperSurface
from tests.conversation.answering_world import THREAD, said
from tests.virtual_time import on_virtual_time

FLIPS = (Action.PREVIOUS, Action.NEXT, Action.CHOOSE)
LONG = "A long one. " * 40  # some pages of paper

THREE = (
    "One.",
    TextDelta(LONG, 1),
    TextDelta("Three.", 2),
    ChoiceFinished("stop"),
    ChoiceFinished("stop", 1),
    ChoiceFinished("length", 2),
)


class VariantWorld:
    """A bot on paper whose model may give several variants."""

    def __init__(self, model: ScriptedModel) -> None:
        self.model = model
        self.surface = PaperSurface()
        self.store = MemoryStore(owner="me")
        asking = RequestOptions(
            deployment_config=ScopeConfig(prompt=Prompt(""), parameters={"model": "m"}), user_key=b"k"
        )
        answering = Answerer(
            store=self.store,
            model=model,
            surfaces={"paper": self.surface},
            options=asking,
            plugins=Plugins(),
        )
        self.worker = Worker(self.store, answering, lease=Lease(30), max_threads=10)
        self.intake = Intake(self.store, self.worker, answering)
        self.asked = 0

    async def ask(self) -> list[str]:
        """Ask the next question and return what the thread shows once it is answered."""
        self.asked += 1
        await self.intake.accept(said("Why?", self.asked))
        return await self.later()

    async def press(self, *actions: Action, by: str = "U1") -> list[str]:
        """Press buttons of the first turn, one right after the other, and return what is shown then."""
        for action in actions:
            assert await self.intake.flip(1, THREAD, action, by=by)
        return await self.later()

    async def later(self) -> list[str]:
        await asyncio.sleep(60)
        return self.surface.list_texts(THREAD)

    @property
    def actions(self) -> tuple[Action, ...]:
        """The buttons of the last message."""
        return list(self.surface.messages.values())[-1].actions


@asynccontextmanager
async def running_world(*scripts: object) -> AsyncIterator[VariantWorld]:
    world = VariantWorld(ScriptedModel(*scripts))  # type: ignore[arg-type]  # scripts, as the model takes them
    async with world.worker.run():
        yield world
        await world.worker.drain(60)


@on_virtual_time
async def test_the_first_of_three_is_shown_and_the_others_are_a_button_away() -> None:
    async with running_world(THREE) as world:
        assert await world.ask() == ["One.\n\n_1 of 3_"]
        assert world.actions == (*FLIPS, Action.JUDGE)
        assert not any("Three" in text for _, text in world.surface.messages["m1"].versions)


@on_virtual_time
async def test_flipping_edits_the_same_messages_and_adds_and_removes_pages() -> None:
    """Also twice: the messages that were removed are not looked for again."""
    async with running_world(THREE) as world:
        await world.ask()
        for _ in range(2):
            shown = await world.press(Action.NEXT)
            assert len(shown) > 1
            assert " ".join(shown).startswith("A long one. A long one.")
            assert shown[-1].endswith("_2 of 3_")
            assert world.actions == (*FLIPS, Action.JUDGE)
            shown = await world.press(Action.NEXT)
            assert len(shown) == 1
            assert shown[0].startswith("Three.")
            assert shown[0].endswith("_3 of 3_")
            assert world.actions[0] is Action.CONTINUE
            assert await world.press(Action.NEXT) == ["One.\n\n_1 of 3_"]
        assert len(world.model.requests) == 1


@on_virtual_time
async def test_two_flips_at_once_do_not_mix_and_the_last_one_wins() -> None:
    async with running_world(THREE) as world:
        await world.ask()
        await world.intake.flip(1, THREAD, Action.NEXT, by="U1")
        await asyncio.sleep(0.07)  # the first edit is on its way
        (shown,) = await world.press(Action.NEXT)
        assert shown.startswith("Three.")
        assert world.surface.overlaps == 0


@on_virtual_time
async def test_the_chosen_one_is_the_history_and_has_no_buttons() -> None:
    async with running_world(THREE, ["fine"]) as world:
        await world.ask()
        await world.press(Action.PREVIOUS)
        (shown,) = await world.press(Action.CHOOSE)
        assert shown.startswith("Three.")
        assert shown.endswith("_3 of 3_")
        assert not set(world.actions) & set(FLIPS)
        assert not await world.intake.flip(1, THREAD, Action.NEXT, by="U1")
        await world.ask()
        contents = [message.content for message in world.model.requests[-1].messages]
        assert contents == ["Why?", "Three.", "Why?"]


@on_virtual_time
async def test_only_the_author_of_the_question_may_flip() -> None:
    async with running_world(THREE) as world:
        await world.ask()
        assert not await world.intake.flip(1, THREAD, Action.NEXT, by="U2")


@on_virtual_time
async def test_a_new_answer_becomes_a_variant_beside_the_old_one() -> None:
    async with running_world(["One."], ["Two."]) as world:
        assert await world.ask() == ["One."]
        assert world.actions == (Action.JUDGE,)
        await world.intake.retry(1, THREAD, by="U1")
        assert await world.later() == ["Two.\n\n_2 of 2_"]
        assert await world.press(Action.PREVIOUS) == ["One.\n\n_1 of 2_"]


@on_virtual_time
async def test_a_server_may_give_fewer_variants_than_asked_for() -> None:
    async with running_world(("One.", TextDelta(" \n", 1), TextDelta("Three.", 2))) as world:
        assert await world.ask() == ["One.\n\n_1 of 2_"]
        assert await world.press(Action.NEXT) == ["Three.\n\n_2 of 2_"]


@on_virtual_time
async def test_if_the_first_choice_stays_empty_the_next_one_is_the_answer() -> None:
    """The service's filter may end one choice before its first word, or a server may count from 1."""
    empty = (
        ChoiceFinished("content_filter"),
        TextDelta("Two.", 1),
        TextDelta("Three.", 2),
        ChoiceFinished("stop", 1),
    )
    async with running_world(empty, (TextDelta("One.", 1), ChoiceFinished("stop", 1))) as world:
        assert await world.ask() == ["Two.\n\n_1 of 2_"]
        assert await world.press(Action.NEXT) == ["Three.\n\n_2 of 2_"]
        assert (await world.ask())[1:] == ["One."]


@on_virtual_time
async def test_an_interrupted_stream_keeps_the_first_choice_only() -> None:
    async with running_world(("One.", TextDelta("Two", 1), ModelBusy())) as world:
        (shown,) = await world.ask()
        assert shown.startswith("One.")
        assert not set(world.actions) & set(FLIPS)


@on_virtual_time
async def test_an_offer_that_needs_fewer_messages_leaves_the_rest_to_the_new_answer() -> None:
    """The first note needs a page of its own; the shorter note of the offer does not."""
    async with running_world(["word " * 30, ChoiceFinished("length")], ["fine"]) as world:
        assert len(await world.ask()) == 2
        key = MessageKey(platform="paper", workspace="T1", channel="C1", message_id="q1")
        await world.intake.record_edit(key, "Why not?")
        first, _ = await world.later()
        assert first.endswith(QUESTION_EDITED_NOTE)
        await world.intake.retry(1, THREAD, by="U1")
        assert await world.later() == ["fine\n\n_2 of 2_"]


@on_virtual_time
async def test_deleting_a_question_deletes_all_variants() -> None:
    async with running_world(THREE) as world:
        await world.ask()
        key = MessageKey(platform="paper", workspace="T1", channel="C1", message_id="q1")
        await world.intake.forget(key)
        assert await world.later() == []
        assert not world.store.data.variants
