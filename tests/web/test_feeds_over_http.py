"""The merged feed over HTTP: addresses, conditions, codings, parameters, caching."""

import asyncio
import gzip
import json
import time
from datetime import timedelta
from functools import partial

import feedparser
import httpx
import little_newsroom as newsroom
import pytest
from web_server import serving

from aggregator.errors import StoreError
from aggregator.site import export_bytes
from aggregator.web import create_app
from aggregator.web.http import zstd
from aggregator.web.watched import Watched

FORMS = {
    "/feed.rss": "application/rss+xml; charset=utf-8",
    "/feed.xml": "application/rss+xml; charset=utf-8",
    "/feed.atom": "application/atom+xml; charset=utf-8",
    "/feed.json": "application/feed+json; charset=utf-8",
    "/feeds/harbour.rss": "application/rss+xml; charset=utf-8",
    "/feeds/harbour.atom": "application/atom+xml; charset=utf-8",
    "/feeds/harbour.json": "application/feed+json; charset=utf-8",
}


def titles(answer: httpx.Response) -> list[str]:
    if "json" in answer.headers["content-type"]:
        return [item["title"] for item in answer.json()["items"]]
    return [entry.title for entry in feedparser.parse(answer.content).entries]


# ------------------------------------------------------------------------------- what there is


@pytest.mark.parametrize(("path", "media_type"), FORMS.items())
def test_each_address_gives_its_format_with_what_caches_need(client, path, media_type):
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert answer.headers["etag"].startswith('"')
    assert answer.headers["last-modified"].endswith("GMT")
    assert "max-age" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert titles(answer)


def test_the_three_formats_tell_the_same_stories_in_the_same_order(client, room):
    told = [titles(client.get(path)) for path in ("/feed.rss", "/feed.atom", "/feed.json")]
    assert told[0] == told[1] == told[2]
    assert len(told[0]) == len(room.told)


@pytest.mark.parametrize("path", [*FORMS, "/feed.rss?category=Region&q=the&limit=2"])
def test_a_feed_says_the_address_that_it_was_fetched_from(client, path):
    answer = client.get(path)
    wanted = str(client.base_url).rstrip("/") + path
    if "json" in answer.headers["content-type"]:
        assert answer.json()["feed_url"] == wanted
    else:
        links = feedparser.parse(answer.content).feed.links
        assert [link.href for link in links if link.rel == "self"] == [wanted]


def test_the_same_bytes_come_from_the_command_line(make_room):
    room = make_room(base_url="https://news.example.org")
    settings = room.config.model_copy(
        update={"database": type(room.config.database)(str(room.store._engine.url))}
    )
    with serving(room.site) as client:
        for form in ("rss", "atom", "json"):
            assert client.get(f"/feed.{form}").content == export_bytes(settings, form)
            answer = client.get(f"/feeds/harbour.{form}")
            assert answer.content == export_bytes(settings, form, "harbour")
        assert client.get("/opml").content == export_bytes(settings, "opml")


def test_a_named_output_has_its_selection_title_and_choice_of_content(client):
    feed = feedparser.parse(client.get("/feeds/harbour.rss").content)
    assert feed.feed.title == "Harbour & ‹b›quay‹/b›"
    assert [entry.title for entry in feed.entries] == [
        "Night ferry to run until three from April",
        "Rowers’ eight wins the lake race for the third time",
    ]
    assert "The night ferry" not in feed.entries[0].summary
    assert "Originally appeared on" in feed.entries[0].summary
    (german,) = feedparser.parse(client.get("/feeds/german.rss").content).entries
    assert "Zuerst erschienen bei" in german.summary


