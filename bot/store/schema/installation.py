"""The processes of this installation, how they share rate limits, and the installation's secrets.

- `workers` has a row for each living process, with the time of its last heartbeat, and the lock that its session holds;
- `loads` says how many answers each process writes in each workspace now: its part of that workspace's rate limits;
- `refusals` says until when a platform refuses a kind of call, whichever process made it;
- `chores` has a row for each job that one process at a time does now and then;
- `secrets` has a row for each secret; the first process that needs one makes it, and all use the same.

No row here belongs to a person or a conversation.
"""

from sqlalchemy import BigInteger, Column, Double, Integer, Table, Text

from bot.store.schema.base import RowId, metadata, now

workers = Table(
    "workers",
    metadata,
    Column("id", Text, primary_key=True),  # the name of a process: the `owner` of `SqlStore`
    Column("host", Text, nullable=False),
    Column("beat_at", Double, nullable=False, default=now()),
    Column("session_key", BigInteger),  # of the advisory lock that it holds while it lives; NULL: only its lease counts
)

loads = Table(
    "loads",
    metadata,
    Column("worker", Text, primary_key=True),  # the id of a row of `workers`; the row may be gone
    Column("platform", Text, primary_key=True),
    Column("workspace", Text, primary_key=True),
    Column("answers", Integer, nullable=False),
)

refusals = Table(
    "refusals",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("workspace", Text, primary_key=True),
    Column("name", Text, primary_key=True),  # what is refused: the last part of a `RateLimitKey`
    Column("until", Double, nullable=False),
)

chores = Table(
    "chores",
    metadata,
    Column("name", Text, primary_key=True),
    Column("position", RowId, nullable=False),  # the id of the last row that this round has looked at
    Column("due_at", Double, nullable=False),  # when the next round may begin
)

# Such as the key that signs the state of forms. A row is never changed.
secrets = Table("secrets", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))
