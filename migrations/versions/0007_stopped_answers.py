"""Who wants an answer stopped.

Revision: 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

WHERE = sa.text("owner IS NOT NULL AND stopped_by IS NOT NULL")


def upgrade() -> None:
    op.add_column("turns", sa.Column("stopped_by", sa.Text(), nullable=True))
    op.create_index("ix_turns_stopping", "turns", ["owner"], unique=False, sqlite_where=WHERE, postgresql_where=WHERE)


def downgrade() -> None:
    op.drop_index("ix_turns_stopping", "turns")
    op.drop_column("turns", "stopped_by")
