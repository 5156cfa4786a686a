"""The carrier of a text under all its names and domains: what credits it credits nobody."""

import re

from aggregator.credit.directory import Directory, is_domain_like, name_key
from aggregator.credit.domains import host_of, is_ip_address, registrable_domain
from aggregator.model import Outlet

_TOP_LEVEL = re.compile(r"(?:\.[a-z]{2,12}){1,2}$", re.IGNORECASE)
_GENERIC = frozenset({
    "a", "admin", "an", "bureau", "co", "company", "contributor", "correspondent", "das", "der",
    "desk", "die", "digital", "editor", "editorial", "editors", "el", "group", "holdings", "il",
    "inc", "la", "le", "les", "llc", "los", "ltd", "media", "network", "news", "newspapers",
    "newsroom", "online", "press", "publications", "publishing", "report", "reporter",
    "reporters", "staff", "team", "the", "web", "website", "writer",
})  # fmt: skip
_SHORTEST_LABEL = 5  # of a host
_SHORTEST_BEGINNING = 6  # letters of an own name that a longer one may begin with


class Own:
    """Tells what is the carrier's own."""

    def __init__(self, directory: Directory, carrier: Outlet, url: str) -> None:
        self._directory = directory
        # A transport's pages are others', whose names stand at the end of its titles.
        self.is_transport = directory.is_transport(url) or directory.is_transport(carrier.domain)
        known = next((o for d in carrier.domains if (o := directory.by_domain(d))), None)
        if known is None and all(map(directory.is_transport, carrier.domains)):
            known = directory.by_name(carrier.name)
        domains = {registrable_domain(domain) for domain in carrier.domains}
        domains |= {host_of(domain) for domain in carrier.domains}
        there = directory.by_domain(url)
        if there is None or there is known:  # else its feed lists pages of others
            domains.add(registrable_domain(url))
        names = {carrier.name, *carrier.aliases}
        if known is not None:
            names |= {known.name, *known.aliases}
            domains |= {registrable_domain(domain) for domain in known.domains}
        self._domains = domains - {""}
        # "Bells on Scoop.it" is Bells, on a platform.
        names |= {carrier.name.split(mark)[0] for mark in (" on ", " | ", " - ")}
        self._called = {name_key(name) for name in names} - {""}
        hosts = {domain for domain in self._domains if not is_ip_address(domain)}
        labels = hosts | {host.partition(".")[0] for host in hosts}
        self._keys = self._called | {name_key(label) for label in labels} - {""}
        self._words = [words for name in names if (words := _words(name))]
        self._last = {words[-1] for words in self._words if len(words) > 1}
        self._long = {name_key(name) for name in names if len(name.split()) > 1}

    def is_own(self, name: str, domain: str = "", outlet: Outlet | None = None) -> bool:
        """Whether a name, a domain or an outlet is the carrier, whatever it is called."""
        if domain and (registrable_domain(domain) in self._domains or domain in self._domains):
            return True
        if outlet is not None:
            if name_key(outlet.name) in self._called:
                return True
            shared = any(registrable_domain(d) in self._domains for d in outlet.domains)
            return shared and self._directory.by_domain(outlet.domain) is outlet
        if domain and not is_domain_like(name):
            return False
        return self._is_own_name(name)

    def is_own_link(self, url: str) -> bool:
        """Whether a link stays with the carrier."""
        return self._is_own_host(host_of(url))

    def foreign(self, url: str) -> str:
        """Where a link leads, if that is another's page or site; else ""."""
        if not url:
            return ""
        target = self._directory.target_of(url)
        host = host_of(target)
        if not host or ("." not in host and not is_ip_address(host)):
            return ""
        return "" if self._is_own_host(host) else target

    def _is_own_host(self, host: str) -> bool:
        if registrable_domain(host) in self._domains:
            return True
        # A blog that moved: moorecho.wordpress.com is Moor Echo's.
        label = name_key(host.removeprefix("www.").partition(".")[0])
        return len(label) >= _SHORTEST_LABEL and label in self._keys

    def _is_own_name(self, name: str) -> bool:
        key = name_key(name)
        if not key:
            return False
        if key in self._keys or name_key(_TOP_LEVEL.sub("", name)) in self._keys:
            return True
        # "Metro Herald Weekend" is Metro Herald's, and so are "the Herald" and its group.
        if any(len(k) >= _SHORTEST_BEGINNING and key.startswith(k) for k in self._long):
            return True
        words = _words(name)
        if len(words) == 1 and words[0] in self._last:
            return True
        return bool(words) and any(set(words) == set(own) for own in self._words)


def _words(name: str) -> list[str]:
    """The words of a name, but for those that many names have."""
    words = [word.strip(".,:;()'’\"“”") for word in name.lower().split()]
    words = [word.removesuffix("'s").removesuffix("’s") for word in words]
    return [word for word in words if word and word not in _GENERIC]
