"""Alembic's way in: it runs on the connection that `store.database.migrate` hands over."""

from alembic import context
from sqlmodel import SQLModel

from aggregator.store import tables  # noqa: F401  (registers the tables)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,  # SQLite alters tables by copying them
    transactional_ddl=True,
    user_module_prefix="",
)
context.run_migrations()
