"""RSS, Atom and JSON Feed of ordinary stories, by the rules of the merged feed."""

import json
from dataclasses import replace
from datetime import timedelta

import feedparser
import pytest
from lxml import etree

from aggregator.model import Channel, Content, Enclosure, NearMiss, Origin, Role, Ruling
from aggregator.publish import FORMATS, atom, json_feed, rss, story_json

ATOM = "{http://www.w3.org/2005/Atom}"
ID = "urn:uuid:0b7c3f0e-5a8e-4e1d-9c39-0f7b1d1f2a3b"
CREDIT_LINE = (
    '<p lang="en" dir="ltr">Originally appeared on '
    '<strong><a href="https://harbourpost.example/ferry">The Harbour Post</a></strong>'
    ' · wire: <a href="https://lakeswire.example/">Lakes Wire</a>'
    ' · also carried by <a href="https://valley.example/ferry">Valley Republisher</a></p>'
)


def bodies(channel, story):
    """The body of the one item, as each format has it."""
    entry = etree.fromstring(atom(channel, [story])).find(f"{ATOM}entry")
    told = entry.find(f"{ATOM}content")
    return {
        "rss": etree.fromstring(rss(channel, [story])).findtext("channel/item/description"),
        "atom": (told if told is not None else entry.find(f"{ATOM}summary")).text,
        "json": json.loads(json_feed(channel, [story]))["items"][0]["content_html"],
    }


def test_rss_names_the_original_its_source_and_who_wrote_it(channel, story):
    item = etree.fromstring(rss(channel, [story])).find("channel/item")
    assert item.findtext("title") == "Night ferry & tram to run until three"
    assert item.findtext("link") == "https://harbourpost.example/ferry"
    assert (item.findtext("guid"), item.find("guid").get("isPermaLink")) == (ID, "false")
    assert item.findtext("source") == "The Harbour Post"
    assert item.find("source").get("url") == "https://feeds.example/harbourpost"
    assert item.findtext("{http://purl.org/dc/elements/1.1/}creator") == "Ada Quay"
    assert item.find("{http://purl.org/dc/elements/1.1/}source") is None
    assert item.findtext("pubDate") == "Sun, 01 Mar 2026 12:00:00 GMT"
    assert item.findtext("category") == "World"
    assert dict(item.find("enclosure").attrib) == {
        "url": "https://harbourpost.example/f.jpg",
        "length": "31000",
        "type": "image/jpeg",
    }


def test_atom_names_source_author_the_copy_it_was_found_through_and_the_others(
    channel, with_carriers
):
    entry = etree.fromstring(atom(channel, [with_carriers(2)])).find(f"{ATOM}entry")
    links = {}
    for link in entry.iterfind(f"{ATOM}link"):
        links.setdefault(link.get("rel"), []).append(link.get("href"))
    assert links == {
        "alternate": ["https://harbourpost.example/ferry"],
        "via": ["https://valley.example/ferry"],
        "related": ["https://paper0.example/ferry", "https://paper1.example/ferry"],
        "enclosure": ["https://harbourpost.example/f.jpg"],
    }
    assert entry.findtext(f"{ATOM}id") == ID
    assert entry.findtext(f"{ATOM}author/{ATOM}name") == "Ada Quay"
    assert entry.findtext(f"{ATOM}source/{ATOM}title") == "The Harbour Post"
    assert entry.findtext(f"{ATOM}published") == "2026-03-01T12:00:00Z"
    assert entry.findtext(f"{ATOM}updated").startswith("2026-03-01T12:30:00.")


def test_json_feed_carries_the_story_as_the_api_gives_it(channel, story):
    feed = json.loads(json_feed(channel, [story]))
    (item,) = feed["items"]
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert (item["id"], item["url"]) == (ID, "https://harbourpost.example/ferry")
    assert item["authors"] == [{"name": "Ada Quay", "url": "https://harbourpost.example/"}]
    assert item["image"] == "https://harbourpost.example/f.jpg"
    assert item["_aggregator"] == story_json(story)


def test_a_story_in_json_has_the_keys_of_the_contract(story):
    told = story_json(story)
    assert list(told) == [
        *("id", "title", "url", "origin", "agency", "chain", "copies", "first_seen", "updated"),
        *("category", "language", "rulings"),
    ]
    assert told["origin"] == {
        "name": "The Harbour Post",
        "domain": "harbourpost.example",
        "url": "https://harbourpost.example/ferry",
        "role": "publisher",
        "confidence": 0.97,
        "reason": "credited by 1 of 2 copies and itself among them",
    }
    assert told["agency"] == {"name": "Lakes Wire", "domain": "lakeswire.example"}
    assert told["copies"][0] == {
        "outlet": "Valley Republisher",
        "domain": "valley.example",
        "url": "https://valley.example/ferry",
        "title": "The ferry, says Valley Republisher",
        "published": "2026-03-01T11:00:00Z",
        "first_seen": "2026-03-01T12:00:00Z",
        "credits": [
            {
                "name": "The Harbour Post",
                "role": "publisher",
                "quote": "This story originally appeared on Harbourpost.example",
                "where": "body",
            }
        ],
        "similarity": 0.931,
        "edits": ["headline changed"],
        "reason": "",
        "threshold": 0.0,
        "passages": [],
        "near_misses": [],
    }


