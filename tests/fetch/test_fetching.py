"""What is asked of a server, and what its answers become."""

import asyncio
import contextlib
import gzip
from datetime import timedelta

import brotli
import pytest
from hostile_origin import answer, redirect, serving

from aggregator.errors import FetchError
from aggregator.fetch import Accept
from aggregator.fetch.decoding import zstd
from aggregator.model import Validators

FEED = b"<rss version='2.0'><channel><title>Harbour News</title></channel></rss>" * 40


async def test_a_feed_is_fetched_with_its_type_and_validators(origin, fetcher):
    origin.routes["/feed?a=1&b=%20"] = answer(
        FEED, Content_Type="application/rss+xml", ETag='W/"a b"', Last_Modified="yesterday, roughly"
    )
    response = await fetcher.get(origin.url("/feed?a=1&b=%20"))
    assert (response.status, response.not_modified, response.body) == (200, False, FEED)
    assert response.content_type == "application/rss+xml"
    own = origin.url("/feed?a=1&b=%20")
    assert response.validators == Validators('W/"a b"', "yesterday, roughly", own)
    assert response.wire_bytes == len(FEED)
    assert response.url == response.final_url == response.permanent_url
    assert response.seconds > 0


async def test_a_request_says_who_asks_for_what_and_nothing_else(origin, fetcher):
    origin.routes["/"] = answer(FEED, Set_Cookie="id=1; Path=/")
    for accept in (Accept.FEED, Accept.PAGE):
        await fetcher.get(origin.url(), accept=accept)
    asked = {request.path: request.headers for request in origin.requests[1:]}
    assert set(asked) == {"/robots.txt", "/"}
    feed, page = origin.requests[0].headers, asked["/"]
    assert set(asked["/robots.txt"]) == set(page)
    assert set(feed) == set(page) == {"host", "user-agent", "accept", "accept-encoding"}
    assert feed["user-agent"] == b"aggregator-tests/1 (+https://example.org/)"
    assert feed["accept-encoding"] == b"gzip, br, zstd"
    assert feed["accept"].startswith(b"application/atom+xml")
    assert page["accept"].startswith(b"text/html")


@pytest.mark.parametrize(
    ("coding", "pack"),
    [
        ("gzip", gzip.compress),
        ("br", brotli.compress),
        ("zstd", zstd.compress),
        ("identity", bytes),
    ],
)
async def test_each_coding_is_undone_and_its_bytes_on_the_wire_are_counted(
    origin, fetcher, coding, pack
):
    origin.routes["/"] = answer(pack(FEED), Content_Encoding=coding)
    response = await fetcher.get(origin.url())
    assert response.body == FEED
    assert response.wire_bytes == len(pack(FEED))


async def test_a_chunked_body_comes_out_whole(origin, fetcher):
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (FEED, b"tail"))
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    origin.routes["/"] = head + chunks + b"0\r\n\r\n"
    assert (await fetcher.get(origin.url())).body == FEED + b"tail"


# --- conditional requests


@pytest.mark.parametrize(
    ("etag", "last_modified"),
    [
        (b'"abc"', b"Tue, 03 Mar 2026 09:00:00 GMT"),
        (b'W/"x  y\tz"', None),
        (b"no quotes, commas; and = signs", b"not a date at all"),
        (None, b"Tue,  3 Mar 2026 09:00:00 +0000"),
        ('"häßlich-Ω"'.encode(), None),
    ],
)
async def test_validators_go_back_byte_for_byte(origin, fetcher, etag, last_modified):
    given = {"ETag": etag, "Last_Modified": last_modified}
    given = {name: value for name, value in given.items() if value is not None}
    origin.routes["/"] = answer(FEED, **given)
    first = await fetcher.get(origin.url())
    origin.routes["/"] = answer(b"", "304 Not Modified")
    second = await fetcher.get(origin.url(), validators=first.validators)
    sent = origin.requests[1].headers
    assert sent.get("if-none-match") == etag
    assert sent.get("if-modified-since") == last_modified
    assert (second.status, second.not_modified, second.body) == (304, True, b"")
    assert second.validators == first.validators


async def test_a_304_renews_the_validators_that_it_carries(origin, fetcher):
    origin.routes["/"] = answer(b"", "304 Not Modified", ETag='"new"')
    response = await fetcher.get(origin.url(), validators=Validators('"old"', "then"))
    assert response.validators == Validators('"new"', "then", origin.url())


async def test_a_304_that_was_not_asked_for_is_an_error(origin, fetcher):
    origin.routes["/"] = answer(b"", "304 Not Modified")
    with pytest.raises(FetchError) as caught:
        await fetcher.get(origin.url())
    assert caught.value.reason == "protocol"


@pytest.mark.parametrize(("body", "etag"), [(b"", b'"empty"'), (FEED, b'"\xff\xfe"'), (FEED, b"")])
async def test_validators_that_could_not_be_trusted_are_not_kept(origin, fetcher, body, etag):
    origin.routes["/"] = answer(body, ETag=etag)
    assert (await fetcher.get(origin.url())).validators == Validators()


