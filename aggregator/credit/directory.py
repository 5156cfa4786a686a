"""Who is who: outlets by any of their names and domains, and what is no outlet at all."""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from importlib.resources.abc import Traversable
from typing import Any

from aggregator.credit.domains import (
    DATA,
    host_of,
    parents,
    unwrapped,
)
from aggregator.model import Outlet, OutletKind

_LATIN_MARKS = re.compile("[\u0300-\u036f\u0640\u064b-\u0655]+")
_NOT_ASCII_LETTERS = re.compile(r"[^a-z0-9+]+")
# Vowel signs of Indic, Thai and Arabic scripts are no letters to Python, and must stay.
_NOT_LETTERS = re.compile(
    r"[^\w+\u0590-\u05c7\u0610-\u061a\u0620-\u06d3\u06d5-\u0963\u0966-\u0dff\u0e01-\u0eff]+|_+"
)
_SAME_LETTERS = str.maketrans(
    {"ة": "ه", "ى": "ي", "ی": "ي", "ک": "ك", "ё": "е", "ø": "o", "ł": "l", "ı": "i", "đ": "d"}
)
_ARTICLES = re.compile(
    r"(?:the|le|la|les|el|los|las|il|lo|der|die|das|de|het|o|η|ο|το|τα)\s+|l['’]", re.IGNORECASE
)
_INFLECTED = re.compile(r"(?<=\w\w\w)[аеёиоуыэюяйьъіїєaeiouyjąęóáéíýěů]+(?=\s|$)", re.IGNORECASE)
_AGENCY_NAME = re.compile(
    r"\b(?:(?:news|press|wire) (?:agency|service)|newswire|agencia|agence|agência|agenzia)\b"
    r"|nachrichtenagentur|nyhetsbyrå|persbureau|информагентство|агентство|通讯社|通訊社|通信社|통신사"
    r"|وكالة|خبرگزاری|ajansı\b",
    re.IGNORECASE,
)
_SLAVIC = re.compile("[\u0400-\u04ffąćęłńśźżčďěňřšťůž]", re.IGNORECASE)
_DOMAIN_LIKE = re.compile(r"(?:[\w-]{1,63}\.){1,5}[^\W\d_]{2,24}", re.IGNORECASE)
_SECTIONS = ("agencies", "distributors", "publishers")
_FIELDS = {"domains", "aliases", "slugs", "shares", "kind", "languages", "datelines"}


@dataclass(frozen=True, slots=True)
class _Tables:
    """What a directory looks things up in."""

    domains: dict[str, Outlet] = field(default_factory=dict)
    names: dict[str, Outlet] = field(default_factory=dict)
    spelled: dict[str, Outlet] = field(default_factory=dict)  # as written, but for letter case
    short: dict[str, Outlet] = field(default_factory=dict)  # up to three letters, by exact case
    loose: dict[str, Outlet] = field(default_factory=dict)  # without articles and endings
    wires: dict[str, Outlet] = field(default_factory=dict)  # what stands in datelines only
    languages: dict[str, frozenset[str]] = field(default_factory=dict)  # of doubtful short marks
    undated: set[str] = field(default_factory=set)  # who sign, but have no datelines
    transports: frozenset[str] = frozenset()
    no_names: frozenset[str] = frozenset()
    relays: frozenset[str] = frozenset()
    platforms: frozenset[str] = frozenset()
    blogs: frozenset[str] = frozenset()

    def copied(self) -> "_Tables":
        return replace(
            self,
            domains=dict(self.domains),
            names=dict(self.names),
            spelled=dict(self.spelled),
            short=dict(self.short),
            loose=dict(self.loose),
        )

    def add(self, outlet: Outlet, *, wins: bool, owns_domains: bool = True) -> None:
        """Enter an outlet under all its names; one that `wins` takes names that others have."""
        if owns_domains:
            for domain in outlet.domains:
                _enter(self.domains, domain, outlet, wins)
        for name in (outlet.name, *outlet.aliases):
            key = name_key(name)
            if not key:
                continue
            if len(key) <= 3 and key.isascii():
                _enter(self.short, name, outlet, wins)
            else:
                _enter(self.names, key, outlet, wins)
                _enter(self.spelled, name.casefold(), outlet, wins)
            loose = _loose_key(name)
            if loose != key and len(loose) > 3:
                _enter(self.loose, loose, outlet, wins)


