"""Words that stand where an outlet's name is expected: whose name they are, or nobody's."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from aggregator.credit.directory import Directory, is_domain_like, name_key
from aggregator.credit.domains import is_known_suffix, is_page, registrable_domain
from aggregator.credit.own import Own
from aggregator.credit.phrases import Phrases
from aggregator.model import Outlet

OPENERS = " \t\"'“”«»„‘’「『《〈【】(（[]*_“:：|｜丨"
CLOSERS = "\"'“”«»’‘」』》〉】)）]*_|｜,.;:!?。、，；：！？।۔؟…"
LONGEST = 60  # characters of a name
CJK = re.compile("[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
UNCASED = re.compile(
    "[\u0590-\u06ff\u0900-\u0dff\u0e01-\u0eff\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3]"
)
SMALL = frozenset({
    "&", "and", "da", "das", "de", "dei", "del", "della", "delle", "den", "der", "des", "di",
    "die", "do", "dos", "du", "e", "en", "et", "for", "för", "für", "het", "i", "la", "las",
    "le", "les", "los", "na", "och", "of", "og", "på", "the", "und", "van", "voor", "w", "y",
    "z", "η", "του", "των", "для", "и", "та",
})  # fmt: skip
DATE_DIGITS = re.compile(
    r"\d{4}|\d{1,2}[./-]\d{1,2}([./-]\d{2,4})?|\d{1,2}(st|nd|rd|th|º|ª|\.)?|\d{1,2}:\d{2}"
)
_COMPANY = re.compile(
    r",?\s+(?:Inc|LLC|L\.?P|Ltd|Limited|Corp|Co|PLC|GmbH|AG|S\.?A|S\.?p\.?A|Pty|B\.?V|AB|Oy)\b"
    r"\.?(?:,?\s+Inc\.?)?$",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\s*#\d+$")
_POSSESSIVE = re.compile(r"['’]s?$")
_SUFFIX = re.compile(r"['’](?!s$)[a-zçğıöşü]{1,5}$")  # Turkish: Evrensel'de

_OWNED = re.compile(r"(.{2,40}?)['’]s? [A-Z].*$")
# Nouns with a capital that are as often the first word of a name: Agencia Ocote.
OF_NAMES = frozenset({
    "Agencia", "Agência", "Agenzia", "Agence", "Agenția", "Revista", "Diario", "Diário", "Radio",
    "Rádio", "Portal", "Canal", "Magazine", "Journal", "Revue", "Rivista",
})  # fmt: skip
_NO_NAME = frozenset("<>{}\\=^~`")  # signs of markup and code


@lru_cache(maxsize=4)
def _ends_of(words: frozenset[str]) -> tuple[str, ...]:
    """The words that others end with: those written with a hyphen, and all without letter case."""
    return tuple(w.removeprefix("-") for w in words if w[0] == "-" or not w[0].isascii())


@dataclass(frozen=True, slots=True)
class Name:
    """An outlet's name in a text: `text[start:end]`, and what is known of whom it names."""

    start: int
    end: int
    text: str  # as written
    outlet: Outlet | None = None
    url: str = ""  # where it is linked to
    domain: str = ""
    company: bool = False  # it ends as companies' names do

    @property
    def known(self) -> bool:
        """Whether the directory, a link or the name's own form tells who it is."""
        return self.outlet is not None or bool(self.domain)


