"""Every way that leads to an address that is not public, under every spelling of it, is closed."""

import socket
from ipaddress import ip_network

import pytest
from hostile_origin import answer, error_of, redirect, serving

from aggregator.errors import FetchError
from aggregator.fetch import Accept
from aggregator.fetch.transport import Resolver

FEED = b"<rss version='2.0'><channel><title>Harbour News</title></channel></rss>"
# What each stands for is in front; the numbers are all of loopback, and of metadata services.
SPELLINGS = {
    "loopback": "127.0.0.1",
    "loopback, far end": "127.255.255.254",
    "short": "127.1",
    "integer": "2130706433",
    "hexadecimal": "0x7f000001",
    "hexadecimal, in parts": "0x7f.0x0.0x0.0x1",
    "octal": "017700000001",
    "octal, in parts": "0177.0.0.1",
    "mixed": "0x7f.1",
    "zero": "0",
    "any": "0.0.0.0",
    "private": "10.1.2.3",
    "private, as an integer": "167772161",
    "private, class B": "172.20.1.1",
    "private, class C": "192.168.0.1",
    "CGNAT": "100.64.0.1",
    "link-local": "169.254.1.1",
    "metadata": "169.254.169.254",
    "metadata, as an integer": "2852039166",
    "metadata of Alibaba": "100.100.100.200",
    "metadata of Azure": "168.63.129.16",
    "metadata of Oracle": "192.0.0.192",
    "multicast": "224.0.0.251",
    "broadcast": "255.255.255.255",
    "reserved": "240.0.0.1",
    "IPv6 loopback": "[::1]",
    "IPv6 any": "[::]",
    "IPv4-mapped": "[::ffff:127.0.0.1]",
    "IPv4-mapped, in hexadecimal": "[::ffff:7f00:1]",
    "IPv4-mapped metadata": "[::ffff:169.254.169.254]",
    "IPv4-compatible": "[::127.0.0.1]",
    "NAT64": "[64:ff9b::7f00:1]",
    "NAT64 of a local network": "[64:ff9b:1::7f00:1]",
    "6to4": "[2002:7f00:1::]",
    "Teredo": "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
    "unique local": "[fd00:ec2::254]",
    "IPv6 link-local": "[fe80::1]",
    "IPv6 link-local with a zone": "[fe80::1%25lo]",
    "IPv6 site-local": "[fec0::1]",
    "IPv6 multicast": "[ff02::1]",
    "a name": "localhost",
    "a name with a dot": "localhost.",
    "full-width digits": "１２７.０.０.１",
    "circled digits": "①②⑦.⓪.⓪.①",
    "ideographic full stops": "127。0。0。1",
}
# Not all spellings are addresses everywhere; then they are refused as no address, or unknown.
CLOSED = {"refused_address", "bad_url", "dns"}


@pytest.fixture
async def closed(make_fetcher):
    return await make_fetcher(allow_networks=[])


@pytest.mark.parametrize("host", SPELLINGS.values(), ids=SPELLINGS)
@pytest.mark.parametrize("accept", [Accept.FEED, Accept.PAGE], ids=["feed", "page"])
async def test_no_spelling_of_a_private_address_is_connected_to(origin, closed, host, accept):
    error = await error_of(closed.get(origin.url(host=host), accept=accept))
    # A page's robots.txt would be at the same address.
    assert error.reason in CLOSED | ({"robots_unreachable"} if accept is Accept.PAGE else set())
    assert origin.requests == []
    assert origin.open == 0


@pytest.mark.parametrize("host", SPELLINGS.values(), ids=SPELLINGS)
async def test_no_redirect_leads_to_one(origin, make_fetcher, host):
    fetcher = await make_fetcher(allow_networks=[ip_network("127.0.0.3/32")])
    async with serving("127.0.0.3") as front:
        front.routes["/"] = redirect(origin.url(host=host))
        error = await error_of(fetcher.get(front.url()))
    assert error.reason in CLOSED
    assert origin.requests == []


async def test_an_address_that_changes_between_look_and_connection_is_not_connected(
    origin, make_fetcher, monkeypatch
):
    lookup = socket.getaddrinfo
    answers = iter(["127.0.0.1", "127.0.0.2"] * 50)

    def rebinding(host, port, *args, **kwargs):
        if host != "rebinding.example":
            return lookup(host, port, *args, **kwargs)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    monkeypatch.setattr(Resolver, "_KEPT", 0.0)  # each look is a new one: the worst for us
    async with serving("127.0.0.2", origin.port) as forbidden:
        fetcher = await make_fetcher(allow_networks=[ip_network("127.0.0.1/32")])
        origin.routes["/"] = answer(FEED)
        came = set()
        for _ in range(6):
            try:
                await fetcher.get(origin.url(host="rebinding.example"))
                came.add("")
            except FetchError as error:
                came.add(error.reason)
        assert came <= {"", "refused_address", "host_resting"}
        assert "refused_address" in came
        assert forbidden.requests == []
        assert forbidden.open == 0
