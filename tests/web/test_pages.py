"""The pages for people: what they say, and what they never do."""

import json
import re
from dataclasses import replace

import little_newsroom as newsroom
import pytest
from lxml import html
from web_server import serving

from aggregator.model import FeedSpec

EVIL = (
    '<script>alert(1)</script><img src=x onerror=alert(1)><a href="javascript:alert(1)">x</a>'
    '<iframe src="https://evil.example/"></iframe><p onclick=alert(1) style="position:fixed">y</p>'
)
PAGES = [
    "/",
    "/outlets",
    "/outlets/harbourpost.example",
    "/sources",
    "/api/docs",
    "/stories/nothing",
    "/?q=ferry",
]


def page(client, path: str):
    answer = client.get(path)
    return html.fromstring(answer.text), answer


def rows(tree) -> dict[str, html.HtmlElement]:
    return {row.findtext(".//h3/a"): row for row in tree.iterfind(".//article")}


def text(element) -> str:
    return " ".join(element.text_content().split())


def test_the_river_has_one_row_a_story_with_its_origin_first_and_its_copies_folded(client, room):
    found = rows(page(client, "/")[0])
    assert len(found) == len(room.told)
    ferry = found["Night ferry to run until three from April"]
    assert text(ferry).index("The Harbour Post") < text(ferry).index("Night ferry")
    assert "wire: Lakes Wire" in text(ferry)
    details = ferry.find(".//details")
    assert details.get("open") is None
    assert text(details.find("summary")) == "+3 carried it"
    assert "as “You won’t believe when the ferry sails now”" in text(details)
    assert ferry.find(".//h3/a").get("href").startswith("https://harbourpost.example/")
    assert "Carried by Valley Republisher, origin unknown" in text(
        found["Lighthouse keeper’s logbooks found behind a wall"]
    )


def test_the_newest_stories_come_first_under_their_days(client):
    tree, _ = page(client, "/")
    assert [text(day) for day in tree.iterfind(".//h2[@class='day']")] == [
        "Sunday, 1 March 2026",
        "Saturday, 28 February 2026",
    ]
    times = [row.find(".//time").get("datetime") for row in tree.iterfind(".//article")]
    assert times == sorted(times, reverse=True)


def test_the_river_can_be_narrowed_and_the_narrowed_river_subscribed_to(client):
    tree, _ = page(client, "/?category=Region&q=council")
    assert list(rows(tree)) == ["Council votes to keep the Tuesday market where it is"]
    base = str(client.base_url).rstrip("/")
    feeds = [a.get("href") for a in tree.iterfind(".//section[@id='subscribe']//li/a")]
    query = "category=Region&q=council"
    assert feeds == [f"{base}/feed.{form}?{query}" for form in ("rss", "atom", "json")]
    assert tree.find(".//input[@name='q']").get("value") == "council"
    assert tree.find(".//input[@name='category']").get("value") == "Region"


def test_a_river_without_stories_says_so_and_what_to_do(client, make_room):
    assert "No story fits" in page(client, "/?q=zeppelin")[1].text
    with serving(make_room([]).site) as empty:
        assert "No stories yet" in page(empty, "/")[1].text
        assert empty.get("/feed.rss").status_code == 200


def test_readers_find_the_feeds_from_any_page(client):
    for path in PAGES:
        tree, _ = page(client, path)
        kinds = [link.get("type") for link in tree.iterfind(".//link[@rel='alternate']")]
        main = ["application/rss+xml", "application/atom+xml", "application/feed+json"]
        assert kinds[:3] == main
        named = [link.get("href") for link in tree.iterfind(".//link[@rel='alternate']")][3:]
        assert named
        assert all(client.get(address).status_code == 200 for address in named)


def test_older_stories_are_a_link_away(client):
    seen, path = [], "/?limit=3"
    while path:
        tree, _ = page(client, path)
        seen += rows(tree)
        older = tree.find(".//a[@rel='next']")
        path = older.get("href") if older is not None else None
    assert len(seen) == len(set(seen)) == 7


