"""The contract of the store for what a process may claim: turns that it serves."""

from dataclasses import replace

import pytest

from bot.core.turns import ThreadKey, TurnStatus
from bot.ports import ClaimRules
from tests.contracts.conftest import Join
from tests.contracts.questions import question, thread

OTHERS = {
    "another workspace": thread("2.0", workspace="T2"),
    "another platform": replace(thread("2.0"), platform="matrix"),
    "another platform's workspace": replace(thread("2.0", workspace="T9"), platform="matrix"),
}


@pytest.mark.parametrize("elsewhere", OTHERS.values(), ids=OTHERS)
async def test_what_is_not_served_is_left_to_those_who_serve_it(join: Join, elsewhere: ThreadKey) -> None:
    ours = await join("ours", ClaimRules(served=frozenset({("slack", "T1"), ("matrix", "T2")})))
    theirs = await join("theirs", ClaimRules(served=frozenset({(elsewhere.platform, elsewhere.workspace)})))
    await ours.accept(question("2.0", where=elsewhere), claim=False)
    await ours.accept(question("1.0"), claim=False)
    assert [turn.message_id for turn in await ours.claim(9)] == ["1.0"]
    assert await ours.claim(9) == []
    (turn,) = await theirs.claim(9)
    assert (turn.message_id, turn.status, turn.attempt) == ("2.0", TurnStatus.ANSWERING, 1)


async def test_who_serves_nothing_claims_nothing(join: Join) -> None:
    nobody = await join("nobody", ClaimRules(served=frozenset()))
    await nobody.accept(question("1.0"), claim=False)
    assert await nobody.claim(9) == []
