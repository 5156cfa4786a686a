from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from pydantic import ValidationError

import aggregator
from aggregator.config import OpmlConfig, check, load, parse_duration
from aggregator.errors import ConfigError
from aggregator.model import Content, FeedSpec, FullText, Outlet, OutletKind, StoryQuery

SHIPPED = Path(__file__).parents[2] / "config.yaml"
EVERYTHING = """
feeds:
  - url: https://feeds.example.net/world
    name: Example
    domain: Example.org.
    category: World
    full_text: always
  - opml: https://example.org/subscriptions.opml
poll: {interval: 10m, min_interval: 2m, max_interval: 12h, per_host_delay: 500ms, concurrency: 8}
http: {user_agent: me/1, timeout: 90s, max_bytes: 8MiB, allow_networks: [127.0.0.0/8, 'fd00::/8']}
database: postgresql://user:secret@host/name
outputs:
  - name: world
    title: World news, once
    where: {category: World, language: [en, de], outlet: [ndtv.com], words: climate}
    content: full
  - {name: all}
dedupe: {window: 3d}
retention: 30d
server: {host: 127.0.0.1, port: 9090, base_url: 'https://news.example.org/', admin_token: token}
"""


def test_every_key_is_read_under_its_own_name(written):
    config = load(written(EVERYTHING), {})
    feed, opml = config.feeds
    assert feed.spec() == FeedSpec(
        "https://feeds.example.net/world", "Example", "example.org", "World", FullText.ALWAYS
    )
    assert opml == OpmlConfig(opml="https://example.org/subscriptions.opml")
    assert config.poll.interval == timedelta(minutes=10)
    assert config.poll.min_interval == timedelta(minutes=2)
    assert config.poll.max_interval == timedelta(hours=12)
    assert config.poll.per_host_delay == timedelta(milliseconds=500)
    assert config.poll.concurrency == 8
    assert config.http.user_agent == "me/1"
    assert config.http.timeout == timedelta(seconds=90)
    assert config.http.max_bytes == 8 * 1024 * 1024
    assert config.http.allow_networks == (ip_network("127.0.0.0/8"), ip_network("fd00::/8"))
    assert config.database_url == "postgresql://user:secret@host/name"
    world, everything = config.outputs
    assert (world.name, world.title, world.content) == ("world", "World news, once", Content.FULL)
    assert world.query(limit=7) == StoryQuery(
        categories=("World",),
        languages=("en", "de"),
        outlets=("ndtv.com",),
        words="climate",
        limit=7,
    )
    assert (everything.title, everything.content) == (None, Content.FEED)
    assert config.dedupe.window == timedelta(days=3)
    assert config.retention == timedelta(days=30)
    assert (config.server.host, config.server.port) == ("127.0.0.1", 9090)
    assert config.server.base_url == "https://news.example.org"
    assert config.server.admin_token.get_secret_value() == "token"
    assert config.warnings == ()


def test_without_a_file_everything_has_a_default():
    config = load(None, {})
    assert config.feeds == config.outputs == config.http.allow_networks == ()
    assert config.poll.interval == timedelta(minutes=30)
    assert config.poll.min_interval == timedelta(minutes=5)
    assert config.poll.max_interval == timedelta(hours=24)
    assert config.poll.per_host_delay == timedelta(seconds=1)
    assert config.poll.concurrency == 64
    assert config.http.timeout == timedelta(seconds=20)
    assert config.http.max_bytes == 10_000_000
    assert config.database_url == "sqlite:///data/aggregator.db"
    assert config.dedupe.window == timedelta(days=7)
    assert config.retention == timedelta(days=90)
    assert (config.server.host, config.server.port) == ("0.0.0.0", 8080)
    assert config.server.base_url is config.server.admin_token is None


def test_the_shipped_file_loads_without_a_warning():
    assert check(SHIPPED, {}) == []
    specs = load(SHIPPED, {}).feed_specs()
    assert len(specs) >= 8
    assert all(spec.category and spec.name for spec in specs)
    assert len({spec.category for spec in specs}) >= 4


def test_settings_do_not_change_after_loading(written):
    config = load(written(EVERYTHING), {})
    with pytest.raises(ValidationError):
        config.retention = timedelta(days=1)
    with pytest.raises(ValidationError):
        config.poll.concurrency = 1


