"""Whose page an entry's text stands on."""

from aggregator.credit import carrier_of, load_directory
from aggregator.model import Mark, MarkKind, Outlet, ParsedEntry

DIRECTORY = load_directory()
PLANET = Outlet("Planet Wexcombe", ("planet.example",))
SEARCH = Outlet("Google News", ("news.google.com",))


def test_an_outlet_carries_what_its_links_lead_to_at_home() -> None:
    entry = ParsedEntry(url="https://www.planet.example/a")
    assert carrier_of(PLANET, entry, DIRECTORY) == PLANET


def test_an_item_that_links_to_the_source_it_names_is_that_sources() -> None:
    entry = ParsedEntry(
        url="https://holmsmail.example/a",
        marks=(Mark(MarkKind.RSS_SOURCE, "The Holms Mail", "https://holmsmail.example/feed"),),
    )
    found = carrier_of(PLANET, entry, DIRECTORY)
    assert (found.name, found.domain) == ("The Holms Mail", "holmsmail.example")


def test_an_item_that_names_a_source_and_links_home_is_a_republication() -> None:
    entry = ParsedEntry(
        url="https://planet.example/a",
        marks=(Mark(MarkKind.RSS_SOURCE, "The Holms Mail", "https://holmsmail.example/feed"),),
    )
    assert carrier_of(PLANET, entry, DIRECTORY) == PLANET


def test_a_news_search_carries_nothing_itself() -> None:
    entry = ParsedEntry(
        url="https://news.google.com/rss/articles/CBMiabc",
        marks=(Mark(MarkKind.RSS_SOURCE, "NDTV", "https://www.ndtv.com"),),
    )
    assert carrier_of(SEARCH, entry, DIRECTORY).name == "NDTV"


def test_a_news_search_whose_link_says_where_it_leads_needs_no_source() -> None:
    entry = ParsedEntry(url="https://www.google.com/url?q=https%3A%2F%2Fholmsmail.example%2Fa")
    assert carrier_of(SEARCH, entry, DIRECTORY).domain == "holmsmail.example"


def test_an_entry_without_a_link_is_its_feeds() -> None:
    assert carrier_of(PLANET, ParsedEntry(), DIRECTORY) == PLANET


def test_an_entry_with_a_broken_link_is_its_feeds() -> None:
    assert carrier_of(PLANET, ParsedEntry(url="http://["), DIRECTORY) == PLANET
