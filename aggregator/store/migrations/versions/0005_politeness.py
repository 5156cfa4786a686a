"""What polls teach about a feed: wishes, rhythm, when it was last had in full, what 304s saved"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from aggregator.store.types import CompressedBytes, UtcDateTime

revision = "0005"
down_revision = "0003"
branch_labels = None
depends_on = None

_NEW: tuple[sa.Column[Any], ...] = (
    sa.Column("validators_url", sa.Text(), nullable=False, server_default=""),
    sa.Column("why", sa.Text(), nullable=False, server_default=""),
    sa.Column("last_remedy", sa.Text(), nullable=False, server_default=""),
    sa.Column("wishes", sa.JSON(), nullable=False, server_default="{}"),
    sa.Column("first_success_at", UtcDateTime(timezone=True), nullable=True),
    sa.Column("news_at", UtcDateTime(timezone=True), nullable=True),
    sa.Column("gap_seconds", sa.Float(), nullable=True),
    sa.Column("news_share", sa.Float(), nullable=False, server_default="0"),
    sa.Column("news_polls", sa.Integer(), nullable=False, server_default="0"),
    sa.Column("looked_at", UtcDateTime(timezone=True), nullable=True),
    sa.Column("look_days", sa.Integer(), nullable=False, server_default="1"),
    sa.Column("wire_bytes", sa.Integer(), nullable=False, server_default="0"),
    sa.Column("bytes_saved", sa.BigInteger(), nullable=False, server_default="0"),
    sa.Column("pages_owed", sa.Boolean(), nullable=False, server_default=sa.false()),
)


def upgrade() -> None:
    """To this schema."""
    for column in _NEW:
        op.add_column("feed", column)
    op.create_table(
        "kept",
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("body", CompressedBytes(), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("feed_id"),
    )


def downgrade() -> None:
    """Back to the schema before."""
    op.drop_table("kept")
    # Not in a batch: that makes the table anew, and what hangs on the old one's rows goes with it.
    for column in _NEW:
        op.drop_column("feed", column.name)
