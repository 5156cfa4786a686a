"""What outlets changed in their texts: earlier versions, and amendments"""

import sqlalchemy as sa
from alembic import op

from aggregator.store.types import Compressed, UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this schema."""
    op.create_table(
        "version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("until", UtcDateTime(timezone=True), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("html", Compressed(), nullable=False),
        sa.Column("text", Compressed(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_version_entry_id", "version", ["entry_id"])
    op.create_table(
        "amendment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column("title_before", sa.Text(), nullable=False),
        sa.Column("title_after", sa.Text(), nullable=False),
        sa.Column("hunks", sa.JSON(), nullable=False),
        sa.Column("more", sa.Integer(), nullable=False),
        sa.Column("still", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_amendment_entry_id", "amendment", ["entry_id"])
    op.add_column(
        "feed",
        sa.Column("source", sa.String(length=8), nullable=False, server_default="config"),
    )


def downgrade() -> None:
    """Back to the schema before."""
    op.drop_column("feed", "source")
    op.drop_index("ix_amendment_entry_id", table_name="amendment")
    op.drop_table("amendment")
    op.drop_index("ix_version_entry_id", table_name="version")
    op.drop_table("version")
