"""What a host sees of us: turns, waits, robots.txt, rest after "too many requests"."""

import asyncio
import socket
from datetime import timedelta

import pytest
from hostile_origin import answer, closing, error_of, redirect, serving

from aggregator.fetch import Accept, site_of
from aggregator.fetch.pacing import Pacer, Resting
from aggregator.fetch.robots import MAX_BYTES, ours

FEED = b"<rss version='2.0'><channel><title>Harbour News</title></channel></rss>"
PAGE = b"<html><body><p>Hello</p></body></html>"


class Time:
    def __init__(self):
        self.now = 1000.0
        self.slept = []

    def clock(self):
        return self.now

    async def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def time():
    return Time()


@pytest.fixture
async def paced(make_fetcher, time):
    return await make_fetcher(
        per_host_delay=timedelta(seconds=1), clock=time.clock, sleep=time.sleep
    )


@pytest.fixture
def names(monkeypatch):
    """Names that lead to addresses of our choice."""
    table, lookup = {}, socket.getaddrinfo

    def look_up(host, port, *args, **kwargs):
        if host not in table:
            return lookup(host, port, *args, **kwargs)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in table[host]]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return table


# --- one host: a domain and an address


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("http://feeds.bbci.co.uk/x", "bbci.co.uk"),
        ("https://BBCI.co.uk.:8443/", "bbci.co.uk"),
        ("http://a.b.example.org/", "example.org"),
        ("http://alice.github.io/", "alice.github.io"),
        ("http://127.0.0.1:80/", "127.0.0.1"),
        ("http://[2001:DB8::1]/", "2001:db8::1"),
        ("http://localhost/", "localhost"),
        ("", ""),
    ],
)
def test_a_host_is_a_registrable_domain_or_an_address(url, site):
    assert site_of(url) == site


async def slowly(_, writer):
    await asyncio.sleep(0.02)
    writer.write(answer(FEED))


async def test_two_names_of_one_domain_are_one_host_whatever_their_addresses(make_fetcher, names):
    fetcher = await make_fetcher()
    async with serving("127.0.0.1") as one, serving("127.0.0.2", one.port) as two:
        names |= {"www.example.org": ["127.0.0.1"], "feeds.example.org": ["127.0.0.2"]}
        busy = []

        async def seen(request, writer):
            busy.append(one.busy + two.busy)
            await slowly(request, writer)

        for each in (one, two):
            each.routes["/"] = seen
        urls = [one.url(host=name) for name in list(names) * 4]
        await asyncio.gather(*(fetcher.get(url) for url in urls))
        assert len(busy) == 8
        assert max(busy) == 1


async def test_two_domains_at_one_address_are_one_host(origin, make_fetcher, names):
    fetcher = await make_fetcher()
    names |= {f"news{n}.example": ["127.0.0.1"] for n in range(8)}
    origin.routes["/"] = slowly
    await asyncio.gather(*(fetcher.get(origin.url(host=name)) for name in names))
    assert (len(origin.requests), origin.busiest) == (8, 1)


async def test_two_domains_that_share_some_addresses_do_not_wait_in_a_circle(
    origin, make_fetcher, names
):
    async with serving("127.0.0.2", origin.port):
        fetcher = await make_fetcher()
        names |= {"a.example": ["127.0.0.1", "127.0.0.2"], "b.example": ["127.0.0.2", "127.0.0.1"]}
        origin.routes["/"] = slowly
        async with asyncio.timeout(20):
            got = [fetcher.get(origin.url(host=name)) for name in list(names) * 5]
            await asyncio.gather(*got, return_exceptions=True)


async def test_pages_and_feeds_of_one_host_keep_the_same_distance(origin, paced, time):
    origin.routes |= {"/feed": answer(FEED), "/page": answer(PAGE)}
    await paced.get(origin.url("/feed"))
    await paced.get(origin.url("/page"), accept=Accept.PAGE)
    assert origin.paths() == ["/feed", "/robots.txt", "/page"]
    assert time.slept == [1, 1]


async def test_a_pause_that_a_host_asks_for_is_kept(time):
    pace = Pacer(timedelta(seconds=1), clock=time.clock, sleep=time.sleep)
    async with pace.turn("a", delay=7):
        pass
    async with pace.turn("a"):
        pass
    assert time.slept == [7]


# --- robots.txt


def robots(text):
    return answer(text.encode(), Content_Type="text/plain")


@pytest.mark.parametrize(
    ("rules", "allowed"),
    [
        ("User-agent: *\nDisallow: /private", True),
        ("User-agent: *\nDisallow: /news", False),
        ("User-agent: *\nDisallow: /\nAllow: /news/", True),
        ("User-agent: Aggregator-Tests\nDisallow: /", False),
        ("User-agent: aggregator-tests\nAllow: /\n\nUser-agent: *\nDisallow: /", True),
        ("User-agent: somebody\nDisallow: /", True),
        ("User-agent: *\nDisallow: /*.html$", False),
        ("User-agent: a\nUser-agent: *\nDisallow: /news", False),
        ("\ufeffUser-agent: *\nDisallow: /", False),
        ("<html>404, sorry</html>", True),
        ("", True),
        ("\0\0\0", True),
    ],
)
async def test_a_page_is_fetched_as_its_robots_txt_allows(origin, fetcher, rules, allowed):
    origin.routes |= {"/robots.txt": robots(rules), "/news/a.html": answer(PAGE)}
    getting = fetcher.get(origin.url("/news/a.html"), accept=Accept.PAGE)
    if allowed:
        assert (await getting).body == PAGE
    else:
        assert (await error_of(getting)).reason == "robots"
        assert origin.paths() == ["/robots.txt"]