async def test_validators_go_to_the_document_that_they_were_given_for_and_to_no_other(
    origin, fetcher
):
    origin.routes["/old"] = redirect("/new")
    origin.routes["/new"] = answer(FEED, ETag='"v"')
    first = await fetcher.get(origin.url("/old"))
    origin.routes["/new"] = answer(b"", "304 Not Modified")
    assert (await fetcher.get(origin.url("/old"), validators=first.validators)).not_modified
    origin.routes["/old"] = redirect("/newest")
    origin.routes["/newest"] = answer(FEED, ETag='"v"')
    third = await fetcher.get(origin.url("/old"), validators=first.validators)
    assert third.body == FEED
    sent = [(r.path, r.headers.get("if-none-match")) for r in origin.requests[2:]]
    assert sent == [("/old", None), ("/new", b'"v"'), ("/old", None), ("/newest", None)]


@pytest.mark.parametrize("spelling", ["http://{}", "HTTP://{}/", "http://{}/#news"])
async def test_validators_are_sent_however_the_address_is_spelled(origin, fetcher, spelling):
    url = spelling.format(f"{origin.host}:{origin.port}")
    origin.routes["/"] = answer(FEED, ETag='"v"')
    first = await fetcher.get(url)
    await fetcher.get(url, validators=first.validators)
    assert origin.requests[1].headers["if-none-match"] == b'"v"'


async def test_with_an_etag_a_feed_may_answer_with_what_is_new_only(origin, fetcher):
    origin.routes["/"] = answer(FEED, "226 IM Used", IM="feed", ETag='"2"')
    response = await fetcher.get(origin.url(), validators=Validators('"1"'))
    assert origin.requests[0].headers["a-im"] == b"feed"
    assert (response.partial, response.body, response.validators.etag) == (True, FEED, '"2"')


@pytest.mark.parametrize("sent", [Validators(), Validators(last_modified="then")])
async def test_what_is_new_only_is_neither_asked_for_nor_taken_without_an_etag(
    origin, fetcher, sent
):
    origin.routes["/"] = answer(FEED, "226 IM Used", IM="feed", ETag='"2"')
    with pytest.raises(FetchError) as caught:
        await fetcher.get(origin.url(), validators=sent)
    assert caught.value.status == 226
    assert "a-im" not in origin.requests[0].headers


# --- redirects


async def test_a_permanent_chain_is_remembered_up_to_its_first_temporary_hop(origin, fetcher):
    origin.routes |= {
        "/a": redirect("/b", "301 Moved Permanently"),
        "/b": redirect("/c", "308 Permanent Redirect"),
        "/c": redirect("/d", "302 Found"),
        "/d": redirect("/e", "301 Moved Permanently"),
        "/e": answer(FEED),
    }
    response = await fetcher.get(origin.url("/a"))
    assert response.url == origin.url("/a")
    assert response.permanent_url == origin.url("/c")
    assert response.final_url == origin.url("/e")


@pytest.mark.parametrize("status", ["302 Found", "303 See Other", "307 Temporary Redirect"])
async def test_a_temporary_redirect_is_followed_and_not_remembered(origin, fetcher, status):
    origin.routes |= {
        "/a": redirect("/b", status),
        "/b": redirect("/c", "301 Gone there"),
        "/c": answer(FEED),
    }
    response = await fetcher.get(origin.url("/a"))
    assert (response.permanent_url, response.final_url) == (origin.url("/a"), origin.url("/c"))


async def test_ten_redirects_are_followed_and_eleven_are_not(origin, fetcher):
    for n in range(11):
        origin.routes[f"/{n}"] = redirect(f"/{n + 1}")
    origin.routes["/11"] = answer(FEED)
    assert (await fetcher.get(origin.url("/1"))).body == FEED
    origin.requests.clear()
    with pytest.raises(FetchError) as caught:
        await fetcher.get(origin.url("/0"))
    assert caught.value.reason == "too_many_redirects"
    assert "/11" not in origin.paths()


@pytest.mark.parametrize("target", ["/a", "/a#top", "/b", "//127.0.0.1:{port}/a"])
async def test_a_redirect_in_a_circle_is_noticed_at_once(origin, fetcher, target):
    origin.routes |= {"/a": redirect(target.format(port=origin.port)), "/b": redirect("/a")}
    with pytest.raises(FetchError) as caught:
        await fetcher.get(origin.url("/a"))
    assert caught.value.reason == "redirect_loop"
    assert len(origin.requests) <= 2


@pytest.mark.parametrize(
    "target",
    [
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "javascript:alert(1)",
        "gopher://127.0.0.1:70/",
        "http://[::1",
        "http://127.0.0.1:99999/",
        "/" + "x" * 8001,
        "http://a b/",
    ],
)
async def test_a_redirect_to_what_is_no_web_address_is_refused(origin, fetcher, target):
    origin.routes["/"] = redirect(target)
    with pytest.raises(FetchError) as caught:
        await fetcher.get(origin.url())
    assert caught.value.reason in {"bad_url", "protocol"}
    assert len(origin.requests) == 1


