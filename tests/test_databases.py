"""The databases that other tests stand on are what they say."""

import sqlalchemy
from sqlalchemy.engine import make_url

seen: set[str] = set()


def test_each_database_is_empty_and_like_no_other(database_url):
    assert database_url not in seen
    seen.add(database_url)
    url = make_url(database_url)
    if url.get_backend_name() == "postgresql":
        assert url.host == "127.0.0.1"
        url = url.set(drivername="postgresql+psycopg")
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        assert sqlalchemy.inspect(connection).get_table_names() == []
        connection.execute(sqlalchemy.text("CREATE TABLE mark (id INTEGER)"))
    engine.dispose()


test_the_next_one_is_empty_too = test_each_database_is_empty_and_like_no_other