async def test_a_feed_is_fetched_whatever_robots_txt_says(origin, fetcher):
    origin.routes |= {"/robots.txt": robots("User-agent: *\nDisallow: /"), "/": answer(FEED)}
    assert (await fetcher.get(origin.url())).body == FEED
    assert origin.paths() == ["/"]


async def test_robots_txt_is_asked_for_once_a_day(origin, paced, time):
    origin.routes |= {"/robots.txt": robots("User-agent: *\nAllow: /"), "/a": answer(PAGE)}
    for _ in range(3):
        await paced.get(origin.url("/a"), accept=Accept.PAGE)
    assert origin.paths().count("/robots.txt") == 1
    time.now += 25 * 3600
    await paced.get(origin.url("/a"), accept=Accept.PAGE)
    assert origin.paths().count("/robots.txt") == 2


async def test_many_pages_at_once_ask_for_robots_txt_once(origin, fetcher):
    origin.routes |= {"/robots.txt": robots("User-agent: *\nAllow: /"), "/a": answer(PAGE)}
    await asyncio.gather(*(fetcher.get(origin.url("/a"), accept=Accept.PAGE) for _ in range(9)))
    assert origin.paths().count("/robots.txt") == 1


@pytest.mark.parametrize(
    "status", ["404 Not Found", "401 Unauthorized", "403 Forbidden", "410 Gone"]
)
async def test_without_a_robots_txt_all_is_allowed(origin, fetcher, status):
    origin.routes |= {"/robots.txt": answer(b"Disallow: /", status), "/a": answer(PAGE)}
    assert (await fetcher.get(origin.url("/a"), accept=Accept.PAGE)).body == PAGE


@pytest.mark.parametrize(
    "reply",
    [
        answer(b"sorry", "500 Internal Server Error"),
        answer(b"sorry", "503 Service Unavailable"),
        answer(b"slower", "429 Too Many Requests"),
        closing(b""),
    ],
    ids=["500", "503", "429", "cut off"],
)
async def test_while_robots_txt_cannot_be_had_pages_are_left_alone(origin, paced, time, reply):
    origin.routes |= {"/robots.txt": reply, "/a": answer(PAGE)}
    for _ in range(3):
        error = await error_of(paced.get(origin.url("/a"), accept=Accept.PAGE))
        assert error.reason == "robots_unreachable"
    assert origin.paths() == ["/robots.txt"]
    time.now += 2 * 3600
    origin.routes["/robots.txt"] = robots("User-agent: *\nAllow: /")
    assert (await paced.get(origin.url("/a"), accept=Accept.PAGE)).body == PAGE


async def test_each_page_that_a_redirect_leads_to_has_its_own_robots_txt(
    origin, elsewhere, fetcher
):
    origin.routes |= {"/a": redirect(elsewhere.url("/b"))}
    elsewhere.routes |= {"/robots.txt": robots("User-agent: *\nDisallow: /"), "/b": answer(PAGE)}
    error = await error_of(fetcher.get(origin.url("/a"), accept=Accept.PAGE))
    assert error.reason == "robots"
    assert elsewhere.paths() == ["/robots.txt"]


async def test_a_robots_txt_that_moved_is_followed_and_never_in_circles(origin, fetcher):
    origin.routes |= {
        "/robots.txt": redirect("/r"),
        "/r": robots("User-agent: *\nDisallow: /a"),
        "/a": answer(PAGE),
    }
    error = await error_of(fetcher.get(origin.url("/a"), accept=Accept.PAGE))
    assert error.reason == "robots"


async def test_a_robots_txt_in_a_circle_allows_all(origin, fetcher):
    origin.routes |= {"/robots.txt": redirect("/robots.txt"), "/a": answer(PAGE)}
    assert (await fetcher.get(origin.url("/a"), accept=Accept.PAGE)).body == PAGE
    assert origin.paths().count("/robots.txt") == 6


async def test_a_crawl_delay_stands_between_pages_within_reason(origin, paced, time):
    origin.routes |= {"/robots.txt": robots("User-agent: *\nCrawl-delay: 10"), "/a": answer(PAGE)}
    for _ in range(3):
        await paced.get(origin.url("/a"), accept=Accept.PAGE)
    assert time.slept == [1, 10, 10]


async def test_a_crawl_delay_of_a_year_does_not_keep_us_for_a_year(origin, paced, time):
    text = "User-agent: *\nCrawl-delay: 31536000"
    origin.routes |= {"/robots.txt": robots(text), "/a": answer(PAGE)}
    for _ in range(2):
        await paced.get(origin.url("/a"), accept=Accept.PAGE)
    assert max(time.slept) == 30