@pytest.mark.parametrize("path", ["/feeds/nothing.rss", "/feed.pdf", "/feeds/harbour", "/feed."])
def test_what_is_not_there_is_not_found(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json()["detail"]


# ---------------------------------------------------------------------------------- conditions


def test_a_client_that_has_the_current_feed_gets_none_of_it_again(client):
    first = client.get("/feed.rss")
    tag = first.headers["etag"]
    for known in (tag, f'"other", {tag}', f"W/{tag}", "*", f'"a,b" ,{tag}'):
        answer = client.get("/feed.rss", headers={"If-None-Match": known})
        assert (answer.status_code, answer.content) == (304, b""), known
        assert answer.headers["etag"] == tag
        assert answer.headers["cache-control"] == first.headers["cache-control"]
        assert answer.headers["vary"] == "accept-encoding, accept"
        assert "content-type" not in answer.headers


@pytest.mark.parametrize("known", ['"other"', 'W/"other"', "nonsense", '""', ""])
def test_a_client_with_another_tag_gets_the_feed(client, known):
    assert client.get("/feed.rss", headers={"If-None-Match": known}).status_code == 200


def test_dates_are_a_condition_too_where_no_tag_is_given(client):
    answer = client.get("/feed.rss")
    at = answer.headers["last-modified"]
    ask = lambda **headers: client.get("/feed.rss", headers=headers).status_code  # noqa: E731
    assert ask(**{"If-Modified-Since": at}) == 304
    assert ask(**{"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}) == 304
    assert ask(**{"If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"}) == 200
    assert ask(**{"If-Modified-Since": "yesterday"}) == 200
    # RFC 9110, 13.1.3: a tag outranks a date.
    assert ask(**{"If-Modified-Since": at, "If-None-Match": '"other"'}) == 200
    assert ask(**{"If-Modified-Since": "yesterday", "If-None-Match": answer.headers["etag"]}) == 304


def test_preconditions_that_fail_are_told(client):
    tag = client.get("/feed.rss").headers["etag"]
    ask = lambda **headers: client.get("/feed.rss", headers=headers).status_code  # noqa: E731
    assert ask(**{"If-Match": tag}) == 200
    assert ask(**{"If-Match": "*"}) == 200
    assert ask(**{"If-Match": '"other"'}) == 412
    assert ask(**{"If-Unmodified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"}) == 412


@pytest.mark.parametrize("path", ["/feed.rss", "/", "/sources", "/api/v1/stories", "/healthz"])
def test_head_is_get_without_the_body(client, path):
    head, get = client.head(path), client.get(path)
    assert (head.status_code, head.content) == (200, b"")
    ignored = {"date"}
    assert {k: v for k, v in head.headers.items() if k not in ignored} == {
        k: v for k, v in get.headers.items() if k not in ignored
    }


def test_what_changes_things_is_refused(client):
    for path in ("/feed.rss", "/", "/api/v1/stories"):
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            assert client.request(method, path).status_code == 405


# ------------------------------------------------------------------------------------- codings


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip;q=1.0, zstd;q=0.5", "gzip"),
        ("*", "zstd"),
        ("gzip;q=0", None),
        ("identity, gzip;q=0.5", None),
        ("deflate", None),
        ("gzip;q=nonsense", None),
        ("", None),
    ],
)
def test_a_coding_is_used_that_the_client_takes_and_has_a_tag_of_its_own(client, accept, coding):
    plain = client.get("/feed.rss")
    with client.stream("GET", "/feed.rss", headers={"Accept-Encoding": accept}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers.get("content-encoding") == coding
    decode = {"gzip": gzip.decompress, "zstd": zstd.decompress, None: bytes}[coding]
    assert decode(raw) == plain.content
    assert answer.headers["vary"] == "accept-encoding, accept"
    assert (answer.headers["etag"] == plain.headers["etag"]) == (coding is None)
    headers = {"Accept-Encoding": accept, "If-None-Match": answer.headers["etag"]}
    again = client.get("/feed.rss", headers=headers)
    assert (again.status_code, again.headers["etag"]) == (304, answer.headers["etag"])


def test_a_tag_of_one_coding_is_known_when_another_is_asked_for(client):
    tag = client.get("/feed.rss").headers["etag"]
    headers = {"Accept-Encoding": "gzip", "If-None-Match": tag}
    answer = client.get("/feed.rss", headers=headers)
    assert (answer.status_code, answer.headers["etag"]) == (304, tag)


# ---------------------------------------------------------------------------------- parameters


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 7),
        ("category=Harbour", 2),
        ("category=Harbour&category=World", 2),
        ("category=", 7),
        ("outlet=harbourpost.example", 2),
        ("outlet=hill%20courier", 3),
        ("language=ar", 1),
        ("language=ZH&language=de", 2),
        ("q=ferry", 1),
        ("q=FERRY+april", 1),
        ("q=ferry&language=de", 0),
        ("limit=3", 3),
        ("limit=1000000000", 7),
        ("q=%27%3B+DROP+TABLE+story%3B+--", 0),
        ("q=%25", 0),
        ("category=%27+OR+1%3D1+--", 0),
        ("outlet=%22%3E%3Cscript%3E", 0),
        ("q=%0D%0ASet-Cookie:x", None),
    ],
)
def test_parameters_select_and_do_nothing_else(client, query, count):
    answer = client.get(f"/feed.json?{query}")
    if count is None:
        assert answer.status_code == 422
    else:
        assert len(titles(answer)) == count
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("limit=x", "limit"),
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=1&limit=2", "limit"),
        (f"limit={'9' * 5000}", "limit"),
        ("before=x", "before"),
        ("before=%27%20OR%201%3D1", "before"),
        ("language=<b>", "language"),
        ("language=e%25", "language"),
        ("q=%00", "q"),
        (f"q={'x' * 201}", "q"),
        ("category=a%0Ab", "category"),
        ("categry=World", "categry"),
        ("&".join(["category=x"] * 30), "category"),
        ("&".join(f"a{n}=x" for n in range(100)), "query"),
    ],
)
@pytest.mark.parametrize("path", ["/feed.rss", "/api/v1/stories", "/"])
def test_wrong_parameters_are_refused_with_a_reason(client, path, query, name):
    answer = client.get(f"{path}?{query}", headers={"Accept": "application/json"})
    assert answer.status_code == 422
    (detail, *_) = answer.json()["detail"]
    assert name in detail["loc"]
    assert detail["msg"]


