"""Earlier versions, amendments, added feeds and outlets, in SQLite and PostgreSQL alike."""

from datetime import timedelta

import pytest
from test_store import HOUR, LONG_AGO, NOW, filed, listed, reading, show

from aggregator.model import Amendment, AmendmentKind, FeedSpec, Hunk, StoryQuery
from aggregator.store import Store

A, B = "https://a.example/feed", "https://b.example/feed"


@pytest.fixture
def store(database_url):
    store = Store(database_url)
    yield store
    store.close()


def two_copies(store: Store) -> tuple[int, int, int]:
    """A story with two copies: its number and theirs."""
    feeds = listed(store, A, B)
    one, story = filed(store, feeds[A], reading("a", "Sails at two.", content_html="<p>Two</p>"))
    two, _ = filed(store, feeds[B], reading("b", "Sails at two."), story=story, now=NOW + HOUR)
    return story, one, two


def test_a_correction_is_read_back_with_its_story_as_it_was_noted(store):
    story, one, two = two_copies(store)
    hunk = Hunk("sails at", "two", "three", "in the ü")
    noted = Amendment(one, "Outlet A", NOW, AmendmentKind.CHANGED, "Correction: …", "x", "y",
                       (hunk,), 2, (two,))  # fmt: skip
    with store.writing(LONG_AGO) as transaction:
        transaction.correct(noted)
        transaction.correct(Amendment(two, "", NOW + HOUR, AmendmentKind.WITHDRAWN))
        transaction.correct(Amendment(two, "", NOW + 2 * HOUR, AmendmentKind.WITHDRAWN))
    (found,) = store.stories(StoryQuery())
    withdrawn, changed = found.amendments
    assert changed == noted
    assert (withdrawn.entry, withdrawn.at) == (two, NOW + HOUR)
    with store.writing(LONG_AGO) as transaction:
        ((number, _), _) = transaction.amendments([story])[story][::-1]
        transaction.settle({number: ()})
    assert store.story(found.id).amendments[1].still == ()


def test_an_entrys_earlier_state_is_kept_and_goes_with_it(store):
    _, one, two = two_copies(store)
    for n in range(7):
        with store.writing(LONG_AGO) as transaction:
            was = transaction.earlier([one, two])[one]
            transaction.keep(one, was, NOW + n * HOUR)
    assert (was.document.text, was.html, was.digest) == ("Sails at two.", "<p>Two</p>", "digest-a")
    kept = store.versions([one, two])
    assert [version.until for version in kept[one]] == [NOW + n * HOUR for n in (6, 5, 4, 3, 2)]
    with store.writing(LONG_AGO) as transaction:
        transaction.drop(listed(store, A, B)[A].id, [], NOW)
        transaction.retire(NOW + timedelta(days=99), timedelta(days=1))
    assert store.versions([one]) == {}


def test_only_what_left_its_feed_before_older_entries_is_missed(store):
    feed = listed(store, A)[A]
    numbers = [
        filed(store, feed, reading(name, published=NOW - age * HOUR))[0]
        for name, age in (("new", 1), ("middle", 2), ("old", 3))
    ]
    new, middle, old = numbers
    with store.writing(LONG_AGO) as transaction:
        assert transaction.drop(feed.id, [new, middle], NOW) == []  # the oldest fell off the end
        missed = transaction.drop(feed.id, [middle], NOW)
        assert missed == [(new, "https://a.example/new")]
        assert transaction.drop(feed.id, [], NOW) == []  # an empty feed tells nothing
    assert old not in dict(missed)


def test_added_feeds_are_beside_those_of_the_configuration(store):
    listed(store, A)
    added = store.add_feed(FeedSpec(B, "Bee"), NOW)
    assert (added.source, added.name, added.state) == ("api", "Bee", "new")
    assert store.add_feed(FeedSpec(A), NOW) is None
    assert set(listed(store, A)) == {A, B}
    assert {feed.source for feed in store.feeds()} == {"config", "api"}
    assert store.remove_feed(added.id)
    assert not store.remove_feed(added.id)
    assert not store.remove_feed(next(f.id for f in store.feeds()))
    assert set(listed(store, A, B)) == {A, B}  # the configuration has it now
    assert {feed.source for feed in store.feeds()} == {"config"}
    assert set(listed(store, A)) == {A}


def test_a_feed_that_is_to_be_polled_now_is_due(store):
    feed = listed(store, A, now=NOW + 9 * HOUR)[A]
    assert store.due(NOW, 10) == []
    assert store.poll_now(feed.id, NOW)
    assert [one.id for one in store.due(NOW, 10)] == [feed.id]
    assert not store.poll_now(999, NOW)
    assert store.feed(999) is None


def test_outlets_and_languages_come_from_the_newest_stories(store):
    story, _, _ = two_copies(store)
    with store.writing(LONG_AGO) as transaction:
        show(transaction, story)
    found = store.exchange()
    assert found.stories == 1
    (share,) = found.outlets
    assert (share.name, share.stories, share.original) == ("Outlet A", 1, 0)
    assert [(c.name, c.entries) for c in found.credits] == [("NDTV", 2)]
    assert store.languages() == ["en"]
    assert store.offered([1, 2, 3])[1] == "<p>Two</p>"
