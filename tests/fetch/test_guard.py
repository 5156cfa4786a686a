"""Which addresses may be connected to."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aggregator.fetch.guard import Guard, RefusedAddressError

REFUSED = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.168.1.1",
    "198.18.0.1",
    "192.88.99.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::a00:1",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2001:0:1::1",
    "2001:db8::1",
    "100::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%1",
    "fec0::1",
    "ff02::1",
]
ALLOWED = [
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "128.0.0.1",
    "172.15.0.1",
    "172.32.0.1",
    "193.0.0.1",
    "223.255.255.255",
    "2606:4700::1111",
    "2a00:1450::1",
    "::ffff:1.1.1.1",
    "64:ff9b::1.1.1.1",
    "2002:101:101::1",
]


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_is_not_public_is_refused_with_its_kind(address):
    assert Guard().refusal(ip_address(address))


@pytest.mark.parametrize("address", ALLOWED)
def test_a_public_address_may_be_connected_to(address):
    assert Guard().refusal(ip_address(address)) == ""


@given(st.ip_addresses(v=4))
def test_no_ipv4_address_that_is_not_global_gets_past(address: IPv4Address):
    assume(not address.is_global or address.is_multicast)
    assert Guard().refusal(address)


@given(st.ip_addresses(v=6))
def test_no_ipv6_address_that_is_not_global_gets_past(address: IPv6Address):
    assume(not address.is_global or address.is_multicast or address.is_site_local)
    assume(not (address.ipv4_mapped or address.sixtofour))
    assert Guard().refusal(address)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_inside_ipv6_is_judged_like_itself(address: IPv4Address):
    number = int(address)
    disguises = [
        IPv6Address(0xFFFF << 32 | number),
        IPv6Address(0x64FF9B << 96 | number),
        IPv6Address(0x2002 << 112 | number << 80),
    ]
    assert {Guard().refusal(each) for each in disguises} == {Guard().refusal(address)}


def test_listing_a_network_opens_exactly_that_network():
    guard = Guard([ip_network("127.0.0.0/30"), ip_network("fd00:1::/64")])
    opened = ["127.0.0.1", "127.0.0.3", "::ffff:127.0.0.1", "fd00:1::9"]
    assert [guard.refusal(ip_address(each)) for each in opened] == [""] * 4
    for each in ("127.0.0.4", "10.0.0.1", "fd00:1:0:1::1", "::1", "::ffff:127.0.0.4"):
        assert guard.refusal(ip_address(each))


def test_the_socket_is_not_made_for_a_refused_address():
    make = Guard().socket_factory()
    with pytest.raises(RefusedAddressError) as caught:
        make((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("10.1.2.3", 80)))
    assert (str(caught.value.address), caught.value.kind) == ("10.1.2.3", "private")
    with make((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("1.1.1.1", 80))) as made:
        assert made.family == socket.AF_INET
