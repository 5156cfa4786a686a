"""Corrections follow the story, from an edited entry to the feed item. Real HTTP, real database."""

from datetime import timedelta

import pytest
import test_polls
from desk import FERRY, OWLS, item
from test_polls import feed_at

from aggregator.model import AmendmentKind, FullText
from aggregator.publish import amendment_paragraph

site = test_polls.site
WRONG = "until three in the morning"
RIGHT = "until two in the morning"
FIXED = (FERRY[0].replace(WRONG, RIGHT), *FERRY[1:])


async def two_copies(desk, site, **lists):
    """The origin's feed and a copier's, each polled once; their URLs."""
    one = feed_at(site, item("ferry", FERRY), path="/one")
    two = feed_at(site, item("boats", FERRY, title="Boats at night"), path="/two")
    desk.lists(one, two, **lists)
    await desk.polls(one)
    await desk.polls(two)
    (story,) = desk.stories()
    assert (len(story.copies), story.amendments) == (2, ())
    return one, two


async def test_a_changed_text_is_told_with_its_date_and_who_still_carries_the_old_one(desk, site):
    one, two = await two_copies(desk, site)
    feed_at(site, item("ferry", FIXED), path="/one")
    at = desk.clock.now
    await desk.polls(one)
    (story,) = desk.stories()
    (found,) = story.amendments
    by_url = {copy.feed_url: copy.entry for copy in story.copies}
    assert (found.entry, found.at, found.kind) == (by_url[one], at, AmendmentKind.CHANGED)
    assert [(h.cut, h.added) for h in found.hunks] == [("three", "two")]
    assert found.still == (by_url[two],)
    sentence = amendment_paragraph(story)
    assert f"changed this text on {at:%Y-%m-%d}" in sentence
    assert "“<bdi>three</bdi>” became “<bdi>two</bdi>”" in sentence

    feed_at(site, item("boats", FIXED, title="Boats at night"), path="/two")
    await desk.polls(two)
    (story,) = desk.stories()
    assert [c.still for c in story.amendments if c.entry == by_url[one]] == [()]


async def test_a_copy_that_comes_later_with_the_old_text_is_named_too(desk, site):
    one, _ = await two_copies(desk, site)
    feed_at(site, item("ferry", FIXED), path="/one")
    await desk.polls(one)
    three = feed_at(site, item("late", FERRY, title="Late boats"), path="/three")
    desk.lists(one, f"{site.url}/two", three)
    await desk.polls(three)
    (story,) = desk.stories()
    assert len(story.amendments[0].still) == 2


async def test_a_correction_of_a_copy_does_not_make_the_item_new_again(desk, site):
    one, two = await two_copies(desk, site)
    (before,) = desk.stories()
    lead = {copy.entry: copy.feed_url for copy in before.copies}[before.lead]
    other = two if lead == one else one
    name, title = ("boats", "Boats at night") if other == two else ("ferry", "")
    feed_at(site, item(name, FIXED, title=title), path=f"/{other.rpartition('/')[2]}")
    version = desk.store.version()
    await desk.polls(other)
    (after,) = desk.stories()
    assert after.amendments
    assert after.updated == before.updated
    assert desk.store.version() != version


async def test_spaces_and_stamps_are_no_corrections(desk, site):
    one, _ = await two_copies(desk, site)
    spaced = (*FERRY[:2], FERRY[2].replace(", ", ",  ") + " ", "Updated: 1 March 2026, 14:00")
    feed_at(site, item("ferry", spaced), path="/one")
    assert (await desk.polls(one)).entries_changed == 1
    assert desk.stories()[0].amendments == ()


async def test_a_notice_is_told_in_the_publishers_own_words_and_once(desk, site):
    notice = "Correction: The ferry runs until two, not three."
    one, _ = await two_copies(desk, site)
    feed_at(site, item("ferry", (*FIXED, notice)), path="/one")
    await desk.polls(one)
    feed_at(site, item("ferry", (*FIXED, notice), title="The night ferry, again"), path="/one")
    await desk.polls(one)
    found = desk.stories()[0].amendments
    assert [c.notice for c in found] == ["", notice]
    assert [h.cut for h in found[1].hunks] == ["three"]
    assert found[0].title_after == "The night ferry, again"
    new = feed_at(site, item("owls", (*OWLS, "Correction: There are three owls.")), path="/new")
    desk.lists(one, new)
    await desk.polls(new)
    told = next(s for s in desk.stories() if s.title == "owls").amendments
    assert (told[0].kind, told[0].notice) == (
        AmendmentKind.NOTICE,
        "Correction: There are three owls.",
    )


async def vanish(desk, site, *, status: int, full_text=FullText.AUTO):
    """An entry with a page leaves its feed, which still lists an older one."""
    now = desk.clock.now
    page = site.put("/ferry.html", "here")
    old = item("owls", OWLS, published=now - timedelta(days=2))
    fresh = item("ferry", FERRY, link=page, published=now - timedelta(hours=1))
    one = feed_at(site, fresh, old, path="/one")
    two = feed_at(site, item("boats", FERRY, title="Boats at night"), path="/two")
    desk.lists(one, two, full_text=full_text)
    await desk.polls(one)
    await desk.polls(two)
    site.put("/ferry.html", "gone?", status=status)
    feed_at(site, old, path="/one")
    await desk.polls(one)
    return next(s for s in desk.stories() if len(s.copies) == 2)


@pytest.mark.parametrize("status", [404, 410])
async def test_what_left_its_feed_early_and_has_no_page_any_more_was_withdrawn(desk, site, status):
    story = await vanish(desk, site, status=status)
    (found,) = story.amendments
    assert found.kind is AmendmentKind.WITHDRAWN
    (other,) = [copy.entry for copy in story.copies if copy.entry != found.entry]
    assert found.still == (other,)
    assert "withdrew this text on" in amendment_paragraph(story)


@pytest.mark.parametrize("status", [200, 403, 503])
async def test_a_page_that_stands_or_fails_otherwise_is_no_withdrawal(desk, site, status):
    assert (await vanish(desk, site, status=status)).amendments == ()


async def test_pages_are_not_looked_for_where_none_may_be_fetched(desk, site):
    assert (await vanish(desk, site, status=404, full_text=FullText.NEVER)).amendments == ()
    assert site.asked["/ferry.html"] == 0


async def test_what_falls_off_the_end_of_a_feed_was_not_withdrawn(desk, site):
    now = desk.clock.now
    page = site.put("/ferry.html", "gone", status=404)
    old = item("ferry", FERRY, link=page, published=now - timedelta(days=2))
    one = feed_at(site, old, path="/one")
    desk.lists(one, full_text=FullText.AUTO)
    await desk.polls(one)
    feed_at(site, item("owls", OWLS, published=now), path="/one")
    await desk.polls(one)
    assert all(story.amendments == () for story in desk.stories())
    assert site.asked["/ferry.html"] == 0


async def test_only_a_few_earlier_versions_are_kept(desk, site):
    url = feed_at(site, item("ferry", FERRY), path="/one")
    desk.lists(url)
    await desk.polls(url)
    for n in range(8):
        feed_at(site, item("ferry", (*FERRY, f"Boat number {n} is blue.")), path="/one")
        await desk.polls(url)
    (story,) = desk.stories()
    kept = desk.store.versions([story.lead])[story.lead]
    assert len(kept) == 5
    assert kept[0].until > kept[-1].until
    assert "Boat number 6" in kept[0].html
