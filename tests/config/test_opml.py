from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from aggregator.config import feeds_from_opml
from aggregator.config.opml import read_opml
from aggregator.errors import ConfigError
from aggregator.model import FeedSpec

DOCUMENT = """<?xml version="1.0" encoding="{encoding}"?>
<opml version="2.0"><head><title>Mine</title></head><body>
  <outline text="Nachrichten"><outline text="Österreich">
    <outline type="rss" text="Südostblatt" xmlUrl="https://example.at/feed?a=1&amp;b=2"/>
  </outline></outline>
  <outline type="rss" title="No folder" xmlUrl="http://example.org/"/>
  <outline type="rss" text="Twice" xmlUrl="http://EXAMPLE.org:80"/>
  <outline text="A link, not a feed" type="link" url="https://example.org/page"/>
</body></opml>"""


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "utf-16"])
def test_folders_become_categories_in_any_encoding(encoding):
    data = DOCUMENT.format(encoding=encoding).encode(encoding)
    assert feeds_from_opml(data, "mine.opml") == (
        FeedSpec("https://example.at/feed?a=1&b=2", "Südostblatt", category="Österreich"),
        FeedSpec("http://example.org/", "No folder"),
    )


def test_addresses_of_other_schemes_are_skipped_and_counted():
    data = (
        b'<opml><body><outline xmlUrl="gopher://a/"/><outline xmlUrl="https://b/"/></body></opml>'
    )
    with capture_logs() as logs:
        assert feeds_from_opml(data, "x") == (FeedSpec("https://b/"),)
    assert [(entry["event"], entry["skipped"]) for entry in logs] == [("opml_outlines_skipped", 1)]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not_opml"),
        (b"\x00\xff", "not_opml"),
        (b"<html><body>404</body></html>", "not_opml"),
        (b"<rss><channel/></rss>", "not_opml"),
        (b'<?xml version="1.0" encoding="klingon"?><opml/>', "not_opml"),
        (b"<opml></outline></outline></opml>", "opml_without_feeds"),
        (b'<opml><body><outline xmlUrl="file:///etc/passwd"/></body></opml>', "opml_without_feeds"),
    ],
)
def test_what_lists_no_feeds_is_refused_by_name(data, reason):
    with pytest.raises(ConfigError, match=r"^https://example\.org/my\.opml ") as caught:
        feeds_from_opml(data, "https://example.org/my.opml")
    assert caught.value.reason == reason
    assert caught.value.remedy


def test_entities_are_not_expanded():
    bomb = (
        b'<!DOCTYPE o [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]>'
        b'<opml><body><outline text="&c;" xmlUrl="https://example.org/"/></body></opml>'
    )
    (spec,) = feeds_from_opml(bomb, "bomb")
    assert "aaaa" not in (spec.name or "")


PIECES = st.sampled_from(
    "<opml> </opml> <outline_text='a'> </outline> <outline_xmlUrl='https://a/'/> <body> &x; < > "
    "<!-- ]]> <outline_type='link'_url='x'/> \x00".replace("_", "\t").split(" ")
)


@given(
    st.one_of(st.binary(max_size=60), st.lists(PIECES, max_size=12).map("".join).map(str.encode))
)
def test_any_bytes_are_feeds_or_refused(data):
    try:
        feeds = feeds_from_opml(data, "x")
    except ConfigError:
        return
    assert feeds


READERS = sorted((Path(__file__).parent / "opml").glob("*.opml"))


@pytest.mark.parametrize("file", READERS, ids=lambda file: file.stem)
def test_what_other_readers_export_comes_with_names_and_folders(file):
    feeds, skipped = read_opml(file.read_bytes(), file.name)
    assert set(feeds) == {
        FeedSpec("https://harbourpost.example/feed.xml", "Harbour Post", category="Coast"),
        FeedSpec("https://quay.example/atom?a=1&b=2", "Quay & Tide", category="Coast"),
        FeedSpec("https://valleyledger.example/rss", "Valley Ledger"),
    }
    assert len(feeds) == 3
    scraped = ("https://tides.example/today.html", "https://berths.example/api.json")
    assert skipped == (scraped if file.stem == "freshrss" else ())


def test_there_is_a_file_of_each_reader_that_the_guide_names():
    guide = (Path(__file__).parents[2] / "docs" / "moving.md").read_text()
    assert len(READERS) == 5
    for file in READERS:
        name = file.stem.replace("-", " ")
        assert f"| {name} |" in guide.lower()
