"""The marks of agencies in texts, wherever they stand: (AP), (dpa/lno), 【ロンドン共同】."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from aggregator.credit.directory import Directory
from aggregator.credit.own import Own
from aggregator.credit.phrases import Phrases
from aggregator.credit.standing import speaks_of_picture
from aggregator.model import Outlet, OutletKind, Where

CJK = re.compile("[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
SMALL_WORDS = frozenset({
    "de", "del", "della", "la", "las", "los", "el", "le", "les", "du", "des", "di", "da", "do",
    "dos", "das", "der", "am", "an", "im", "ob", "sur", "sous", "en", "upon", "of", "al", "ash",
    "und", "y", "a", "to", "bin", "ibn", "van", "von",
})  # fmt: skip
_CJK_DATE = re.compile(r"(?:\d{1,2}月)?\d{1,2}日\s*$|^\d{1,2}月\d{1,2}日\s*")
_LIST = re.compile(
    r"\s*(?:/|,|;|\||＝|=|、|·|\s[-–—]\s"
    r"|\s(?:and|und|et|y|e|en|och|og|i|и|та|і|ve|dan|và|και|și|&|\+)\s)\s*"
)
_INITIALS = re.compile(r"[a-zà-ÿ]{1,4}|[A-Z]{1,3}|\d{1,4}")
_SHIFTS = re.compile(r"(?:\s+[A-Z]{2,4}){1,5}")  # PTI SKY SKY: who edited it


@dataclass(frozen=True, slots=True)
class Wire:
    """An agency, or another outlet that signs like one, found by its style."""

    outlets: tuple[Outlet, ...]  # none: agencies that are not named
    written: str
    quote: str
    block: int
    where: Where
    partial: bool = False
    whole: tuple[Outlet, ...] = ()  # those of them that gave all, though others gave a part


class Agencies:
    """Reads marks of agencies in one text."""

    def __init__(self, directory: Directory, phrases: Phrases, own: Own, language: str) -> None:
        self.directory = directory
        self.phrases = phrases
        self._own = own
        self._language = language

    def one(self, mark: str) -> Outlet | None:
        """The outlet of a mark, with the role of who wrote for it: AP, AP Sports Writer."""
        mark = mark.strip()
        if not mark.isascii():
            mark = unicodedata.normalize("NFKC", mark)  # （ＣＮＮ）
        outlet = self.directory.by_wire(mark, self._language)
        if outlet is not None or not mark:
            return None if outlet is None or self.directory.is_no_outlet(mark) else outlet
        if not mark.isascii() and CJK.search(mark):
            return self._behind_place(mark)
        words, staff = mark.split(), self.phrases.of("staff")
        roles = takewhile(staff.__contains__, (w.lower().strip("&") for w in reversed(words)))
        least = len(words) - len(list(roles))  # words before those that tell a role
        for length in range(min(len(words) - 1, 4), max(least, 1) - 1, -1):
            outlet = self.directory.by_wire(" ".join(words[:length]), self._language)
            if outlet is not None and self.is_wire(outlet):
                return outlet
        if len(words) > 1 and words[0].lower() in staff:  # Redazione ANSA
            outlet = self.directory.by_wire(" ".join(words[1:]), self._language)
            if outlet is not None and outlet.kind is OutletKind.AGENCY:
                return outlet
        head, hyphen, _ = mark.partition("-")  # PRNewswire-FirstCall
        outlet = self.directory.by_wire(head, self._language) if hyphen else None
        return outlet if outlet is not None and outlet.kind is OutletKind.AGENCY else None

    def is_wire(self, outlet: Outlet) -> bool:
        """Whether an outlet signs in the agencies' style."""
        return self.directory.is_wire(outlet)

    def are_wires(self, outlets: tuple[Outlet, ...]) -> bool:
        """Whether there are any outlets, and all of them sign in the agencies' style."""
        return bool(outlets) and all(map(self.is_wire, outlets))

    def unnamed(self, text: str) -> bool:
        """Whether words say "agencies" and no name."""
        return text.strip(" .:()[]（）*_–—-").lower() in self.phrases.of("agencies")

    def listed(self, inside: str) -> tuple[tuple[Outlet, ...], bool]:
        """The outlets that a bracket or a last line names, and whether they gave a part only.

        None where it holds anything else, such as a photographer's name.
        """
        inside = inside.strip(" .*_")
        if not inside or len(inside) > 80 or speaks_of_picture(self.phrases, inside):
            return (), False
        whole = self.one(inside) or self._dated(inside)
        if whole is not None:
            return (whole,), False
        shifts = _SHIFTS.search(inside)
        if shifts is not None and shifts.end() == len(inside):
            outlet = self.directory.by_wire(inside[: shifts.start()], self._language)
            if outlet is not None and outlet.kind is OutletKind.AGENCY:
                return (outlet,), False
        hyphened = [self._agency(part) for part in inside.split("-")]
        if len(hyphened) > 1 and all(hyphened):  # TT-Reuters, AFP-Jiji
            return tuple(dict.fromkeys(filter(None, hyphened))), False
        inside, partial = self._behind_with(inside)
        found: list[Outlet] = []
        places = "=" in inside or "＝" in inside
        parts = _LIST.split(inside)
        for part in parts:
            if len(parts) > 1 and self._own.is_own(part):
                partial = True  # ABC/AFP
                continue
            outlet = self.one(part) or self.stranger(part, parts)
            if outlet is not None:
                found.append(outlet)
            elif self.directory.is_no_outlet(part) or not (places or self._is_aside(part)):
                return (), False
        return tuple(dict.fromkeys(found)), partial

    def _dated(self, mark: str) -> Outlet | None:
        """An agency with a date, as East Asia writes it: 3月2日 Xinhua News, 新華社北京3月2日."""
        match = _CJK_DATE.search(mark)
        if match is None:
            return None
        if not match.start():
            return self.one(mark[match.end() :])
        return next((o for n in range(5, 1, -1) if (o := self._agency(mark[:n]))), None)

    def _agency(self, name: str) -> Outlet | None:
        outlet = self.directory.by_name(name)
        return outlet if outlet is not None and outlet.kind is OutletKind.AGENCY else None

    def stranger(self, part: str, parts: Sequence[str]) -> Outlet | None:
        """A paper that nobody knows, next to who hands on its texts: Quay Register (TNS)."""
        words = part.split()
        if not 2 <= len(words) <= 5 or not words[0][:1].isupper():
            return None
        if self.phrases.of("named").isdisjoint(word.lower() for word in words):
            return None
        relays = (self.one(other) for other in parts if other is not part)
        relayed = any(relay is not None and self.directory.is_relay(relay.name) for relay in relays)
        return Outlet(part) if relayed and not self._own.is_own(part) else None

    def is_date_word(self, word: str) -> bool:
        """Whether a word belongs to a date."""
        word = word.strip(" ,.;:()").lower()
        return not word or word[0].isdigit() or word in self.phrases.of("never")

    def _behind_with(self, inside: str) -> tuple[str, bool]:
        """What follows "with": (FRANCE 24 with AFP), (avec ATS)."""
        words = inside.split()
        for place, word in enumerate(words[:-1]):
            if word.lower() in self.phrases.of("with"):
                before = " ".join(words[:place])
                if not before or self._own.is_own(before) or _INITIALS.fullmatch(before):
                    return " ".join(words[place + 1 :]), True
        return inside, False

    def _is_aside(self, part: str) -> bool:
        return (
            _INITIALS.fullmatch(part) is not None
            or part.lower() in self.phrases.of("staff")
            or part.lower() in self.phrases.of("agencies")
            or all(map(self.is_date_word, part.split()))
            or self._own.is_own(part)
        )

    def _behind_place(self, part: str) -> Outlet | None:
        """An agency behind a place without a space between: ロンドン共同."""
        if len(part) > 14 or any(mark in part for mark in "：:，。、"):
            return None
        for length in range(min(8, len(part) - 1), 1, -1):
            outlet = self.directory.by_wire(part[-length:], self._language)
            if outlet is not None and outlet.kind is OutletKind.AGENCY:
                return outlet
        return None


def is_person(text: str) -> bool:
    """Whether words look like a person's name: two to five capitalised words."""
    words = text.split()
    return 2 <= len(words) <= 5 and all(
        word[:1].isupper() or word in SMALL_WORDS or (not word.isascii() and not word.islower())
        for word in words
    )
