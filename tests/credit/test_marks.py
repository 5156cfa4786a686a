"""Marks in the markup of feeds and pages."""

import pytest

from aggregator.credit.ranks import Rank
from aggregator.model import Extent, Mark, MarkKind, Outlet, Role, Where
from tests.credit.reading import STORY, names, read

PAGE = "https://moorecho.example/2026/ferry"


@pytest.mark.parametrize(
    ("mark", "name", "url", "rank"),
    [
        (Mark(MarkKind.CANONICAL, url=PAGE), "moorecho.example", PAGE, Rank.PAGE),
        (Mark(MarkKind.OG_URL, url=PAGE), "moorecho.example", PAGE, Rank.PAGE),
        (Mark(MarkKind.SYNDICATION_SOURCE, url=PAGE), "moorecho.example", PAGE, Rank.PAGE),
        (Mark(MarkKind.ORIG_LINK, url=PAGE), "moorecho.example", PAGE, Rank.FEED),
        (
            Mark(MarkKind.RSS_SOURCE, "Moor Echo", "https://moorecho.example/feed.xml"),
            "Moor Echo",
            "",
            Rank.FEED,
        ),
        (Mark(MarkKind.DC_SOURCE, "Moor Echo", ""), "Moor Echo", "", Rank.METADATA),
        (Mark(MarkKind.DC_PUBLISHER, "The Guardian", ""), "The Guardian", "", Rank.METADATA),
        (
            Mark(MarkKind.JSON_LD, "Moor Echo", "", '"provider": {"name": "Moor Echo"}'),
            "Moor Echo",
            "",
            Rank.METADATA,
        ),
        (
            Mark(MarkKind.COUNTER, "The Conversation", "https://counter.theconversation.com/1.gif"),
            "The Conversation",
            "",
            Rank.PAGE,
        ),
    ],
)
def test_a_mark_that_leads_elsewhere_credits_whom_it_leads_to(
    mark: Mark, name: str, url: str, rank: Rank
) -> None:
    (credit,) = read(*STORY, marks=[mark])
    assert (credit.name, credit.url, credit.rank, credit.block) == (name, url, rank, None)


@pytest.mark.parametrize(
    "mark",
    [
        Mark(MarkKind.VIA, "Moor Echo", PAGE),
        Mark(MarkKind.ORIGINAL_SOURCE, url=PAGE),
        Mark(MarkKind.JSON_LD, "", PAGE, '"isBasedOn": "' + PAGE + '"'),
        Mark(MarkKind.EXTERNAL_URL, url=PAGE),
    ],
)
def test_what_only_points_somewhere_credits_a_part(mark: Mark) -> None:
    (credit,) = read(*STORY, marks=[mark])
    assert credit.extent is Extent.PARTIAL


def test_an_agency_as_author_is_credited_in_the_byline() -> None:
    (credit,) = read(*STORY, marks=[Mark(MarkKind.AUTHOR, "Reuters")])
    assert (credit.name, credit.role, credit.where) == ("Reuters", Role.AGENCY, Where.BYLINE)


def test_an_author_in_a_mail_address_is_read_behind_it() -> None:
    mark = Mark(MarkKind.AUTHOR, "desk@wexcombegazette.example (Associated Press)")
    assert names(read(*STORY, marks=[mark])) == ["AP"]


def test_a_mark_through_a_transport_credits_where_it_leads() -> None:
    url = "https://www.google.com/url?q=https%3A%2F%2Fmoorecho.example%2F2026%2Fferry"
    (credit,) = read(*STORY, marks=[Mark(MarkKind.ORIG_LINK, url=url)])
    assert (credit.domain, credit.url) == ("moorecho.example", PAGE)


def test_a_page_that_says_it_is_its_own_is_not_another_s_by_og_url() -> None:
    marks = [
        Mark(MarkKind.CANONICAL, url="https://wexcombegazette.example/2026/ferry"),
        Mark(MarkKind.OG_URL, url=PAGE),
    ]
    assert read(*STORY, marks=marks) == ()


def test_the_title_of_a_transport_ends_with_the_outlet() -> None:
    search = Outlet("Google News", ("news.google.com",))
    found = read(
        *STORY,
        carrier=search,
        url="https://news.google.com/rss/articles/abc",
        title="Ferry to run all night - Moor Echo",
    )
    assert [(credit.name, credit.where) for credit in found] == [("Moor Echo", Where.TITLE)]


def test_a_title_of_one_s_own_may_hold_a_dash() -> None:
    assert read(*STORY, title="Ferry to run all night - Reuters") == ()


def test_markup_in_a_name_is_taken_away() -> None:
    mark = Mark(MarkKind.RSS_SOURCE, "<b>Moor Echo</b>", "https://moorecho.example/feed")
    (credit,) = read(*STORY, marks=[mark])
    assert credit.name == "Moor Echo"


def test_an_outlet_of_one_s_feeds_is_known_by_its_host() -> None:
    courier = Outlet("Sarnholm Courier", ("127.0.0.12",))
    mark = Mark(MarkKind.CANONICAL, url="http://127.0.0.12:8000/news/a.html")
    (credit,) = read(*STORY, marks=[mark], outlets=[courier])
    assert (credit.name, credit.domain) == ("Sarnholm Courier", "127.0.0.12")