def test_a_storys_page_tells_origin_chain_copies_and_why(client, room):
    told = room.story("Night ferry")
    tree, _ = page(client, f"/stories/{told.id}")
    shown = text(tree)
    assert "Originally appeared on The Harbour Post · wire: Lakes Wire · also carried by" in shown
    assert "The Harbour Post is credited by 2 of 4 copies and is itself among them" in shown
    chain = [text(item) for item in tree.iterfind(".//ol[@class='chain']/li")]
    assert chain == [
        "Valley Republisher carries it, and credits",
        "The Harbour Post the origin",
        "Lakes Wire the wire agency behind it",
    ]
    copies = tree.findall(".//li[@class='copy']")
    assert [text(copy.find("h3")) for copy in copies] == [
        "The Harbour Post origin",
        *("Valley Republisher", "Hill Courier", "Slow Gazette not corrected"),
    ]
    assert "This story originally appeared on Harbourpost.example" in text(copies[1])
    assert "credits The Harbour Post, in the text" in text(copies[1])
    assert "headline changed" in text(copies[1])
    assert "the same template, but other names and numbers" in text(copies[1])
    assert "Two boats will share the crossing" in shown


def test_a_conflict_is_told_and_nobody_asserted(client, room):
    tree, _ = page(client, f"/stories/{room.story('logbooks').id}")
    assert "both marks are of the same strength" in text(tree)
    assert "Origin unknown" in text(tree)
    assert tree.find(".//link[@rel='canonical']") is None


def test_search_engines_are_sent_to_the_original(client, room):
    told = room.story("Night ferry")
    tree, _ = page(client, f"/stories/{told.id}")
    original = tree.find(".//h1/../p/a[@class='button main']").get("href")
    assert tree.find(".//link[@rel='canonical']").get("href") == original
    assert "noindex" in tree.find(".//meta[@name='robots']").get("content")
    data = json.loads(tree.find(".//script[@type='application/ld+json']").text)
    assert data["isBasedOn"] == original
    assert data["creditText"].startswith("Originally appeared on The Harbour Post")
    assert data["correction"][0]["text"].startswith("Correction: The last boat")


def test_a_joined_story_leads_to_the_older_one_for_good(own_room, own_client):
    older, younger = own_room.story("Nachtfähre"), own_room.story("Council")
    with own_room.store.writing(newsroom.LONG_AGO) as transaction:
        number = dict(
            transaction._session.connection()
            .exec_driver_sql("SELECT public_id, id FROM story")
            .all()
        )
        transaction.join(number[older.id], number[younger.id], ())
        newsroom.show(transaction, number[older.id], older, newsroom.NOW)
    for prefix in ("/stories", "/api/v1/stories"):
        answer = own_client.get(f"{prefix}/{younger.id}")
        assert answer.status_code == 308
        assert answer.headers["location"] == f"{prefix}/{older.id}"
        assert own_client.get(answer.headers["location"]).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/stories/nothing",
        "/stories/11111111-1111-4111-8111-111111111111",
        "/stories/%00",
        "/stories/..%2f..%2fetc%2fpasswd",
        "/static/nothing.css",
        "/static/..%2f__init__.py",
        "/nothing",
        "/stories/",
    ],
)
def test_unknown_pages_are_not_found_and_say_so_to_people(client, path):
    tree, answer = page(client, path)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert tree.findtext(".//h1") == "Not found"


def test_sources_show_each_feed_with_its_trouble_first_and_what_to_do(client):
    tree, _ = page(client, "/sources")
    feeds = [text(feed) for feed in tree.iterfind(".//li[@class='feed']")]
    assert len(feeds) == len(newsroom.OUTLETS)
    assert "Slow Gazette failing" in feeds[0]
    assert "did not answer within 20 s. Try it in a browser" in feeds[0]
    assert "4 times in a row" in feeds[0]
    assert "HTTP 404" in feeds[1]
    assert "fine" in feeds[2]
    assert "2 entries had no date" in text(tree)
    assert "3 of 4, 120.0 kB saved" in feeds[2]
    assert "Next poll: an entry comes every 2 h" in feeds[2]


