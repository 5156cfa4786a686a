"""Addresses that are refused, are not there, or are none."""

import asyncio
import socket
import ssl
import subprocess
import threading
from datetime import timedelta
from ipaddress import ip_network

import pytest
from hostile_origin import answer, error_of, redirect, serving

FEED = b"<rss version='2.0'><channel><title>Harbour News</title></channel></rss>"
SHORTLY = timedelta(seconds=0.4)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f.1", "[::ffff:127.0.0.1]"])
async def test_a_private_address_is_refused_under_every_name(origin, make_fetcher, host):
    fetcher = await make_fetcher(allow_networks=[])
    error = await error_of(fetcher.get(origin.url(host=host)))
    assert error.reason == "refused_address"
    assert "http.allow_networks" in error.remedy
    assert "127.0.0.1" in str(error)
    assert origin.requests == []


async def test_a_redirect_to_a_network_that_is_not_listed_is_refused(
    origin, elsewhere, make_fetcher
):
    fetcher = await make_fetcher(allow_networks=[ip_network("127.0.0.1/32")])
    origin.routes["/"] = redirect(elsewhere.url())
    elsewhere.routes["/"] = answer(FEED)
    error = await error_of(fetcher.get(origin.url()))
    assert error.reason == "refused_address"
    assert "127.0.0.2" in str(error)
    assert elsewhere.requests == []
    assert elsewhere.open == 0


async def test_of_a_names_addresses_only_the_allowed_are_ever_connected(
    origin, make_fetcher, monkeypatch
):
    lookup = socket.getaddrinfo
    addresses = ["127.0.0.2", "127.0.0.1", "10.0.0.1"]

    def answer_all(host, port, *args, **kwargs):
        if host != "rebinding.example":
            return lookup(host, port, *args, **kwargs)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", answer_all)
    async with serving("127.0.0.2", origin.port) as forbidden:
        fetcher = await make_fetcher(allow_networks=[ip_network("127.0.0.1/32")])
        origin.routes["/"] = answer(FEED)
        url = origin.url(host="rebinding.example")
        assert (await fetcher.get(url)).body == FEED
        addresses.remove("127.0.0.1")
        fresh = await make_fetcher(allow_networks=[ip_network("127.0.0.1/32")])
        assert (await error_of(fresh.get(url))).reason == "refused_address"
        assert forbidden.open == 0
        assert forbidden.requests == []


# --- what is not there


async def test_a_port_where_nobody_listens_is_a_connect_error(fetcher):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        error = await error_of(fetcher.get(f"http://127.0.0.1:{held.getsockname()[1]}/"))
    assert error.reason == "connect"


async def test_a_name_that_cannot_be_looked_up_is_a_dns_error(fetcher, monkeypatch):
    def unknown(*args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = await error_of(fetcher.get("http://nowhere.invalid/"))
    assert error.reason == "dns"
    assert "nowhere.invalid" in str(error)


async def test_names_that_are_looked_up_for_ever_hold_up_nobody_else(
    origin, make_fetcher, monkeypatch
):
    released = threading.Event()

    def stuck(*args, **kwargs):
        released.wait(60)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", stuck)
    fetcher = await make_fetcher(timeout=SHORTLY, concurrency=64)
    origin.routes["/"] = answer(FEED)
    try:
        async with asyncio.timeout(20):
            slow = [error_of(fetcher.get(f"http://slow{n}.example/")) for n in range(40)]
            errors = await asyncio.gather(*slow)
            assert {error.reason for error in errors} == {"timeout"}
            assert (await fetcher.get(origin.url())).body == FEED
            assert await asyncio.to_thread(lambda: "others' threads are free")
    finally:
        released.set()


async def test_a_server_without_tls_behind_an_https_url_is_a_tls_error(fetcher):
    def say_no(_, writer):
        writer.write(answer(b"this is no https port", "400 Bad Request"))

    async with await asyncio.start_server(say_no, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        error = await error_of(fetcher.get(f"https://127.0.0.1:{port}/"))
    assert error.reason == "tls"


@pytest.fixture
def self_signed(tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    command = [*make, "-subj", "/CN=localhost", "-keyout", key, "-out", certificate]
    subprocess.run(command, check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    return tls


async def test_a_certificate_nobody_vouches_for_is_a_tls_error(fetcher, self_signed):
    async with serving(ssl=self_signed) as secure:
        error = await error_of(fetcher.get(secure.url().replace("http:", "https:")))
    assert error.reason == "tls"
    assert "certificate" in str(error)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "feed.xml",
        "//example.org/",
        "ftp://example.org/",
        "http://",
        "https:///x",
        "http://[::1",
        "http://example.org:99999/",
        "http://exa mple.org/",
        "http://\0/",
        "http://2130706433/",
        "http://" + "a" * 70 + ".example/",
        "http://xn--a.example/",
        "http://e.org/" + "a" * 9000,
    ],
)
async def test_what_is_no_web_address_is_an_error_before_anything_is_sent(
    fetcher, url, monkeypatch
):
    monkeypatch.setattr(socket.socket, "connect", None)
    error = await error_of(fetcher.get(url))
    assert error.reason in {"bad_url", "dns"}
    assert len(str(error)) < 1000


async def test_a_password_in_a_url_is_not_told_in_its_errors(origin, fetcher):
    url = origin.url("/missing").replace("http://", "http://reader:secret@")
    error = await error_of(fetcher.get(url))
    assert error.reason == "http_404"
    assert "secret" not in str(error)
