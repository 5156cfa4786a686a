"""Databases for the tests: real ones, each test its own."""

import contextlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from benchmarks.postgres import Cluster, cluster, programs

# What waits most comes first, so that two processes end at about the same time.
_SLOW_FIRST = ("queue", "end_to_end", "container", "nights", "tools", "fuzz", "web")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the folders of slow tests; in each, the order stays."""
    tests = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(tests).parts[0]
        return _SLOW_FIRST.index(folder) if folder in _SLOW_FIRST else len(_SLOW_FIRST)

    items.sort(key=place)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL cluster of our own on loopback, gone with the test run."""
    with _cluster() as cluster:
        yield cluster.url


@pytest.fixture
def postgres_server() -> Iterator[Cluster]:
    """A PostgreSQL cluster that the test may end and start again."""
    with _cluster() as cluster:
        yield cluster


@contextlib.contextmanager
def _cluster() -> Iterator[Cluster]:
    try:
        programs()
    except FileNotFoundError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))
    with cluster() as server:
        yield server


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL database."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        yield f"{postgres_url.rpartition('/')[0]}/{name}"
        connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, once of each kind that the project supports."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'aggregator.db'}"
    url: str = request.getfixturevalue("postgres_database")
    return url
