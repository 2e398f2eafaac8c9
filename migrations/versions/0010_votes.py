"""What people think of answers.

Revision: 0010, after 0009.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "votes",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("turn_id", ROW_ID, nullable=False),
        sa.Column("variant", sa.Integer(), nullable=False),
        sa.Column("voter_id", sa.Text(), nullable=False),
        sa.Column("is_good", sa.Boolean(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name="fk_votes_turn_id_turns", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_votes"),
        sa.UniqueConstraint("turn_id", "variant", "voter_id", name="uq_votes_turn_id"),
    )
    op.create_index("ix_votes_at", "votes", ["at"])
    op.create_table(
        "vote_versions",
        sa.Column("vote_id", ROW_ID, nullable=False),
        sa.Column("version_id", ROW_ID, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["vote_id"], ["votes.id"], name="fk_vote_versions_vote_id_votes", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("vote_id", "version_id", name="pk_vote_versions"),
    )
    op.create_index("ix_vote_versions_version_id", "vote_versions", ["version_id"])


def downgrade() -> None:
    """Drop what people thought of answers; 0009 has no place for it."""
    op.drop_table("vote_versions")
    op.drop_table("votes")
