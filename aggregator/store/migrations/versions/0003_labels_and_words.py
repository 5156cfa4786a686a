"""What stories are selected and searched by"""

import sqlalchemy as sa
from alembic import op

from aggregator.store.labels import find_again

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_PART = 1000
_STORIES = sa.text(
    "SELECT id FROM story WHERE merged_into IS NULL AND id > :last ORDER BY id LIMIT :part"
)


def upgrade() -> None:
    """To this schema."""
    op.add_column("story", sa.Column("copies", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("story", sa.Column("labels", sa.JSON(), nullable=False, server_default="[]"))
    op.drop_index("ix_story_river", "story")
    op.create_index("ix_story_river", "story", ["merged_into", "id"], unique=False)
    op.create_table(
        "label",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("story_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("name", "story_id"),
        sqlite_with_rowid=False,
    )
    # Terms come ready made (see `store.words`), so the tokenizer has to do but one thing: to take
    # whatever is not ASCII for a letter.
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE story_words USING fts5(words, tokenize='ascii', columnsize=0)"
        )
    else:
        op.execute(
            "CREATE TABLE story_words (story_id INTEGER PRIMARY KEY "
            "REFERENCES story (id) ON DELETE CASCADE, words TSVECTOR NOT NULL)"
        )
        op.execute("CREATE INDEX ix_story_words ON story_words USING gin (words)")
    _fill()


def _fill() -> None:
    """Make the stories that there are findable."""
    connection = op.get_bind()
    last = 0
    while True:
        stories = connection.execute(_STORIES, {"last": last, "part": _PART}).scalars().all()
        if not stories:
            return
        find_again(connection, stories, words=True)
        last = stories[-1]


def downgrade() -> None:
    """Back to the one before."""
    op.drop_table("story_words")
    op.drop_table("label")
    op.drop_index("ix_story_river", "story")
    op.create_index("ix_story_river", "story", ["merged_into", "first_seen", "id"], unique=False)
    # Not as a batch: that makes the table anew, and dropping the old one would take all copies
    # of all stories along.
    op.drop_column("story", "labels")
    op.drop_column("story", "copies")
