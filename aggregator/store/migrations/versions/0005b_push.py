"""WebSub: subscriptions at hubs, and when one last brought something"""

import sqlalchemy as sa
from alembic import op

from aggregator.store.types import UtcDateTime

revision = "0005b"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this schema."""
    op.add_column("feed", sa.Column("pushed_at", UtcDateTime(timezone=True), nullable=True))
    op.create_table(
        "push",
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.Column("hub", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("ask_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("asked", sa.Boolean(), nullable=False),
        sa.Column("lease_until", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("feed_id"),
        sa.UniqueConstraint("token"),
    )
    with op.batch_alter_table("push") as push:
        push.create_index(push.f("ix_push_ask_at"), ["ask_at"], unique=False)


def downgrade() -> None:
    """Back to the schema before."""
    op.drop_table("push")
    with op.batch_alter_table("feed") as feed:
        feed.drop_column("pushed_at")
