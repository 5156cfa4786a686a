"""What can be changed through the API, by whom, how often; and that nothing else can."""

import re
from datetime import timedelta

import little_newsroom as newsroom
import pytest
from web_server import serving

from aggregator.model import FeedSpec
from aggregator.web.admin import Limiter

TOKEN = "a-token-of-this-test-alone"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
FEED = {"url": "https://new.example/feed.xml", "name": "New Gazette", "category": "Harbour"}
WRITES = [
    ("POST", "/api/v1/feeds"),
    ("DELETE", "/api/v1/feeds/1"),
    ("POST", "/api/v1/feeds/1/poll"),
    ("POST", "/api/v1/stories/11111111-1111-4111-8111-111111111111/merge"),
    ("POST", "/api/v1/stories/11111111-1111-4111-8111-111111111111/split"),
]


@pytest.fixture
def open_room(make_room):
    return make_room(admin_token=TOKEN)


@pytest.fixture
def writer(open_room):
    with serving(open_room.site) as client:
        client.headers.update(BEARER)
        yield client


def listed(client) -> dict[str, dict]:
    return {feed["url"]: feed for feed in client.get("/api/v1/feeds").json()["items"]}


def test_a_feed_can_be_added_and_is_due_at_once(writer, open_room):
    answer = writer.post("/api/v1/feeds", json=FEED)
    assert answer.status_code == 201
    added = answer.json()
    assert (added["source"], added["state"], added["name"]) == ("api", "new", "New Gazette")
    assert answer.headers["location"] == f"/api/v1/feeds/{added['id']}"
    assert listed(writer)[FEED["url"]]["category"] == "Harbour"
    due = open_room.store.due(newsroom.NOW + timedelta(days=9999), 100)
    assert FEED["url"] in {feed.spec.url for feed in due}
    assert writer.post("/api/v1/feeds", json=FEED).status_code == 409


def test_an_added_feed_stays_when_the_configuration_is_read_again(writer, open_room):
    number = writer.post("/api/v1/feeds", json=FEED).json()["id"]
    open_room.store.list_feeds([FeedSpec("https://valley.example/feed.xml")], newsroom.NOW)
    assert set(listed(writer)) == {FEED["url"], "https://valley.example/feed.xml"}
    assert [spec.url for spec in open_room.store.added()] == [FEED["url"]]
    assert writer.delete(f"/api/v1/feeds/{number}").status_code == 204
    assert set(listed(writer)) == {"https://valley.example/feed.xml"}
    assert writer.delete(f"/api/v1/feeds/{number}").status_code == 404
    assert writer.post("/api/v1/feeds", json=FEED).json()["id"] == number


def test_a_feed_of_the_configuration_is_taken_out_there(writer, open_room):
    number = open_room.feeds["valley.example"].id
    answer = writer.delete(f"/api/v1/feeds/{number}")
    assert answer.status_code == 409
    assert "config.yaml" in answer.json()["detail"]
    assert "https://valley.example/feed.xml" in listed(writer)


def test_a_feed_can_be_polled_now(writer, open_room):
    feed = open_room.feeds["slow.example"]
    soon = newsroom.NOW + timedelta(minutes=1)
    open_room.store.poll_now(feed.id, newsroom.NOW + timedelta(hours=9))
    assert feed.spec.url not in {f.spec.url for f in open_room.store.due(soon, 99)}
    with_store = open_room.store.poll_now(feed.id, newsroom.NOW)
    assert with_store
    assert feed.spec.url in {f.spec.url for f in open_room.store.due(soon, 99)}
    assert writer.post(f"/api/v1/feeds/{feed.id}/poll").status_code == 202
    assert writer.post("/api/v1/feeds/99999/poll").status_code == 404


@pytest.mark.parametrize(
    ("feed", "words"),
    [
        ({}, "url"),
        ({"url": "ftp://a.example/feed"}, "http"),
        ({"url": "https://"}, "URL"),
        ({"url": "http://127.0.0.1/feed"}, "loopback"),
        ({"url": "http://localhost:5432/"}, "loopback"),
        ({"url": "http://169.254.169.254/latest"}, "metadata"),
        ({"url": "http://[::1]/"}, "loopback"),
        ({"url": "http://10.1.2.3/"}, "private"),
        ({"url": "https://a.example/f", "full_text": "sometimes"}, "full_text"),
        ({"url": "https://a.example/f", "domain": "no domain"}, "domain"),
        ({"url": "https://a.example/f", "listed": True}, "listed"),
        ({"opml": "https://a.example/f.opml"}, "url"),
        ([FEED], "object"),
        ("x", "object"),
        (7, "object"),
    ],
)
def test_what_cannot_be_a_feed_is_refused_with_a_reason(writer, feed, words):
    before = set(listed(writer))
    answer = writer.post("/api/v1/feeds", json=feed)
    assert answer.status_code == 422
    assert words in answer.json()["detail"]
    assert set(listed(writer)) == before


