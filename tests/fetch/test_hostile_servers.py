"""Servers that are broken, hostile or not there: each costs one error, and nothing else."""

import asyncio
import gzip
import pickle
import tracemalloc
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from itertools import islice
from pathlib import Path

import brotli
import pytest
from hostile_origin import answer, closing, endless, error_of, redirect, serving
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_decoding import BOMBS

from aggregator.errors import FetchError
from aggregator.fetch import Fetcher
from aggregator.fetch.decoding import zstd
from aggregator.fetch.failures import LONGEST_RETRY_AFTER, retry_after

FEED = b"<rss version='2.0'><channel><title>Harbour News</title></channel></rss>" * 40
SHORTLY = timedelta(seconds=0.4)
SMALL = {
    "user_agent": "aggregator-tests/1",
    "timeout": timedelta(seconds=5),
    "max_bytes": 100_000,
    "allow_networks": [ip_network("127.0.0.0/8")],
    "concurrency": 4,
    "per_host_delay": timedelta(0),
    "trust_env": False,
}
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def bomb(coding):
    """As much of a bomb as the client will take."""

    async def say(_, writer):
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode())
        for part in BOMBS[coding]():
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)

    return say


def cut(coding, pack):
    packed = pack(FEED)[:-9]
    return answer(packed, Content_Encoding=coding)


