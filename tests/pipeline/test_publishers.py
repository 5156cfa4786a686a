"""What publishers see of us over hours and days: conditional requests, waits, moves, the end."""

from datetime import timedelta
from itertools import pairwise

import pytest
from aiohttp import web
from desk import FERRY, HOUR, OWLS, article, item, rss
from publisher import publishing

from aggregator.model import FullText, Validators

DAY = 24 * HOUR
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def press(clock):
    async with publishing(clock) as publisher:
        yield publisher


@pytest.fixture
async def others(clock):
    async with publishing(clock, "127.0.0.2") as publisher:
        yield publisher


def post(*items, **more):
    return rss(*(items or [item("ferry", FERRY)]), **more)


# --- conditional requests


async def test_a_feed_that_did_not_change_costs_its_publisher_a_304(desk, press):
    url = press.minds("/feed", post(), '"1"', Last_Modified="Sun, 01 Mar 2026 10:00:00 GMT")
    desk.lists(url)
    for _ in range(5):
        await desk.polls(url)
    assert [asked.conditional for asked in press.asked] == [False] + [True] * 4
    assert press.asked[1].headers["if-modified-since"] == "Sun, 01 Mar 2026 10:00:00 GMT"
    health = desk.health(url)
    assert health.not_modified == 4
    assert health.bytes_saved == 4 * len(post().encode())
    assert health.validators == Validators('"1"', "Sun, 01 Mar 2026 10:00:00 GMT", url)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 200),
        ("<html><body><p>Back soon</p></body></html>", 200),
        ("not a feed at all", 200),
        ('{"error": "no"}', 200),
        (post(), 206),
        ("", 204),
        ("sorry", 500),
    ],
)
async def test_validators_of_an_answer_that_is_no_feed_are_never_sent(desk, press, body, status):
    url = press.says("/feed", body, status, ETag='"bad"')
    desk.lists(url)
    for _ in range(3):
        await desk.polls(url)
    assert not any(asked.conditional for asked in press.at("/feed"))
    assert desk.health(url).validators == Validators()


async def test_a_bad_answer_leaves_the_validators_of_the_last_good_one(desk, press):
    url = press.minds("/feed", post(), '"good"')
    desk.lists(url)
    await desk.polls(url)
    press.says("/feed", "<html><body>Back soon</body></html>", ETag='"bad"')
    await desk.polls(url)
    press.minds("/feed", post(), '"good"')
    assert (await desk.polls(url)).result == "not_modified"
    assert press.asked[-1].headers["if-none-match"] == '"good"'


async def test_a_document_without_its_end_is_read_and_asked_for_again(desk, press):
    whole = post(item("ferry", FERRY), item("owls", OWLS))
    url = press.minds("/feed", whole[: whole.index("<item><title>owls") + 40], '"half"')
    desk.lists(url)
    assert (await desk.polls(url)).entries_new >= 1
    await desk.polls(url)
    assert [asked.conditional for asked in press.asked] == [False, False]


async def test_what_a_cut_off_document_lacks_has_not_left_its_feed(desk, press):
    whole = post(item("ferry", FERRY), item("owls", OWLS))
    url = press.says("/feed", whole)
    desk.lists(url)
    await desk.polls(url)
    press.says("/feed", whole[: whole.index("<item><title>owls")])
    await desk.polls(url, 100 * DAY)
    assert (await desk.pipeline.retire(90 * DAY))["entries"] == 0


async def test_a_server_that_stops_giving_validators_gets_none(desk, press):
    url = press.minds("/feed", post(), '"1"')
    desk.lists(url)
    await desk.polls(url)
    press.says("/feed", post(item("owls", OWLS)))
    await desk.polls(url)
    await desk.polls(url)
    assert [asked.conditional for asked in press.asked] == [False, True, False]


async def test_a_server_that_says_304_for_ever_is_found_out_after_a_day(desk, press):
    url = press.minds("/feed", post(), '"stuck"')
    desk.lists(url)
    await desk.polls(url)
    press.minds("/feed", post(item("owls", OWLS), item("ferry", FERRY)), '"stuck"')
    outcomes = [await desk.polls(url) for _ in range(60)]
    assert sum(outcome.entries_new for outcome in outcomes) == 1
    looks = [asked for asked in press.asked if not asked.conditional]
    assert all(later.at - one.at >= DAY for one, later in pairwise(looks))
    assert len(looks) == 3


