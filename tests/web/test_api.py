"""The API, its description, and what watches the site."""

import re

import httpx
import little_newsroom as newsroom
import pytest
from lxml import html
from prometheus_client.parser import text_string_to_metric_families
from web_server import Room, serving

from aggregator.config import Config
from aggregator.errors import NotFoundError, StoreError
from aggregator.metrics import Metrics
from aggregator.model import FeedSpec
from aggregator.site import StoredSite, export_bytes
from aggregator.store import Store
from aggregator.web.schema import FeedsModel, StoriesModel, StoryModel


def test_a_list_of_stories_leads_through_all_of_them(client, room):
    seen, url = [], "/api/v1/stories?limit=3"
    while url:
        page = client.get(url).json()
        assert list(page) == ["items", "next"]
        seen += [item["id"] for item in page["items"]]
        url = page["next"]
    assert len(seen) == len(set(seen)) == len(room.told)


def test_a_story_has_all_that_the_contract_says(client, room):
    told = client.get(f"/api/v1/stories/{room.story('Night ferry').id}").json()
    assert told["origin"]["name"] == "The Harbour Post"
    assert told["agency"] == {"name": "Lakes Wire", "domain": "lakeswire.example"}
    assert told["chain"] == ["Valley Republisher", "The Harbour Post", "Lakes Wire"]
    assert [copy["outlet"] for copy in told["copies"]] == [
        *("The Harbour Post", "Valley Republisher", "Hill Courier", "Slow Gazette")
    ]
    assert told["copies"][1]["credits"] == [
        {
            "name": "The Harbour Post",
            "role": "publisher",
            "quote": "This story originally appeared on Harbourpost.example",
            "where": "body",
        }
    ]
    feed = client.get("/feed.json").json()
    assert told in [item["_aggregator"] for item in feed["items"]]


def test_answers_are_as_the_description_says(client):
    stories = client.get("/api/v1/stories").json()
    StoriesModel.model_validate(stories, strict=False)
    assert set(stories["items"][0]) == set(StoryModel.model_fields)
    feeds = client.get("/api/v1/feeds").json()
    FeedsModel.model_validate(feeds)
    assert {feed["state"] for feed in feeds["items"]} == {"ok", "failing"}
    slow = next(feed for feed in feeds["items"] if feed["name"] == "Slow Gazette")
    assert slow["error_reason"] == "timeout"
    assert slow["failures"] == 4


@pytest.mark.parametrize("story_id", ["nothing", "11111111-1111-4111-8111-111111111111", "%00"])
def test_unknown_ids_are_not_found_in_json(client, story_id):
    answer = client.get(f"/api/v1/stories/{story_id}")
    assert (answer.status_code, answer.json()) == (404, {"detail": "No story has this id."})


def test_answers_have_tags(client):
    answer = client.get("/api/v1/stories")
    headers = {"If-None-Match": answer.headers["etag"]}
    assert client.get("/api/v1/stories", headers=headers).status_code == 304


def test_the_description_names_every_path_and_parameter(client):
    described = client.get("/api/openapi.json").json()
    assert set(described["paths"]) == {
        *("/api/v1/stories", "/api/v1/stories/{story_id}", "/api/v1/feeds")
    }
    parameters = described["paths"]["/api/v1/stories"]["get"]["parameters"]
    assert {p["name"] for p in parameters} == {
        *("category", "outlet", "origin", "language", "agency", "copies", "age", "q"),
        *("limit", "before"),
    }


def test_the_documentation_is_a_page_of_our_own(client):
    answer = client.get("/api/docs")
    tree = html.fromstring(answer.text)
    shown = tree.text_content()
    for words in ("/api/v1/stories/{story_id}", "before", "confidence", "308"):
        assert words in shown
    assert not re.search(r"(?:src|href)=[\"']?(?:https?:)?//(?!127)", answer.text)


def test_it_is_alive(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


@pytest.mark.parametrize(
    ("polled", "started", "status", "reason"),
    [
        (True, False, 200, "A first poll is done."),
        (False, True, 200, "A first poll is under way."),
        (False, False, 503, "No feed was polled yet."),
    ],
)
def test_it_is_ready_once_a_first_poll_is_under_way(tmp_path, polled, started, status, reason):
    store = Store(f"sqlite:///{tmp_path / 'a.db'}")
    if polled:
        newsroom.fill(store, [])
    else:
        store.list_feeds([FeedSpec("https://a.example/feed")], newsroom.NOW)
    site = StoredSite(Config(), store, Metrics(), lambda: started)
    with serving(site) as client:
        answer = client.get("/readyz")
        assert answer.status_code == status
        assert answer.json()["ready"] == (status == 200)
        assert answer.json()["checks"]["polling"]["reason"] == reason
        assert client.get("/healthz").status_code == 200
    store.close()


def test_without_a_database_it_is_alive_but_not_ready_and_metrics_say_so(room):
    class Away:
        def __getattr__(self, name):
            def refuse(*_):
                raise StoreError("The database is away.", reason="database", remedy="Start it.")

            return refuse

    with serving(StoredSite(Config(), Away(), Metrics(), lambda: True)) as client:
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["checks"]["database"] == {
            "ok": False,
            "reason": "The database is away. Start it.",
        }
        assert client.get("/healthz").status_code == 200
        assert "aggregator_database_up 0.0" in client.get("/metrics").text
        assert client.get("/").status_code == 503


def test_metrics_are_what_prometheus_reads_and_their_labels_are_bounded(make_room):
    room = make_room()
    with serving(room.site) as client:
        for path in ("/", "/feed.rss", "/feed.rss", "/nothing", "/stories/x", "/a/b/c", "/x" * 99):
            client.get(path)
        told = client.get("/metrics")
    assert told.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = {f.name: f for f in text_string_to_metric_families(told.text)}
    held = {s.labels["what"]: s.value for s in families["aggregator_held"].samples}
    assert held["stories"] == len(room.told)
    requests = {
        (s.labels["route"], s.labels["status"]): s.value
        for s in families["aggregator_http_requests"].samples
        if s.name.endswith("_total")
    }
    assert requests == {
        ("river", "200"): 1,
        ("feed", "200"): 2,
        ("other", "404"): 3,
        ("story", "404"): 1,
    }
    assert families["aggregator_database_up"].samples[0].value == 1


def test_opml_lists_the_subscriptions_in_their_categories(client):
    answer = client.get("/opml")
    assert answer.headers["content-type"].startswith("text/x-opml")
    tree = html.fromstring(answer.content)
    assert len(tree.findall(".//outline[@xmlurl]")) == len(newsroom.OUTLETS)
    assert {o.get("text") for o in tree.findall(".//outline") if not o.get("xmlurl")} == {
        *("Harbour", "Region", "World")
    }


def test_export_of_an_output_that_is_not_there_names_those_that_are(tmp_path):
    room = Room(tmp_path)
    database = type(room.config.database)(str(room.store._engine.url))
    settings = room.config.model_copy(update={"database": database})
    with pytest.raises(NotFoundError, match="harbour, region, german"):
        export_bytes(settings, "rss", "nothing")
    with pytest.raises(NotFoundError, match="OPML"):
        export_bytes(settings, "opml", "harbour")
    room.store.close()


def test_the_server_tells_nothing_of_what_it_runs_on(client: httpx.Client):
    assert "server" not in client.get("/").headers