def test_the_user_agent_says_who_asks_and_where_to_complain(written, monkeypatch):
    version, project = aggregator.__version__, "https://project.example/"
    assert load(None, {}).http.user_agent == f"aggregator/{version} (a feed aggregator)"
    monkeypatch.setattr("aggregator.config.settings.PROJECT_URL", project)
    assert load(None, {}).http.user_agent == f"aggregator/{version} (+{project})"
    settings = "server: {base_url: 'https://news.example.org'}\nhttp: {contact: me@example.org}"
    told = load(written(settings), {}).http.user_agent
    assert told == f"aggregator/{version} (+{project}; +https://news.example.org; me@example.org)"


@pytest.mark.parametrize(
    ("given", "lowest", "usual", "highest"),
    [
        ("interval: 1s", "1s", "1s", "24h"),
        ("interval: 2d", "5m", "2d", "2d"),
        ("min_interval: 1h", "1h", "1h", "24h"),
        ("min_interval: 3d", "3d", "3d", "3d"),
        ("max_interval: 10m", "5m", "10m", "10m"),
        ("max_interval: 1m", "1m", "1m", "1m"),
        ("interval: 1m, max_interval: 2m", "1m", "1m", "2m"),
    ],
)
def test_bounds_that_are_not_given_make_room_for_what_is(written, given, lowest, usual, highest):
    poll = load(written(f"poll: {{{given}}}"), {}).poll
    assert poll.min_interval == parse_duration(lowest)
    assert poll.interval == parse_duration(usual)
    assert poll.max_interval == parse_duration(highest)


def test_sqlite_files_are_found_from_the_configuration_s_folder(written, tmp_path):
    for text in ("", "database: sqlite:///data/aggregator.db"):
        wanted = f"sqlite:///{tmp_path}/data/aggregator.db"
        assert load(written(text), {}).database_url == wanted
    absolute = "sqlite:////var/lib/news.db"
    assert load(written(f"database: {absolute}"), {}).database_url == absolute
    from_environment = {"AGGREGATOR_DATABASE": "sqlite:///here.db"}
    assert load(written(""), from_environment).database_url == "sqlite:///here.db"


def test_a_key_without_a_value_counts_as_not_there(written):
    config = load(written("feeds:\npoll:\n  interval:\nserver:\n  admin_token:\n"), {})
    assert config.poll.interval == timedelta(minutes=30)
    assert config.server.admin_token is None


def test_feeds_keep_their_order_and_each_url_comes_once(written, tmp_path):
    (tmp_path / "subscriptions.opml").write_text(
        '<opml version="2.0"><body><outline text="News">'
        '<outline text="Again" xmlUrl="https://one.example/feed"/>'
        '<outline text="Two" xmlUrl="https://two.example/feed"/>'
        '<outline text="Gopher" xmlUrl="gopher://three.example/"/>'
        "</outline></body></opml>"
    )
    path = written(
        "feeds:\n  - opml: subscriptions.opml\n  - url: https://one.example/feed\n    name: One\n"
    )
    config = load(path, {})
    assert config.feed_specs() == (
        FeedSpec("https://one.example/feed", "One"),
        FeedSpec("https://two.example/feed", "Two", category="News"),
    )
    assert [(problem.line, problem.found) for problem in config.warnings] == [
        (2, "1 outlines that are no feeds at an http or https address"),
        (2, "1 feeds that are listed elsewhere too"),
    ]
    assert config.opml_urls == ()


def test_opml_behind_a_url_is_left_for_the_daemon_to_fetch(written):
    config = load(written(EVERYTHING), {})
    assert config.opml_urls == ("https://example.org/subscriptions.opml",)
    assert [spec.name for spec in config.feed_specs()] == ["Example"]


def test_an_opml_file_that_is_none_names_the_line_of_the_entry(written, tmp_path):
    (tmp_path / "page.opml").write_text("<html><body>Not found</body></html>")
    with pytest.raises(
        ConfigError, match=r"config\.yaml:2: feeds\[0\]\.opml: .* not an OPML document"
    ):
        load(written("feeds:\n  - opml: page.opml"), {})


def test_outlets_can_be_added_and_corrected(written):
    text = """
outlets:
  - name: Sarnholm Courier
    domain: sarnholmcourier.example
    aliases: [The Courier, SC]
  - {name: Reuters, domain: [reuters.test], kind: publisher}
"""
    courier, reuters = load(written(text), {}).outlets
    assert courier.outlet(None) == Outlet(
        "Sarnholm Courier", ("sarnholmcourier.example",), ("The Courier", "SC")
    )
    known = Outlet("Reuters", kind=OutletKind.AGENCY)
    assert courier.outlet(known).kind is OutletKind.AGENCY
    assert reuters.outlet(known) == Outlet("Reuters", ("reuters.test",))