async def test_a_server_that_lied_is_told_of(desk, press):
    url = press.minds("/feed", post(), '"stuck"')
    desk.lists(url)
    await desk.polls(url, DAY)
    press.minds("/feed", post(item("owls", OWLS)), '"stuck"')
    await desk.polls(url)
    assert "nothing changed when something did" in desk.health(url).note


async def test_an_honest_server_is_asked_in_full_ever_more_rarely(desk, press):
    url = press.minds("/feed", post(), '"1"')
    desk.lists(url)
    for _ in range(40 * 4):
        await desk.polls(url, 6 * HOUR)
    looks = [asked.at for asked in press.asked if not asked.conditional]
    days = [round((at - looks[0]) / DAY) for at in looks]
    assert days == [0, 1, 3, 7, 15, 31]


async def test_what_is_new_only_adds_to_what_there_was(desk, press):
    url = press.says("/feed", post(), ETag='"1"')
    desk.lists(url)
    await desk.polls(url)
    press.says("/feed", post(item("owls", OWLS)), 226, ETag='"2"', IM="feed")
    outcome = await desk.polls(url)
    assert (outcome.entries_new, press.asked[1].headers["a-im"]) == (1, "feed")
    press.minds("/feed", post(), '"2"')
    assert (await desk.polls(url, 100 * DAY)).result == "not_modified"
    assert (await desk.pipeline.retire(90 * DAY))["entries"] == 0


async def test_pages_that_are_owed_do_not_make_the_feed_be_sent_again(desk, press):
    teaser = item("ferry", ["The night ferry will run …"], link=f"{press.url}/ferry.html")
    url = press.minds("/feed", post(teaser), '"1"')
    press.says("/ferry.html", "busy", 500)
    desk.lists(url, full_text=FullText.AUTO)
    await desk.polls(url)
    press.says("/ferry.html", article(FERRY), Content_Type="text/html")
    await desk.polls(url)
    (story,) = desk.stories()
    assert "Two boats" in story.full_html
    await desk.polls(url)
    assert [asked.conditional for asked in press.at("/feed")] == [False, True, True]
    assert len(press.at("/ferry.html")) == 2


async def test_a_page_that_robots_txt_keeps_us_from_is_not_asked_for(desk, press):
    teaser = item("ferry", ["The night ferry will run …"], link=f"{press.url}/ferry.html")
    url = press.says("/feed", post(teaser))
    press.says("/robots.txt", "User-agent: *\nDisallow: /ferry")
    desk.lists(url, full_text=FullText.AUTO)
    for _ in range(3):
        await desk.polls(url)
    assert press.paths() == ["/feed", "/robots.txt", "/feed", "/feed"]
    assert len(desk.stories()) == 1


# --- when the next poll is


@pytest.mark.parametrize(
    ("headers", "gap", "word"),
    [
        ({"Cache_Control": "max-age=10800"}, 3 * HOUR, "Cache-Control"),
        ({"Expires": "Sun, 01 Mar 2026 16:00:00 GMT", "Date": "Sun, 01 Mar 2026 12:00:00 GMT"},
         4 * HOUR, "Expires"),
        ({"Retry_After": "18000", "Cache_Control": "max-age=60"}, 5 * HOUR, "Retry-After"),
        ({}, HOUR, "poll.interval"),
    ],
)  # fmt: skip
async def test_the_next_poll_is_as_the_answer_asks_and_a_304_renews_it(
    desk, press, headers, gap, word
):
    url = press.minds("/feed", post(), '"1"', **headers)
    desk.lists(url)
    await desk.polls_when_due(url, desk.clock() + 3 * gap)
    times = [asked.at for asked in press.asked]
    assert len(times) >= 2
    assert all(later - one >= gap for one, later in pairwise(times))
    assert word in desk.health(url).why


async def test_a_304_that_does_not_say_leaves_the_freshness_as_it_was(desk, press):
    url = press.minds("/feed", post(), '"1"', Cache_Control="max-age=18000")
    desk.lists(url)
    await desk.polls(url)
    press.answers["/feed"] = lambda _: web.Response(status=304)
    await desk.polls(url)
    assert desk.feed(url).wishes.max_age == 5 * HOUR
    press.says("/feed", post(item("owls", OWLS)))
    await desk.polls(url)
    assert desk.feed(url).wishes.max_age is None


