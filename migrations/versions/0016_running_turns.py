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
    op.create_index("ix_turns_running", "turns", ["author_id"], sqlite_where=HAS_OWNER, postgresql_where=HAS_OWNER)


def downgrade() -> None:
    op.drop_index("ix_turns_running", "turns")
