"""Turns in the order in which they were written, notes, forgotten turns, attempts, and deliveries.

Revision: 0002, after 0001.
"""

from contextlib import AbstractContextManager

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

OPEN = sa.text("status IN ('answered', 'answering', 'waiting')")
SAID = sa.text("status IN ('answered', 'done', 'failed', 'noted', 'stopped')")

STATUSES_BEFORE = "status IN ('answered', 'answering', 'done', 'failed', 'stopped', 'waiting')"
STATUSES = "status IN ('answered', 'answering', 'done', 'failed', 'forgotten', 'noted', 'stopped', 'waiting')"


def upgrade() -> None:
    op.add_column("conversations", sa.Column("read_at", sa.Double(), nullable=True))
    op.add_column("turns", sa.Column("sent_at", sa.Double(), server_default=sa.text("0"), nullable=False))
    op.add_column("turns", sa.Column("attempt", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.execute("UPDATE turns SET sent_at = created_at, attempt = token")
    op.drop_index("ix_turns_open", "turns")
    op.drop_index("ix_turns_conversation_id", "turns")
    with altered_turns() as turns:
        turns.alter_column("sent_at", server_default=None)
        turns.alter_column("attempt", server_default=None)
        turns.drop_constraint(op.f("ck_turns_status"), type_="check")
        turns.create_check_constraint(op.f("ck_turns_status"), sa.text(STATUSES))
    create_index("ix_turns_said", ["conversation_id", "sent_at", "id"], SAID)
    create_index("ix_turns_open", ["conversation_id", "sent_at", "id"], OPEN)
    create_deliveries()


def create_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "workspace", "id", name="pk_deliveries"),
    )
    op.create_index("ix_deliveries_at", "deliveries", ["at"])


def downgrade() -> None:
    op.drop_table("deliveries")
    op.drop_index("ix_turns_open", "turns")
    op.drop_index("ix_turns_said", "turns")
    op.execute("DELETE FROM turns WHERE status IN ('forgotten', 'noted')")  # 0001 has no words for them
    with altered_turns() as turns:
        turns.drop_constraint(op.f("ck_turns_status"), type_="check")
        turns.create_check_constraint(op.f("ck_turns_status"), sa.text(STATUSES_BEFORE))
        turns.drop_column("attempt")
        turns.drop_column("sent_at")
    op.create_index("ix_turns_conversation_id", "turns", ["conversation_id", "id"])
    create_index("ix_turns_open", ["conversation_id", "id"], OPEN)
    op.drop_column("conversations", "read_at")


def altered_turns() -> AbstractContextManager[BatchOperations]:
    """Begin to alter `turns`. SQLite copies the table, and does not tell Alembic how it counts."""
    return op.batch_alter_table("turns", table_kwargs={"sqlite_autoincrement": True})


def create_index(name: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(name, "turns", columns, sqlite_where=where, postgresql_where=where)
