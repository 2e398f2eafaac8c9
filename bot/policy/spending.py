"""Checks what a call of the model may cost before it is made, and records what it did cost afterwards.

For the call that answers a turn:

    reserve(request)        estimate: 3,000 tokens; the ledger reserves them in each budget that applies, or
                            raises BudgetSpent; so parallel calls cannot overspend a budget together
    ... the model answers; the server counts 2,140 tokens ...
    attach_call(answer)     the answer with its `ModelCall`: tokens, cost, versions
    save_answer(...)        the store records the call in the same transaction, and frees the reservation

Summaries are *side calls*: they are checked against the budgets and recorded, but reserve nothing, so they
cannot block an answer.

Rules: if no budget applies, the ledger is not asked. Tokens that a server did not count are estimated, and
marked so. A call is priced by the model name that the server answered with, or else by the one in the request.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.core.chat.context_window import count_request_tokens, estimate_tokens
from bot.core.config import Scope
from bot.core.errors import BudgetSpent
from bot.core.requests import Answer, ChatRequest, ModelCall, Usage
from bot.core.spending import descriptions
from bot.core.spending.budgets import Budget, CallPermit, check_budgets, find_nearly_spent
from bot.core.spending.estimates import CallEstimator
from bot.core.spending.prices import Price, PriceTable
from bot.core.turns import Turn
from bot.ports import Ledger

MAX_BELIEVED_TOKENS = 10**8
"""If a server counts more tokens for one call, this many are recorded."""


class SpendingPolicy:
    """Checks and prices the calls of one process."""

    def __init__(self, ledger: Ledger | None = None, prices: PriceTable | None = None) -> None:
        """Without a `ledger` no budget applies; without `prices` no cost is known."""
        self.ledger = ledger
        self.prices = prices or PriceTable()
        self.estimates = CallEstimator()

    def start_turn(self, turn: Turn, budgets: Sequence[Budget]) -> "TurnSpending":
        """Return the object that checks and prices the calls of one turn under these budgets."""
        return TurnSpending(self, turn, budgets)

    async def check_side_call(self, turn: Turn, budgets: Sequence[Budget], request: ChatRequest) -> None:
        """Raise `BudgetSpent` or `PriceUnknown` if a side call of a turn does not fit its budgets.

        Reserves nothing, so it cannot block other calls.
        """
        if budgets and self.ledger:
            here = Scope(platform=turn.thread.platform, workspace=turn.thread.workspace)
            standings = await self.ledger.list_budget_states(here, person=turn.author.id, channel=turn.thread.channel)
            check_budgets(standings, self.estimates.estimate_call(request, self.prices.find_price(request.model)))

    async def charge_side_call(self, turn: Turn, request: ChatRequest, answer: Answer) -> None:
        """Record a side call of a turn, if it cost anything."""
        spending = self.start_turn(replace(turn, answer=""), ())
        await spending.reserve(request)
        call = spending.attach_call(answer).call
        if self.ledger and call:
            await self.ledger.charge(turn, call)


class TurnSpending:
    """The spending of one turn; of several calls only the last is recorded, as the others brought no answer."""

    def __init__(self, policy: SpendingPolicy, turn: Turn, budgets: Sequence[Budget]) -> None:
        self._policy = policy
        self.turn = turn
        self._budgets = budgets
        self._grant = CallPermit(budget_states=())
        self._request: ChatRequest | None = None

    async def reserve(self, request: ChatRequest) -> None:
        """Reserve what a call may cost in each budget that applies.

        Raises `BudgetSpent` with the sentence for people, `PriceUnknown`, and what `Ledger.reserve` raises.
        """
        if self._budgets and self._policy.ledger:
            need = self._policy.estimates.estimate_call(request, self._policy.prices.find_price(request.model))
            try:
                self._grant = await self._policy.ledger.reserve(self.turn, self._budgets, need)
            except BudgetSpent as spent:
                spent.for_people = descriptions.describe_refusal(spent.state, self._policy.prices.currency)
                raise
        self._request = request

    def attach_call(self, answer: Answer, others: Sequence[Answer] = ()) -> Answer:
        """Return an answer, complete or not, with the call that it came from, if that cost anything."""
        request = self._request
        said = [answer.text[len(self.turn.answer) :], *(other.text for other in others)]
        if request is None or not (answer.usage or any(said)):
            return answer
        usage = _believed_usage(answer.usage)
        if usage:
            self._policy.estimates.learn_usage(request, usage)
        price, is_certain = self._find_price(request.model, answer.model)
        usage = usage or _estimate_usage(request, said)
        call = ModelCall(
            model=answer.model or request.model,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            cached_tokens=usage.cached_tokens,
            is_estimated=_believed_usage(answer.usage) is None or not is_certain,
            cost=price.cost_of(usage) if price else None,
            versions=answer.made_with.versions if answer.made_with else (),
        )
        return replace(answer, call=call)

    def add_budget_warning(self, answer: Answer) -> Answer:
        """Return a complete answer, with a remark for people for each budget that is nearly used up by it."""
        call, made_with = answer.call, answer.made_with
        near = find_nearly_spent(self._grant, call) if call else ()
        if not (near and call and made_with):
            return answer
        remarks = (descriptions.describe_warning(each, self._policy.prices.currency) for each in near)
        return replace(
            answer,
            call=replace(call, warns=frozenset(each.budget.span for each in near)),
            made_with=replace(made_with, remarks="\n\n".join(filter(None, (made_with.remarks, *remarks)))),
        )

    def _find_price(self, wanted: str, answered: str) -> tuple[Price | None, bool]:
        """Return the price of a call, and whether it is certain.

        It is certain if the server answered with a name that has a price, or with the requested name or one that
        begins with it: `gpt-6-luna` may answer as `gpt-6-luna-2026-10-01`.
        """
        prices = self._policy.prices
        price = prices.find_price(answered) if answered else None
        if price:
            return price, True
        price = prices.find_price(wanted)
        is_same = not answered or answered.startswith(wanted) or wanted.endswith(answered)
        return price, is_same or price is None


def _believed_usage(usage: Usage | None) -> Usage | None:
    """Return what a server counted, or None: some send zeros instead."""
    if usage is None or not usage.prompt_tokens:
        return None
    return Usage(
        prompt_tokens=min(usage.prompt_tokens, MAX_BELIEVED_TOKENS),
        completion_tokens=min(usage.completion_tokens, MAX_BELIEVED_TOKENS),
        cached_tokens=min(usage.cached_tokens, MAX_BELIEVED_TOKENS),
    )


def _estimate_usage(request: ChatRequest, said: Sequence[str]) -> Usage:
    return Usage(
        prompt_tokens=count_request_tokens(request.messages),
        completion_tokens=sum(estimate_tokens(text) for text in said if text),
    )
