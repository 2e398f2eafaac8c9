"""The database: SQL on SQLite and PostgreSQL, behind the ports.

`Database.tx` runs a plain function of a connection as one transaction. The functions are grouped by what they store:

- `conversations`: turns, the work queue, answers and what people do about them (`SqlStore`);
- `config`: what admins set, learned facts, shared rate limits;
- `spending`: model calls, their sums, budgets;
- `personal`: export, erasure and expiry of what is stored about people.

`schema` has the tables, to which `migrations/` must lead. The same ports without a database are in `bot/testing`.
"""
