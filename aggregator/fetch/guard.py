"""The address guard: which addresses may be connected to.

A feed is someone else's data, and can name any host: the operator's router, a metadata service,
this daemon's own database. Names are no defence, since the same name may resolve to a public
address when it is checked and to a private one when it is used. So the check stands where the
socket is made, on the very address that is about to be connected, for each connection: polls,
redirect hops and article pages alike.
"""

import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
# As `socket.getaddrinfo` gives it: family, type, protocol, canonical name, socket address.
AddressInfo = tuple[int, int, int, str, tuple[str | int | bytes, ...]]

# The IANA special-purpose registry (RFC 6890 and its updates), except what is globally reachable.
_IPV4_REFUSED = {
    IPv4Network("0.0.0.0/8"): "unspecified",
    IPv4Network("10.0.0.0/8"): "private",
    IPv4Network("100.64.0.0/10"): "carrier-grade NAT",
    IPv4Network("127.0.0.0/8"): "loopback",
    IPv4Network("168.63.129.16/32"): "cloud metadata",  # Azure's, at a public address
    IPv4Network("169.254.0.0/16"): "link-local or cloud metadata",
    IPv4Network("172.16.0.0/12"): "private",
    IPv4Network("192.0.0.0/24"): "reserved",
    IPv4Network("192.0.2.0/24"): "documentation",
    IPv4Network("192.88.99.0/24"): "6to4 relay",
    IPv4Network("192.168.0.0/16"): "private",
    IPv4Network("198.18.0.0/15"): "benchmarking",
    IPv4Network("198.51.100.0/24"): "documentation",
    IPv4Network("203.0.113.0/24"): "documentation",
    IPv4Network("224.0.0.0/4"): "multicast",
    IPv4Network("240.0.0.0/4"): "reserved",
}
# For IPv6 the rule is the other way round: nothing but global unicast (RFC 4291, 2.4), less these.
_IPV6_GLOBAL = IPv6Network("2000::/3")
_IPV6_REFUSED = {
    IPv6Network("2001::/23"): "reserved",
    IPv6Network("2001:db8::/32"): "documentation",
    IPv6Network("3fff::/20"): "documentation",
}
_IPV6_NAMED = {
    IPv6Network("::/128"): "unspecified",
    IPv6Network("::1/128"): "loopback",
    IPv6Network("fc00::/7"): "private",
    IPv6Network("fe80::/10"): "link-local",
    IPv6Network("fec0::/10"): "private",
    IPv6Network("ff00::/8"): "multicast",
}
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052


class RefusedAddressError(OSError):
    """An address that must not be connected to. `address` is the address, `kind` what it is.

    An `OSError`, so that the next address of the same host is tried; its text is always the
    same, so that several refusals come out of the connector as one.
    """

    def __init__(self, address: Address, kind: str) -> None:
        super().__init__("the address is not allowed")
        self.address = address
        self.kind = kind


class Guard:
    """Tells which addresses may be connected to.

    `allow` opens exact networks that are refused otherwise, as the operator listed them.
    """

    def __init__(self, allow: Sequence[Network] = ()) -> None:
        self.allow(allow)

    def allow(self, networks: Sequence[Network]) -> None:
        """Open these networks from now on, and no others."""
        self._allow = tuple(networks)

    def refusal(self, address: Address) -> str:
        """Why `address` is refused, in a word or two; "" where it may be connected to.

        An IPv6 address that carries an IPv4 address (IPv4-mapped, NAT64, 6to4) leads to that
        one, and is judged by it.
        """
        carried = _carried(address)
        judged = address if carried is None else carried
        if any(each in network for each in {address, judged} for network in self._allow):
            return ""
        return _kind(judged)

    def opens(self, host: str) -> bool:
        """Whether `host` is written as an address that is open only because it was listed."""
        try:
            address = ip_address(host)
        except ValueError:
            return False
        return not self.refusal(address) and Guard().refusal(address) != ""

    def check(self, address: Address) -> None:
        """Raise `RefusedAddressError` where `address` is refused."""
        kind = self.refusal(address)
        if kind:
            raise RefusedAddressError(address, kind)

    def socket_factory(self) -> Callable[[AddressInfo], socket.socket]:
        """A maker of sockets for aiohttp's connector, which hands it each address to connect."""

        def make(info: AddressInfo) -> socket.socket:
            family, kind, protocol, _, where = info
            self.check(ip_address(str(where[0])))
            return socket.socket(family, kind, protocol)

        return make


def _carried(address: Address) -> IPv4Address | None:
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def _kind(address: Address) -> str:
    if isinstance(address, IPv4Address):
        return next((kind for net, kind in _IPV4_REFUSED.items() if address in net), "")
    if address in _IPV6_GLOBAL:
        return next((kind for net, kind in _IPV6_REFUSED.items() if address in net), "")
    return next((kind for net, kind in _IPV6_NAMED.items() if address in net), "reserved")
