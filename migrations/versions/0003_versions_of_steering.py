"""What admins set, in versions, in place of prompts without a history; what an answer was made with.

Revision: 0003, after 0002. A prompt of before is the first version of its level. It was sent as it stood, so
its braces are doubled, which is how they are written beside placeholders.
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY = ("platform", "workspace", "channel", "root")

PROMPTS = sa.table("prompts", *map(sa.column, (*KEY, "text", "updated_at")))
VERSIONS = sa.table(
    "steering_versions",
    *map(sa.column, (*KEY, "number", "author_id", "author_name", "note", "content", "created_at")),
)
NEWER = VERSIONS.alias("newer")
IS_NEWEST = ~sa.exists().where(*(NEWER.c[name] == VERSIONS.c[name] for name in KEY), NEWER.c.number > VERSIONS.c.number)


def upgrade() -> None:
    op.add_column("turns", sa.Column("made_with", sa.Text(), nullable=True))
    create_versions()
    for row in op.get_bind().execute(sa.select(PROMPTS)).mappings():
        text = row["text"].replace("{", "{{").replace("}", "}}")
        content = {"format": 1, "prompt": {"appends": False, "text": text}}
        version = {
            "number": 1,
            "author_id": "",
            "author_name": "",
            "note": "",
            "created_at": row["updated_at"],
        }
        version["content"] = json.dumps(content, ensure_ascii=False, sort_keys=True)
        op.bulk_insert(VERSIONS, [version | {name: row[name] for name in KEY}])
    op.drop_table("prompts")


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
        sa.UniqueConstraint("platform", "workspace", "channel", "root", "number", name="uq_steering_versions_platform"),
    )


def downgrade() -> None:
    """Keep the newest prompt of each level; 0002 has no place for anything else."""
    create_prompts()
    for row in op.get_bind().execute(sa.select(VERSIONS).where(IS_NEWEST)).mappings():
        prompt = json.loads(row["content"]).get("prompt")
        if prompt:
            text = prompt["text"].replace("{{", "{").replace("}}", "}")
            key = {name: row[name] for name in KEY}
            op.bulk_insert(PROMPTS, [key | {"text": text, "updated_at": row["created_at"]}])
    op.drop_table("steering_versions")
    op.drop_column("turns", "made_with")


def create_prompts() -> None:
    op.create_table(
        "prompts",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "workspace", "channel", "root", name="pk_prompts"),
    )
