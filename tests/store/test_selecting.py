"""Which stories are found, by what they are labelled with and by their words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from aggregator.model import (
    Agency,
    Decision,
    Document,
    EntryKeys,
    Face,
    FeedSpec,
    Origin,
    Outlet,
    ParsedEntry,
    Provenance,
    Reading,
    Role,
    StoryQuery,
)
from aggregator.store import Store, connect, migrate
from aggregator.store.words import for_fts5, for_tsquery, phrases, terms

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LONG_AGO = NOW - timedelta(days=7)
NIL = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def store(database_url):
    store = Store(database_url)
    store.list_feeds(
        [
            FeedSpec("https://a.example/feed", "The A", "a.example", "World"),
            FeedSpec("https://b.example/feed", "The B", "b.example", "Sport"),
        ],
        NOW,
    )
    yield store
    store.close()


def feed_of(store: Store, domain: str):
    return next(feed for feed in store.listed() if feed.spec.domain == domain)


def reading(title: str, words: str, domain: str = "a.example") -> Reading:
    outlet = Outlet(f"The {domain[0].upper()}", (domain,))
    return Reading(
        entry=ParsedEntry(guid=title, url=f"https://{domain}/{title}", title=title),
        keys=EntryKeys(guid=title),
        digest=title,
        known_id=None,
        carrier=outlet,
        document=Document(outlet.name, title, words, NOW),
        hashes=(),
        credits=(),
    )


def tell(
    store: Store,
    title: str,
    words: str = "",
    *,
    by: str = "a.example",
    story: int | None = None,
    now: datetime = NOW,
    **told,
) -> int:
    """File a copy of a new story, or of one that is there; the story's number."""
    with store.writing(LONG_AGO) as transaction:
        read = reading(title, words, by)
        (entry,) = transaction.save(feed_of(store, by).id, [read], now)
        story = story or transaction.new_story(now)
        transaction.place(entry, story, Decision(story))
        show(transaction, story, now, **told)
        return story


def show(transaction, story: int, now: datetime = NOW, **told) -> None:
    lead = transaction.copies([story])[story][0]
    language = told.pop("language", "en")
    provenance = Provenance(told.get("origin"), told.get("agency"))
    face = Face(lead.entry, lead.title, lead.url, language, provenance, lead.title)
    transaction.show({story: face}, now)


def found(store: Store, **query) -> list[str]:
    return [story.title for story in store.stories(StoryQuery(**query))]


def origin(name: str, domain: str, role: Role = Role.PUBLISHER) -> Origin:
    return Origin(name, domain, f"https://{domain}/1", role, 0.9, "so")


# ------------------------------------------------------------------------------------- labels


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ({"categories": ("world",)}, ["C", "A"]),
        ({"categories": ("Sport",)}, ["C", "B"]),
        ({"categories": ("Sport", "World")}, ["C", "B", "A"]),
        ({"categories": ("Sport", "Nothing")}, ["C", "B"]),
        ({"outlets": ("the  a",)}, ["C", "A"]),
        ({"outlets": ("b.example",)}, ["C", "B"]),
        ({"outlets": ("a.example",), "categories": ("Sport",)}, ["C"]),
        ({"origins": ("b.example",)}, ["B"]),
        ({"origins": ("The Wire", "the b")}, ["C", "B"]),
        ({"agency": True}, ["C", "A"]),
        ({"agency": False}, ["B"]),
        ({"languages": ("de",)}, ["B"]),
        ({"languages": ("DE-at", "fr")}, ["B"]),
        ({"languages": ("d",)}, []),
        ({"copies": 1}, ["C", "B", "A"]),
        ({"copies": 2}, ["C"]),
        ({"copies": 3}, []),
        ({"copies": 4}, []),
        ({"since": NOW + HOUR}, ["C", "B"]),
        ({"since": NOW + 3 * HOUR}, []),
        ({"since": NOW + HOUR, "agency": True}, ["C"]),
        ({"words": "harbour"}, ["C", "B"]),
        ({"words": "harbour", "agency": True}, ["C"]),
        ({"words": "harbour", "since": NOW + 2 * HOUR}, ["C"]),
        ({"words": "harbour", "limit": 1}, ["C"]),
        ({"limit": 2}, ["C", "B"]),
        ({"categories": ("Sport", "World"), "limit": 1}, ["C"]),
    ],
)
def test_all_that_is_named_must_hold_and_of_one_list_any(store, query, titles):
    tell(store, "A", "the ferry", agency=Agency("The Wire", "wire.example"))
    tell(store, "B", "a harbour", by="b.example", now=NOW + HOUR, language="de-AT",
         origin=origin("The B", "b.example"))  # fmt: skip
    wire = origin("The Wire", "wire.example", Role.AGENCY)
    story = tell(store, "C", "another harbour", now=NOW + 2 * HOUR, origin=wire)
    tell(store, "C of B", by="b.example", story=story, now=NOW + 3 * HOUR, origin=wire)
    assert found(store, **query) == titles


