"""An index of the turns that run, by person.

Revision: 0016, after 0015.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

HAS_OWNER = sa.text("owner IS NOT NULL")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.create_index("ix_turns_running", "turns", ["author_id"], sqlite_where=HAS_OWNER)
        return
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_turns_running")  # what an attempt that failed left
        op.create_index(
            "ix_turns_running", "turns", ["author_id"], postgresql_where=HAS_OWNER, postgresql_concurrently=True
        )


def downgrade() -> None:
    op.drop_index("ix_turns_running", "turns")
