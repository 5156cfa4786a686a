"""Who takes part in a story: carriers and the credited, each once, whatever it is called where."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from aggregator.credit.directory import Directory, name_key
from aggregator.credit.domains import is_page, registrable_domain
from aggregator.model import Carried, Credit, Extent, OutletKind, Role

_ASSERTING = frozenset({Role.PUBLISHER, Role.AGENCY})


@dataclass(slots=True)
class Party:
    """An outlet in one story: its copies, and the credits that name it."""

    number: int
    copies: list[Carried] = field(default_factory=list)
    credits: list[Credit] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    name: str = ""
    domain: str = ""
    is_agency: bool = False
    is_relay: bool = False

    @property
    def url(self) -> str:
        """Its own page of the text: that of its first copy, else where a credit leads."""
        if self.copies:
            first = min(self.copies, key=lambda copy: (copy.first_seen, copy.url, copy.key))
            return first.url
        linked = [credit for credit in self.credits if credit.url and is_page(credit.url)]
        best = min(linked, key=lambda credit: (-credit.rank, credit.url), default=None)
        return best.url if best is not None else ""


class Parties:
    """The parties of a story, found by the domains and names of copies and credits."""

    def __init__(self, copies: Sequence[Carried], directory: Directory) -> None:
        self._directory = directory
        self._above: dict[str, str] = {}
        self._key: dict[int, str] = {}  # of copies and credits, by identity: they all live on
        self._shared = _shared_hosts(copies, directory)
        for copy in copies:
            self._recognise(copy, self._keys_of_copy(copy))
            for credit in asserting(copy):
                self._recognise(credit, self._keys_of_credit(credit))
        self._by_root: dict[str, Party] = {}
        for copy in sorted(copies, key=lambda c: (c.first_seen, c.url, c.outlet.name, c.key)):
            self._enter_copy(copy)
        everything = [credit for copy in copies for credit in asserting(copy)]
        for credit in sorted(everything, key=_order_of_credit):
            self._enter_credit(credit)

    def of_copy(self, copy: Carried) -> Party:
        """The party that carries a copy."""
        return self._by_root[self._root(self._key[id(copy)])]

    def of_credit(self, credit: Credit) -> Party:
        """The party that a credit names."""
        return self._by_root[self._root(self._key[id(credit)])]

    # ------------------------------------------------------------------------------- identity

    def _recognise(self, what: Carried | Credit, keys: Sequence[str]) -> None:
        self._key[id(what)] = keys[0]
        self._join(keys)

    def _keys_of_copy(self, copy: Carried) -> list[str]:
        host = registrable_domain(copy.url)
        domains = [*map(registrable_domain, copy.outlet.domains)]
        if host and host not in self._shared:
            domains.append(host)
        names = (copy.outlet.name, *copy.outlet.aliases)
        return self._keys(domains, names) or [f"copy {copy.url} {copy.key}"]

    def _keys_of_credit(self, credit: Credit) -> list[str]:
        domains = [registrable_domain(credit.domain), registrable_domain(credit.url)]
        if self._is_guest(credit):
            return [f"guest {domains[0]} {name_key(credit.name)}"]
        names = (credit.name, credit.as_written)
        return self._keys(domains, names) or [f"credit {credit.quote}"]

    def _is_guest(self, credit: Credit) -> bool:
        """Whether it is a publication on a platform: Keepers' Notes on Medium."""
        if not credit.domain or not self._directory.is_platform(credit.domain):
            return False
        host = self._directory.by_domain(credit.domain)
        return host is not None and not self._directory.is_spelled_exactly(host, credit.name)

    def _keys(self, domains: Iterable[str], names: Iterable[str]) -> list[str]:
        """What a party is recognised by: domains, the directory's outlet, and names.

        A name counts for little where the directory has it for an outlet of another domain.
        """
        known_domains = [d for d in dict.fromkeys(domains) if d]
        keys = [f"domain {domain}" for domain in known_domains]
        there = {o.name for d in known_domains if (o := self._directory.by_domain(d))}
        keys += [f"outlet {name}" for name in sorted(there)]
        for name in dict.fromkeys(names):
            key = name_key(name)
            if not key:
                continue
            outlet = self._directory.by_name(name)
            if outlet is None or (not there and not known_domains):
                keys.append(f"name {key}")
            if outlet is not None and (not there or outlet.name in there):
                keys.append(f"outlet {outlet.name}")
        return keys

    def _root(self, key: str) -> str:
        while (above := self._above.setdefault(key, key)) != key:
            key = above
        return key

    def _join(self, keys: Sequence[str]) -> None:
        roots = sorted({self._root(key) for key in keys})
        for root in roots[1:]:
            self._above[root] = roots[0]

    # ---------------------------------------------------------------------------- description

    def _party(self, key: str) -> Party:
        root = self._root(key)
        if root not in self._by_root:
            self._by_root[root] = Party(len(self._by_root))
        return self._by_root[root]

    def _enter_copy(self, copy: Carried) -> None:
        party = self._party(self._key[id(copy)])
        party.copies.append(copy)
        party.name = party.name or copy.outlet.name
        party.domain = party.domain or copy.outlet.domain
        party.is_agency |= copy.outlet.kind is OutletKind.AGENCY
        self._look_up(party, copy.outlet.name, copy.outlet.domain)

    def _enter_credit(self, credit: Credit) -> None:
        party = self._party(self._key[id(credit)])
        party.credits.append(credit)
        party.name = party.name or credit.name
        party.domain = party.domain or credit.domain
        party.is_agency |= credit.role is Role.AGENCY
        self._look_up(party, credit.name, credit.domain)

    def _look_up(self, party: Party, name: str, domain: str) -> None:
        known = self._directory.by_domain(domain) if domain else self._directory.by_name(name)
        if known is not None:
            party.is_agency |= known.kind is OutletKind.AGENCY
            party.is_relay |= self._directory.is_relay(known.name)


def asserting(copy: Carried) -> list[Credit]:
    """The credits of a copy that say whose the whole text is, nearest outlet first."""
    return [c for c in copy.credits if c.role in _ASSERTING and c.extent is Extent.FULL]


def _shared_hosts(copies: Iterable[Carried], directory: Directory) -> set[str]:
    """Hosts that tell nothing of whose page it is: transports, and those of several outlets."""
    names: dict[str, set[str]] = defaultdict(set)
    for copy in copies:
        names[registrable_domain(copy.url)].add(name_key(copy.outlet.name))
    return {host for host, of in names.items() if len(of) > 1 or directory.is_transport(host)}


def _order_of_credit(credit: Credit) -> tuple[int, str, str, str]:
    return (-credit.rank, credit.name, credit.url, credit.quote)
