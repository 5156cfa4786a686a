"""The schema: migrations, and what they make, against the tables."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlmodel import SQLModel

from aggregator.errors import StoreError
from aggregator.store import connect, migrate, tables  # noqa: F401
from aggregator.store.database import writing


def test_an_empty_database_migrates_up_and_down_and_up(database_url):
    engine = connect(database_url)
    migrate(engine)
    everything = set(inspect(engine).get_table_names())
    assert {"feed", "entry", "body", "credit", "story", "copy", "posting"} <= everything

    migrate(engine, "base")
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}

    migrate(engine)
    assert set(inspect(engine).get_table_names()) == everything
    engine.dispose()


def test_the_migrations_make_exactly_the_tables_of_the_models(database_url):
    engine = connect(database_url)
    migrate(engine)
    with engine.connect() as connection:
        opts = {"compare_type": True, "include_name": _is_of_the_models}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, SQLModel.metadata) == []
    engine.dispose()


def _is_of_the_models(name, kind, parents) -> bool:
    """What stories are searched by is a table that each database has its own kind of."""
    return not str(name).startswith("story_words")


def test_migrating_twice_changes_nothing(database_url):
    engine = connect(database_url)
    migrate(engine)
    migrate(engine)
    engine.dispose()


def test_a_database_of_a_newer_version_is_refused_with_a_remedy(database_url):
    engine = connect(database_url)
    migrate(engine)
    with writing(engine).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError) as refused:
        migrate(engine)
    assert refused.value.reason == "newer_database"
    assert "9999" in str(refused.value)
    assert refused.value.remedy
    engine.dispose()


@pytest.mark.parametrize("url", ["mysql://u:p@localhost/x", "no address", ""])
def test_an_address_that_is_no_known_database_is_refused(url):
    with pytest.raises(StoreError) as refused:
        connect(url)
    assert refused.value.reason == "bad_database_url"


def test_sqlite_runs_in_wal_mode_with_its_folder_made(tmp_path):
    engine = connect(f"sqlite:///{tmp_path}/new/folder/x.db")
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
    engine.dispose()


def test_a_folder_that_cannot_be_made_is_said_so(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError) as refused:
        connect(f"sqlite:///{tmp_path}/file/x.db")
    assert "database" in str(refused.value)