def test_few_and_many_are_walked_another_way_to_the_same_end(store, monkeypatch):
    for number in range(6):
        tell(store, f"N{number}", "harbour", by=("a.example", "b.example")[number % 2])
    everything = {"categories": ("Sport", "World"), "languages": ("en", "fr")}
    for narrow in (
        {"outlets": ("the b",)},
        {"categories": ("Sport",)},
        {"outlets": ("b.example",)},
    ):
        for more in ({}, {"words": "harbour"}, {"words": "harbour", "copies": 1}):
            for few in (0, 2, 1000):
                monkeypatch.setattr("aggregator.store.selecting._FEW", few)
                assert found(store, **everything | narrow | more) == ["N5", "N3", "N1"]
                assert found(store, **narrow | more) == ["N5", "N3", "N1"]


def test_labels_follow_what_becomes_of_a_story(store):
    older = tell(store, "Old", "a ferry")
    newer = tell(store, "New", "a quay", by="b.example", origin=origin("The B", "b.example"))
    with store.writing(LONG_AGO) as transaction:
        transaction.join(older, newer, ())
        show(transaction, older)
    assert found(store, categories=("Sport",)) == ["Old"]
    assert found(store, origins=("The B",)) == []
    assert found(store, copies=2) == ["Old"]
    assert found(store, words="new") == ["Old"]
    assert found(store, words="quay") == []  # which is not the text that is shown
    with store.writing(LONG_AGO) as transaction:
        show(transaction, older, language="fr")
    assert (found(store, languages=("en",)), found(store, languages=("fr",))) == ([], ["Old"])


def test_a_feed_that_gets_another_category_takes_its_stories_along(store):
    story = tell(store, "A")
    tell(store, "A of B", by="b.example", story=story, now=NOW + HOUR)
    before = store.version()
    store.list_feeds([FeedSpec("https://a.example/feed", "The A", "a.example", "Region")], NOW)
    assert store.version() != before
    assert found(store, categories=("World",)) == []
    assert found(store, categories=("Region",)) == ["A"]
    assert found(store, categories=("Sport",)) == ["A"]


def test_what_is_retired_leaves_neither_labels_nor_words(store):
    tell(store, "Gone", "a ferry")
    with store.writing(LONG_AGO) as transaction:
        transaction.drop(feed_of(store, "a.example").id, [], NOW)
        transaction.retire(NOW + 2 * HOUR, HOUR)
        connection = transaction._session.connection()
        for table in ("label", "story_words"):
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 0


def test_a_database_from_before_is_made_findable(database_url):
    store = Store(database_url)
    store.list_feeds([FeedSpec("https://a.example/feed", "The A", "a.example", "World")], NOW)
    tell(store, "A ferry", "from a harbour", origin=origin("The A", "a.example"))
    store.close()
    engine = connect(database_url)
    migrate(engine, "0001")
    migrate(engine)
    engine.dispose()
    store = Store(database_url)
    assert found(store, words="ferry harbour", origins=("the a",), categories=("World",))
    store.close()


# ------------------------------------------------------------------------------ pages, archives


def test_pages_can_be_walked_from_the_oldest_on(store):
    for number in range(5):
        tell(store, f"N{number}")
    assert found(store, after=NIL, limit=2) == ["N1", "N0"]
    one = store.stories(StoryQuery(limit=1, after=NIL))[0]
    assert found(store, after=one.id, limit=2) == ["N2", "N1"]
    assert found(store, before=one.id) == []


def test_an_archive_document_holds_the_same_stories_however_many_come(store, monkeypatch):
    monkeypatch.setattr("aggregator.store.selecting.ARCHIVE", 3)
    for number in range(7):
        tell(store, f"N{number}", by="b.example" if number < 3 else "a.example")
    assert found(store, archive=0) == ["N2", "N1", "N0"]
    assert store.archives(StoryQuery()) == (1, None, 2)
    assert store.archives(StoryQuery(archive=1)) == (0, None, 2)
    assert store.archives(StoryQuery(archive=0)) == (None, 1, 2)
    # What holds nothing of the query's is passed over.
    assert store.archives(StoryQuery(categories=("Sport",))) == (0, None, 2)
    tell(store, "N7")
    assert found(store, archive=0) == ["N2", "N1", "N0"]