def test_no_page_shows_a_password_that_a_feeds_address_holds(make_room):
    room = make_room([])
    room.store.list_feeds([FeedSpec("https://user:hunter2@a.example/feed")], newsroom.NOW)
    with serving(room.site) as client:
        for path in ("/sources", "/opml", "/api/v1/feeds", "/metrics", "/"):
            assert "hunter2" not in client.get(path).text, path
        assert "https://a.example/feed" in client.get("/opml").text


@pytest.mark.parametrize("path", PAGES)
def test_pages_allow_nothing_that_is_not_ours(client, path):
    tree, answer = page(client, path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    for element in tree.iter():
        assert not any(name.startswith("on") or name == "style" for name in element.attrib)
    assert not tree.findall(".//style")
    assert all(script.get("src") for script in tree.iterfind(".//script"))
    for element in tree.xpath("//img|//script|//link[@rel='stylesheet' or @rel='icon']"):
        assert element.get("src", element.get("href", "")).startswith("/static/")


def test_static_files_can_be_kept_for_ever_at_addresses_that_change_with_them(client):
    tree, _ = page(client, "/")
    address = tree.find(".//link[@rel='stylesheet']").get("href")
    answer = client.get(address)
    assert answer.headers["content-type"].startswith("text/css")
    assert "immutable" in answer.headers["cache-control"]
    assert re.search(r"\?[0-9a-f]{10}$", address)


def test_a_hostile_story_is_shown_inert_everywhere(make_room):
    name = '<b>Evil</b>"><script>alert(2)</script>'
    outlet = replace(newsroom.OUTLETS["post"], name=name)
    mark = replace(newsroom.credit("valley", EVIL), name=name, url="javascript:alert(3)")
    copies = [
        newsroom.Filed("post", f"{EVIL} title", EVIL, credits=(mark,), edits=(EVIL,), author=EVIL),
        newsroom.Filed("valley", "</title></script><script>alert(4)</script>", EVIL, 5),
    ]
    told = newsroom.Told(copies, "post", "lakes", (name, EVIL), reason=EVIL, conflict=EVIL)
    before = newsroom.OUTLETS["post"]
    newsroom.OUTLETS["post"] = outlet
    try:
        room = make_room([told])
    finally:
        newsroom.OUTLETS["post"] = before
    with serving(room.site) as client:
        for path in (
            "/",
            f"/stories/{told.id}",
            f"/stories/{told.id}/compare",
            "/outlets",
            "/outlets/harbourpost.example",
            "/sources",
        ):
            tree, answer = page(client, path)
            assert answer.status_code == 200
            ours = {"times.js"}
            for script in tree.iter("script"):
                source = script.get("src", "")
                assert script.get("type") == "application/ld+json" or any(o in source for o in ours)
            assert not list(tree.iter("iframe", "img", "object", "embed", "style"))
            for element in tree.iter():
                assert not any(a.startswith("on") or a == "style" for a in element.attrib)
                assert not element.get("href", "").lower().startswith(("javascript", "data"))
        answer = client.get("/?q=%22%3E%3Cscript%3Ealert(5)%3C/script%3E")
        assert "<script>alert" not in answer.text


def test_right_to_left_stories_run_from_right_to_left(client, room):
    told = room.story("عبّارة")
    tree, _ = page(client, f"/stories/{told.id}")
    assert (tree.find(".//h1").get("dir"), tree.find(".//h1").get("lang")) == ("rtl", "ar")
    assert tree.find(".//p[@class='credit']").get("dir") == "rtl"
    assert "نُشر أولًا في" in text(tree)


def test_pages_have_tags_too(client):
    answer = client.get("/sources")
    headers = {"If-None-Match": answer.headers["etag"]}
    assert client.get("/sources", headers=headers).status_code == 304
