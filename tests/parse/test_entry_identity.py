from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from aggregator import parse
from aggregator.model import Enclosure, EntryKeys, KnownEntry, Mark, MarkKind, ParsedEntry
from aggregator.parse import Identified, told_apart
from aggregator.parse.identity import keys_of

NOW = datetime(2031, 6, 5, tzinfo=UTC)
LONG = "<p>" + "The ferry between the two islands will run every forty minutes. " * 6 + "</p>"


def recognised(entries, known):
    return parse.identify(told_apart(entries), known)


def entry(n: int = 1, **values: object) -> ParsedEntry:
    plain = ParsedEntry(
        guid=f"id-{n}",
        url=f"https://quay.example/{n}",
        title=f"Story {n}",
        summary_html=f"<p>Text of story {n}.</p>",
    )
    return replace(plain, **values)  # type: ignore[arg-type]


def stored(found: list[Identified]) -> list[KnownEntry]:
    return [KnownEntry(n, item.keys, item.digest) for n, item in enumerate(found, 1)]


def seen_again(
    before: list[ParsedEntry], after: list[ParsedEntry]
) -> list[tuple[int | None, bool]]:
    found = recognised(after, stored(recognised(before, [])))
    return [(item.known_id, item.changed) for item in found]


def test_a_new_entry_is_known_as_none() -> None:
    (found,) = recognised([entry()], [])
    assert (found.known_id, found.changed) == (None, False)
    assert all((found.keys.guid, found.keys.link, found.keys.text, found.keys.title, found.digest))


def test_keys_are_hex_and_fit_where_they_are_stored() -> None:
    keys = keys_of([entry()])[0]
    for key in (keys.guid, keys.link, keys.text, keys.title):
        assert len(key) <= 64
        int(key, 16)


def test_an_edited_entry_is_the_same_and_changed() -> None:
    edits = [
        {"title": "Another headline"},
        {"summary_html": "<p>Another text.</p>"},
        {"url": "https://quay.example/moved"},
        {"enclosures": (Enclosure("https://quay.example/a.mp3"),)},
        {"marks": (Mark(MarkKind.RSS_SOURCE, "The Pier"),)},
        {"title": "Another headline", "summary_html": "<p>Another text.</p>"},
    ]
    for edit in edits:
        assert seen_again([entry()], [entry(**edit)]) == [(1, True)]


def test_what_changes_without_anybody_writing_is_no_change() -> None:
    before = entry(
        summary_html='<p>Text. <a href="https://quay.example/x?utm_source=a">12 comments</a></p>',
        published=NOW,
    )
    after = entry(
        url="https://quay.example/1?utm_source=rss&utm_medium=feed#top",
        summary_html='<p>Text. <a href="https://quay.example/x?utm_source=b">15 comments</a></p>',
        published=NOW + timedelta(hours=1),
        updated=NOW,
        categories=("Bay",),
    )
    assert seen_again([before], [after]) == [(1, False)]


def test_a_changed_guid_with_the_same_link_and_title_or_text_is_the_same() -> None:
    assert seen_again([entry()], [entry(guid="new")]) == [(1, False)]
    assert seen_again([entry()], [entry(guid="new", title="Edited")])[0][0] is None
    assert seen_again([entry()], [entry(guid="new", summary_html="Edited")]) == [(1, True)]


def test_a_guid_that_is_used_again_for_another_item_is_another_entry() -> None:
    other = entry(2, guid="id-1")
    assert seen_again([entry(1)], [other]) == [(None, False)]


def test_a_moved_entry_with_its_old_guid_is_the_same() -> None:
    moved = entry(url="https://quay.example/world/1")
    assert seen_again([entry()], [moved]) == [(1, True)]


def test_one_guid_for_all_tells_nothing() -> None:
    before = [entry(n, guid="https://quay.example/") for n in range(1, 4)]
    assert {keys.guid for keys in keys_of(before)} == {""}
    after = [entry(4, guid="https://quay.example/"), *before]
    assert seen_again(before, after) == [(None, False), (1, False), (2, False), (3, False)]


def test_one_link_for_all_tells_nothing() -> None:
    before = [entry(n, url="https://quay.example/", guid="") for n in range(1, 4)]
    assert {keys.link for keys in keys_of(before)} == {""}
    assert seen_again(before, before) == [(1, False), (2, False), (3, False)]


def test_a_feed_of_live_updates_at_one_page_keeps_each_of_them() -> None:
    page = "https://quay.example/live"
    updates = [entry(n, url=f"{page}#post-{n}", title="Live") for n in range(3)]
    assert len(recognised(updates, [])) == 3


def test_entries_without_guid_are_known_by_their_link() -> None:
    before = [entry(n, guid="") for n in (1, 2)]
    after = [entry(1, guid="", title="Edited", summary_html="Edited"), entry(2, guid="")]
    assert seen_again(before, after) == [(1, True), (2, False)]