# -------------------------------------------------------------------------------------- words

TEXTS = {
    "Night ferry to run until three": "It was the port authority’s idea, AT&T said: 5 crossings.",
    "港口夜间渡轮延长": "港务局周日表示",
    "Fähre über Nacht": "Die Straße zum Hafen, Donaudampfschiff",
    "عبّارة الميناء": "قالت السلطة",
    "बंदरगाह की नौका": "रात भर चलेगी",
    "เรือข้ามฟากกลางคืน": "ท่าเรือ",
    "항구의 밤": "여객선이 새벽까지",
}


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("FERRY", "Night"),
        ("ferry authority", "Night"),
        ('"ferry to run"', "Night"),
        ('"run ferry"', None),
        ('"ferry to', "Night"),
        ("ferr", None),
        ("ferr*", "Night"),
        ("at&t 5", "Night"),
        ("authority's", "Night"),
        ("渡轮", "港口"),
        ("夜间渡轮", "港口"),
        ("轮渡", None),
        ("港", "港口"),
        ("长", "港口"),
        ("fahre", "Fähre"),
        ("FÄHRE strasse", "Fähre"),
        ("donau*", "Fähre"),
        ("عبارة", "عب"),
        ("नौका", "बंदर"),
        ("नका", None),
        ("กลางคืน", "เรือ"),
        ("여객선이", "항구"),
        ("*", None),
        ("%", None),
        ('"', None),
        ("ferry OR nothing", None),
        ("' OR 1=1", None),
        ("NEAR(ferry)", None),
        ("ferry & quay | !x", None),
        ("\\", None),
    ],
)
def test_words_are_found_in_any_script(store, words, title):
    for name, body in TEXTS.items():
        tell(store, name, body)
    assert [t[: len(title or "")] for t in found(store, words=words)] == ([title] if title else [])


@given(st.text(max_size=40))
def test_any_query_can_be_asked(query):
    wanted = phrases(query)
    if wanted is not None:
        assert for_fts5(wanted)
        assert "'" not in for_tsquery(wanted).replace(
            "'", "", 2 * sum(len(p.terms) for p in wanted)
        )
        assert all(phrase.terms for phrase in wanted)


@given(st.text(max_size=60))
def test_terms_hold_letters_alone_and_a_text_is_found_by_its_own_words(written):
    told = terms(written)
    assert all(term and not set(term) & set(" '\"\\:*()") for term in told)
    assert terms(" ".join(told)) == told or any(len(term) == 2 for term in told)


def test_the_worst_of_texts_can_be_searched(store):
    hostile = "\x00 \ud800 'a'::tsvector \\ " + "x" * 10_000 + " y" * 5000 + "港" * 5000
    tell(store, "Worst", hostile)
    tell(store, "Good", "quay")
    assert found(store, words="a") == ["Worst"]
    assert found(store, words="quay") == ["Good"]


def test_a_changed_text_is_found_by_its_new_words_alone(store):
    story = tell(store, "A", "a ferry")
    with store.writing(LONG_AGO) as transaction:
        entry = transaction.copies([story])[story][0].entry
        changed = replace(reading("A", "a quay"), known_id=entry)
        transaction.save(feed_of(store, "a.example").id, [changed], NOW)
        show(transaction, story)
    assert (found(store, words="ferry"), found(store, words="quay")) == ([], ["A"])


def test_new_and_old_stories_can_be_shown_in_one_go(store):
    old = tell(store, "Old")
    with store.writing(LONG_AGO) as transaction:
        feed = feed_of(store, "b.example")
        entries = transaction.save(
            feed.id, [reading("New", "x", "b.example"), reading("Copy", "y", "b.example")], NOW
        )
        new = transaction.new_story(NOW)
        transaction.place(entries[0], new, Decision(new))
        transaction.place(entries[1], old, Decision(old))
        told = transaction.copies([old, new])
        faces = {
            story: Face(
                copies[0].entry, copies[0].title, copies[0].url, "en", Provenance(None), "d"
            )
            for story, copies in told.items()
        }
        assert transaction.show(faces, NOW)
    assert found(store, categories=("Sport",)) == ["New", "Old"]
    assert found(store, words="copy") == ["Old"]
    assert found(store, copies=2) == ["Old"]