async def test_of_an_endless_robots_txt_the_beginning_counts(origin, make_fetcher):
    fetcher = await make_fetcher(max_bytes=5_000_000)
    text = "User-agent: *\nDisallow: /a\n" + "# padding\n" * (MAX_BYTES // 5)
    origin.routes |= {"/robots.txt": robots(text), "/a": answer(PAGE), "/b": answer(PAGE)}
    assert (await error_of(fetcher.get(origin.url("/a"), accept=Accept.PAGE))).reason == "robots"
    assert (await fetcher.get(origin.url("/b"), accept=Accept.PAGE)).body == PAGE


def test_a_robots_txt_of_many_agents_and_rules_is_made_small():
    text = "".join(f"User-agent: bot{n}\n" for n in range(9000)) + "Disallow: /\n" * 9000
    assert len(set(ours(text, "aggregator").splitlines())) == 2


# --- waits that servers ask for


async def test_a_redirect_that_asks_for_a_moment_is_followed_after_it(origin, paced, time):
    origin.routes |= {
        "/a": answer(b"", "302 Found", Location="/b", Retry_After="2"),
        "/b": answer(FEED),
    }
    assert (await paced.get(origin.url("/a"))).body == FEED
    assert sum(time.slept) >= 2


async def test_a_redirect_that_asks_for_an_hour_is_followed_by_those_who_waited(origin, fetcher):
    origin.routes |= {
        "/a": answer(b"", "301 Moved Permanently", Location="/b", Retry_After="3600"),
        "/b": answer(FEED),
    }
    error = await error_of(fetcher.get(origin.url("/a")))
    assert (error.reason, error.retry_after) == ("asked_to_wait", timedelta(hours=1))
    assert error.permanent_url == origin.url("/b")
    assert origin.paths() == ["/a"]
    assert (await fetcher.get(origin.url("/a"), waited=True)).body == FEED


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
async def test_a_host_that_asks_to_be_left_alone_is_longer_each_time(origin, paced, time, status):
    origin.routes |= {"/a": answer(b"", status, Retry_After="7200"), "/b": answer(FEED)}
    assert (await error_of(paced.get(origin.url("/a")))).status
    error = await error_of(paced.get(origin.url("/b")))
    assert error.reason == "host_resting"
    assert timedelta(seconds=28) < error.retry_after <= timedelta(seconds=30)
    time.now += 31
    await error_of(paced.get(origin.url("/a")))
    time.now += 31
    assert (await error_of(paced.get(origin.url("/b")))).reason == "host_resting"
    time.now += 31
    assert (await paced.get(origin.url("/b"))).body == FEED
    assert (await paced.get(origin.url("/b"))).body == FEED  # forgotten
    assert origin.paths() == ["/a", "/a", "/b", "/b"]


async def test_a_host_rests_no_longer_than_it_asks_for(origin, paced, time):
    origin.routes |= {"/a": answer(b"", "429 Too Many", Retry_After="5"), "/b": answer(FEED)}
    await error_of(paced.get(origin.url("/a")))
    time.now += 5.1
    assert (await paced.get(origin.url("/b"))).body == FEED


async def test_feeds_that_waited_for_their_turn_hear_that_the_host_rests(origin, make_fetcher):
    fetcher = await make_fetcher(per_host_delay=timedelta(seconds=0.01))

    async def too_many(_, writer):
        await asyncio.sleep(0.05)
        writer.write(answer(b"", "429 Too Many Requests", Retry_After="60"))

    origin.routes["/a"] = too_many
    errors = await asyncio.gather(*(error_of(fetcher.get(origin.url("/a"))) for _ in range(6)))
    assert len(origin.requests) == 1
    assert sorted(error.reason for error in errors) == ["host_resting"] * 5 + ["http_429"]


async def test_one_feeds_errors_are_not_its_neighbours(origin, paced):
    origin.routes["/good"] = answer(FEED)
    for path in ("/404", "/500", "/404", "/500", "/404"):
        origin.routes[path] = answer(b"", f"{path[1:]} Sorry")
        await error_of(paced.get(origin.url(path)))
    assert (await paced.get(origin.url("/good"))).body == FEED


async def test_a_host_where_nobody_answers_is_left_alone_after_three_tries(paced, time):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}/"
        reasons = [(await error_of(paced.get(url))).reason for _ in range(5)]
    assert reasons == ["connect"] * 3 + ["host_resting"] * 2


def test_a_hosts_rest_doubles_up_to_a_day_and_a_success_ends_it(time):
    resting = Resting(timedelta(seconds=30), clock=time.clock)
    rests = []
    for _ in range(20):
        resting.failed("a", asked=True)
        rests.append(resting.left("a"))
    assert rests[:3] == [timedelta(seconds=s) for s in (30, 60, 120)]
    assert rests[-1] == timedelta(days=1)
    resting.worked("a")
    assert resting.left("a") == timedelta(0)