def test_a_body_that_is_no_json_too_large_or_of_another_kind_is_refused(writer):
    kind = {"Content-Type": "application/json"}
    for body, headers, status in (
        (b"{", kind, 422),
        (b"\xff\xfe", kind, 422),
        (b"[" * 60_000, kind, 422),
        (b" " * 70_000, kind, 413),
        (b"url=x", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
    ):
        answer = writer.post("/api/v1/feeds", content=body, headers=headers)
        assert answer.status_code == status
        assert answer.json()["detail"]


@pytest.mark.parametrize(("method", "path"), WRITES)
@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}",
     TOKEN, "Bearer \xe9"],
)  # fmt: skip
def test_without_the_token_nothing_is_written(open_room, method, path, header):
    with serving(open_room.site) as client:
        before = listed(client)
        headers = {b"Authorization": header.encode("latin-1")} if header else {}
        answer = client.request(method, path, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert TOKEN not in answer.text
        assert listed(client) == before


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_where_no_token_is_set_writing_is_off(client, method, path):
    for headers in ({}, BEARER, {"Authorization": "Bearer"}):
        answer = client.request(method, path, headers=headers)
        assert answer.status_code == 403
        assert "server.admin_token" in answer.json()["detail"]


def test_whoever_tries_too_often_waits(open_room):
    now = [0.0]
    limiter = Limiter(burst=3, per_second=0.5, clock=lambda: now[0])
    with serving(open_room.site, limiter=limiter) as client:

        def tries(**headers) -> int:
            return client.post("/api/v1/feeds/1/poll", headers=headers).status_code

        assert [tries() for _ in range(3)] == [401] * 3
        answer = client.post("/api/v1/feeds/1/poll", headers=BEARER)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")
        assert client.get("/api/v1/feeds").status_code == 200
        now[0] += 2
        assert tries(**BEARER) == 202
        assert tries(**BEARER) == 429


def test_each_client_has_a_bucket_of_its_own_and_they_are_bounded():
    limiter = Limiter(burst=1, per_second=1, clock=lambda: 0.0)
    assert [limiter.wait("a"), limiter.wait("b")] == [0, 0]
    assert limiter.wait("a") == 1
    for n in range(5000):
        limiter.wait(str(n))
    assert len(limiter._buckets) <= 1000


def test_nothing_else_can_change_anything(writer, open_room):
    story = open_room.told[0].id
    paths = [
        *("/", "/feed.rss", "/feeds/harbour.rss", f"/stories/{story}", "/outlets", "/sources"),
        *(f"/stories/{story}/compare", "/outlets/valley.example", "/static/style.css", "/opml"),
        *("/healthz", "/readyz", "/metrics", "/api/docs", "/api/openapi.json"),
        *("/api/v1/stories", f"/api/v1/stories/{story}", f"/api/v1/stories/{story}/comparison"),
        *("/api/v1/outlets", "/api/v1/outlets/valley.example", "/api/v1/feeds"),
        *("/api/v1/feeds/1", "/api/v1/feeds/1/poll", "/nothing"),
    ]
    before = listed(writer), writer.get("/api/v1/stories").json()
    for path in paths:
        for method in ("POST", "PUT", "PATCH", "DELETE", "PROPFIND", "TRACE", "OPTIONS"):
            written = any((method, re.sub(r"\d+", "1", path)) == allowed for allowed in WRITES)
            if not written:
                assert writer.request(method, path).status_code in {404, 405}, (method, path)
    assert (listed(writer), writer.get("/api/v1/stories").json()) == before


def test_a_method_that_a_path_lacks_is_answered_with_those_that_it_has(writer):
    assert writer.put("/api/v1/feeds").headers["allow"] == "GET, HEAD, POST"
    assert writer.delete("/outlets").headers["allow"] == "GET, HEAD"


def test_two_stories_can_be_merged_and_a_copy_split_off(writer, open_room):
    older, younger = open_room.story("Nachtfähre").id, open_room.story("Council").id
    done = writer.post(f"/api/v1/stories/{younger}/merge", json={"story": older})
    assert done.json() == {"kind": "merge", "story": older, "other": younger, "changed": True}
    assert writer.get(f"/stories/{younger}").headers["location"] == f"/stories/{older}"
    copies = writer.get(f"/api/v1/stories/{older}").json()["copies"]
    url = next(copy["url"] for copy in copies if copy["outlet"] == "Hill Courier")
    done = writer.post(f"/api/v1/stories/{older}/split", json={"url": url}).json()
    assert (done["kind"], done["story"], done["changed"]) == ("split", older, True)
    assert [c["url"] for c in writer.get(f"/api/v1/stories/{done['other']}").json()["copies"]] == [
        url
    ]


def test_what_cannot_be_merged_or_split_is_refused_with_a_reason(writer, open_room):
    there, nobody = open_room.story("Council").id, "11111111-1111-4111-8111-111111111111"
    address = writer.get(f"/api/v1/stories/{there}").json()["copies"][0]["url"]
    for path, body, status in (
        (f"{there}/merge", {"story": nobody}, 404),
        (f"{nobody}/merge", {"story": there}, 404),
        (f"{there}/merge", {}, 422),
        (f"{there}/merge", {"story": 7}, 422),
        (f"{there}/split", {"url": "https://x.example/"}, 404),
        (f"{there}/split", {"url": address}, 409),
        (f"{there}/split", {"url": address, "more": 1}, 422),
    ):
        answer = writer.post(f"/api/v1/stories/{path}", json=body)
        assert answer.status_code == status, path
        assert answer.json()["detail"]
