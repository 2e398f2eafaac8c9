"""What is stored of people can be found by who they are; and chores that one process does at a time.

Revision: 0012, after 0011.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_turns_author_id", "turns", ["author_id", "id"])
    op.create_index("ix_votes_voter_id", "votes", ["voter_id"])
    op.create_table(
        "chores",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("due_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_chores"),
    )


def downgrade() -> None:
    op.drop_table("chores")
    op.drop_index("ix_votes_voter_id", "votes")
    op.drop_index("ix_turns_author_id", "turns")
