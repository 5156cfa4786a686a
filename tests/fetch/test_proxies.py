"""Proxies that the environment names."""

import socket

import pytest
from hostile_origin import answer

from aggregator.errors import ConfigError, FetchError

FEED = b"<rss version='2.0'><channel/></rss>"


@pytest.fixture
def environment(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return monkeypatch


@pytest.fixture
async def proxied(environment, origin, make_fetcher):
    """A fetcher whose proxy is the origin, which no network of allow_networks holds."""
    environment.setenv("http_proxy", origin.url("", host="localhost"))
    environment.setenv("no_proxy", "direct.example")
    origin.routes["http://news.example/feed"] = answer(FEED, ETag='"1"')
    return await make_fetcher(allow_networks=[], trust_env=True)


async def test_a_proxy_is_asked_for_names_that_only_it_can_look_up(proxied, origin):
    response = await proxied.get("http://news.example/feed")
    assert response.body == FEED
    assert origin.requests[0].headers["host"] == b"news.example"


@pytest.mark.parametrize("host", ["10.0.0.1", "127.0.0.1", "169.254.169.254", "[::1]"])
async def test_a_proxy_is_not_asked_for_an_address_that_is_refused(proxied, origin, host):
    with pytest.raises(FetchError) as caught:
        await proxied.get(f"http://{host}/feed")
    assert caught.value.reason == "refused_address"
    assert origin.requests == []


async def test_a_network_that_was_listed_is_reached_without_the_proxy(
    environment, origin, elsewhere, make_fetcher
):
    environment.setenv("http_proxy", origin.url(""))
    fetcher = await make_fetcher(trust_env=True)
    elsewhere.routes["/"] = answer(FEED)
    assert (await fetcher.get(elsewhere.url())).body == FEED
    assert origin.requests == []


async def test_no_proxy_names_what_is_reached_directly(proxied, origin, monkeypatch):
    def private(host, port, *args, **kwargs):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", private)
    with pytest.raises(FetchError) as caught:
        await proxied.get("http://direct.example/")
    assert caught.value.reason == "refused_address"
    assert origin.requests == []


async def test_a_proxy_that_is_not_there_is_told_from_a_server_that_is_not(
    environment, make_fetcher
):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        environment.setenv("all_proxy", f"127.0.0.1:{held.getsockname()[1]}")
        fetcher = await make_fetcher(trust_env=True)
        with pytest.raises(FetchError) as caught:
            await fetcher.get("http://news.example/feed")
    assert caught.value.reason == "proxy"
    assert "HTTP_PROXY" in caught.value.remedy


async def test_a_proxy_of_a_kind_that_is_not_spoken_is_refused_without_its_password(
    environment, make_fetcher
):
    environment.setenv("all_proxy", "socks5://me:secret@127.0.0.1:1080")
    with pytest.raises(ConfigError) as caught:
        await make_fetcher(trust_env=True)
    assert "127.0.0.1:1080" in str(caught.value)
    assert "secret" not in str(caught.value)