async def test_a_redirect_may_be_written_without_its_host_or_with_odd_letters(origin, fetcher):
    origin.routes["/a"] = redirect("b/ü x?q=ñ")
    origin.routes["/b/%C3%BC%20x?q=%C3%B1"] = answer(FEED)
    response = await fetcher.get(origin.url("/a"))
    assert response.final_url == origin.url("/b/%C3%BC%20x?q=%C3%B1")


async def test_a_redirect_elsewhere_takes_no_password_or_cookie_along(origin, elsewhere, fetcher):
    origin.routes["/a"] = answer(
        b"", "302 Found", Location=elsewhere.url("/b"), Set_Cookie="session=1"
    )
    elsewhere.routes["/b"] = answer(FEED)
    url = origin.url("/a").replace("http://", "http://reader:secret@")
    await fetcher.get(url)
    assert origin.requests[0].headers["authorization"].startswith(b"Basic ")
    assert not {"authorization", "cookie", "referer"} & set(elsewhere.requests[0].headers)


# --- statuses


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("204 No Content", "http_2xx"),
        ("206 Partial Content", "http_2xx"),
        ("300 Multiple Choices", "http_3xx"),
        ("301 Moved without saying where", "http_3xx"),
        ("400 Bad Request", "http_4xx"),
        ("401 Unauthorized", "http_401"),
        ("403 Forbidden", "http_403"),
        ("404 Not Found", "http_404"),
        ("410 Gone", "gone"),
        ("418 I'm a Teapot", "http_4xx"),
        ("429 Too Many Requests", "http_429"),
        ("500 Internal Server Error", "http_5xx"),
        ("503 Service Unavailable", "http_503"),
        ("599 Nobody Knows", "http_5xx"),
        ("999 Denied", "http_5xx"),
    ],
)
async def test_any_other_status_is_an_error_that_says_so(origin, fetcher, status, reason):
    origin.routes["/"] = answer(b"" if status[:3] == "204" else b"sorry", status)
    with pytest.raises(FetchError) as caught:
        await fetcher.get(origin.url())
    assert (caught.value.reason, caught.value.status) == (reason, int(status[:3]))
    assert origin.url() in str(caught.value)
    assert status[:3] in str(caught.value)
    assert caught.value.remedy
    assert caught.value.retry_after is None


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
async def test_a_server_that_asks_to_be_left_alone_is_heard(origin, fetcher, status):
    origin.routes["/"] = answer(b"busy", status, Retry_After="3600")
    with pytest.raises(FetchError) as caught:
        await fetcher.get(origin.url())
    assert caught.value.retry_after == timedelta(hours=1)


# --- concurrency


async def test_feeds_of_one_host_are_never_asked_for_at_once(origin, make_fetcher):
    fetcher = await make_fetcher(concurrency=64)

    async def slowly(_, writer):
        await asyncio.sleep(0.01)
        writer.write(answer(FEED))

    origin.routes |= {f"/{n}": slowly for n in range(12)}
    responses = await asyncio.gather(*(fetcher.get(origin.url(f"/{n}")) for n in range(12)))
    assert len(responses) == len(origin.requests) == 12
    assert origin.busiest == 1


async def test_no_more_exchanges_run_at_once_than_allowed(make_fetcher):
    fetcher = await make_fetcher(concurrency=3)
    running = most = 0

    async def slowly(_, writer):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1
        writer.write(answer(FEED))

    async with contextlib.AsyncExitStack() as stack:
        hosts = [f"127.0.0.{n}" for n in range(3, 9)]
        servers = [await stack.enter_async_context(serving(host)) for host in hosts]
        for server in servers:
            server.routes["/"] = slowly
        await asyncio.gather(*(fetcher.get(s.url()) for s in servers for _ in range(3)))
    assert most == 3


async def test_the_delay_stands_between_polls_and_between_redirect_hops(origin, make_fetcher):
    now, slept = 0.0, []

    async def sleep(seconds):
        nonlocal now
        slept.append(seconds)
        now += seconds

    fetcher = await make_fetcher(
        per_host_delay=timedelta(seconds=40), clock=lambda: now, sleep=sleep
    )
    origin.routes |= {"/a": redirect("/b"), "/b": redirect("/c"), "/c": answer(FEED)}
    await fetcher.get(origin.url("/a"))
    await fetcher.get(origin.url("/c"))
    assert slept == [40, 40, 40]


async def test_a_stuck_host_does_not_hold_up_the_others(origin, elsewhere, make_fetcher):
    fetcher = await make_fetcher(concurrency=2)
    release = asyncio.Event()

    async def stuck(_, writer):
        await release.wait()
        writer.write(answer(FEED))

    origin.routes["/"] = stuck
    elsewhere.routes["/"] = answer(FEED)
    waiting = [asyncio.create_task(fetcher.get(origin.url())) for _ in range(5)]
    for _ in range(5):
        await fetcher.get(elsewhere.url())
    release.set()
    assert {(await task).status for task in waiting} == {200}
