"""One poll of one feed: real HTTP, real workers, a real database; only the clock is ours."""

from collections import Counter
from datetime import timedelta

import pytest
from aiohttp import web
from desk import FERRY, OWLS, article, item, rss

from aggregator import pipeline as road
from aggregator.model import FullText


class Site:
    """A site on loopback: what stands at each path, and what was asked for."""

    def __init__(self) -> None:
        self.bodies: dict[str, tuple[int, str, str]] = {}
        self.asked: Counter[str] = Counter()
        self.url = ""

    def put(self, path: str, body: str, status: int = 200, kind: str = "text/html") -> str:
        self.bodies[path] = (status, body, kind)
        return self.url + path

    async def answer(self, request: web.Request) -> web.Response:
        self.asked[request.path] += 1
        status, body, kind = self.bodies.get(request.path, (404, "none", "text/plain"))
        return web.Response(status=status, text=body, content_type=kind)


@pytest.fixture
async def site():
    site, app = Site(), web.Application()
    app.router.add_get("/{path:.*}", site.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    tcp = web.TCPSite(runner, "127.0.0.1", 0)
    await tcp.start()
    port = runner.addresses[0][1]
    site.url = f"http://127.0.0.1:{port}"
    yield site
    await runner.cleanup()


def feed_at(site: Site, *items: str, path: str = "/feed") -> str:
    return site.put(path, rss(*items), kind="application/rss+xml")


async def test_a_document_that_is_the_same_without_saying_so_is_not_parsed_again(desk, site):
    url = feed_at(site, item("ferry", FERRY))
    desk.lists(url)
    assert (await desk.polls(url)).entries_new == 1
    assert (await desk.polls(url)).result == "not_modified"


async def test_an_empty_answer_is_an_error_even_to_a_feed_that_was_never_read(desk, site):
    url = site.put("/feed", "", kind="application/rss+xml")
    desk.lists(url)
    outcome = await desk.polls(url)
    assert (outcome.result, outcome.error_reason) == ("failed", "empty")
    assert desk.health(url).error_reason == "empty"


async def test_a_failure_is_told_and_forgotten_with_the_next_success(desk, site):
    url = site.put("/feed", "busy", status=503)
    desk.lists(url)
    await desk.polls(url)
    failing = desk.health(url)
    assert (failing.state, failing.error_reason, failing.failures) == ("failing", "http_503", 1)
    feed_at(site, item("ferry", FERRY))
    await desk.polls(url)
    well = desk.health(url)
    assert (well.state, well.error, well.failures) == ("ok", "", 0)


async def test_a_story_is_updated_by_an_edit_and_by_nothing_else(desk, site):
    url = feed_at(site, item("ferry", FERRY))
    desk.lists(url)
    await desk.polls(url)
    (before,) = desk.stories()
    feed_at(site, item("ferry", FERRY), item("owls", OWLS))
    await desk.polls(url)
    same = next(story for story in desk.stories() if story.id == before.id)
    assert same.updated == before.updated
    feed_at(site, item("ferry", FERRY, title="Night boats until three"), item("owls", OWLS))
    outcome = await desk.polls(url)
    assert (outcome.entries_new, outcome.entries_changed, outcome.stories_new) == (0, 1, 0)
    after = next(story for story in desk.stories() if story.id == before.id)
    assert after.title == "Night boats until three"
    assert after.updated > before.updated


async def test_the_first_entries_of_a_feed_come_out_in_its_own_order(desk, site):
    url = feed_at(site, item("owls", OWLS), item("ferry", FERRY))
    desk.lists(url)
    await desk.polls(url)
    assert [story.title for story in desk.stories()] == ["owls", "ferry"]


async def test_one_page_that_two_feeds_list_is_one_story_however_much_each_quotes(
    desk, site, clock
):
    page = f"{site.url}/ferry.html"
    one = feed_at(site, item("a", FERRY[:1], link=page, published=clock.now), path="/one")
    two = feed_at(site, item("b", FERRY[2:], link=f"{page}#top", published=clock.now), path="/two")
    desk.lists(one, two)
    await desk.polls(one)
    outcome = await desk.polls(two)
    assert (outcome.stories_new, outcome.merged) == (0, 1)
    (story,) = desk.stories()
    assert len(story.copies) == 2


async def test_what_an_outlet_puts_at_one_address_day_after_day_stays_apart(desk, site, clock):
    page = f"{site.url}/today.html"
    one = feed_at(site, item("a", FERRY, link=page, published=clock.now), path="/one")
    later = clock.now + timedelta(days=1)
    two = feed_at(site, item("b", OWLS, link=page, published=later), path="/two")
    desk.lists(one, two)
    await desk.polls(one)
    await desk.polls(two)
    assert len(desk.stories()) == 2


async def test_a_teasers_page_is_read_for_the_credit_that_the_feed_leaves_out(desk, site):
    credit = "This story originally appeared on Sarnholm Courier."
    page = site.put("/ferry.html", article([*FERRY, credit]))
    url = feed_at(site, item("ferry", [FERRY[0][:90] + " …"], link=page))
    desk.lists(url, full_text=FullText.AUTO)
    await desk.polls(url)
    (story,) = desk.stories()
    assert [found.name for found in story.copies[0].credits] == ["Sarnholm Courier"]
    assert "Two boats" in story.full_html
    assert "Two boats" not in story.content_html


async def test_a_page_that_cannot_be_had_is_tried_again_but_not_for_ever(desk, site):
    url = feed_at(site, item("ferry", ["The night ferry will run …"], link=f"{site.url}/gone"))
    desk.lists(url, full_text=FullText.AUTO)
    outcome = await desk.polls(url)
    assert outcome.result == "fetched"
    assert desk.health(url).note == "1 article page is still to be fetched"
    for _ in range(5):
        await desk.polls(url)
    assert site.asked["/gone"] == 3
    assert desk.health(url).note == ""


async def test_no_poll_fetches_more_pages_than_it_should_and_the_next_goes_on(
    desk, site, monkeypatch
):
    monkeypatch.setattr(road, "_MOST_PAGES", 2)
    items = []
    for number in range(5):
        page = site.put(f"/{number}.html", article([f"Report {number}. " + FERRY[0], *OWLS]))
        items.append(item(f"story-{number}", [f"Report {number} begins …"], link=page))
    url = feed_at(site, *items)
    desk.lists(url, full_text=FullText.AUTO)
    pages = []
    for _ in range(4):
        await desk.polls(url)
        pages.append(sum(count for path, count in site.asked.items() if path.endswith(".html")))
    assert pages == [2, 4, 5, 5]


async def test_a_story_outlives_the_copy_that_it_showed(desk, site):
    one = feed_at(site, item("a", FERRY, title="The first"), path="/one")
    two = feed_at(site, item("b", FERRY, title="The second"), path="/two")
    desk.lists(one, two)
    await desk.polls(one)
    await desk.polls(two)
    (story,) = desk.stories()
    assert story.title == "The first"
    feed_at(site, item("c", OWLS), path="/one")
    await desk.polls(one)
    desk.clock.now += timedelta(days=100)
    assert (await desk.pipeline.retire(timedelta(days=90)))["entries"] == 1
    after = next(found for found in desk.stories() if found.id == story.id)
    assert (after.title, len(after.copies)) == ("The second", 1)
