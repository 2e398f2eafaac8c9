"""How long the bot takes from a message to the model's first request: `uv run python -m tests.bench.intake`.

It prints medians in milliseconds, and their ratio to the first row of each table, on SQLite files in the
folder for temporary files. It is no test, since times depend on the machine.
"""

import asyncio
import statistics
import tempfile
from pathlib import Path

from sqlalchemy import URL

from bot.store import migrate
from bot.store.database import parse_database_url
from tests.bench.in_process_bot import count_traffic, open_bench_bot

ROUNDS, WARM_UP = 200, 20
SIZES = (10, 1_000, 100_000)


async def measure(url: URL, size: int, *, is_one_thread: bool) -> tuple[float, float, float]:
    """Return the median and the 99th percentile in ms, and the transactions of an answer.

    The turns are in other threads, or all in the one where the questions are asked.
    """
    async with open_bench_bot(url) as bot:
        root = await bot.fill(size, **({"per_thread": size} if is_one_thread else {}))
        for _ in range(WARM_UP):
            await bot.ask(root if is_one_thread else "warming up")
        with count_traffic() as traffic:
            times = [await bot.ask(root if is_one_thread else f"thread {n}") for n in range(ROUNDS)]
    return statistics.median(times), statistics.quantiles(times, n=100)[98], traffic.transactions / ROUNDS


async def main() -> None:
    """Print one table for the size of the tables and one for the length of the conversation."""
    for is_one_thread in (False, True):
        print(f"\n{'turns in one thread' if is_one_thread else 'turns in the tables'}")  # noqa: T201
        print("   turns   median ms   ratio   p99 ms   transactions")  # noqa: T201
        first = 0.0
        for size in SIZES:
            with tempfile.TemporaryDirectory() as folder:
                url = parse_database_url(f"sqlite:///{Path(folder) / 'bench.db'}")
                await asyncio.to_thread(migrate.upgrade_database, url)
                median, slow, transactions = await measure(url, size, is_one_thread=is_one_thread)
            first = first or median
            print(f"{size:>8,} {median:>11.2f} {median / first:>7.2f} {slow:>8.2f} {transactions:>14.1f}")  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main())
