"""Spending and reservations stay within the budgets, in any order of events."""

from dataclasses import dataclass, field, replace

from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import BudgetSpent
from bot.core.periods import SECONDS_PER_DAY, Span
from bot.core.requests import ModelCall
from bot.core.spending.budgets import Budget, BudgetUnit, CallEstimate, SpendingDimension
from bot.core.turns import Author, Turn, TurnStatus
from bot.testing.data import MemoryData
from bot.testing.ledger import MemoryLedger
from bot.testing.store import MemoryStore
from tests.contracts.questions import ANSWER, message_key, question, thread
from tests.contracts.test_ledger import HERE

AMOUNTS = {SpendingDimension.PERSON: 60, SpendingDimension.CHANNEL: 90, SpendingDimension.WORKSPACE: 100}
STEPS = st.lists(
    st.tuples(
        st.sampled_from(("ask", "answer", "fail", "forget", "die", "midnight")),
        st.integers(0, 9),
        st.integers(0, 50),
    ),
    max_size=60,
)


@dataclass
class InterleavedWorld:
    """Two processes on one database; one of them may die at any time, and is started again."""

    data: MemoryData = field(default_factory=MemoryData)
    now: float = 1_795_262_400.0
    running: dict[int, tuple[Turn, int]] = field(default_factory=dict)
    """Running turns, each with its reservation."""

    def __post_init__(self) -> None:
        self.data.clock = lambda: self.now
        self.stores = {name: MemoryStore(name, self.data) for name in ("a", "b")}

    async def set_up(self) -> None:
        ledger = MemoryLedger(self.data)
        for scope, amount in AMOUNTS.items():
            budget = Budget(scope=scope, span=Span.DAY, unit=BudgetUnit.TOKENS, amount=amount)
            await ledger.set_budget(HERE, budget, by=Author(id="U1"))

    async def step(self, what: str, which: int, tokens: int) -> None:
        turn, kept = list(self.running.values())[which % len(self.running)] if self.running else (None, 0)
        match what:
            case "ask":
                number = len(self.data.turns) + 1
                where = thread(f"{number}.0", f"C{which % 2}")
                author = Author(id=f"U{which % 3}")
                incoming = question(f"{number}.0", where=where, author=author)
                asked = await self.stores["a"].accept(incoming, claim=True)
                assert asked
                await self.reserve("a", asked, tokens)
            case "answer" if turn:
                call = ModelCall(model="m", prompt_tokens=min(tokens, kept), completion_tokens=0)
                await self.stores["a"].save_answer(turn, replace(ANSWER, call=call))
                await self.end(turn, TurnStatus.DONE)
            case "fail" if turn:
                await self.end(turn, TurnStatus.FAILED)
            case "forget" if turn:
                place = replace(message_key(turn.message_id), channel=turn.thread.channel)
                await self.stores["b"].forget(place)
                self.running.pop(turn.id)
            case "die":
                await self.stores["a"].unregister()
                self.running.clear()
                for again in await self.stores["a"].claim(9):
                    await self.reserve("a", again, tokens)
            case "midnight":
                self.now += SECONDS_PER_DAY
            case _:
                pass  # nothing runs that could end

    async def reserve(self, process: str, turn: Turn, tokens: int) -> None:
        limits = (await self.stores[process].read_context(turn, limit=1)).budgets
        try:
            await MemoryLedger(self.data, process).reserve(turn, limits, CallEstimate(tokens=tokens, cost=None))
        except BudgetSpent:
            await self.stores[process].settle(turn, TurnStatus.FAILED)
        else:
            self.running[turn.id] = turn, tokens

    async def end(self, turn: Turn, status: TurnStatus) -> None:
        await self.stores["a"].settle(turn, status)
        self.running.pop(turn.id)


@given(STEPS)
async def test_no_order_of_events_overspends(steps: list[tuple[str, int, int]]) -> None:
    world = InterleavedWorld()
    await world.set_up()
    for what, which, tokens in steps:
        await world.step(what, which, tokens)
        for person in range(3):
            for channel in range(2):
                standings = await MemoryLedger(world.data).list_budget_states(
                    HERE, person=f"U{person}", channel=f"C{channel}"
                )
                for each in standings:
                    assert each.spent + each.reserved <= AMOUNTS[each.budget.scope]
    assert set(world.data.reservations) == set(world.running), "nothing is kept for what has ended"
