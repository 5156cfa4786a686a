"""Who republishes whom, added up."""

from datetime import UTC, datetime, timedelta

from aggregator.store.outlets import Sighting, tally

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
POST = {"name": "The Post", "domain": "post.example"}
LATER = START + timedelta(hours=1)


def seen(story, origin, outlet, minutes, *, domain=None, feed=1):
    domain = f"{outlet.lower()}.example" if domain is None else domain
    return Sighting(story, origin, outlet, domain, feed, LATER + timedelta(minutes=minutes))


def test_an_outlet_has_its_share_of_original_stories_and_who_carries_them_how_late():
    found = tally(
        [
            seen(1, POST, "Post", 0),
            seen(1, POST, "Valley", 4, feed=2),
            seen(2, POST, "Post", 0),
            seen(2, POST, "Valley", 10, feed=2),
            seen(3, {"name": "Valley", "domain": "valley.example"}, "Valley", 1, feed=2),
            seen(4, None, "Valley", 1, feed=2),
        ],
        [("Valley", "valley.example", "The Post", "post.example", "publisher", 2)],
        {1: START, 2: START},
    )
    shares = {share.key: share for share in found.outlets}
    assert (shares["post.example"].stories, shares["post.example"].lent) == (2, 2)
    assert shares["valley.example"].share == 0.25
    (flow,) = found.flows
    assert (flow.origin, flow.carrier, flow.stories) == ("post.example", "valley.example", 2)
    assert (flow.lag, flow.timed) == (timedelta(minutes=7), 2)
    assert found.credits[0].entries == 2
    assert found.stories == 4


def test_what_stood_in_a_feed_when_it_was_first_polled_says_nothing_of_who_was_faster():
    found = tally(
        [seen(1, POST, "Post", 0), seen(1, POST, "Valley", 4, feed=2)], [], {1: START, 2: LATER}
    )
    assert found.flows[0].lag is not None
    found = tally([seen(1, POST, "Post", 0), seen(1, POST, "Valley", 4, feed=2)], [], {1: LATER})
    assert found.flows[0].lag is None


def test_an_origin_that_we_only_know_by_credits_is_an_outlet_too():
    found = tally([seen(1, POST, "Valley", 0)], [], {})
    shares = {share.key: share for share in found.outlets}
    assert (shares["post.example"].stories, shares["post.example"].original) == (0, 1)
    assert shares["post.example"].share is None


def test_one_name_with_and_without_a_domain_is_one_outlet():
    found = tally([seen(1, None, "Valley", 0), seen(2, None, "Valley", 0, domain="")], [], {})
    assert [share.stories for share in found.outlets] == [2]
