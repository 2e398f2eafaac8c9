"""What a call of a model may cost, before it is made; what it did cost, after.

Separate from `answering`, which knows what is said, and from the ledger, which knows no models. Rules: where
no budget applies, nothing is asked of the ledger; what a server did not count is estimated, and told to be; a
call is priced under the name it was answered under, else under the one that was asked for.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.core import ledger
from bot.core.calls import Call
from bot.core.context import estimate, weight
from bot.core.domain import Answer, ChatRequest, PromptKey, Turn, Usage
from bot.core.foresight import Foresight
from bot.core.ledger import Budget, BudgetSpent, Grant
from bot.core.money import Price, Prices
from bot.ports import Ledger

MOST = 10**8
"""Tokens of one call that are believed."""


class Cashier:
    """Lets calls in, and reckons what they cost."""

    def __init__(self, ledger: Ledger | None = None, prices: Prices | None = None) -> None:
        """Without a `ledger` no budget applies; without `prices` none is known."""
        self.ledger = ledger
        self.prices = prices or Prices()
        self.foresight = Foresight()

    def bill(self, turn: Turn, budgets: Sequence[Budget]) -> "Bill":
        """Return an empty bill for a turn, to which these budgets apply."""
        return Bill(self, turn, budgets)

    async def look(self, turn: Turn, budgets: Sequence[Budget], request: ChatRequest) -> None:
        """Raise `BudgetSpent` or `PriceUnknown` where a call beside the turn's own does not fit.

        Nothing is kept for it, so that it stands in nobody's way.
        """
        if budgets and self.ledger:
            here = PromptKey(platform=turn.thread.platform, workspace=turn.thread.workspace)
            standings = await self.ledger.standings(here, person=turn.author.id, channel=turn.thread.channel)
            ledger.check(standings, self.foresight.need(request, self.prices.of(request.model)))

    async def charge(self, turn: Turn, request: ChatRequest, answer: Answer) -> None:
        """Write down a call beside the turn's own, as far as it cost anything."""
        bill = self.bill(replace(turn, answer=""), ())
        await bill.reserve(request)
        call = bill.charged(answer).call
        if self.ledger and call:
            await self.ledger.charge(turn, call)


class Bill:
    """The calls that a turn makes, the last one of which is paid for."""

    def __init__(self, cashier: Cashier, turn: Turn, budgets: Sequence[Budget]) -> None:
        self._cashier = cashier
        self.turn = turn
        self._budgets = budgets
        self._grant = Grant(standings=())
        self._request: ChatRequest | None = None

    async def reserve(self, request: ChatRequest) -> None:
        """Keep what a call may cost.

        Raises `BudgetSpent` with the sentence for people, `PriceUnknown`, and what `Ledger.reserve` raises.
        """
        if self._budgets and self._cashier.ledger:
            need = self._cashier.foresight.need(request, self._cashier.prices.of(request.model))
            try:
                self._grant = await self._cashier.ledger.reserve(self.turn, self._budgets, need)
            except BudgetSpent as spent:
                spent.for_people = ledger.refusal(spent.standing, self._cashier.prices.currency)
                raise
        self._request = request

    def charged(self, answer: Answer, others: Sequence[Answer] = ()) -> Answer:
        """Return an answer, complete or not, with the call that brought it, if it cost anything."""
        request = self._request
        said = [answer.text[len(self.turn.answer) :], *(other.text for other in others)]
        if request is None or not (answer.usage or any(said)):
            return answer
        usage = _counted(answer.usage)
        if usage:
            self._cashier.foresight.learn(request, usage)
        price, is_certain = self._price(request.model, answer.model)
        usage = usage or _estimated(request, said)
        call = Call(
            model=answer.model or request.model,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            cached_tokens=usage.cached_tokens,
            is_estimated=_counted(answer.usage) is None or not is_certain,
            cost=price.of(usage) if price else None,
            versions=answer.made_with.versions if answer.made_with else (),
        )
        return replace(answer, call=call)

    def told(self, answer: Answer) -> Answer:
        """Return a complete answer, with a remark below it if a budget is nearly used up now."""
        call, made_with = answer.call, answer.made_with
        near = ledger.nearing(self._grant, call) if call else ()
        if not (near and call and made_with):
            return answer
        remarks = (ledger.warning(each, self._cashier.prices.currency) for each in near)
        return replace(
            answer,
            call=replace(call, warns=frozenset(each.budget.span for each in near)),
            made_with=replace(made_with, remarks="\n\n".join(filter(None, (made_with.remarks, *remarks)))),
        )

    def _price(self, wanted: str, answered: str) -> tuple[Price | None, bool]:
        """Return the price of a call, and whether it is certain: a service may give a model a longer name."""
        prices = self._cashier.prices
        price = prices.of(answered) if answered else None
        if price:
            return price, True
        price = prices.of(wanted)
        is_same = not answered or answered.startswith(wanted) or wanted.endswith(answered)
        return price, is_same or price is None


def _counted(usage: Usage | None) -> Usage | None:
    """Return what a server counted, if it did: some send zeros."""
    if usage is None or not usage.prompt_tokens:
        return None
    return Usage(
        prompt_tokens=min(usage.prompt_tokens, MOST),
        completion_tokens=min(usage.completion_tokens, MOST),
        cached_tokens=min(usage.cached_tokens, MOST),
    )


def _estimated(request: ChatRequest, said: Sequence[str]) -> Usage:
    return Usage(
        prompt_tokens=weight(request.messages), completion_tokens=sum(estimate(text) for text in said if text)
    )
