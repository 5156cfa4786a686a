"""A few numbers that tell at a glance how feeds and database are doing; cheap to ask for."""

from datetime import datetime

from sqlalchemy import Connection, and_, func, select, text

from aggregator.store.tables import FeedRow, table

_FEED = table(FeedRow)
_GONE = _FEED.c.last_error_reason == "gone"  # which is polled no more
_SIZE = {
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
    "postgresql": "SELECT pg_database_size(current_database())",
}


def gauges(connection: Connection, late: datetime) -> dict[str, int]:
    """Feeds that fail, that are gone, that were due before `late`; the database's bytes."""
    wanted = {
        "failing": and_(_FEED.c.failures > 0, ~_GONE),
        "gone": _GONE,
        "late": and_(_FEED.c.next_poll_at < late, ~_GONE),
    }
    columns = [func.count().filter(condition).label(name) for name, condition in wanted.items()]
    row = connection.execute(select(*columns).where(_FEED.c.listed)).one()
    size = connection.execute(text(_SIZE[connection.dialect.name])).scalar_one()
    return {**row._mapping, "bytes": int(size)}