class Directory:
    """Outlets by name and by domain. Immutable: `with_outlets` gives another one."""

    def __init__(self, tables: _Tables | None = None) -> None:
        self._tables = tables or _Tables()
        # The names and hosts of a text are looked up again and again.
        self._named = lru_cache(maxsize=4096)(self._look_up)
        self._of_host = lru_cache(maxsize=1024)(self._look_up_host)
        self._leads_on = lru_cache(maxsize=1024)(self._is_transport)

    def by_domain(self, domain_or_host: str) -> Outlet | None:
        """The outlet of a domain, or of a host below it. None for transports and strangers."""
        return self._of_host(host_of(domain_or_host).removeprefix("www."))

    def _look_up_host(self, host: str) -> Outlet | None:
        for domain in parents(host):
            if domain in self._tables.blogs and domain != host:
                return None  # somebody's blog there
            outlet = self._tables.domains.get(domain)
            if outlet is not None:
                return outlet
            if domain in self._tables.transports:
                return None
        return None

    def by_name(self, name: str) -> Outlet | None:
        """The outlet of a name or alias: letter case, articles, accents and "Ndtv.com" aside.

        Names of up to three letters are taken in their own case only: "AA" is an agency, "aa" not.
        """
        name = name.strip()
        return self._named(name) if 0 < len(name) <= 100 else None

    def _look_up(self, name: str) -> Outlet | None:
        tables = self._tables
        if "." in name and _DOMAIN_LIKE.fullmatch(name):
            outlet = self.by_domain(name)
            if outlet is not None:
                return outlet
        key = name_key(name)
        if len(key) <= 3 and key.isascii():
            return (
                tables.short.get(name)
                or tables.short.get(name.strip("."))
                or (tables.short.get(key.upper()) if _is_plain(name) else None)
            )
        found = tables.spelled.get(name.casefold()) or tables.names.get(key)
        if found is None and len(key) > 3:
            loose = _loose_key(name)
            found = tables.names.get(loose) or tables.loose.get(key) or tables.loose.get(loose)
        return found

    def by_wire(self, mark: str, language: str = "") -> Outlet | None:
        """The outlet that a mark in a dateline or last line stands for: (AP), (dpa), 【共同】.

        Some short marks mean something else in other languages: (TT) is an agency in Swedish.
        """
        mark = mark.strip()
        outlet = self._tables.wires.get(mark) or self.by_name(mark)
        if outlet is None or len(mark) > 3 or not language:
            return outlet
        spoken = self._tables.languages.get(outlet.name)
        return outlet if spoken is None or language[:2].lower() in spoken else None

    def is_spoken(self, name: str, language: str) -> bool:
        """Whether a short name stands for its outlet in a language: CBS in English, not Dutch."""
        if len(name) > 3 or self.by_name(name) is None:
            return True
        return self.by_wire(name, language) is not None

    def is_wire(self, outlet: Outlet) -> bool:
        """Whether an outlet signs in the agencies' style: agencies, and CNN."""
        if outlet.kind is OutletKind.AGENCY:
            return True
        known = self._tables.wires.get(outlet.name)
        return known is not None and known.name == outlet.name

    def has_datelines(self, outlet: Outlet) -> bool:
        """Whether an outlet signs in datelines: not PA Media, as (PA) there is Pennsylvania."""
        return outlet.name not in self._tables.undated

    def is_transport(self, domain: str) -> bool:
        """Whether a domain or host only leads to texts: FeedBurner, AMP caches, shorteners, ..."""
        return self._leads_on(host_of(domain))

    def _is_transport(self, host: str) -> bool:
        return any(name in self._tables.transports for name in parents(host))

    def is_spelled(self, outlet: Outlet, text: str) -> bool:
        """Whether a text is one of the outlet's names, letter case and "The" aside."""
        wanted = text.casefold().removeprefix("the ")
        names = (outlet.name, *outlet.aliases)
        return any(name.casefold().removeprefix("the ") == wanted for name in names)

    def is_spelled_exactly(self, outlet: Outlet, text: str) -> bool:
        """Whether a text is one of the outlet's names, letter case aside."""
        wanted = text.casefold()
        return any(name.casefold() == wanted for name in (outlet.name, *outlet.aliases))

    def is_no_outlet(self, name: str) -> bool:
        """Whether a name stands where an outlet's would and is none: Getty Images, YouTube."""
        return name_key(name) in self._tables.no_names

    def is_platform(self, domain: str) -> bool:
        """Whether many publications share a domain, so that it does not tell whose page it is."""
        return any(name in self._tables.platforms for name in parents(host_of(domain)))

    def is_relay(self, name: str) -> bool:
        """Whether an outlet, by its name here, hands on what others wrote."""
        return name in self._tables.relays

    def target_of(self, url: str) -> str:
        """Where an address leads, transports unwrapped; "" where a transport does not say."""
        return unwrapped(url, self.is_transport)

    def with_outlets(self, outlets: Iterable[Outlet], *, corrects: bool = False) -> "Directory":
        """A directory that also knows these; where it knew them already, these win.

        What was known of an outlet by its name or one of its domains stays beside what is new:
        its other domains and aliases, and that it is an agency. One that is new is an agency where
        its name says so: "Norvane News Agency". `corrects`: these are right of what kind they are.
        """
        tables = self._tables.copied()
        for outlet in outlets:
            known = self.by_name(outlet.name) if outlet.name else None
            if known is None:
                known = next((o for d in outlet.domains if (o := self.by_domain(d))), None)
            made = _merged(outlet, known) if known else _told_by_name(outlet)
            tables.add(replace(made, kind=outlet.kind) if corrects else made, wins=True)
        return Directory(tables)


