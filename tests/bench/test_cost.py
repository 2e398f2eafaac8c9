"""What an answer costs the database, counted; `tests.bench.intake` measures the time."""

from pathlib import Path

import pytest

from tests.bench.shop import counted, open_shop
from tests.databases import KINDS, Kind, migrated_database

MOST_TRANSACTIONS = 6
"""Of one answer on one page; each further page of a long one needs one more."""


@pytest.mark.parametrize("kind", KINDS)
async def test_an_answer_costs_few_transactions_however_much_is_stored(kind: Kind, tmp_path: Path) -> None:
    """The same statements in an empty database, beside many turns, and after many turns of the thread."""
    with migrated_database(kind, tmp_path) as url:
        async with open_shop(url) as shop:
            await shop.ask("first")
            with counted() as few:
                await shop.ask("new")
            root = await shop.fill(3_000, per_thread=1_500)
            with counted() as many:
                await shop.ask("newer")
            with counted() as long:
                await shop.ask(root)
        assert few.transactions <= MOST_TRANSACTIONS, few.statements
        assert sorted(few.statements) == sorted(many.statements)  # saving and showing overlap, in any order
        assert long.transactions <= MOST_TRANSACTIONS, long.statements
        assert len(long.statements) <= len(few.statements)
