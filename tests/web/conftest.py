"""Newsrooms and their servers."""

import contextlib
from collections.abc import Iterator

import httpx
import pytest
from web_server import Room, serving


@pytest.fixture(scope="session")
def room(tmp_path_factory) -> Iterator[Room]:
    """The newsroom, for tests that only look."""
    room = Room(tmp_path_factory.mktemp("room"))
    yield room
    room.store.close()


@pytest.fixture(scope="session")
def client(room) -> Iterator[httpx.Client]:
    with serving(room.site) as client:
        yield client


@pytest.fixture
def own_room(tmp_path) -> Iterator[Room]:
    """A newsroom of the test's own, to change."""
    room = Room(tmp_path)
    yield room
    room.store.close()


@pytest.fixture
def own_client(own_room) -> Iterator[httpx.Client]:
    with serving(own_room.site) as client:
        yield client


@pytest.fixture
def make_room(tmp_path):
    """Makes newsrooms with stories and settings of the test's choice."""
    with contextlib.ExitStack() as stack:

        def make(told=None, **server) -> Room:
            room = Room(tmp_path, told, **server)
            stack.callback(room.store.close)
            return room

        yield make
