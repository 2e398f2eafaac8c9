"""What admins set, in versions; and what an answer was made with.

Revision: 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("turns", sa.Column("made_with", sa.Text(), nullable=True))
    create_versions()


def create_versions() -> None:
    op.create_table(
        "steering_versions",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Text(), nullable=False),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_steering_versions"),
        sa.UniqueConstraint(
            "platform", "workspace", "channel", "root", "number", name="uq_steering_versions_platform"
        ),
    )


def downgrade() -> None:
    op.drop_table("steering_versions")
    op.drop_column("turns", "made_with")