async def test_what_the_document_asks_for_is_kept_through_304s(desk, press):
    wish = (
        "<ttl>120</ttl><skipHours><hour>3</hour><hour>4</hour></skipHours>"
        "<skipDays><day>Monday</day></skipDays>"
    )
    url = press.minds("/feed", post().replace("<item>", f"{wish}<item>", 1), '"1"')
    desk.lists(url)
    await desk.polls_when_due(url, desk.clock() + 3 * DAY)
    times = [asked.at for asked in press.asked]
    assert len(times) > 8
    assert all(later - one >= 2 * HOUR for one, later in pairwise(times))
    assert not any(at.hour in {3, 4} or at.weekday() == 0 for at in times)


@pytest.mark.parametrize("status", [429, 503, 500])
@pytest.mark.parametrize("wait", ["7200", "Sun, 01 Mar 2026 14:00:00 GMT"])
async def test_retry_after_is_waited_for_after_an_error(desk, press, status, wait):
    url = press.says("/feed", "busy", status, Retry_After=wait)
    desk.lists(url)
    await desk.polls(url, timedelta(0))
    assert desk.feed(url).next_poll_at >= desk.clock() + 2 * HOUR
    assert "Retry-After" in desk.health(url).why


async def test_errors_back_off_and_one_success_forgets_them(desk, press):
    url = press.says("/feed", "broken", 500)
    desk.lists(url)
    await desk.polls_when_due(url, desk.clock() + 2 * DAY)
    times = [asked.at for asked in press.asked]
    gaps = [later - one for one, later in pairwise(times)]
    assert all(later >= 1.2 * one for one, later in pairwise(gaps))
    assert len(times) <= 6
    press.says("/feed", post())
    desk.clock.now = desk.feed(url).next_poll_at
    await desk.polls(url, timedelta(0))
    assert desk.feed(url).next_poll_at <= desk.clock() + 1.5 * HOUR


async def test_a_neighbour_of_a_feed_that_was_asked_too_often_is_put_off_and_not_blamed(
    desk, press, make_patient
):
    pipeline = await make_patient(timedelta(seconds=10))
    busy = press.says("/busy", "slow down", 429, Retry_After="3600")
    calm = press.says("/calm", post())
    desk.lists(busy, calm)
    await pipeline.poll(desk.feed(busy))
    await pipeline.poll(desk.feed(calm))
    assert press.paths() == ["/busy"]
    health = desk.health(calm)
    assert (health.state, health.failures, health.polls) == ("new", 0, 0)
    assert "left alone" in health.why
    assert desk.feed(calm).next_poll_at > desk.clock()
    desk.clock.now = desk.feed(calm).next_poll_at
    assert (await pipeline.poll(desk.feed(calm))).entries_new == 1


async def test_a_redirect_that_asks_to_wait_is_followed_at_the_next_poll(desk, press):
    url = press.says("/old", status=302, Location="/new", Retry_After="7200")
    press.says("/new", post())
    desk.lists(url)
    outcomes = await desk.polls_when_due(url, desk.clock() + 4 * HOUR)
    assert [outcome.error_reason for outcome in outcomes[:2]] == ["asked_to_wait", ""]
    assert press.at("/new")[0].at - press.at("/old")[0].at >= 2 * HOUR


# --- moves, and the end


async def test_a_permanent_move_is_remembered_up_to_the_first_temporary_hop(desk, press, others):
    url = press.says("/a", status=301, Location="/b")
    press.says("/b", status=308, Location=f"{others.url}/c")
    others.says("/c", status=302, Location="/d")
    others.says("/d", status=301, Location="/e")
    others.says("/e", post())
    desk.lists(url)
    await desk.polls(url)
    assert desk.feed(url).poll_url == f"{others.url}/c"
    await desk.polls(url)
    assert press.paths() == ["/a", "/b"]
    assert others.paths() == ["/c", "/d", "/e"] * 2
    assert desk.health(url).url == url


async def test_a_permanent_move_to_what_is_no_feed_is_not_remembered(desk, press):
    url = press.says("/feed", status=301, Location="/home")
    press.says("/home", "<html><body>Welcome</body></html>")
    desk.lists(url)
    await desk.polls(url)
    assert desk.feed(url).poll_url == url


