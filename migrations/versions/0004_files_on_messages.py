"""What a question says of the files attached to it.

Revision: 0004, after 0003. What was read of them belongs to `made_with`, which has a place for it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("turns", sa.Column("files", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("turns", "files")
