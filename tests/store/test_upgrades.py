"""A database that an earlier version filled is brought to today's schema with all that it holds."""

import sys
from datetime import UTC, datetime, timedelta

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, insert, inspect
from sqlalchemy.types import JSON

from aggregator.model import StoryQuery
from aggregator.store import Store, connect, migrate
from aggregator.store.database import alembic_config, writing

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SCRIPTS = ScriptDirectory.from_config(alembic_config())
REVISIONS = sorted(script.revision for script in SCRIPTS.walk_revisions())
IDS = ["0b7b1a5e-0000-4000-8000-00000000000" + str(n) for n in range(4)]
TEXT = "The night ferry will run until three, the port authority said on Sunday."

# What stands in the columns of any schema; those that a schema does not have are left out.
FEED = {
    "name": "Harbour Post", "domain": "harbour.example", "category": "Coast", "full_text": "auto",
    "listed": True, "source": "config", "title": "Harbour", "site_url": "https://harbour.example/",
    "etag": '"7"', "last_modified": None, "body_digest": "d", "interval_seconds": 1800,
    "next_poll_at": NOW + timedelta(minutes=20), "last_polled_at": NOW, "last_success_at": NOW,
    "last_status": 200, "last_error": "", "last_error_reason": "", "note": "", "failures": 0,
    "polls": 9, "polls_not_modified": 4, "validators_url": "", "why": "", "last_remedy": "",
    "wishes": {}, "news_share": 0.5, "news_polls": 3, "look_days": 1, "wire_bytes": 100,
    "bytes_saved": 1000, "pages_owed": False,
}  # fmt: skip
ENTRY = {
    "key_guid": "g", "key_link": "l", "key_text": "t", "key_title": "h", "digest": "d",
    "author": "", "domain": "", "language": "en", "enclosures": [], "published": NOW,
    "first_seen": NOW, "length": len(TEXT), "page_state": "none", "page_tries": 0,
}  # fmt: skip
CREDIT = {
    "position": 0, "name": "AFP", "as_written": "AFP", "domain": "afp.com", "url": "",
    "role": "agency", "extent": "full", "quote": "with AFP", "place": "body", "confidence": 0.9,
    "rank": 0,
}  # fmt: skip
STORY = {
    "title": "Ferry until three", "origin": None, "agency": None, "chain": ["Harbour Post"],
    "conflict": "", "language": "en", "digest": "s", "first_seen": NOW, "updated": NOW,
}  # fmt: skip
COPY = {"similarity": 1.0, "threshold": 0.5, "reason": "", "edits": [], "passages": [],
        "near_misses": []}  # fmt: skip


def fill(engine) -> None:
    """Two feeds, three entries, a story with two copies, one with one, one that was joined."""
    tables = MetaData()
    tables.reflect(engine)
    naive = engine.dialect.name == "sqlite"

    def put(connection, name: str, /, **values) -> None:
        table = tables.tables.get(name)
        if table is None:
            return
        row = {}
        for column in table.columns.keys() & values.keys():
            value = values[column]
            if isinstance(value, datetime) and naive:
                value = value.replace(tzinfo=None)
            if isinstance(table.columns[column].type, JSON) and value is None:
                continue
            row[column] = value
        connection.execute(insert(table), [row])

    with writing(engine).begin() as connection:
        for n in (1, 2):
            url = f"https://harbour.example/feed{n}"
            put(connection, "feed", id=n, url=url, poll_url=url, **FEED)
        for n, feed in ((1, 1), (2, 2), (3, 1)):
            url = f"https://harbour.example/{n}"
            title = f"Headline {n}"
            put(connection, "entry", id=n, feed_id=feed, guid=f"guid{n}", url=url, title=title,
                outlet="Harbour Post", **ENTRY)  # fmt: skip
            body = {"html": b"", "page_html": b"", "text": zstd.compress(TEXT.encode())}
            put(connection, "body", entry_id=n, **body)
            put(connection, "credit", entry_id=n, **CREDIT)
        for n, lead, into in ((1, 1, None), (2, 3, None), (3, None, 1)):
            put(connection, "story", id=n, public_id=IDS[n], lead_entry_id=lead, merged_into=into,
                url=f"https://harbour.example/{lead}", **STORY)  # fmt: skip
        for entry, story in ((1, 1), (2, 1), (3, 2)):
            put(connection, "copy", entry_id=entry, story_id=story, **COPY)
        put(connection, "posting", hash=7, story_id=1, seen_hour=490_000)
        put(connection, "ruling", story_id=1, kind="merge", other=IDS[3], entry_id=None,
            key_link="", url="", at=NOW)  # fmt: skip
        put(connection, "version", entry_id=1, until=NOW, title="Older", html=b"", text=b"")
        put(connection, "amendment", entry_id=1, at=NOW, kind="changed", notice="Correction",
            title_before="", title_after="", hunks=[], more=0, still=[])  # fmt: skip
        put(connection, "push", feed_id=1, token="t", secret="s", hub="https://hub.example/",
            topic="https://harbour.example/feed1", ask_at=NOW, failures=0, asked=True,
            lease_until=NOW)  # fmt: skip
        connection.exec_driver_sql("UPDATE counters SET revision = 5, stories = 3")
        if not naive:  # as if the rows had come one by one
            for name in ("feed", "entry", "story", "credit"):
                connection.exec_driver_sql(
                    f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), 3)"
                )


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_database_of_each_earlier_version_is_taken_over_whole(database_url, revision):
    engine = connect(database_url)
    migrate(engine, revision)
    fill(engine)
    had = set(inspect(engine).get_table_names())
    engine.dispose()

    store = Store(database_url)
    assert store.broken() == []
    assert store.counts() == {"feeds": 2, "entries": 3, "stories": 2, "merged": 1}
    newest, oldest = store.stories(StoryQuery())
    assert (newest.id, oldest.id) == (IDS[2], IDS[1])
    assert [copy.title for copy in oldest.copies] == ["Headline 1", "Headline 2"]
    assert [credit.name for credit in oldest.copies[0].credits] == ["AFP"]
    assert store.find(IDS[3]).id == IDS[1], "the joined one leads to the one that stays"
    feed = store.listed()[0]
    assert feed.validators.etag == '"7"'
    assert feed.next_poll_at == NOW + timedelta(minutes=20)
    if "story_words" not in had:  # what is found by label and word was made by the migration
        assert len(store.stories(StoryQuery(words="ferry"))) == 2
        assert len(store.stories(StoryQuery(categories=("Coast",)))) == 2
    if "ruling" in had:
        assert [ruling.kind for ruling in oldest.rulings] == ["merge"]
    if "version" in had:
        assert [version.title for version in store.versions([1])[1]] == ["Older"]
        assert [amendment.notice for amendment in oldest.amendments] == ["Correction"]
    if "push" in had:
        assert store.subscription_at("t").hub == "https://hub.example/"

    with store.writing(NOW - timedelta(days=7)) as transaction:
        assert transaction.new_story(NOW) == 4, "numbers go on"
    store.close()
