"""Feeds, entries and stories in a real database, SQLite and PostgreSQL alike."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.errors import NotFoundError
from aggregator.model import (
    Credit,
    Decision,
    Document,
    EntryKeys,
    Extent,
    Face,
    FeedSpec,
    FullText,
    NearMiss,
    Outlet,
    ParsedEntry,
    PollRecord,
    Provenance,
    Reading,
    Role,
    StoryQuery,
    Validators,
    Where,
)
from aggregator.store import Store

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LONG_AGO = NOW - timedelta(days=7)
CREDIT = Credit(
    name="NDTV",
    as_written="Ndtv.com",
    domain="ndtv.com",
    url="https://ndtv.com/1",
    role=Role.PUBLISHER,
    extent=Extent.FULL,
    quote="This story originally appeared on Ndtv.com",
    where=Where.BODY,
    confidence=0.9,
    rank=7,
)


@pytest.fixture
def store(database_url):
    store = Store(database_url)
    yield store
    store.close()


def reading(name: str, text: str = "A text.", **entry) -> Reading:
    parsed = ParsedEntry(
        guid=name, url=f"https://a.example/{name}", title=f"Title of {name}", **entry
    )
    return Reading(
        entry=parsed,
        keys=EntryKeys(guid=name, link=f"link-{name}", text=f"text-{name}"),
        digest=f"digest-{name}",
        known_id=None,
        carrier=Outlet("Outlet A", ("a.example",)),
        document=Document("Outlet A", parsed.title, text, NOW),
        hashes=(1, 2, 3),
        credits=(CREDIT,),
    )


def listed(store: Store, *urls: str, now: datetime = NOW):
    store.list_feeds([FeedSpec(url, category="World") for url in urls], now)
    return {feed.spec.url: feed for feed in store.listed()}


def filed(store: Store, feed, read: Reading, *, story: int | None = None, now=NOW):
    """File one entry the shortest way; (entry, story)."""
    with store.writing(LONG_AGO) as transaction:
        (number,) = transaction.save(feed.id, [read], now)
        if story is None:
            story = transaction.new_story(now)
        transaction.place(
            number, story, Decision(story, 0.9, 0.5, "same text", ("a b c",), ("cut",))
        )
        transaction.index.add(story, read.document, read.hashes)
        show(transaction, story, now)
        return number, story


def show(transaction, story: int, now=NOW, title: str | None = None) -> bool:
    lead = transaction.copies([story])[story][0]
    told = Provenance(None, None, (lead.outlet,))
    face = Face(lead.entry, title or lead.title, lead.url, "en", told, title or lead.title)
    transaction.published()
    return transaction.show({story: face}, now)


def poll(feed, at=NOW, **more) -> PollRecord:
    return PollRecord(feed.id, at, at + HOUR, HOUR, **more)


def test_a_new_feed_is_due_at_once_and_a_polled_one_when_it_was_promised(store):
    feed = listed(store, "https://a.example/feed")["https://a.example/feed"]
    assert [f.id for f in store.due(NOW, 10)] == [feed.id]
    with store.writing(LONG_AGO) as transaction:
        transaction.record(poll(feed, status=200))
    assert store.due(NOW + HOUR - timedelta(seconds=1), 10) == []
    assert [f.id for f in store.due(NOW + HOUR, 10)] == [feed.id]


def test_a_restart_neither_forgets_nor_repeats_a_poll(database_url):
    store = Store(database_url)
    feed = listed(store, "https://a.example/feed")["https://a.example/feed"]
    with store.writing(LONG_AGO) as transaction:
        validators = Validators('W/"é"', "not even a date")
        transaction.record(poll(feed, status=200, validators=validators, body_digest="d"))
    store.close()

    again = Store(database_url)
    feed = listed(again, "https://a.example/feed", now=NOW + HOUR / 2)["https://a.example/feed"]
    assert again.due(NOW + HOUR / 2, 10) == []
    assert feed.next_poll_at == NOW + HOUR
    assert feed.validators == Validators('W/"é"', "not even a date")
    assert feed.body_digest == "d"
    again.close()


def test_due_feeds_come_longest_waiting_first_without_those_in_hand(store):
    feeds = listed(store, *(f"https://a.example/{n}" for n in range(5)))
    for number, feed in enumerate(feeds.values()):
        with store.writing(LONG_AGO) as transaction:
            transaction.record(poll(feed, at=NOW - number * HOUR))
    order = [feed.id for feed in reversed(feeds.values())]
    assert [f.id for f in store.due(NOW + HOUR, 3)] == order[:3]
    assert [f.id for f in store.due(NOW + HOUR, 3, besides=order[:2])] == order[2:5]


def test_a_feed_that_is_no_longer_listed_is_not_polled_and_comes_back_as_it_was(store):
    feed = listed(store, "https://a.example/feed")["https://a.example/feed"]
    with store.writing(LONG_AGO) as transaction:
        transaction.record(poll(feed, title="A"))
    assert listed(store, "https://b.example/feed").keys() == {"https://b.example/feed"}
    assert listed(store, "https://a.example/feed")["https://a.example/feed"].title == "A"


def test_feeds_stay_listed_when_a_list_could_not_be_read_whole(store):
    listed(store, "https://a.example/feed")
    store.list_feeds([], NOW, keep_others=True)
    assert len(store.listed()) == 1


def test_what_is_configured_anew_for_a_feed_is_taken_over(store):
    listed(store, "https://a.example/feed")
    spec = FeedSpec("https://a.example/feed", "A", "a.example", "Sport", FullText.NEVER)
    store.list_feeds([spec], NOW)
    assert store.listed()[0].spec == spec


def test_failures_are_counted_in_a_row_and_shown_with_reason(store):
    feed = listed(store, "https://a.example/feed")["https://a.example/feed"]
    for _ in range(2):
        with store.writing(LONG_AGO) as transaction:
            transaction.record(poll(feed, status=404, error="Not there.", error_reason="http_404"))
    (health,) = store.feeds()
    assert (health.state, health.failures, health.error, health.status) == (
        "failing",
        2,
        "Not there.",
        404,
    )
    with store.writing(LONG_AGO) as transaction:
        transaction.record(poll(feed, status=200))
    (health,) = store.feeds()
    assert (health.state, health.failures, health.error) == ("ok", 0, "")


def test_a_story_comes_back_with_its_copies_credits_and_text(store):
    feed = listed(store, "https://a.example/feed")["https://a.example/feed"]
    filed(store, feed, reading("one", content_html="<p>Bödy</p>", published=NOW - HOUR))
    (story,) = store.stories(StoryQuery())
    (copy,) = story.copies
    assert story.content_html == "<p>Bödy</p>"
    assert story.categories == ("World",)
    assert story.first_seen == NOW
    assert story.published == NOW - HOUR
    assert copy.credits == (CREDIT,)
    assert (copy.similarity, copy.reason, copy.edits) == (0.9, "same text", ("cut",))
    assert store.story(story.id) == story
    assert store.find("https://a.example/one") == story
    assert store.find(story.id[:8]) == story


def test_an_unknown_story_is_not_found(store):
    assert store.story("11111111-1111-4111-8111-111111111111") is None
    with pytest.raises(NotFoundError):
        store.find("https://nowhere.example/")


def test_two_stories_that_join_keep_the_older_id_and_the_other_leads_to_it(store):
    feed = listed(store, "https://a.example/feed")["https://a.example/feed"]
    _, older = filed(store, feed, reading("one"))
    old = store.stories(StoryQuery())[0]
    _, newer = filed(store, feed, reading("two"), now=NOW + HOUR)
    young = next(s for s in store.stories(StoryQuery()) if s.id != old.id)
    with store.writing(LONG_AGO) as transaction:
        transaction.join(older, newer, (1, 2, 3))
        show(transaction, older)
    (story,) = store.stories(StoryQuery())
    assert story.id == old.id
    assert {copy.url for copy in story.copies} == {
        "https://a.example/one",
        "https://a.example/two",
    }
    assert store.story(young.id).id == old.id
    with store.writing(LONG_AGO) as transaction:
        assert transaction.index.postings([1, 2, 3, 4]) == {1: [older], 2: [older], 3: [older]}


def begin_and_fail(store, feed) -> None:
    with store.writing(LONG_AGO) as transaction:
        transaction.save(feed.id, [reading("lost")], NOW)
        transaction.index.add(transaction.new_story(NOW), reading("lost").document, (7, 8))
        raise RuntimeError


def test_a_transaction_that_raises_leaves_no_trace_and_the_others_stand(store):
    feed = listed(store, "https://a.example/feed")["https://a.example/feed"]
    with pytest.raises(RuntimeError):
        begin_and_fail(store, feed)
    with store.writing(LONG_AGO) as transaction:
        (number,) = transaction.save(feed.id, [reading("kept")], NOW)
        story = transaction.new_story(NOW)
        transaction.place(number, story, Decision(None))
        transaction.index.add(story, reading("kept").document, (8, 9))
        show(transaction, story)
    assert [story.title for story in store.stories(StoryQuery())] == ["Title of kept"]
    with store.writing(LONG_AGO) as transaction:
        assert transaction.index.postings([7, 8, 9]).keys() == {8, 9}


def test_updated_moves_for_a_change_of_what_is_seen_and_for_nothing_else(store):
    feed = listed(store, "https://a.example/feed")["https://a.example/feed"]
    _, story = filed(store, feed, reading("one"))
    filed(store, feed, reading("two"), story=story, now=NOW + HOUR)
    assert store.stories(StoryQuery())[0].updated == NOW
    with store.writing(LONG_AGO) as transaction:
        assert show(transaction, story, NOW + 2 * HOUR, title="Another") is True
    assert store.stories(StoryQuery())[0].updated == NOW + 2 * HOUR


def test_the_version_changes_with_what_is_published(store):
    feed = listed(store, "https://a.example/feed")["https://a.example/feed"]
    before = store.version()
    filed(store, feed, reading("one"))
    assert store.version() != before
    assert store.version() == store.version()


def test_a_changed_entry_is_rewritten_not_doubled(store):
    feed = listed(store, "https://a.example/feed")["https://a.example/feed"]
    number, story = filed(store, feed, reading("one"))
    changed = replace(reading("one", content_html="<p>new</p>"), known_id=number, credits=())
    with store.writing(LONG_AGO) as transaction:
        assert transaction.save(feed.id, [changed], NOW + HOUR) == [number]
        show(transaction, story, NOW + HOUR)
    (told,) = store.stories(StoryQuery())
    assert told.content_html == "<p>new</p>"
    assert told.copies[0].credits == ()
    assert told.copies[0].first_seen == NOW


def test_known_entries_are_found_by_any_key(store):
    feed = listed(store, "https://a.example/feed")["https://a.example/feed"]
    number, _ = filed(store, feed, reading("one"))
    for keys in (
        EntryKeys(guid="one"),
        EntryKeys(link="link-one"),
        EntryKeys(text="text-one"),
    ):
        ((known, state, tries),) = store.known(feed.id, [keys])
        assert (known.id, known.digest, state, tries) == (number, "digest-one", "none", 0)
    assert store.known(feed.id, [EntryKeys(guid="other"), EntryKeys()]) == []


def test_pages_of_stories_follow_each_other_without_gap_or_repeat(store):
    feed = listed(store, "https://a.example/feed")["https://a.example/feed"]
    for number in range(7):
        filed(store, feed, reading(f"n{number}"), now=NOW + (number // 3) * HOUR)
    seen, before = [], ""
    while page := store.stories(StoryQuery(limit=2, before=before)):
        seen += [story.title for story in page]
        before = page[-1].id
    assert seen == [f"Title of n{number}" for number in (6, 5, 4, 3, 2, 1, 0)]


def test_stories_are_filtered_by_category_outlet_language_and_words(store):
    feed = listed(store, "https://a.example/feed")["https://a.example/feed"]
    filed(store, feed, reading("one"))
    for query, number in [
        (StoryQuery(categories=("World",)), 1),
        (StoryQuery(categories=("Sport",)), 0),
        (StoryQuery(outlets=("outlet a",)), 1),
        (StoryQuery(outlets=("a.example",)), 1),
        (StoryQuery(outlets=("b.example",)), 0),
        (StoryQuery(languages=("EN",)), 1),
        (StoryQuery(languages=("e",)), 0),
        (StoryQuery(words="TITLE one"), 1),
        (StoryQuery(words="100%"), 0),
    ]:
        assert len(store.stories(query)) == number, query


def test_retention_frees_what_is_old_and_keeps_what_its_feed_still_lists(store):
    feed = listed(store, "https://a.example/feed")["https://a.example/feed"]
    gone, _ = filed(store, feed, reading("gone"))
    kept, _ = filed(store, feed, reading("kept"))
    with store.writing(NOW + HOUR) as transaction:
        transaction.drop(feed.id, [kept], NOW)
        done, faceless = transaction.retire(NOW + 2 * HOUR, HOUR)
    assert (done["entries"], done["stories"]) == (1, 1)
    assert faceless == []
    assert [story.title for story in store.stories(StoryQuery())] == ["Title of kept"]
    assert gone != kept


def test_a_story_whose_shown_copy_is_retired_is_named_so_that_it_gets_another_face(store):
    feed = listed(store, "https://a.example/feed")["https://a.example/feed"]
    _, story = filed(store, feed, reading("first"))
    other, _ = filed(store, feed, reading("second"), story=story)
    with store.writing(LONG_AGO) as transaction:
        transaction.drop(feed.id, [other], NOW)
        _, faceless = transaction.retire(NOW + 2 * HOUR, HOUR)
    assert faceless == [story]


def test_within_a_day_of_hourly_calls_all_old_postings_are_gone(store):
    feed = listed(store, "https://a.example/feed")["https://a.example/feed"]
    old = tuple(range(0, 1 << 47, 1 << 41))
    filed(store, feed, replace(reading("old"), hashes=old))
    later = NOW + 10 * HOUR
    new = tuple(hash_ + 1 for hash_ in old)
    read = replace(reading("new"), hashes=new)
    filed(store, feed, replace(read, document=replace(read.document, seen=later)), now=later)
    gone = 0
    for hour in range(24):
        with store.writing(NOW + HOUR) as transaction:
            done, _ = transaction.retire(later + hour * HOUR, 1000 * HOUR)
            gone += done["postings"]
    assert gone == len(old)
    with store.writing(LONG_AGO) as transaction:
        assert set(transaction.index.postings(old + new)) == set(new)


def test_a_window_hides_postings_from_before_it(store):
    feed = listed(store, "https://a.example/feed")["https://a.example/feed"]
    filed(store, feed, reading("one"))
    with store.writing(NOW + 2 * HOUR) as transaction:
        assert transaction.index.postings([1, 2, 3]) == {}


def test_members_of_a_story_come_with_their_texts(store):
    feed = listed(store, "https://a.example/feed")["https://a.example/feed"]
    _, story = filed(store, feed, reading("one", "some words of it"))
    filed(store, feed, reading("two", "some more words of it \ud800"), story=story)
    with store.writing(LONG_AGO) as transaction:
        texts = [member.text for member in transaction.index.members(story)]
    assert texts == ["some more words of it ?", "some words of it"]


def test_two_writers_at_the_same_moment_see_each_others_story(database_url):
    stores = [Store(database_url) for _ in range(4)]
    feed = listed(stores[0], "https://a.example/feed")["https://a.example/feed"]
    together, outcome = threading.Barrier(len(stores)), []

    def work(number: int) -> None:
        together.wait()
        read = reading(f"w{number}")
        with stores[number].writing(LONG_AGO) as transaction:
            (entry,) = transaction.save(feed.id, [read], NOW)
            held = transaction.index.postings(read.hashes)
            story = held[1][0] if held else transaction.new_story(NOW)
            transaction.place(entry, story, Decision(story))
            transaction.index.add(story, read.document, read.hashes)
            show(transaction, story)
            outcome.append(story)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(len(stores))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcome) == len(stores)
    assert len(set(outcome)) == 1
    assert len(stores[0].stories(StoryQuery())[0].copies) == len(stores)
    for one in stores:
        one.close()


def test_what_other_feeds_have_at_an_address_is_found_with_its_time(store):
    feeds = list(listed(store, "https://a.example/feed", "https://b.example/feed").values())
    _, story = filed(store, feeds[0], reading("one", published=NOW))
    with store.writing(LONG_AGO) as transaction:
        links = ["link-one", "link-two", ""]
        assert transaction.stories_at(feeds[1].id, links) == {"link-one": [(story, NOW)]}
        assert transaction.stories_at(feeds[0].id, links) == {}


def test_a_copy_is_told_the_same_before_and_after_it_is_written(store):
    feed = listed(store, "https://a.example/feed")["https://a.example/feed"]
    read = reading("one", "A t\u00e9xt.", published=NOW - HOUR, author="A", language="en")
    decision = Decision(None, 0.4, 0.5, "why", ("a",), ("b",), (NearMiss(7, 0.4, "no"),))
    with store.writing(LONG_AGO) as transaction:
        (number,) = transaction.save(feed.id, [read], NOW)
        story = transaction.new_story(NOW)
        transaction.place(number, story, decision)
        transaction.index.add(story, read.document, read.hashes)
        before = (
            transaction.copies([story]),
            transaction.documents([number]),
            transaction.index.members(story),
        )
    with store.writing(LONG_AGO) as transaction:
        after = (
            transaction.copies([story]),
            transaction.documents([number]),
            transaction.index.members(story),
        )
    assert before == after


def test_a_near_miss_is_told_by_the_id_that_leads_to_its_story(store):
    feed = listed(store, "https://a.example/feed")["https://a.example/feed"]
    _, older = filed(store, feed, reading("older"))
    _, missed = filed(store, feed, reading("missed"))
    ids = {story.title: story.id for story in store.stories(StoryQuery())}
    decision = Decision(None, near_misses=(NearMiss(missed, 0.4, "no"), NearMiss(99, 0.3, "gone")))
    with store.writing(LONG_AGO) as transaction:
        (number,) = transaction.save(feed.id, [reading("new")], NOW)
        story = transaction.new_story(NOW)
        transaction.place(number, story, decision)
        show(transaction, story)

    def told() -> list[str]:
        return [miss.id for miss in store.find("https://a.example/new").copies[0].near_misses]

    assert told() == [ids["Title of missed"], ""]
    with store.writing(LONG_AGO) as transaction:
        transaction.join(older, missed, (1, 2, 3))
        show(transaction, older)
    assert told() == [ids["Title of older"], ""]