class Naming:
    """Judges names in one text, for one carrier."""

    def __init__(self, directory: Directory, phrases: Phrases, own: Own) -> None:
        self.directory = directory
        self.own = own
        self.of = phrases.of
        self._never = phrases.of("never")
        self._site = phrases.of("site")
        self._named = phrases.of("named")
        self._nouns = phrases.of("nouns")
        self._offices = phrases.of("offices")

    def made(
        self,
        start: int,
        end: int,
        raw: str,
        url: str,
        *,
        article: bool = False,
        owner: bool = True,
    ) -> Name | None:
        """A name out of words and the link on them; None where they name nobody, or the carrier.

        `article`: a "the" stands before the words. `owner`: an "'s" at their end is no part of
        the name.
        """
        if url and self.own.is_own_link(url):
            return None
        target = self.own.foreign(url) if url else ""
        text = _NUMBER.sub("", raw.strip(OPENERS + CLOSERS).rstrip("™®")).removeprefix("www.")
        if self.directory.by_name(text) is None:
            text = _SUFFIX.sub("", _POSSESSIVE.sub("", text) if owner else text)
        bare = self.bare(text)
        outlet = self.lookup(text, article=article) or self.lookup(bare, article=article)
        company = _COMPANY.search(bare)
        if outlet is None and company is not None:
            outlet = self.lookup(bare[: company.start()], article=article)
        owned = _OWNED.match(text) if outlet is None else None
        if owned is not None:  # Fox News' Jane Roe
            outlet = self.lookup(owned[1], article=article)
        domain = self.as_domain(text)
        if outlet is None and target:
            outlet = self._outlet_at(target, bare)
            domain = domain or registrable_domain(target)
        if outlet is not None:
            return _of_outlet(start, end, text or outlet.name, outlet, target)
        if not text or self.is_generic(bare):  # "here", "this page": the link tells
            found = Name(start, end, text or domain, None, target, registrable_domain(target))
            return found if target else None
        if not self._may_be(text, bare, domain):
            return None
        return Name(start, end, bare or text, None, target, domain, company=bool(company))

    def _may_be(self, text: str, bare: str, domain: str) -> bool:
        """Whether words that the directory does not have may be a name."""
        if len(text) > LONGEST or self.is_nothing(bare) or not _NO_NAME.isdisjoint(text):
            return False
        return bool(domain) or not ("/" in bare or self.is_person(bare))

    def lookup(self, text: str, *, article: bool = False) -> Outlet | None:
        """The outlet of a name. One common word is no name of "The X" without its article."""
        outlet = self.directory.by_name(text)
        if outlet is None or article or " " in text:
            return outlet
        # "Paper" is not The Paper, though "Guardian" is The Guardian.
        exactly = self.directory.is_spelled_exactly(outlet, text)
        if exactly or not text.isascii() or is_domain_like(text):
            return outlet
        names = (outlet.name, *outlet.aliases)
        return (
            None if any(name.casefold() == f"the {text.casefold()}" for name in names) else outlet
        )

    def is_known(self, text: str, *, article: bool = False) -> bool:
        """Whether words are the name of an outlet that the directory has."""
        outlet = self.lookup(text, article=article)
        if outlet is None:
            stripped = _SUFFIX.sub("", _POSSESSIVE.sub("", text))
            outlet = self.lookup(stripped, article=article) if stripped != text else None
        if outlet is None or not text[:1].islower():
            return outlet is not None
        # "today" is a word; "taz", "dpa" and "heise online" are names.
        return is_domain_like(text) or any(
            text.startswith(n) for n in (outlet.name, *outlet.aliases)
        )

    def as_domain(self, word: str) -> str:
        """The domain that a word is, such as "Ndtv.com", or ""."""
        if "." not in word or not is_domain_like(word):
            return ""
        last = word.rpartition(".")[2]
        if not (last.islower() or word.isupper()) and self.directory.by_name(word) is None:
            return ""  # two sentences without a space: "ProPublica.Click"
        return registrable_domain(word) if is_known_suffix(word) else ""

    def bare(self, text: str) -> str:
        """A name without the nouns around it that say what it is: the site X, X magazine."""
        text = text.strip(OPENERS + CLOSERS)
        for _ in range(3):
            first, _, rest = text.partition(" ")
            lower = first.islower() and first in self._site
            if not rest or not (lower or first in self._nouns) or self.directory.by_name(text):
                break
            if first in OF_NAMES and self.directory.by_name(rest) is None:
                break
            text = rest.lstrip(OPENERS)
        if CJK.search(text[-1:]):
            text = self._without_cjk_nouns(text)
        for _ in range(2):
            rest, _, last = text.rpartition(" ")
            if not rest or last.lower() not in self._site or self.directory.by_name(text):
                break
            shorter = _POSSESSIVE.sub("", rest.rstrip(CLOSERS))
            lower = last.islower() and not UNCASED.search(last)
            if not lower and self.directory.by_name(shorter) is None:
                break
            text = shorter
        return text

    def _without_cjk_nouns(self, text: str) -> str:
        for tail in ("上", "中", "里", "裡"):
            if len(text) > 3 and text.endswith(tail) and self.directory.by_name(text) is None:
                text = text[:-1].rstrip()
        for noun in self._site - self._named:
            if len(noun) < 2 or noun.isascii() or not text.endswith(noun):
                continue
            if len(text) > len(noun) + 1 and self.directory.by_name(text) is None:
                return text[: -len(noun)].rstrip(CLOSERS + " ")
        return text

    # ------------------------------------------------------------------------ what is no outlet

    def is_nothing(self, text: str) -> bool:
        """Whether words name no outlet: dates, places, languages, offices, picture houses."""
        words = _words(text)
        if not words or self.directory.is_no_outlet(text):
            return True
        whole = " ".join(words)
        if whole in self.of("agencies") or whole in self.of("places"):
            return True
        if self._is_office(text, words) and self.directory.by_name(text) is None:
            return True
        return self.is_date(text)

    def is_date(self, text: str) -> bool:
        """Whether words are a date, a language, or others that tell when and how, not where."""
        return all(
            word in self._never or DATE_DIGITS.fullmatch(word) or word in SMALL
            for word in _words(text)
        )

    def is_person(self, text: str) -> bool:
        """Whether unknown words look like a person: Jane Roe, but not Jane Roe News."""
        words = text.split()
        if not 2 <= len(words) <= 3 or words[0].lower() not in self.of("given_names"):
            return False
        return all(word[:1].isupper() for word in words) and not self.is_named_like_outlet(text)

    def _is_office(self, text: str, words: list[str]) -> bool:
        """Whether a name is that of a ministry, a court, a council: whose data it is, no outlet."""
        if not self._offices.isdisjoint(words):
            return True
        return bool(CJK.search(text)) and text.endswith(tuple(self._offices))

    def is_named_like_outlet(self, text: str) -> bool:
        """Whether a name has a word that outlets' names are made of: News, -zeitung, 日报."""
        low = text.lower()
        words = {word.strip(CLOSERS + OPENERS) for word in re.split(r"[\s-]+", low)}
        if words & self._named:
            return True
        if self._is_edition(text):
            return True
        ends = _ends_of(self._named)
        return any(len(word) > len(end) and word.endswith(end) for word in words for end in ends)

    def _is_edition(self, text: str) -> bool:
        """Whether a name is a known one and a country's or language's: Ferry Times India."""
        head, _, last = text.rpartition(" ")
        editions = self.of("editions")
        if last.lower() in editions and head:
            return self.directory.by_name(head) is not None
        tail = next((word for word in editions if word[0] >= "\u0590" and text.endswith(word)), "")
        return bool(tail) and self.directory.by_name(text.removesuffix(tail)) is not None

    def is_generic(self, text: str) -> bool:
        """Whether words only say "here", "the original article", "our site"."""
        words = text.lower().split()
        return all(w in self._site or w in SMALL or w in self._never for w in words)

    def _outlet_at(self, url: str, text: str) -> Outlet | None:
        """The outlet whose page a link leads to, unless its words name a part of a platform."""
        outlet = self.directory.by_domain(url)
        if outlet is None or not text or self.is_generic(text) or is_domain_like(text):
            return outlet
        key, own = name_key(text), name_key(outlet.name)
        same = key in own or own in key or any(name_key(alias) == key for alias in outlet.aliases)
        return outlet if same else None


def may_be_name(text: str) -> bool:
    """Whether unknown words look like a name at all: capitals, or a script without them."""
    first = text.lstrip(OPENERS)[:1]
    return bool(first) and (first.isupper() or first.isdigit() or bool(UNCASED.match(first)))


def deepest(urls: Iterable[str]) -> str:
    """Of some URLs the first that leads to a page, else the first."""
    found = [url for url in urls if url]
    return next((url for url in found if is_page(url)), found[0] if found else "")


def _of_outlet(start: int, end: int, text: str, outlet: Outlet, target: str) -> Name:
    domains = {registrable_domain(domain) for domain in outlet.domains}
    there = registrable_domain(target) if target else ""
    url = target if there in domains or not domains else ""
    return Name(start, end, text, outlet, url, outlet.domain or there)


def _words(text: str) -> list[str]:
    words = (word.strip(CLOSERS + OPENERS).lower() for word in text.split())
    return [word for word in words if word]
