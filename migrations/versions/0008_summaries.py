"""Summaries of older turns.

Revision: 0008, after 0007.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("conversations", sa.Column("revision", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "summaries",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("conversation_id", ROW_ID, nullable=False),
        sa.Column("until_turn", ROW_ID, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name="fk_summaries_conversation_id_conversations",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["until_turn"], ["turns.id"], name="fk_summaries_until_turn_turns", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_summaries"),
        sa.UniqueConstraint("until_turn", name="uq_summaries_until_turn"),
    )
    op.create_index("ix_summaries_conversation_id", "summaries", ["conversation_id"])


def downgrade() -> None:
    """Summaries are made again from what was said."""
    op.drop_index("ix_summaries_conversation_id", table_name="summaries")
    op.drop_table("summaries")
    with op.batch_alter_table("conversations") as batch:
        batch.drop_column("revision")