def test_entries_without_guid_and_link_are_known_by_title_and_text() -> None:
    before = [entry(n, guid="", url="") for n in (1, 2)]
    after = [entry(n, guid="", url="") for n in (3, 2, 1)]
    assert seen_again(before, after) == [(None, False), (2, False), (1, False)]


def test_entries_with_nothing_but_a_file_are_known() -> None:
    before = [
        ParsedEntry(enclosures=(Enclosure(f"https://quay.example/{n}.mp3"),)) for n in range(3)
    ]
    assert seen_again(before, before) == [(1, False), (2, False), (3, False)]


def test_a_feed_that_changes_all_guids_and_links_is_told_by_its_texts() -> None:
    before = [entry(n, summary_html=f"{LONG}{n}") for n in (1, 2)]
    after = [replace(e, guid=f"new{e.guid}", url=e.url.replace("quay", "newquay")) for e in before]
    assert [known for known, _ in seen_again(before, after)] == [1, 2]


def test_two_items_that_say_the_same_few_words_are_two() -> None:
    weather = [entry(n, title="Weather", summary_html="Fog.") for n in (1, 2)]
    assert len(recognised(weather, [])) == 2
    assert seen_again(weather[:1], weather[1:]) == [(None, False)]


def test_doubles_in_one_document_become_the_one_updated_last_else_the_longest() -> None:
    old = entry(summary_html="Old text", title="Story", updated=NOW)
    new = replace(old, summary_html="New", updated=NOW + timedelta(hours=1))
    assert [found.entry for found in recognised([old, entry(2), new], [])] == [new, entry(2)]
    longer = replace(old, summary_html="A longer text", updated=NOW)
    assert [found.entry for found in recognised([old, longer], [])] == [longer]


def test_the_same_link_by_other_ways_is_one() -> None:
    links = [
        "https://quay.example/1",
        "http://QUAY.example:80/1#x",
        "https://quay.example/1?fbclid=abc&utm_campaign=x",
        "https://quay.example/1?ref=rss",
    ]
    assert len({keys_of([entry(guid="", url=link)])[0].link for link in links}) == 1
    others = ["https://quay.example/2", "https://www.quay.example/1", "https://quay.example/1?id=5"]
    keys = {keys_of([entry(guid="", url=link)])[0].link for link in [links[0], *others]}
    assert len(keys) == 4


def test_a_stored_entry_is_given_to_the_surest_only() -> None:
    before = recognised([entry(1)], [])
    both = [entry(1, title="Edited"), entry(1, guid="copy")]
    found = recognised(both, stored(before))
    assert sorted(item.known_id or 0 for item in found) in ([0, 1], [1])


def test_a_stored_entry_that_shares_nothing_is_given_to_nobody() -> None:
    other = KnownEntry(9, EntryKeys("a", "b", "c", "d"), "e")
    assert recognised([entry()], [other])[0].known_id is None


few = st.sampled_from(["", "a", "b", "c"])
entries = st.lists(
    st.builds(
        ParsedEntry,
        guid=few,
        url=st.sampled_from(["", "https://q.example/1", "https://q.example/2?utm_x=1", "https://q.example/"]),
        title=few,
        summary_html=st.sampled_from(["", "x", "y", LONG]),
        updated=st.sampled_from([None, NOW, NOW + timedelta(1)]),
    ),
    max_size=8,
)  # fmt: skip


@given(entries)
def test_a_document_seen_again_has_all_its_entries_known_and_none_changed(
    document: list[ParsedEntry],
) -> None:
    before = recognised(document, [])
    after = recognised(document, stored(before))
    assert [item.known_id for item in after] == list(range(1, len(before) + 1))
    assert not any(item.changed for item in after)


@given(entries, entries, st.randoms(use_true_random=False))
def test_the_order_of_entries_decides_nothing(
    before: list[ParsedEntry], after: list[ParsedEntry], dice: st.DataObject
) -> None:
    known = stored(recognised(before, []))
    shuffled = list(after)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]

    def told(document: list[ParsedEntry]) -> set[tuple[object, ...]]:
        return {(f.entry, f.keys, f.known_id, f.changed) for f in recognised(document, known)}

    assert told(after) == told(shuffled)


@given(entries, entries)
def test_no_stored_entry_is_given_twice_and_no_entry_invented(
    before: list[ParsedEntry], after: list[ParsedEntry]
) -> None:
    known = stored(recognised(before, []))
    found = recognised(after, known)
    given_ids = [item.known_id for item in found if item.known_id is not None]
    assert len(given_ids) == len(set(given_ids))
    assert set(given_ids) <= {k.id for k in known}
    assert all(item.entry in after for item in found)
    assert bool(found) == bool(after)