def test_a_story_in_json_says_why_each_copy_is_one_and_what_was_ruled(story):
    misses = (NearMiss(7, 0.3141, "the same template", "the-id"), NearMiss(8, 0.2, "gone"))
    decided = {"reason": "The texts agree.", "threshold": 0.5, "passages": ("a b c",)}
    copy = replace(story.copies[0], near_misses=misses, **decided)
    split = Ruling("split", "other-id", story.first_seen, "https://valley.example/ferry")
    told = story_json(replace(story, copies=(copy,), rulings=(split,)))
    assert told["copies"][0]["near_misses"] == [
        {"story": "the-id", "score": 0.314, "reason": "the same template"},
        {"story": None, "score": 0.2, "reason": "gone"},
    ]
    assert told["copies"][0]["passages"] == ["a b c"]
    assert (told["copies"][0]["reason"], told["copies"][0]["threshold"]) == (
        "The texts agree.",
        0.5,
    )
    (ruling,) = told["rulings"]
    assert ruling == {
        "kind": "split",
        "story": "other-id",
        "url": "https://valley.example/ferry",
        "at": "2026-03-01T12:00:00Z",
    }
    assert told["chain"] == ["Valley Republisher", "The Harbour Post", "Lakes Wire"]
    assert (told["category"], told["language"]) == (["World"], "en")
    assert story_json(replace(story, origin=None, agency=None))["origin"] is None


def test_each_body_ends_with_one_credit_paragraph(channel, story):
    for form, body in bodies(channel, story).items():
        assert body.endswith(CREDIT_LINE), form
        assert body.count("Originally appeared on") == 1, form


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (
            Content.FEED,
            '<p>The ferry runs &amp; runs.</p><img src="https://harbourpost.example/f.jpg">',
        ),
        (Content.SUMMARY, "<p>The ferry runs &amp; runs.</p>"),
        (
            Content.FULL,
            "<p>The ferry runs and runs, all night and every night, until three o'clock.</p>"
            "<p>And that is all of it.</p>",
        ),
        (Content.NONE, ""),
    ],
)
def test_an_output_says_how_much_is_shown_and_credit_always_stands(channel, story, content, text):
    for form, body in bodies(replace(channel, content=content), story).items():
        assert body == text + CREDIT_LINE, form


def test_a_fetched_page_is_shown_by_no_choice_but_full(channel, story):
    story = replace(
        story, content_html="", full_html="<p>All night and every night</p>", enclosures=()
    )
    for content in set(Content) - {Content.FULL}:
        for form in FORMATS.values():
            assert b"every night" not in form.write(replace(channel, content=content), [story])


def test_without_an_origin_the_carriers_are_named_and_nobody_is_called_the_first(channel, story):
    story = replace(story, origin=None, agency=None, url="https://valley.example/ferry")
    for body in bodies(channel, story).values():
        assert body.endswith(
            '<p lang="en" dir="ltr">Origin unknown · carried by '
            '<strong><a href="https://valley.example/ferry">Valley Republisher</a></strong>, '
            '<a href="https://harbourpost.example/ferry">The Harbour Post</a></p>'
        )
    item = etree.fromstring(rss(channel, [story])).find("channel/item")
    assert item.findtext("source") == "Valley Republisher"


def test_an_origin_that_is_no_copy_is_linked_at_its_own_page_or_site_never_at_a_copys(
    channel, story
):
    origin = Origin("Elsewhere", "elsewhere.example", "", Role.PUBLISHER, 0.8, "so")
    story = replace(story, origin=origin, url="https://valley.example/ferry")
    for body in bodies(channel, story).values():
        assert '<a href="https://elsewhere.example/">Elsewhere</a>' in body
    item = etree.fromstring(rss(channel, [story])).find("channel/item")
    assert item.find("source").get("url") == "https://elsewhere.example/"
    assert item.findtext("{http://purl.org/dc/elements/1.1/}creator") == "Elsewhere"


def test_a_further_copy_moves_no_date_id_or_link(channel, story, with_carriers):
    for form in FORMATS.values():
        before = feedparser.parse(form.write(channel, [story])).entries
        after = feedparser.parse(form.write(channel, [with_carriers(3)])).entries
        for one, other in zip(before, after, strict=True):
            for key in ("id", "link", "title", "published", "updated"):
                assert one.get(key) == other.get(key), (form.name, key)


def test_the_feed_says_where_it_is_and_when_its_content_changed(channel, story):
    late = replace(story, updated=story.updated + timedelta(days=2))
    head = etree.fromstring(rss(channel, [story, late])).find("channel")
    assert head.findtext("lastBuildDate") == "Tue, 03 Mar 2026 12:30:00 GMT"
    assert head.findtext("language") == "en"
    assert int(head.findtext("ttl")) > 0
    (link,) = head.iterfind(f"{ATOM}link")
    assert (link.get("rel"), link.get("href")) == ("self", channel.url)