async def test_a_move_that_led_nowhere_is_given_up_for_what_was_configured(desk, press):
    url = press.says("/feed", status=301, Location="/new")
    press.says("/new", post())
    desk.lists(url)
    await desk.polls(url)
    press.says("/new", "gone", 404)
    press.says("/feed", post())
    for _ in range(4):
        await desk.polls(url)
    assert desk.health(url).state == "ok"
    assert desk.feed(url).poll_url == url


async def test_a_feed_that_is_gone_is_retired(desk, press):
    url = press.says("/feed", "gone", 410)
    desk.lists(url)
    await desk.polls_when_due(url, desk.clock() + 400 * DAY)
    assert press.paths() == ["/feed"]
    health = desk.health(url)
    assert (health.state, health.next_poll_at, health.error_reason) == ("gone", None, "gone")
    assert health.remedy


async def test_a_feed_that_was_retired_is_tried_again_when_it_is_listed_anew(desk, press):
    url = press.says("/feed", "gone", 410)
    desk.lists(url)
    await desk.polls(url)
    desk.lists()
    press.says("/feed", post())
    desk.lists(url)
    assert [feed.spec.url for feed in desk.store.due(desk.clock(), 9)] == [url]


async def test_what_a_redirect_led_to_is_gone_and_the_configured_address_decides(desk, press):
    url = press.says("/feed", status=301, Location="/new")
    press.says("/new", post())
    desk.lists(url)
    await desk.polls(url)
    press.says("/new", "gone", 410)
    await desk.polls(url)
    assert desk.health(url).state == "failing"
    await desk.polls(url)
    assert desk.health(url).state == "gone"
    assert press.paths() == ["/feed", "/new", "/new", "/feed", "/new"]


def page(*links):
    return f"<html><head>{''.join(links)}</head><body><p>Welcome</p></body></html>"


def named(href, kind="application/rss+xml", title=""):
    return f'<link rel="alternate" type="{kind}" title="{title}" href="{href}">'


async def test_the_feed_that_a_page_names_is_read_in_its_place(desk, press):
    home = page(named("/comments/feed", title="Comments"), named("/feed.xml"))
    url = press.says("/", home, Content_Type="text/html")
    press.minds("/feed.xml", post(), '"1"')
    desk.lists(url)
    assert (await desk.polls(url)).entries_new == 1
    assert "names is read instead" in desk.health(url).note
    assert desk.feed(url).poll_url == f"{press.url}/feed.xml"
    await desk.polls(url)
    assert press.paths() == ["/", "/feed.xml", "/feed.xml"]


@pytest.mark.parametrize(
    "links", [[], [named("/missing")], [named("/")], [named("http://127.0.0.2/feed")]]
)
async def test_a_feed_that_turned_into_a_page_says_so_and_looks_for_the_feed_once(
    desk, press, links
):
    url = press.says("/", page(*links), Content_Type="text/html")
    desk.lists(url)
    for _ in range(4):
        outcome = await desk.polls(url)
    assert outcome.error_reason == "html_page"
    assert "HTML page" in desk.health(url).error
    assert len(press.at("/")) == 4
    assert len(press.at("/missing")) == (links == [named("/missing")])


async def test_nothing_tells_where_we_come_from_or_who_we_are(desk, press):
    url = press.says("/feed?a=1", status=302, Location="/new", Set_Cookie="id=1; Path=/")
    press.says("/new", post(), Set_Cookie="id=2; Path=/", ETag='"1"')
    desk.lists(url)
    for _ in range(3):
        await desk.polls(url)
    assert set(press.paths()) == {"/feed?a=1", "/new"}
    for asked in press.asked:
        assert not {"cookie", "referer", "from"} & set(asked.headers)
        assert asked.headers["user-agent"] == "aggregator-tests/1"
        assert asked.headers["accept-encoding"] == "gzip, br, zstd"


async def test_the_health_of_a_feed_tells_all_that_its_operator_asks(desk, press, clock):
    dated = [item(f"n{n}", OWLS, title=f"Number {n}", published=clock() - n * HOUR)
             for n in range(5)]  # fmt: skip
    url = press.minds("/feed", post(*dated), 'W/"1"')
    desk.lists(url)
    await desk.polls(url)
    await desk.polls(url)
    health = desk.health(url)
    assert health.entries_a_day == 24
    assert health.bytes_saved > 1000
    assert health.validators.etag == 'W/"1"'
    assert health.why
    assert health.next_poll_at > health.last_polled_at
    press.says("/feed", "no", 403)
    await desk.polls(url)
    assert desk.health(url).remedy in desk.health(url).error