@pytest.mark.parametrize(
    ("path", "status"), [("/feed.rss", 422), ("/api/v1/stories", 422), ("/", 200)]
)
def test_only_a_form_may_leave_fields_empty(client, path, status):
    answer = client.get(f"{path}?limit=", headers={"Accept": "application/json"})
    assert answer.status_code == status


@pytest.mark.parametrize("path", ["/feed.rss", "/feeds/harbour.json", "/api/v1/stories", "/"])
def test_a_page_after_a_story_that_is_not_there_is_not_found(client, path):
    answer = client.get(f"{path}?before=11111111-1111-4111-8111-111111111111")
    assert answer.status_code == 404
    assert "begin without it" in answer.text


def test_a_named_output_takes_no_second_selection(client):
    assert client.get("/feeds/harbour.rss?limit=1").status_code == 200
    assert client.get("/feeds/harbour.rss?category=World").status_code == 422


@pytest.mark.parametrize("path", ["/feed.json?limit=2", "/feeds/harbour.json?limit=1"])
def test_pages_follow_each_other_to_the_end_without_gap_or_repeat(client, path):
    whole = titles(client.get(path.partition("?")[0]))
    seen, url = [], path
    while url:
        answer = client.get(url)
        assert len(titles(answer)) <= 2
        seen += titles(answer)
        url = answer.json().get("next_url")
    assert seen == whole


def links(answer: httpx.Response) -> dict[str, str]:
    """The links of a feed's head, by relation."""
    return {link.rel: link.href for link in feedparser.parse(answer.content).feed.links}


@pytest.mark.parametrize("path", ["/feed.rss?limit=2", "/feeds/region.atom?limit=1&"])
def test_pages_can_be_walked_both_ways_and_from_either_end(client, path):
    whole = titles(client.get(path.partition("?")[0]))
    first = client.get(path)
    assert "previous" not in links(first)
    assert links(first)["first"] == links(first)["self"].rstrip("&")
    forth, page = [titles(first)], first
    while "next" in links(page):
        page = client.get(links(page)["next"])
        forth.append(titles(page))
    assert [title for page in forth for title in page] == whole
    assert links(page)["first"] == links(first)["first"]
    assert titles(client.get(links(first)["last"])) == whole[-len(forth[0]) :]
    back = [titles(page)]
    while "previous" in links(page):
        page = client.get(links(page)["previous"])
        back.append(titles(page))
    assert [one for one in back[::-1] if one != whole[: len(one)]] == forth[1:]


