"""The loopback origin, asked as feed readers ask."""

import gzip
import http.client

import pytest

from benchmarks.farm import address, origin
from benchmarks.press import Press

PRESS = Press(feeds=7, entries=4, size=500)


@pytest.fixture(scope="module")
def farm():
    with origin(PRESS, share=0.3) as server:
        yield server


def get(farm, path: str, host: str = address(0), **headers: str):
    connection = http.client.HTTPConnection(host, farm.port, timeout=10)
    try:
        connection.request(
            "GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()}
        )
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def test_every_feed_has_an_address_of_its_own(farm):
    for feed, url in enumerate(farm.urls()):
        status, _, body = get(farm, f"/feed/{feed}.xml", host=address(feed))
        assert url == f"http://{address(feed)}:{farm.port}/feed/{feed}.xml"
        assert status == 200
        assert PRESS.outlet(feed).encode() in body
    assert len(set(farm.urls())) == PRESS.feeds


def test_it_compresses_for_those_who_ask(farm):
    _, plain_head, plain = get(farm, "/feed/1.xml")
    _, head, zipped = get(farm, "/feed/1.xml", Accept_Encoding="br, gzip")
    assert "Content-Encoding" not in plain_head
    assert head["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped) == plain


def test_it_answers_304_to_its_own_validators_only(farm):
    _, head, _ = get(farm, "/feed/2.xml")
    etag, modified = head["ETag"], head["Last-Modified"]
    assert get(farm, "/feed/2.xml", If_None_Match=etag)[0] == 304
    assert get(farm, "/feed/2.xml", If_Modified_Since=modified)[0] == 304
    assert get(farm, "/feed/2.xml", If_None_Match='"other"', If_Modified_Since=modified)[0] == 200
    assert get(farm, "/feed/3.xml", If_None_Match=etag)[0] == 200


def test_a_tick_publishes_new_entries_where_it_says_and_nowhere_else(farm):
    before = [get(farm, f"/feed/{feed}.xml") for feed in range(PRESS.feeds)]
    changed = farm.tick()
    assert len(changed) == 2
    for feed, (_, head, body) in enumerate(before):
        status, _, now = get(farm, f"/feed/{feed}.xml", If_None_Match=head["ETag"])
        if feed in changed:
            assert status == 200
            assert now == PRESS.document(feed, PRESS.entries + changed[feed]) != body
        else:
            assert status == 304


def test_it_counts_what_it_was_asked(farm):
    before = farm.stats()
    get(farm, "/feed/0.xml")
    assert get(farm, "/feed/700.xml")[0] == 404
    assert get(farm, "/elsewhere")[0] == 404
    after = farm.stats()
    assert after["requests"] == before["requests"] + 3
    assert after["n200"] == before["n200"] + 1
    assert after["other"] == before["other"] + 2


def test_one_connection_takes_many_requests(farm):
    before = farm.stats()["connections"]
    connection = http.client.HTTPConnection(address(4), farm.port, timeout=10)
    for _ in range(3):
        connection.request("GET", "/feed/4.xml")
        assert connection.getresponse().read()
    connection.close()
    assert farm.stats()["connections"] == before + 2  # ours, and that of the last question


def test_it_can_be_slow():
    with origin(Press(feeds=1, entries=1, size=300), latency=0.05) as slow:
        assert get(slow, "/feed/0.xml")[0] == 200
