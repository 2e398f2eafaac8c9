"""The metadata of all tables, and column types and functions that work on both databases."""

from typing import Any

from sqlalchemy import BigInteger, Dialect, Double, Integer, MetaData, Text, TypeDecorator
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from bot.store.storable_text import make_storable


class now(FunctionElement[float]):  # noqa: N801 - reads as the SQL function that it is
    """Seconds since 1970 by the database's clock, at least to the millisecond."""

    type = Double()
    inherit_cache = True


@compiles(now, "postgresql")
def _now_in_postgresql(_element: now, _compiler: SQLCompiler, **_options: Any) -> str:
    # Unlike now(), this goes on while a transaction waits for a lock.
    return "CAST(extract(epoch FROM clock_timestamp()) AS double precision)"


@compiles(now, "sqlite")
def _now_in_sqlite(_element: now, _compiler: SQLCompiler, **_options: Any) -> str:
    # unixepoch('subsec') needs SQLite 3.42; Debian 12 has 3.40. 2440587.5 is 1970 as a Julian day.
    return "((julianday('now') - 2440587.5) * 86400.0)"


class Prose(TypeDecorator[str]):
    """Text that people or models wrote; made storable on its way in."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the text as the database will store it."""
        return None if value is None else make_storable(value)


RowId = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER numbers itself in SQLite

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