@pytest.mark.parametrize(
    "query",
    ["q=%3E%3B+rel%3D%22hub%22", 'q=a>;rel="hub"', "q=a%0D%0ALink:x", "q=é", "q=a, <b>"],
)
def test_nothing_gets_into_the_link_header_but_the_feeds_own_address(client, query):
    answer = client.get(f"/feed.rss?{query}")
    if answer.status_code == 200:
        assert set(answer.links) == {"self"}
        assert answer.links["self"]["url"] == links(answer)["self"]
    else:
        assert answer.status_code == 422
        assert "link" not in answer.headers


def test_a_feed_that_is_whole_has_no_pages(client):
    assert set(links(client.get("/feed.rss"))) == {"self", "alternate"}


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_an_archive_never_changes_and_is_linked_from_the_feed_on(form, make_room, monkeypatch):
    for place in ("aggregator.store.selecting", "aggregator.site"):
        monkeypatch.setattr(f"{place}.ARCHIVE", 3)
    room = make_room()
    with serving(room.site) as client:
        feed = client.get(f"/feed.{form}?limit=4&language=en")
        assert b"archive" in feed.content
        assert b"<fh:archive/>" not in feed.content
        seen, documents = set(titles(feed)), []
        url = links(feed)["prev-archive"]
        while url:
            document = client.get(url)
            assert b"<fh:archive/>" in document.content
            assert document.headers["cache-control"] == "public, max-age=3600"
            head = links(document)
            assert head["current"] == str(client.base_url.join(f"/feed.{form}?language=en"))
            assert (documents and head["next-archive"]) == (documents and documents[-1])
            assert not {"next", "previous", "first", "last"} & set(head)
            seen |= set(titles(document))
            documents.append(url)
            url = head.get("prev-archive")
        everything = set(titles(client.get("/feed.json?language=en")))
        assert seen == everything
        before = [client.get(url).content for url in documents]
        room.told += newsroom.fill(room.store, newsroom.stories()[3:4])
        assert [client.get(url).content for url in documents] == before


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("archive=0", 404),  # there are too few stories for one
        ("archive=99999999", 404),
        ("archive=-1", 422),
        ("archive=x", 422),
        ("archive=99999999999999999999", 422),
        ("archive=0&before=11111111-1111-4111-8111-111111111111", 422),
        ("after=11111111-1111-4111-8111-111111111111", 404),
        ("after=x", 422),
        ("agency=perhaps", 422),
        ("copies=-1", 422),
        ("copies=99999999", 422),
        ("age=old", 422),
        ("age=1e9d", 422),
        ("origin=%00", 422),
    ],
)
def test_what_cannot_be_is_refused(client, query, status):
    answer = client.get(f"/feed.rss?{query}")
    assert answer.status_code == status
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("origin=Hill+Courier", 1),
        ("origin=lakeswire.example&origin=hafenblatt.example", 2),
        ("agency=yes", 4),
        ("agency=false", 3),
        ("copies=4", 2),
        ("copies=0", 7),
        ("age=59m", 1),
        ("age=0s", 0),
        ("age=1d&agency=1", 2),
        ("q=%22three+from+april%22", 1),
        ("q=bridge", 1),  # a word of its text
        ("q=%E5%87%8C%E6%99%A8", 1),
        ("q=f%C3%A4hre*", 1),
        ("q=nachtfahre", 1),
        ("q=cabb*", 1),
        ("q=OR", 0),
    ],
)
def test_stories_are_selected_by_whose_they_are_and_how_they_spread(own_room, query, count):
    own_room.site._clock = lambda: newsroom.NOW + timedelta(minutes=110)
    with serving(own_room.site) as client:
        assert len(titles(client.get(f"/feed.json?{query}"))) == count


async def test_what_is_young_is_not_kept_for_long(room, monkeypatch):
    monkeypatch.setattr("aggregator.web.feeds._PASSING", 0.0)
    site = Counting(room.site)
    transport = httpx.ASGITransport(create_app(site))
    async with httpx.AsyncClient(transport=transport, base_url="http://a.example") as client:
        for _ in range(3):
            await client.get("/feed.rss?age=1h")
            await client.get("/feed.rss")
        assert site.asked["feed"] == 3 + 1


