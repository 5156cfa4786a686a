"""The made-up outlets: the same from the same seed, and copies that are copies."""

import re
from itertools import pairwise

import feedparser
import pytest

from benchmarks import prose
from benchmarks.press import Press

PRESS = Press(feeds=40, entries=10, size=1500)
EVERYTHING = [(feed, number) for feed in range(40) for number in range(10)]


def words(html: str) -> list[str]:
    return re.findall(r"\w+", re.sub(r"<[^>]+>", "", html).lower())


def runs_of_five(html: str) -> set[tuple[str, ...]]:
    found = words(html)
    return set(zip(*(found[start:] for start in range(5)), strict=False))


def test_a_document_follows_from_the_seed_alone():
    again = Press(feeds=40, entries=10, size=1500)
    other = Press(feeds=40, entries=10, size=1500, seed=2)
    assert PRESS.document(3, 10) == again.document(3, 10)
    assert PRESS.document(3, 10) != other.document(3, 10)


@pytest.mark.parametrize("feed", range(3))
def test_a_document_is_a_feed_of_the_wanted_entries_newest_first(feed):
    read = feedparser.parse(PRESS.document(feed, 12))
    assert not read.bozo
    assert read.version == ("atom10" if PRESS.is_atom(feed) else "rss20")
    assert read.feed.title == PRESS.outlet(feed)
    assert [entry.id for entry in read.entries] == [
        PRESS.item(feed, number).guid for number in range(11, 1, -1)
    ]
    times = [entry.published_parsed for entry in read.entries]
    assert times == sorted(times, reverse=True)
    assert all(entry.content[0].value for entry in read.entries)


def test_bodies_are_about_as_long_as_was_asked():
    lengths = [len(PRESS.item(feed, number).html) for feed, number in EVERYTHING]
    assert 0.8 * PRESS.size < sum(lengths) / len(lengths) < 1.2 * PRESS.size


def test_a_copy_shares_its_text_with_its_original_and_hardly_any_with_others():
    copies = [entry for entry in EVERYTHING if PRESS.tells(*entry) != entry]
    assert len(copies) == pytest.approx(0.2 * len(EVERYTHING), rel=0.35)
    for feed, number in copies:
        copy = PRESS.item(feed, number)
        original = PRESS.item(*PRESS.tells(feed, number))
        mine, theirs = runs_of_five(copy.html), runs_of_five(original.html)
        assert len(mine & theirs) > 0.5 * min(len(mine), len(theirs))
        assert copy.published > original.published
    own = [PRESS.item(*e) for e in EVERYTHING if PRESS.tells(*e) == e and e[0] % 2][:100]
    texts = [runs_of_five(item.html) for item in own]
    for text, next_text in pairwise(texts):
        assert len(text & next_text) < 0.1 * len(text)


def test_a_copy_has_its_original_in_another_feed():
    for entry in EVERYTHING:
        teller = PRESS.tells(*entry)
        assert teller == entry or teller[0] != entry[0]
        assert PRESS.tells(*teller) == teller


def test_most_copies_have_another_headline_and_many_credit_the_original():
    copies = [(entry, PRESS.tells(*entry)) for entry in EVERYTHING if PRESS.tells(*entry) != entry]
    renamed = [PRESS.item(*a).title != PRESS.item(*b).title for a, b in copies]
    credited = [PRESS.outlet(b[0]) in PRESS.item(*a).html for a, b in copies]
    assert sum(renamed) > 0.9 * len(copies)
    assert 0.4 * len(copies) < sum(credited) < 0.8 * len(copies)


def test_a_tick_changes_the_share_of_feeds_that_was_asked_for():
    assert len(Press(feeds=1000).ticked(1, share=0.05)) == 50
    assert PRESS.ticked(1) == PRESS.ticked(1)
    assert PRESS.ticked(1) != PRESS.ticked(2)
    assert set(Press(feeds=1000).ticked(1).values()) == {1, 2, 3}


def test_stories_are_told_once_each_however_many_carry_them():
    one = next(entry for entry in EVERYTHING if PRESS.tells(*entry) != entry)
    assert PRESS.stories([one, PRESS.tells(*one)]) == 1
    assert PRESS.stories([(1, 0), (2, 0), (3, 0)]) == 3


def test_a_headline_stays_with_its_topic():
    assert prose.headline("a", "sea") == prose.headline("a", "sea")
    assert prose.headline("a", "sea") != prose.headline("b", "sea")
