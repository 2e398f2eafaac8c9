"""The time that tests mean, so that they say the same on every day and at every hour.

A test that depends on the calendar gives the code a `Clock`. SQL stores read the database's clock; within
`stopped` they read the test's. A test of the real program, which reads the machine's, asks for the fixture
`one_day`. `.ci/calendar` runs what is marked `calendar` once more at the end of a month and of a year, on
29 February, and while midnight passes.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BindParameter, Double, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from bot.core.periods import SECONDS_PER_DAY
from bot.store.schema import base, now

NOON: Final = 1_795_262_400.0
"""21 November 2026, 12:00 UTC, in seconds since 1970: a day in the middle of a month."""
SQL_CLOCKS: Final = {"sqlite": base._now_in_sqlite, "postgresql": base._now_in_postgresql}


@dataclass
class Clock:
    """Shows `now`, in seconds since 1970, and stands still until a test sets it."""

    now: float = NOON

    def __call__(self) -> float:
        """Return what it shows."""
        return self.now


@contextmanager
def stopped(clock: Clock) -> Iterator[None]:
    """Let SQL that is compiled meanwhile, for a database opened meanwhile, have a clock's time."""

    def render(_element: now, compiler: SQLCompiler, **options: Any) -> str:
        time_now: BindParameter[float] = bindparam("clock", type_=Double(), callable_=clock, unique=True)
        return compiler.process(time_now, **options)

    for dialect in SQL_CLOCKS:
        compiles(now, dialect)(render)
    try:
        yield
    finally:
        for dialect, original in SQL_CLOCKS.items():
            compiles(now, dialect)(original)


async def wait_for_midnight(within: float) -> None:
    """Return when midnight UTC has passed, if it comes within so many seconds; else at once."""
    left = SECONDS_PER_DAY - time.time() % SECONDS_PER_DAY
    if left < within:
        await asyncio.sleep(left + 0.1)