def test_a_browser_gets_a_style_for_the_feed_and_may_use_it(client):
    for form in ("rss", "atom"):
        answer = client.get(f"/feed.{form}")
        style = client.base_url.join("/static/feed.css")
        assert f'<?xml-stylesheet type="text/css" href="{style}"?>' in answer.text
        assert "style-src 'self'" in answer.headers["content-security-policy"]
        # Chromium shows source text where the type is a feed's.
        shown = client.get(f"/feed.{form}", headers={"Accept": "text/html,*/*;q=0.8"})
        assert shown.headers["content-type"] == "application/xml; charset=utf-8"
        assert shown.content == answer.content
    sheet = client.get("/static/feed.css")
    assert sheet.headers["content-type"].startswith("text/css")


# ------------------------------------------------------------------------- change, and trouble


def retitle(room, words: str, title: str, minutes: int) -> None:
    told = room.story(words)
    with room.store.writing(newsroom.LONG_AGO) as transaction:
        number = transaction._session.connection().exec_driver_sql(
            "SELECT id FROM story WHERE public_id = ?", (told.id,)
        ).scalar_one()  # fmt: skip
        newsroom.show(transaction, number, told, newsroom.NOW + timedelta(minutes=minutes), title)


def add_copy(room, words: str) -> None:
    told = room.story(words)
    copy = newsroom.Filed("blatt", "Noch eine Kopie", newsroom.FERRY, 300)
    with room.store.writing(newsroom.LONG_AGO) as transaction:
        number = transaction._session.connection().exec_driver_sql(
            "SELECT id FROM story WHERE public_id = ?", (told.id,)
        ).scalar_one()  # fmt: skip
        start = newsroom.NOW + timedelta(minutes=told.minutes)
        newsroom._file(transaction, room.feeds, number, copy, start, first=False)
        newsroom.show(transaction, number, told, newsroom.NOW)


def wait_for_change(client, path: str, tag: str) -> httpx.Response:
    for _ in range(200):
        answer = client.get(path)
        if answer.headers["etag"] != tag:
            return answer
        time.sleep(0.02)
    raise AssertionError("the feed did not change")


def test_a_change_is_in_the_feed_at_once_and_a_tag_from_before_it_does_not_count(
    own_room, own_client
):
    before = own_client.get("/feed.rss")
    retitle(own_room, "Council", "Council keeps the market", 600)
    after = wait_for_change(own_client, "/feed.rss", before.headers["etag"])
    assert "Council keeps the market" in titles(after)
    headers = {"If-None-Match": before.headers["etag"]}
    assert own_client.get("/feed.rss", headers=headers).status_code == 200
    headers = {"If-Modified-Since": before.headers["last-modified"]}
    assert own_client.get("/feed.rss", headers=headers).status_code == 200


def test_a_further_copy_is_credited_and_makes_no_item_new(own_room, own_client):
    before = own_client.get("/feed.atom")
    add_copy(own_room, "Night ferry")
    after = wait_for_change(own_client, "/feed.atom", before.headers["etag"])
    one, other = (feedparser.parse(answer.content).entries for answer in (before, after))
    for key in ("id", "link", "title", "published", "updated"):
        assert [entry[key] for entry in one] == [entry[key] for entry in other]
    assert b"Hafenblatt</a></p>" not in before.content
    assert "also carried by" in other[0].content[0].value
    assert ">Hafenblatt</a></p>" in other[0].content[0].value
    headers = {"If-Modified-Since": before.headers["last-modified"]}
    assert own_client.get("/feed.atom", headers=headers).status_code == 200


class Counting:
    """A site that counts what is asked of it, and fails on demand."""

    def __init__(self, site) -> None:
        self._site = site
        self.asked = {"feed": 0, "version": 0, "stories": 0}
        self.broken = False

    def __getattr__(self, name):
        return getattr(self._site, name)

    def _count(self, name, *arguments):
        if self.broken:
            raise StoreError("The database is away.", reason="database")
        self.asked[name] += 1
        return getattr(self._site, name)(*arguments)

    def feed(self, wish):
        time.sleep(0.05)
        return self._count("feed", wish)

    def version(self):
        return self._count("version")

    def stories(self, query):
        return self._count("stories", query)


