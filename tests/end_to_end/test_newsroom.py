"""The newsroom itself: what the other tests and the demo stand on."""

import json
import re
from collections.abc import Iterator
from datetime import datetime

import feedparser
import httpx
import pytest
from running import on_the_air

from aggregator.demo import BAD_FEEDS, Newsroom, load_desk
from aggregator.demo.desk import Desk

DESK = load_desk()
OUTLETS = [outlet for outlet in DESK.outlets.values() if outlet.feed]


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False) as client:
        yield client


@pytest.mark.parametrize("key", [outlet.key for outlet in OUTLETS])
def test_each_outlets_feed_is_read_by_feedparser_without_complaint(
    key: str, evening: Newsroom, client: httpx.Client
) -> None:
    outlet = DESK.outlets[key]
    answer = client.get(evening.url(key, outlet.feed or ""))
    listed = [evening.article(item.key) for item in evening.listed(key)]
    assert listed
    if outlet.format == "json":
        feed = json.loads(answer.text)
        assert feed["version"] == "https://jsonfeed.org/version/1.1"
        assert [item["url"] for item in feed["items"]] == [article.url for article in listed]
        return
    parsed = feedparser.parse(answer.content)
    assert not parsed.bozo, parsed.get("bozo_exception")
    assert parsed.version == {"rss2": "rss20", "rss1": "rss10", "atom": "atom10"}[outlet.format]
    assert parsed.feed.title == outlet.name
    assert [entry.link for entry in parsed.entries] == [article.url for article in listed]
    assert [entry.title for entry in parsed.entries] == [article.title for article in listed]
    assert len({entry.id for entry in parsed.entries}) == len(listed)
    assert all({"published", "updated"} & set(entry) for entry in parsed.entries)
    assert all(("content" in entry) == (outlet.shows == "full") for entry in parsed.entries)


def test_every_page_answers_on_its_outlets_own_address(
    evening: Newsroom, client: httpx.Client
) -> None:
    for item in DESK.items.values():
        article = evening.article(item.key)
        page = client.get(article.url)
        assert page.is_success, item.key
        assert item.how == "pointer" or _escaped(article.title) in page.text
    elsewhere = evening.page_url("norvane/ferry-night").replace("127.0.0.11", "127.0.0.18")
    assert client.get(elsewhere).status_code == 404


def test_the_national_paper_marks_the_agencys_copy(evening: Newsroom) -> None:
    article = evening.article("courier/ferry-night")
    assert article.title != evening.article("norvane/ferry-night").title
    assert article.paragraphs[0].startswith("PORT ELLARD (Norvane News Agency) — ")
    assert article.paragraphs[-1] == (
        "(Except for the headline, this story has not been edited by Sarnholm Courier staff and is "
        "published from a syndicated feed.)"
    )


def test_the_republishers_page_looks_like_a_portal_and_its_feed_has_only_teasers(
    evening: Newsroom, client: httpx.Client
) -> None:
    feed = feedparser.parse(client.get(evening.url("ledger", "/rss")).content)
    assert all(entry.summary.endswith(" […]") for entry in feed.entries)
    page = client.get(evening.page_url("ledger/ferry-night")).text
    marks = [
        "Share on facebook",
        "(Except for the headline, this story has not been edited by Sarnholm Courier staff",
        "This story originally appeared on Sarnholmcourier.example <a href=",
        "read the full story",
        "Keep reporting free",
        "Related",
        "4,318",
        "Don't Miss",
        "Terror before dawn",
    ]
    assert [page.index(mark) for mark in marks] == sorted(page.index(mark) for mark in marks)


def test_a_blogs_items_end_in_its_line_which_the_digest_keeps(evening: Newsroom) -> None:
    own = evening.article("notebook/lighthouse-logs")
    taken = evening.article("digest/lighthouse-logs")
    line = taken.paragraphs[-1]
    assert line == own.paragraphs[-1]
    assert line.striptags() == f"The post {own.title} appeared first on Harbour Notebook."
    assert own.url in line


def test_the_news_search_points_to_others_and_says_to_whom(
    evening: Newsroom, client: httpx.Client
) -> None:
    feed = feedparser.parse(client.get(evening.url("finder", "/rss/search")).content)
    night = next(entry for entry in feed.entries if "night train" in entry.title)
    assert night.title.endswith(" - Sarnholm Courier")
    assert night.link == evening.page_url("courier/night-train")
    assert night.source == {"title": "Sarnholm Courier", "href": evening.url("courier")}


def test_the_local_paper_keeps_half_adds_two_paragraphs_and_credits_nobody(
    evening: Newsroom,
) -> None:
    whole = DESK.stories["seed-vault"].paragraphs
    cut = [
        paragraph.striptags() for paragraph in evening.article("advertiser/seed-vault").paragraphs
    ]
    assert cut[:4] == [*whole[:4]]
    assert len(cut) == 6
    assert "Norvane" not in " ".join(cut)


@pytest.mark.parametrize("template", ["match", "weather"])
def test_template_reports_differ_in_every_fact(template: str) -> None:
    stories = [story for story in DESK.stories.values() if story.template == template]
    assert len(stories) == 3
    assert len({story.outlet for story in stories}) == 2
    for story in stories:
        assert not re.search(r"[{}]", "".join(story.paragraphs))
    assert len({story.title for story in stories}) == 3


def test_the_stories_are_real_texts() -> None:
    own = [
        s
        for s in DESK.stories.values()
        if not s.template and DESK.outlets[s.outlet].language == "en"
    ]
    assert len(own) >= 14
    for story in own:
        assert 250 <= sum(len(p.split()) for p in story.paragraphs) <= 450, story.id