HOSTILE = {
    "gzip-bomb": (bomb("gzip"), "too_large"),
    "br-bomb": (bomb("br"), "too_large"),
    "zstd-bomb": (bomb("zstd"), "too_large"),
    "endless-body": (
        endless(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b"x" * 9999),
        "too_large",
    ),
    "endless-chunks": (endless(CHUNKED, b"2710\r\n" + b"x" * 10000 + b"\r\n"), "too_large"),
    "long-length": (answer(b"x", length=10**10), "too_large"),
    "absurd-length": (b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 300 + b"\r\n\r\n", None),
    "drip": (endless(answer(b"", length=5000), b"x", every=0.05), "timeout"),
    "drip-in-the-head": (endless(b"HTTP/1.1 200 OK\r\nX: ", b"x", every=0.05), "timeout"),
    "drip-of-empty-chunk-heads": (endless(CHUNKED, b"1", every=0.05), None),
    "silence": (endless(b"", b"", every=0.05), "timeout"),
    "endless-headers": (endless(b"HTTP/1.1 200 OK\r\n", b"X-Y: z\r\n" * 100), "protocol"),
    "endless-header": (endless(b"HTTP/1.1 200 OK\r\nX-Y: ", b"z" * 999), "protocol"),
    "endless-status-line": (endless(b"HTTP/1.1 200 ", b"O" * 999), "protocol"),
    "endless-continue": (endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n", every=0.001), None),
    "endless-trailers": (endless(CHUNKED + b"0\r\n", b"X-Y: z\r\n" * 100), None),
    "not-http": (closing(b"\x16\x03\x01 SSH-2.0-OpenSSH_9.2\r\n\r\n"), "protocol"),
    "http-0.9": (closing(b"<rss></rss>\r\n\r\n"), "protocol"),
    "bad-header": (closing(b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n"), "protocol"),
    "bad-chunk": (closing(CHUNKED + b"zz\r\nxxxx\r\n"), None),
    "two-lengths": (
        closing(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef"),
        "protocol",
    ),
    "no-answer": (closing(b""), "truncated"),
    "half-a-head": (closing(b"HTTP/1.1 200 OK\r\nContent-Type: te"), "truncated"),
    "cut-off": (closing(answer(FEED, length=len(FEED) + 100)), "truncated"),
    "cut-off-chunks": (closing(CHUNKED + b"5\r\nabcde\r\n"), "truncated"),
    "cut-off-chunk": (closing(CHUNKED + b"500\r\nabcde"), "truncated"),
    "cut-off-gzip": (cut("gzip", gzip.compress), "truncated"),
    "cut-off-br": (cut("br", brotli.compress), "truncated"),
    "cut-off-zstd": (cut("zstd", zstd.compress), "truncated"),
    "not-gzip": (answer(FEED, Content_Encoding="gzip"), "bad_encoding"),
    "not-br": (answer(FEED, Content_Encoding="br"), "bad_encoding"),
    "not-zstd": (answer(FEED, Content_Encoding="zstd"), "bad_encoding"),
    "unknown-coding": (answer(FEED, Content_Encoding="compress"), "bad_encoding"),
    "loop": (redirect("/loop"), "redirect_loop"),
    "private": (redirect("http://10.0.0.1/"), "refused_address"),
    "metadata": (redirect("http://169.254.169.254/latest/meta-data/"), "refused_address"),
    "integer-address": (redirect("http://2130706433/"), "bad_url"),
    "missing": (answer(b"", "404 Not Found"), "http_404"),
    "broken": (answer(b"", "500 Internal Server Error"), "http_5xx"),
}
BOUNDED = {"protocol", "truncated", "timeout", "too_large"}


@pytest.fixture
async def hostile(origin):
    origin.routes |= {f"/{name}": reply for name, (reply, _) in HOSTILE.items()}
    return origin


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_answer_costs_one_error_and_its_connection(hostile, make_fetcher, name):
    fetcher = await make_fetcher(
        timeout=SHORTLY if "timeout" in str(HOSTILE[name]) else 5 * SHORTLY
    )
    error = await error_of(fetcher.get(hostile.url(f"/{name}")))
    expected = HOSTILE[name][1]
    assert error.reason in ({expected} if expected else BOUNDED)
    assert hostile.url(f"/{name}") in str(error) or "http://" in str(error)
    assert error.remedy
    if expected in {"too_large", "timeout", "protocol"}:
        await hostile.until_unconnected()


@pytest.mark.parametrize("coding", BOMBS)
async def test_a_bomb_takes_no_more_memory_than_the_limit(hostile, make_fetcher, coding):
    fetcher = await make_fetcher(max_bytes=2_000_000)
    parts = b"".join(islice(BOMBS[coding](), 4))
    hostile.routes["/ready"] = answer(parts, Content_Encoding=coding)
    tracemalloc.start()
    try:
        error = await error_of(fetcher.get(hostile.url("/ready")))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert error.reason == "too_large"
    assert peak < 2 * 2_000_000 + 1_500_000


async def test_a_body_of_exactly_the_limit_is_no_error_and_one_byte_more_is(origin, make_fetcher):
    fetcher = await make_fetcher(max_bytes=5000)
    for pack, coding in ((bytes, "identity"), (gzip.compress, "gzip")):
        origin.routes |= {
            "/fits": answer(pack(b"x" * 5000), Content_Encoding=coding),
            "/not": answer(pack(b"x" * 5001), Content_Encoding=coding),
        }
        assert len((await fetcher.get(origin.url("/fits"))).body) == 5000
        assert (await error_of(fetcher.get(origin.url("/not")))).reason == "too_large"


async def test_good_feeds_are_served_while_every_hostile_server_does_its_worst(make_fetcher):
    fetcher = await make_fetcher(timeout=3 * SHORTLY, concurrency=len(HOSTILE) + 2)
    async with AsyncExitStack() as stack:
        good = [await stack.enter_async_context(serving(f"127.0.1.{n}")) for n in range(1, 4)]
        bad = {}
        for n, name in enumerate(HOSTILE, 1):
            bad[name] = await stack.enter_async_context(serving(f"127.0.2.{n}"))
            bad[name].routes[f"/{name}"] = HOSTILE[name][0]
        for each in good:
            each.routes["/"] = answer(FEED)
        failing = [
            asyncio.create_task(fetcher.get(each.url(f"/{name}"))) for name, each in bad.items()
        ]
        served = [await fetcher.get(each.url()) for _ in range(10) for each in good]
        errors = await asyncio.gather(*failing, return_exceptions=True)
    assert {response.body for response in served} == {FEED}
    reasons = {name: getattr(e, "reason", repr(e)) for name, e in zip(bad, errors, strict=True)}
    wrong = {
        name: reason
        for name, reason in reasons.items()
        if reason not in ({HOSTILE[name][1]} if HOSTILE[name][1] else BOUNDED)
    }
    # On a busy machine all of them together may run into the short time limit.
    assert not {name for name, reason in wrong.items() if reason != "timeout"}


async def test_nothing_is_left_open_when_the_fetcher_is_closed(hostile):
    before = open_files()
    tasks = asyncio.all_tasks()
    async with Fetcher(**SMALL | {"timeout": SHORTLY}) as fetcher:
        for name in ("drip", "endless-body", "gzip-bomb", "cut-off", "broken", "not-http"):
            await error_of(fetcher.get(hostile.url(f"/{name}")))
        stopped = asyncio.create_task(fetcher.get(hostile.url("/silence")))
        await asyncio.sleep(0.05)
        stopped.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stopped
    await hostile.until_unconnected()
    await asyncio.sleep(0.05)
    assert asyncio.all_tasks() == tasks
    assert open_files() <= before


# --- any bytes at all

PIECES = [
    *(b"HTTP/1.1", b"HTTP/1.0", b" ", b"200", b"304", b"302", b"OK", b"\r\n", b"\n", b"\r\n\r\n"),
    *(b"Content-Length: ", b"Transfer-Encoding: chunked", b"Location: ", b"ETag: ", b"3", b"-1"),
    *(b"Content-Encoding: gzip", b"Set-Cookie: a=b; Max-Age=\xff", b"\0", b":", b";", b"\xff"),
    *(b"http://[", b"//", b"HTTP/1.1 200 OK\r\n", b"Connection: Upgrade\r\nUpgrade: x"),
]
pieces = st.sampled_from(PIECES)
replies = st.lists(st.one_of(pieces, pieces, st.binary(max_size=4)), max_size=14).map(b"".join)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.one_of(replies, replies.map(b"HTTP/1.1 200 OK\r\n".__add__)), max_size=20))
@example([b"HTTP/1.1 302 Found\r\nLocation: http://xn--a/\r\n\r\n"])
@example([b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nxx"])
def test_any_bytes_are_an_answer_or_an_error_with_a_reason(replies):
    async def exchange():
        async with serving() as origin, Fetcher(**SMALL) as fetcher:
            for n, reply in enumerate(replies):
                origin.routes[f"/{n}"] = closing(reply)
                try:
                    response = await fetcher.get(origin.url(f"/{n}"))
                except FetchError as error:
                    came.append((error.reason != "error", error.remedy != ""))
                else:
                    came.append((response.status == 200, True))

    came = []
    asyncio.run(exchange())
    assert came == [(True, True)] * len(replies)


# --- errors and waiting


def test_an_error_crosses_processes_with_all_it_knows():
    error = FetchError("a", reason="http_429", remedy="b", status=429, retry_after=SHORTLY)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is FetchError
    assert vars(again) == vars(error)


NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@given(st.one_of(st.text(), st.text("0123456789 "), st.from_regex(r"\w{3}, \d+ \w{3} \d+ .*")))
@example("9" * 5000)
@example("Sun, 01 Mar 99999 12:00:00 GMT")
@example("Sun, 01 Mar 0001 00:00:00 +2359")
def test_any_retry_after_is_a_sensible_wait_or_none(value):
    wait = retry_after(value, NOW)
    assert wait is None or timedelta(0) <= wait <= LONGEST_RETRY_AFTER


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("120", timedelta(minutes=2)),
        (" 0 ", timedelta(0)),
        ("Sun, 01 Mar 2026 13:30:00 GMT", timedelta(hours=1.5)),
        ("Sun, 01 Mar 2026 13:00:00 -0000", timedelta(hours=1)),
        ("Sun, 01 Mar 2026 11:00:00 GMT", timedelta(0)),
        ("99999999999999999999", LONGEST_RETRY_AFTER),
        ("-5", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_as_seconds_or_a_date(value, wait):
    assert retry_after(value, NOW) == wait