async def test_many_who_ask_at_once_wait_for_one_build(room):
    site = Counting(room.site)
    transport = httpx.ASGITransport(create_app(site))
    async with httpx.AsyncClient(transport=transport, base_url="http://a.example") as client:
        answers = await asyncio.gather(*(client.get("/feed.rss") for _ in range(40)))
        assert {answer.status_code for answer in answers} == {200}
        assert site.asked == {"feed": 1, "version": 1, "stories": 0}
        for _ in range(50):
            await client.get("/feed.rss")
        assert site.asked["feed"] == 1


async def test_a_new_story_is_in_any_feed_that_is_asked_for_a_second_later(own_room, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("aggregator.web.app.Watched", partial(Watched, clock=lambda: now[0]))
    transport = httpx.ASGITransport(create_app(own_room.site))
    async with httpx.AsyncClient(transport=transport, base_url="http://a.example") as client:
        paths = (
            "/feed.rss",
            "/feed.atom",
            "/feed.json",
            "/feeds/region.json",
            "/feed.rss?q=bridge",
        )
        copy = newsroom.Filed("lakes", "The bridge is new", newsroom.FERRY)
        before = [titles(await client.get(path)) for path in paths]
        newsroom.fill(own_room.store, [newsroom.Told([copy], "lakes", minutes=90)])
        now[0] += 1.0
        after = [titles(await client.get(path)) for path in paths]
        assert after == [["The bridge is new", *titles] for titles in before]


async def test_who_has_the_feed_is_told_so_without_any_work(room, monkeypatch):
    app = create_app(room.site)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://a.example"
    ) as client:
        tag = (await client.get("/feed.rss")).headers["etag"]
        known = {"If-None-Match": tag, "Accept-Encoding": "gzip"}  # which nobody had so far
        monkeypatch.setattr("asyncio.to_thread", None)
        assert (await client.get("/feed.rss", headers=known)).status_code == 304


async def test_feeds_are_served_from_memory_while_the_database_is_away(room):
    site = Counting(room.site)
    transport = httpx.ASGITransport(create_app(site))
    async with httpx.AsyncClient(transport=transport, base_url="http://a.example") as client:
        before = await client.get("/feed.rss")
        site.broken = True
        await asyncio.sleep(0.3)  # longer than the version is believed
        assert (await client.get("/feed.rss")).content == before.content
        for path in ("/feed.atom", "/api/v1/stories", "/"):
            answer = await client.get(path)
            assert answer.status_code == 503, path
            assert int(answer.headers["retry-after"]) > 0
        site.broken = False
        assert (await client.get("/feed.atom")).status_code == 200


async def test_a_bug_is_told_without_its_insides(room):
    class Broken(Counting):
        def feed(self, wish):
            raise ZeroDivisionError("secret insides")

        stories = feed

    transport = httpx.ASGITransport(create_app(Broken(room.site)), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://a.example") as client:
        for path in ("/feed.rss", "/"):
            answer = await client.get(path)
            assert answer.status_code == 500
            assert "secret" not in answer.text
            assert answer.headers["x-content-type-options"] == "nosniff"


# ----------------------------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("host", "base"),
    [
        ("news.example.org", "http://news.example.org"),
        ("News.Example.org:8080", "http://news.example.org:8080"),
        ("[::1]:8080", "http://[::1]:8080"),
        ('evil"><script>', "http://127.0.0.1:8080"),
        ("a b", "http://127.0.0.1:8080"),
        ("evil.example/path?x", "http://127.0.0.1:8080"),
    ],
)
def test_without_a_base_url_links_lead_to_where_the_request_came(client, host, base):
    feed = json.loads(client.get("/feed.json", headers={"Host": host}).content)
    assert (feed["feed_url"], feed["home_page_url"]) == (f"{base}/feed.json", f"{base}/")


def test_a_site_below_a_path_works_behind_proxies_that_strip_it_and_those_that_do_not(make_room):
    room = make_room(base_url="https://example.org/news")
    with serving(room.site) as client:
        for prefix in ("", "/news"):
            feed = client.get(f"{prefix}/feed.json", headers={"Host": "evil.example"}).json()
            assert feed["feed_url"] == "https://example.org/news/feed.json"
            page = client.get(f"{prefix}/")
            assert 'href="/news/sources"' in page.text
            assert 'href="/sources"' not in page.text
        assert client.get("/newsfeed.json").status_code == 404