def test_an_unchanged_feed_answers_304_to_either_validator(
    room: Newsroom, client: httpx.Client
) -> None:
    url = room.url("courier", "/feed.atom")
    first = client.get(url)
    etag = {"If-None-Match": first.headers["ETag"]}
    date = {"If-Modified-Since": first.headers["Last-Modified"]}
    assert [client.get(url, headers=h).status_code for h in (etag, date, etag | date)] == [304] * 3
    room.edit("courier/library-cards", title="One card")
    again = client.get(url, headers=etag)
    assert again.status_code == 200
    assert again.headers["ETag"] != first.headers["ETag"]


def test_ticks_list_new_items_and_edit_old_ones(room: Newsroom, client: httpx.Client) -> None:
    def titles(outlet: str) -> list[str]:
        feed = client.get(room.url(outlet, DESK.outlets[outlet].feed or ""))
        return [entry.title for entry in feedparser.parse(feed.content).entries]

    before = titles("norvane"), titles("courier")
    while room.advance():
        pass
    after = titles("norvane"), titles("courier")
    assert set(before[0]) < set(after[0])
    assert room.tick == DESK.last_tick
    assert DESK.stories["library-cards"].title in before[1]
    assert DESK.stories["library-cards"].title not in after[1]
    assert "One card for every library in the country, and no more fines, from January" in after[1]


def test_what_a_source_edits_later_does_not_change_its_copies(room: Newsroom) -> None:
    copies = [room.article(f"{outlet}/rate-hold").html for outlet in ("courier", "ledger")]
    room.advance(to=DESK.last_tick)
    assert "tenants’ league" in room.article("norvane/rate-hold").html
    assert [room.article(f"{outlet}/rate-hold").html for outlet in ("courier", "ledger")] == copies


def test_held_items_leave_their_feed_but_not_their_page(
    room: Newsroom, client: httpx.Client
) -> None:
    feed, page = room.url("norvane", "/feed.xml"), room.page_url("norvane/ferry-night")
    assert page in client.get(feed).text
    room.hold("norvane/ferry-night")
    assert page not in client.get(feed).text
    assert client.get(page).is_success
    room.release()
    assert page in client.get(feed).text


def test_a_shuffled_feed_lists_the_same_items_in_another_order(room: Newsroom) -> None:
    before = room.listed("observer")
    room.shuffle(1)
    after = room.listed("observer")
    assert before != after
    assert sorted(i.key for i in before) == sorted(i.key for i in after)
    assert after == room.listed("observer")


def test_the_log_tells_who_asked_for_what_and_when(room: Newsroom, client: httpx.Client) -> None:
    client.get(room.url("norvane", "/feed.xml?x=1"), headers={"User-Agent": "a reader"})
    client.get(room.url("post", "/none"), headers={"If-None-Match": '"x"'})
    one, other = room.log
    assert (one.outlet, one.address, one.path) == ("norvane", "127.0.0.11", "/feed.xml?x=1")
    assert (one.status, one.user_agent, one.conditional) == (200, "a reader", False)
    assert (other.status, other.conditional) == (404, True)
    assert isinstance(one.until, datetime)
    assert one.at <= one.until <= other.at


def test_bad_feeds_are_as_bad_as_they_say(client: httpx.Client) -> None:
    with on_the_air(bad_feeds=list(BAD_FEEDS)) as room:
        bodies = {
            name: client.get(room.bad_url(name))
            for name in BAD_FEEDS
            if name not in {"ten-gigabytes", "byte-a-second", "redirects"}
        }
        for name in ("ten-gigabytes", "byte-a-second"):
            with client.stream("GET", room.bad_url(name)) as answer:
                assert "Content-Length" not in answer.headers
                assert next(answer.iter_raw()).startswith(b"<?xml")
        with pytest.raises(httpx.TooManyRedirects):
            client.get(room.bad_url("redirects"), follow_redirects=True)
    assert feedparser.parse(bodies["not-xml"].content).bozo
    assert bodies["not-found"].status_code == 404
    with pytest.raises(UnicodeDecodeError):
        bodies["two-encodings"].content.decode()
    no_dates = feedparser.parse(bodies["no-dates"].content).entries
    assert len(no_dates) == 6
    assert not any("published" in entry for entry in no_dates)
    one_guid = feedparser.parse(bodies["one-guid"].content).entries
    assert [entry.id for entry in one_guid] == ["the-guid"] * 6
    assert bodies["hundred-thousand"].text.count("<item>") == 100_000
    assert len(bodies["hundred-thousand"].content) < 10_000_000


@pytest.mark.parametrize(
    ("field", "record", "said"),
    [
        ("items", {"outlet": "nobody", "story": "ferry-night", "how": "own"}, "no such outlet"),
        ("items", {"outlet": "post", "story": "nothing", "how": "own"}, "no such story"),
        (
            "items",
            {"outlet": "post", "story": "ferry-night", "how": "wire", "from": "observer"},
            "'observer' does not carry it",
        ),
    ],
)
def test_data_that_refers_to_nothing_are_refused(
    field: str, record: dict[str, str], said: str
) -> None:
    data = DESK.model_dump(by_alias=True)
    data[field] = data[field] | {f"{record['outlet']}/{record['story']}": record}
    with pytest.raises(ValueError, match=said):
        Desk.model_validate(data)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("'", "&#39;").replace('"', "&#34;")