def _is_plain(name: str) -> bool:
    """Whether a name has no letter with a mark, and not small ones only: Nós is not NOS."""
    return not name.islower() and all(letter.isascii() for letter in name if letter.isalpha())


def name_key(name: str) -> str:
    """A name without letter case, accents, spaces and punctuation: what names are compared by."""
    if name.isascii():
        key = _NOT_ASCII_LETTERS.sub("", name.lower())
        return key[3:] if key.startswith("the") and name[3:4] == " " else key
    text = unicodedata.normalize("NFKD", name).casefold().translate(_SAME_LETTERS)
    key = _NOT_LETTERS.sub("", _LATIN_MARKS.sub("", text))
    return key[3:] if key.startswith("the") and name[3:4] == " " else key


def is_domain_like(text: str) -> bool:
    """Whether a text has the form of a domain name."""
    return "." in text and _DOMAIN_LIKE.fullmatch(text) is not None


@cache
def load_directory() -> Directory:
    """The directory of the data files: agencies and large outlets of the world, transports.

    Raises ValueError, naming the file and the entry, where a data file is not as it should be.
    """
    lists = tomllib.loads((DATA / "transports.toml").read_text("utf-8"))
    tables = _Tables(
        no_names=frozenset(map(name_key, lists.pop("names"))),
        platforms=frozenset(lists.pop("platforms")),
        blogs=frozenset(lists.pop("blogs")),
        transports=frozenset(domain for domains in lists.values() for domain in domains),
    )
    relays: set[str] = set()
    for path in outlet_files():
        for section, name, entry in _entries(path):
            shares = entry.get("shares")
            kind = entry.get("kind", "publisher" if section == "publishers" else "agency")
            domains = (shares,) if shares else tuple(entry.get("domains", ()))
            outlet = Outlet(name, domains, tuple(entry.get("aliases", ())), OutletKind(kind))
            tables.add(outlet, wins=False, owns_domains=not shares)
            for slug in entry.get("slugs", ()):
                tables.wires.setdefault(slug, outlet)
            if "languages" in entry:
                tables.languages[name] = frozenset(entry["languages"])
            if not entry.get("datelines", True):
                tables.undated.add(name)
            if section == "distributors":
                relays.add(name)
    return Directory(replace(tables, relays=frozenset(relays)))


def outlet_files() -> list[Traversable]:
    """The data files of outlets, in the order in which they are read."""
    found = (path for path in (DATA / "outlets").iterdir() if path.name.endswith(".toml"))
    return sorted(found, key=lambda path: path.name)


def outlet_entries() -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Each entry of the data files of outlets: the file's name, the outlet's name, its fields."""
    for path in outlet_files():
        for _, name, entry in _entries(path):
            yield path.name, name, entry


def _entries(path: Traversable) -> Iterable[tuple[str, str, Mapping[str, Any]]]:
    """Each entry of a file: its section, name and fields."""
    for section, outlets in tomllib.loads(path.read_text("utf-8")).items():
        if section not in _SECTIONS:
            raise ValueError(f"{path.name}: [{section}] is none of {', '.join(_SECTIONS)}")
        for name, entry in outlets.items():
            odd = set(entry) - _FIELDS
            if odd:
                raise ValueError(f"{path.name}: {name}: {min(odd)} is none of {sorted(_FIELDS)}")
            yield section, name, entry


def _enter(table: dict[str, Outlet], key: str, outlet: Outlet, wins: bool) -> None:
    if wins:
        table[key] = outlet
    else:
        table.setdefault(key, outlet)


def _merged(new: Outlet, known: Outlet) -> Outlet:
    agency = OutletKind.AGENCY in {new.kind, known.kind}
    return Outlet(
        new.name or known.name,
        tuple(dict.fromkeys(new.domains + known.domains)),
        tuple(dict.fromkeys((*new.aliases, known.name, *known.aliases))),
        OutletKind.AGENCY if agency else OutletKind.PUBLISHER,
    )


def _told_by_name(outlet: Outlet) -> Outlet:
    """An outlet nobody knew, an agency if it is called one."""
    if _AGENCY_NAME.search(outlet.name):
        return replace(outlet, kind=OutletKind.AGENCY)
    return outlet


def _loose_key(name: str) -> str:
    """The key without an article before it and, where names are inflected, without endings."""
    bare = _ARTICLES.sub("", name, count=1) if _ARTICLES.match(name) else name
    if " " in bare or _SLAVIC.search(bare):
        bare = _INFLECTED.sub("", bare) or bare
    key = name_key(bare)
    # Polityka, w Polityce: the consonant changes with the ending.
    return key[:-1] + "k" if key.endswith(("c", "ц")) else key
