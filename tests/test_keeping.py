"""init, feeds import, feeds test, status, doctor, backup and restore, as a person runs them."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from aggregator.config import load
from aggregator.model import FeedSpec, PollRecord
from aggregator.store import Store

OPML = """<opml version="2.0"><body>
<outline text="Coast">
<outline type="rss" text="Harbour Post" xmlUrl="https://harbour.example/feed"/>
<outline type="rss" text="Tide Times" xmlUrl="https://tide.example/rss"/>
</outline></body></opml>"""
FEED = """<rss version="2.0"><channel><title>Harbour Post</title><link>{site}</link>
<language>en</language><item><title>Ferry runs again</title><link>{site}/1</link>
<description>&lt;p&gt;The night ferry runs again.&lt;/p&gt;&lt;p&gt;This story originally
appeared on Tide Times.&lt;/p&gt;</description></item></channel></rss>"""


def run(*arguments, cwd):
    return subprocess.run(
        [sys.executable, "-m", "aggregator.cli", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env=None,
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_init_writes_a_configuration_that_is_right(folder):
    done = run("init", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "aggregator run" in done.stdout
    assert run("check", cwd=folder).returncode == 0
    assert len(load(folder / "config.yaml").feeds) >= 3


def test_init_takes_the_subscriptions_of_a_feed_reader(folder):
    (folder / "mine.opml").write_text(OPML)
    assert run("init", "--opml", "mine.opml", cwd=folder).returncode == 0
    (first, second) = load(folder / "config.yaml").feeds
    assert (first.url, first.name, first.category) == (
        "https://harbour.example/feed",
        "Harbour Post",
        "Coast",
    )
    assert second.name == "Tide Times"


def test_init_overwrites_nothing(folder):
    (folder / "config.yaml").write_text("feeds: []\n")
    done = run("init", cwd=folder)
    assert done.returncode == 2
    assert "there already" in done.stderr
    assert (folder / "config.yaml").read_text() == "feeds: []\n"


def test_import_adds_what_is_new_and_keeps_comments_and_order(folder):
    (folder / "config.yaml").write_text(
        "# mine\nfeeds:\n  - url: https://tide.example/rss   # the tide\n\n"
        "# how often\npoll:\n  interval: 1h\n"
    )
    (folder / "mine.opml").write_text(OPML)
    done = run("feeds", "import", "mine.opml", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "1 feed added, 1 were there already" in done.stdout
    text = (folder / "config.yaml").read_text()
    assert "# mine" in text
    assert "# the tide" in text
    assert text.index("harbour.example") < text.index("# how often") < text.index("poll:")
    assert [feed.url for feed in load(folder / "config.yaml").feeds] == [
        "https://tide.example/rss",
        "https://harbour.example/feed",
    ]
    again = run("feeds", "import", "mine.opml", cwd=folder)
    assert "0 feeds added, 2 were there already" in again.stdout
    assert (folder / "config.yaml").read_text() == text


def test_import_of_what_is_no_opml_changes_nothing(folder):
    (folder / "config.yaml").write_text("feeds: []\n")
    (folder / "mine.opml").write_text("<html></html>")
    done = run("feeds", "import", "mine.opml", cwd=folder)
    assert done.returncode == 2
    assert "not an OPML document" in done.stderr
    assert (folder / "config.yaml").read_text() == "feeds: []\n"


@pytest.fixture
def site():
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = FEED.format(site=address).encode() if self.path == "/feed" else b"gone"
            self.send_response(200 if self.path == "/feed" else 404)
            self.send_header("Content-Type", "application/rss+xml")
            self.send_header("ETag", '"1"')
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.41", 0), Handler)
    address = f"http://127.0.0.41:{server.server_port}"
    Thread(target=server.serve_forever, daemon=True).start()
    yield address
    server.shutdown()
    server.server_close()


def test_a_feed_is_tried_without_being_stored(folder, site):
    (folder / "config.yaml").write_text("http: {allow_networks: [127.0.0.0/8]}\n")
    told = run("feeds", "test", f"{site}/feed", cwd=folder)
    assert told.returncode == 0, told.stderr
    assert "Ferry runs again" in told.stdout
    assert "credits Tide Times" in told.stdout
    found = json.loads(run("feeds", "test", f"{site}/feed", "--json", cwd=folder).stdout)
    assert found["validators"] is True
    assert found["entries"][0]["credits"] == ["Tide Times"]
    assert not (folder / "data").exists()


def test_a_feed_is_tried_with_the_outlets_that_the_user_told(folder, site):
    (folder / "config.yaml").write_text(
        "http: {allow_networks: [127.0.0.0/8]}\n"
        "outlets:\n  - {name: The Tide, domain: tide.example, aliases: [Tide Times]}\n"
    )
    found = json.loads(run("feeds", "test", f"{site}/feed", "--json", cwd=folder).stdout)
    assert found["entries"][0]["credits"] == ["The Tide"]


def test_a_feed_that_cannot_be_had_says_why(folder, site):
    (folder / "config.yaml").write_text("http: {allow_networks: [127.0.0.0/8]}\n")
    done = run("feeds", "test", f"{site}/nothing", cwd=folder)
    assert done.returncode == 1
    assert "404" in done.stderr


@pytest.fixture
def used(folder):
    """A folder with a configuration, and a database in which one of two feeds fails."""
    (folder / "config.yaml").write_text(
        "feeds:\n  - url: https://harbour.example/feed\n  - url: https://tide.example/rss\n"
    )
    config = load(folder / "config.yaml")
    store = Store(config.database_url)
    now = datetime.now(UTC)
    store.list_feeds([FeedSpec(feed.url) for feed in config.feeds], now)
    one, other = store.listed()
    later = now + timedelta(hours=1)
    with store.writing(now) as transaction:
        transaction.record(PollRecord(one.id, now, later, timedelta(hours=1), 200, title="Harbour"))
        failed = PollRecord(
            other.id, now, later, timedelta(hours=1), 500, error="It said 500.", error_reason="http"
        )
        transaction.record(failed)
    store.close()
    return folder


def test_status_tells_what_a_person_wants_to_know(used):
    told = run("status", cwd=used)
    assert told.returncode == 0, told.stderr
    assert "1 failing, 1 ok" in told.stdout
    assert "It said 500." in told.stdout
    found = json.loads(run("status", "--json", cwd=used).stdout)
    assert found["feeds"] == {"ok": 1, "failing": 1}
    assert found["late"] == 0
    assert found["failing"][0]["error"] == "It said 500."


def test_doctor_finds_what_is_wrong_and_says_so_by_its_exit_code(used):
    done = run("doctor", cwd=used)
    assert done.returncode == 1
    assert "feed: https://tide.example/rss: It said 500." in done.stdout
    store = Store(load(used / "config.yaml").database_url)
    store.list_feeds([FeedSpec("https://harbour.example/feed")], datetime.now(UTC))
    store.close()
    done = run("doctor", cwd=used)
    assert (done.returncode, done.stdout) == (0, "Nothing is wrong.\n")


def test_doctor_finds_a_daemon_that_does_not_poll(used):
    store = Store(load(used / "config.yaml").database_url)
    long_ago = datetime.now(UTC) - timedelta(days=1)
    with store.writing(long_ago) as transaction:
        transaction.record(PollRecord(1, long_ago, long_ago, timedelta(hours=1), 200))
    store.close()
    done = run("doctor", "--json", cwd=used)
    assert done.returncode == 1
    assert "daemon" in {finding["where"] for finding in json.loads(done.stdout)}


def test_doctor_names_a_wrong_configuration(folder):
    (folder / "config.yaml").write_text("polls: {}\n")
    done = run("doctor", cwd=folder)
    assert done.returncode == 1
    assert "polls" in done.stdout


def test_backup_and_restore_keep_a_way_back(used):
    assert run("backup", "kept.db", cwd=used).stdout == "kept.db: 2 feeds, 0 entries, 0 stories.\n"
    store = Store(load(used / "config.yaml").database_url)
    store.list_feeds([FeedSpec("https://third.example/feed")], datetime.now(UTC))
    store.close()
    done = run("restore", "kept.db", cwd=used)
    assert done.returncode == 0, done.stderr
    assert "2 feeds" in done.stdout
    (before,) = used.glob("kept.before-restore-*.db")
    assert str(before.name) in done.stdout
    run("restore", before, cwd=used)
    store = Store(load(used / "config.yaml").database_url)
    assert [feed.spec.url for feed in store.listed()] == ["https://third.example/feed"]
    store.close()


def test_restore_of_what_is_no_backup_fails_with_a_reason(used):
    (used / "kept.db").write_text("no database")
    done = run("restore", "kept.db", cwd=used)
    assert done.returncode == 1
    assert "no SQLite file" in done.stderr