def test_bytes_depend_on_nothing_but_the_content(channel, story, monkeypatch):
    for form in FORMATS.values():
        assert form.write(channel, [story]) == form.write(replace(channel), [replace(story)])


def test_the_next_page_is_linked_where_there_is_one(channel, story):
    channel = replace(channel, next_url="https://news.example.org/feed.rss?before=x")
    for form in ("rss", "atom"):
        head = feedparser.parse(FORMATS[form].write(channel, [story])).feed
        assert [link.href for link in head.links if link.rel == "next"] == [channel.next_url]
    assert json.loads(json_feed(channel, [story]))["next_url"] == channel.next_url


def test_stories_found_in_one_second_have_times_of_their_own_in_atom(channel, story):
    ids = [f"0b7c3f0e-5a8e-4e1d-9c39-{n:012d}" for n in range(500)]
    entries = etree.fromstring(atom(channel, [replace(story, id=i) for i in ids]))
    times = [entry.findtext(f"{ATOM}updated") for entry in entries.iterfind(f"{ATOM}entry")]
    assert len(set(times)) == 500
    assert {time[:19] for time in times} == {"2026-03-01T12:30:00"}


def test_an_empty_feed_is_a_feed(channel):
    for name, form in FORMATS.items():
        data = form.write(channel, [])
        if name == "json":
            assert json.loads(data)["items"] == []
        else:
            assert feedparser.parse(data).bozo == 0


def test_languages_stand_at_the_feed_and_where_an_item_differs(channel, story):
    german = replace(story, id="1b7c3f0e-5a8e-4e1d-9c39-0f7b1d1f2a3b", language="de_at")
    stories = [story, story, german]
    head = etree.fromstring(rss(channel, stories)).find("channel")
    assert head.findtext("language") == "en"
    tag = "{http://purl.org/dc/elements/1.1/}language"
    assert [item.findtext(tag) for item in head.iterfind("item")] == [None, None, "de-AT"]


def test_an_enclosure_without_a_type_gets_one_and_one_without_an_address_goes(channel, story):
    files = (
        Enclosure("javascript:alert(1)", "image/png"),
        Enclosure("https://a.example/talk.mp3?x=1", "not a type", -1),
    )
    item = etree.fromstring(rss(channel, [replace(story, enclosures=files)])).find("channel/item")
    assert dict(item.find("enclosure").attrib) == {
        "url": "https://a.example/talk.mp3?x=1",
        "length": "0",
        "type": "audio/mpeg",
    }


def test_a_story_without_a_title_is_called_by_its_first_words(channel, story):
    item = etree.fromstring(rss(channel, [replace(story, title=" \u200b")])).find("channel/item")
    assert item.findtext("title") == "The ferry runs & runs."


def test_a_body_that_is_longer_than_a_feed_can_be_is_shown_by_its_beginning(channel, story):
    story = replace(story, content_html=f"<p>{'The ferry runs. ' * 60_000}</p>")
    for body in bodies(channel, story).values():
        assert body.startswith("<p>The ferry runs. ")
        assert len(body) < 2000


def test_a_link_that_nobody_can_follow_leads_to_the_storys_own_page(story):
    channel = Channel("T", "https://news.example.org/feed.rss", "https://news.example.org/")
    item = etree.fromstring(rss(channel, [replace(story, url="javascript:x")])).find("channel/item")
    assert item.findtext("link") == f"https://news.example.org/stories/{story.id}"


@pytest.mark.parametrize(
    ("content", "markup", "picture"),
    [
        (Content.FEED, '<p>A.</p><img alt="x" src="https://a.example/p.jpg?w=1&amp;h=2">',
         "https://a.example/p.jpg?w=1&h=2"),
        (Content.SUMMARY, '<img src="https://a.example/p.png">', "https://a.example/p.png"),
        (Content.NONE, '<img src="https://a.example/p.png">', ""),
        (Content.FEED, '<img src="https://a.example/count">', ""),
        (Content.FEED, '<img src="javascript:alert(1)//.png">', ""),
        (Content.FEED, "<p>src=&quot;https://a.example/p.png&quot;</p>", ""),
    ],
)  # fmt: skip
def test_the_texts_first_picture_goes_along_where_the_feed_named_none(
    channel, story, content, markup, picture
):
    told = replace(story, content_html=markup, enclosures=())
    channel = replace(channel, content=content)
    item = etree.fromstring(rss(channel, [told])).find("channel/item")
    found = item.find("enclosure")
    assert ("" if found is None else found.get("url")) == picture
    shown = json.loads(json_feed(channel, [told]))["items"][0]
    assert shown.get("image", "") == picture
    if picture:
        assert found.get("type").startswith("image/")
        named = replace(told, enclosures=story.enclosures)
        item = etree.fromstring(rss(channel, [named])).find("channel/item")
        assert item.find("enclosure").get("url") == story.enclosures[0].url
