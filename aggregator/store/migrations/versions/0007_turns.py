"""Turns at hosts, for processes that share a database"""

import sqlalchemy as sa
from alembic import op

from aggregator.store.types import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this schema."""
    op.create_table(
        "turn",
        sa.Column("host", sa.String(length=300), nullable=False),
        sa.Column("free_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("host"),
    )


def downgrade() -> None:
    """Back to the schema before."""
    op.drop_table("turn")
