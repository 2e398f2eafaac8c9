"""A draft that is tried: its thread is answered as the draft's scope would be if it were saved."""

from dataclasses import replace

from hypothesis import given
from hypothesis import settings as checked
from hypothesis import strategies as st

from bot.conversation.answering import Answerer
from bot.conversation.request_builder import DRAFT_NOTE, RequestOptions
from bot.core.chat.drafts import DRAFT_LIFETIME_SECONDS, Draft
from bot.core.config import DIRECT_MESSAGES, Prompt, Scope, ScopeConfig
from bot.core.errors import ModelUnknown
from bot.core.requests import ChatRequest
from bot.core.turns import AddressingKind, Author, IncomingMessage, ThreadKey
from bot.plugins import Plugins
from bot.testing.config import MemoryConfigVersions, MemoryDrafts
from bot.testing.model import ScriptedModel
from bot.testing.store import MemoryStore
from bot.testing.surface import PaperSurface
from tests.core.chat.config_values import configs
from tests.virtual_time import on_virtual_time, run

ADA = Author(id="U0ADA", name="Ada")
CHANNEL = ThreadKey(platform="paper", workspace="T1", channel="C1", root="5")
TRIAL = ThreadKey(platform="paper", workspace="T1", channel="direct message", root="1")
WORKSPACE = Scope(platform="paper", workspace="T1")
DIRECTS = replace(WORKSPACE, channel=DIRECT_MESSAGES)
ONE_DIRECT = replace(WORKSPACE, channel=TRIAL.channel)
C1 = replace(WORKSPACE, channel="C1")
PLACES = {
    WORKSPACE: replace(CHANNEL, channel="C2"),
    DIRECTS: replace(TRIAL, root="2"),
    ONE_DIRECT: replace(TRIAL, root="2"),
    C1: CHANNEL,
}
"""Levels, each with a thread where it decides, and no level below it does."""


class DraftWorld:
    """A surface with a channel and a direct message, and a bot that answers in both."""

    def __init__(self, model: ScriptedModel | None = None) -> None:
        self.store = MemoryStore(owner="me")
        self.versions = MemoryConfigVersions(self.store.data.versions)
        self.drafts = MemoryDrafts(self.store.data.drafts)
        self.model = model or ScriptedModel()
        self.surface = PaperSurface(page_size=100_000)
        self.asked = 0
        steering = ScopeConfig(prompt=Prompt("Here is {channel} of {workspace}."), parameters={"model": "m"})
        self.answering = Answerer(
            store=self.store,
            model=self.model,
            surfaces={"paper": self.surface},
            options=RequestOptions(deployment_config=steering, user_key=b"k"),
            plugins=Plugins(()),
        )

    async def save(self, key: Scope, steering: ScopeConfig) -> None:
        number = len(await self.versions.list_history(key, limit=99))
        await self.versions.save(key, steering, based_on=number, by=ADA)

    async def ask(self, where: ThreadKey) -> ChatRequest:
        """Ask, and return what the model was asked."""
        self.asked += 1
        message = IncomingMessage(
            thread=where,
            message_id=f"q{self.asked}",
            author=ADA,
            text="Why?",
            addressed=AddressingKind.DIRECT,
            sent_at=float(self.asked),
        )
        turn = await self.store.accept(message, claim=True)
        assert turn
        await self.answering.answer(turn)
        return self.model.requests[-1]

    def said(self, where: ThreadKey) -> str:
        return self.surface.list_texts(where)[-1]


def draft(level: Scope, steering: ScopeConfig) -> Draft:
    return Draft(thread=TRIAL, scope=level, based_on=0, config=steering, author=ADA.id)


def asked_with(request: ChatRequest) -> object:
    return request.messages[0].role, request.messages[0].content, request.model, request.parameters


@given(st.lists(configs, min_size=4, max_size=4), configs, st.sampled_from(list(PLACES)))
@checked(max_examples=60, deadline=None)
def test_a_draft_is_answered_like_a_saved_config(others: list[ScopeConfig], new: ScopeConfig, level: Scope) -> None:
    """The request is the same, to the letter, as after the draft is saved, whatever other scopes set."""

    async def check() -> None:
        world = DraftWorld()
        for key, steering in zip(PLACES, others, strict=True):
            if not (level == DIRECTS and key == ONE_DIRECT):  # that is below it
                await world.save(key, steering)
        await world.drafts.save_draft(draft(level, new), lifetime=DRAFT_LIFETIME_SECONDS)
        tried = await world.ask(TRIAL)
        await world.drafts.delete_draft(TRIAL)
        await world.save(level, new)
        assert asked_with(tried) == asked_with(await world.ask(PLACES[level]))

    run(check())


@on_virtual_time
async def test_a_model_that_a_draft_chose_and_the_service_does_not_know_is_told_as_the_drafts() -> None:
    world = DraftWorld(ScriptedModel([ModelUnknown()]))
    await world.drafts.save_draft(
        draft(C1, ScopeConfig(parameters={"model": "gpt-9"})), lifetime=DRAFT_LIFETIME_SECONDS
    )
    await world.ask(TRIAL)
    assert "the model `gpt-9`, which was chosen for this draft." in world.said(TRIAL)


@on_virtual_time
async def test_scopes_below_the_drafts_scope_do_not_count() -> None:
    """A draft for the workspace is not changed by the config of direct messages, where it is tried."""
    world = DraftWorld()
    await world.save(DIRECTS, ScopeConfig(prompt=Prompt("Be brief.")))
    await world.drafts.save_draft(
        draft(WORKSPACE, ScopeConfig(prompt=Prompt("Be kind."))), lifetime=DRAFT_LIFETIME_SECONDS
    )
    assert (await world.ask(TRIAL)).messages[0].content == "Be kind."


@on_virtual_time
async def test_people_are_told_until_it_ends_and_questions_go_on() -> None:
    """Only in the draft's thread; the conversation goes on after it."""
    world = DraftWorld()
    await world.drafts.save_draft(
        draft(C1, ScopeConfig(prompt=Prompt("Be kind to {channel}."))), lifetime=DRAFT_LIFETIME_SECONDS
    )
    first = await world.ask(TRIAL)
    assert first.messages[0].content == "Be kind to #paper."
    assert DRAFT_NOTE in world.said(TRIAL)
    await world.ask(CHANNEL)
    assert DRAFT_NOTE not in world.said(CHANNEL)
    assert DRAFT_NOTE not in str(await world.ask(TRIAL)), "no part of what was said"
    await world.drafts.delete_draft(TRIAL)
    last = await world.ask(TRIAL)
    assert last.messages[0].content == "Here is #paper of Desk."
    assert len(last.messages) == 6
    assert DRAFT_NOTE not in world.said(TRIAL)


@on_virtual_time
async def test_the_provenance_names_the_draft_in_place_of_its_scopes_version() -> None:
    world = DraftWorld()
    await world.save(WORKSPACE, ScopeConfig(parameters={"n": 2}))
    await world.save(C1, ScopeConfig(prompt=Prompt("Be brief.")))
    await world.drafts.save_draft(
        draft(C1, ScopeConfig(parameters={"temperature": 0.5})), lifetime=DRAFT_LIFETIME_SECONDS
    )
    await world.ask(TRIAL)
    made_with = world.store.data.turns[1].made_with
    assert made_with
    assert made_with.versions == (1,)
    assert made_with.parameters == {"model": "m", "n": 2, "temperature": 0.5}
    assert made_with.draft == "channel T1/C1"
