"""Stories to publish."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.model import (
    Agency,
    Channel,
    Copy,
    Credit,
    Enclosure,
    Extent,
    Origin,
    Role,
    Story,
    Where,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def copy(outlet: str, domain: str, minutes: int = 0, **more) -> Copy:
    return Copy(
        outlet=outlet,
        domain=domain,
        url=f"https://{domain}/ferry",
        title=f"The ferry, says {outlet}",
        published=NOW - timedelta(hours=1),
        first_seen=NOW + timedelta(minutes=minutes),
        **more,
    )


@pytest.fixture
def channel() -> Channel:
    return Channel("Harbour news", "https://news.example.org/feed.rss", "https://news.example.org/")


@pytest.fixture
def story() -> Story:
    mark = Credit(
        name="The Harbour Post",
        as_written="Harbourpost.example",
        domain="harbourpost.example",
        url="https://harbourpost.example/ferry",
        role=Role.PUBLISHER,
        extent=Extent.FULL,
        quote="This story originally appeared on Harbourpost.example",
        where=Where.BODY,
        confidence=0.97,
    )
    origin = Origin(
        "The Harbour Post",
        "harbourpost.example",
        "https://harbourpost.example/ferry",
        Role.PUBLISHER,
        0.97,
        "credited by 1 of 2 copies and itself among them",
    )
    return Story(
        id="0b7c3f0e-5a8e-4e1d-9c39-0f7b1d1f2a3b",
        title="Night ferry & tram to run until three",
        url="https://harbourpost.example/ferry",
        first_seen=NOW,
        updated=NOW + timedelta(minutes=30),
        origin=origin,
        agency=Agency("Lakes Wire", "lakeswire.example"),
        chain=("Valley Republisher", "The Harbour Post", "Lakes Wire"),
        copies=(
            copy("Valley Republisher", "valley.example", credits=(mark,), similarity=0.93123,
                 edits=("headline changed",), author="admin"),
            copy("The Harbour Post", "harbourpost.example", 20, author="Ada Quay",
                 feed_url="https://feeds.example/harbourpost"),
        ),
        categories=("World",),
        language="en",
        author="Ada Quay",
        content_html='<p>The ferry runs &amp; runs.</p><img src="https://harbourpost.example/f.jpg">',
        full_html="<p>The ferry runs and runs, all night and every night, until three o'clock.</p>"
        "<p>And that is all of it.</p>",
        enclosures=(Enclosure("https://harbourpost.example/f.jpg", "image/jpeg", 31_000),),
    )  # fmt: skip


@pytest.fixture
def with_carriers(story: Story):
    """The same story with so many more carriers."""

    def make(count: int) -> Story:
        more = tuple(copy(f"Paper {n}", f"paper{n}.example", 30 + n) for n in range(count))
        return replace(story, copies=story.copies + more)

    return make
