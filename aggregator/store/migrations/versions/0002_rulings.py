"""Rulings: what a person said of stories, for good"""

import sqlalchemy as sa
from alembic import op

from aggregator.store.types import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this schema."""
    op.create_table(
        "ruling",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("story_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("other", sa.String(length=36), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=True),
        sa.Column("key_link", sa.String(length=64), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["story_id"], ["story.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("ruling", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ruling_entry_id"), ["entry_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ruling_key_link"), ["key_link"], unique=False)
        batch_op.create_index(batch_op.f("ix_ruling_story_id"), ["story_id"], unique=False)


def downgrade() -> None:
    """Back to the one before."""
    with op.batch_alter_table("ruling", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ruling_story_id"))
        batch_op.drop_index(batch_op.f("ix_ruling_key_link"))
        batch_op.drop_index(batch_op.f("ix_ruling_entry_id"))
    op.drop_table("ruling")
