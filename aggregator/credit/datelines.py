"""Datelines: MOSCOW (AP) —, BEIJING, June 5 (Xinhua) --, /TASS/, 新华社北京6月18日电, and kin."""

import re
from collections.abc import Iterator

from aggregator.credit.directory import is_domain_like
from aggregator.credit.standing import speaks_of_picture
from aggregator.credit.wire import CJK, SMALL_WORDS, Agencies, Wire
from aggregator.model import Outlet, OutletKind, Where

_HEAD = 160  # characters of a block in which a dateline may stand
_HEAD_DASHES = 110
_SHORTEST_TEXT = 40  # behind a dateline without brackets; a shorter block is a headline
_MOST_WORDS = 9  # of a place and a date
_MARK = re.compile(
    r"[(（【〔\[](?P<inside>[^()（）【】〔〕\[\]]{1,60})[)）】〕\]]"
    r"|(?<![^\W\d_])/\s?(?P<slashed>[^/\s][^/]{1,28}?)\s?/"
)
_OPENERS = frozenset("(（【〔[/")
_AFTER_MARK = re.compile(r"\s*(?:--|[-–—―ـ=＝]|[:：]|[.。।]\s*(?:--|[-–—])?|$)\s*")
_SIGN = re.compile(r"[-–—―.,:：،।|]")
_SEPARATED = re.compile(r"(?:--|[–—―]|(?<=\s)-\s|\.\s?[-–—]|[.,:：،।|]\s|\.$)\s*")
_MOST_STEPS = 5  # from the beginning of a text to the sign behind an agency
_SHORT_NAME = 3  # words
_DASHES = ("-", "–", "—", "―", "|")
_CHINESE_LEAD = re.compile(r"[(（【\[]?\s*(?:据|據)?")
_CHINESE_WIRE = re.compile(r"[^，。！？、,.!?]{0,28}?[电電讯訊]")
_CHINESE_DATE = re.compile(r"[^，。！？]{0,12}?\d{1,2}\s?日\s?[-–—]")


def dateline(text: str, number: int, agencies: Agencies) -> Wire | None:
    """The outlet in the dateline that a block begins with, if it begins with one."""
    head = text[:_HEAD]
    if not _OPENERS.isdisjoint(head):
        for match in _MARK.finditer(head):
            wire = _in_brackets(match, text, number, agencies)
            if wire is not None:
                return wire
    return _in_chinese(text, number, agencies) or _between_dashes(text, number, agencies)


def _in_brackets(match: re.Match[str], text: str, number: int, agencies: Agencies) -> Wire | None:
    """MOSCOW (AP) —, New Delhi, March 2 (PTI) The, MOSCOW, June 1. /TASS/., 【ロンドン共同】."""
    inside, place = match["inside"] or match["slashed"], text[: match.start()].strip()
    outlets, partial = agencies.listed(inside)
    if not outlets or not _is_place(place, inside, agencies):
        return None
    if not all(map(agencies.directory.has_datelines, outlets)):
        return None
    wires = agencies.are_wires(outlets)
    mark = _AFTER_MARK.match(text, match.end())
    follows = text[mark.end() if mark else match.end() :].lstrip()[:1]
    if follows.islower():
        return None  # "UPI (a way to pay)", "the party (PTI) said"
    if mark is None:
        if not (follows and wires and (not place or _is_certain(place, agencies))):
            return None
    elif not wires:
        return None  # CHICAGO (CBS) -- is a local station
    return Wire(outlets, inside.strip(), text[: match.end()], number, Where.DATELINE, partial)


def _is_certain(place: str, agencies: Agencies) -> bool:
    """Whether place and date are certain enough to do without a dash behind the agency."""
    words = place.split()
    return place.isupper() or len(words) <= 3 or any(map(agencies.is_date_word, words))


def _in_chinese(text: str, number: int, agencies: Agencies) -> Wire | None:
    """新华社北京6月18日电, （中央社記者王小明台北2日電）, 路透北京3月2日 -."""
    if not CJK.search(text, 0, 4):
        return None
    lead = _CHINESE_LEAD.match(text)
    start = lead.end() if lead else 0
    for length in range(8, 1, -1):
        alias = text[start : start + length]
        outlet = agencies.directory.by_name(alias)
        if outlet is None:
            continue
        end = start + length
        tail = _CHINESE_WIRE.match(text, end) or _CHINESE_DATE.match(text, end)
        if tail is not None and (outlet.kind is OutletKind.AGENCY or "日" in tail[0]):
            return Wire((outlet,), alias, text[: tail.end()], number, Where.DATELINE)
    return None


def _between_dashes(text: str, number: int, agencies: Agencies) -> Wire | None:
    """EFE.- La, МОСКВА, 2 мар — РИА Новости. С, Jakarta, CNN Indonesia --, KOMPAS.com -."""
    if len(text) < _SHORTEST_TEXT:
        return None
    place = 0
    before: tuple[Outlet, str] | None = None  # an outlet that stands before the place
    for step, match in enumerate(_separators(text)):
        segment, mark = text[place : match.start()].strip(), match[0].strip()
        dash = any(sign in mark for sign in _DASHES)
        is_place = step < _MOST_STEPS and _is_place(segment, "", agencies)
        if not is_place and len(segment.split()) > _SHORT_NAME:
            return None
        found: tuple[Outlet, str] | None = None
        if before is not None:  # REPUBLIKA.CO.ID, JAKARTA -- Panen; ТАСС, 2 марта. С
            dated = before[0].kind is OutletKind.AGENCY and _is_date(segment, agencies)
            found = before if is_place and (dash or dated) else None
            is_place = False
        elif (outlet := _one(segment, agencies)) is not None:
            agency = outlet.kind is OutletKind.AGENCY
            if dash or (step and agency and "," not in mark):
                found = (outlet, segment)
            elif not step and (agency or is_domain_like(segment)):
                before = (outlet, segment)
            is_place = before is not None
        if found is not None:
            return _before_text(found, text, match.end(), number)
        if not is_place:
            return None
        place = match.end()
    return None


def _before_text(found: tuple[Outlet, str], text: str, place: int, number: int) -> Wire | None:
    """A dateline that ends at a place, if a sentence begins there."""
    follows = text[place : place + 20].lstrip()[:1]
    if follows.islower() or not follows:
        return None
    return Wire((found[0],), found[1], text[:place].rstrip(), number, Where.DATELINE)


def _separators(text: str) -> Iterator[re.Match[str]]:
    """The signs that divide an outlet, a place and a date from each other and from the text."""
    head, done = text[:_HEAD_DASHES], 0
    for sign in _SIGN.finditer(head):
        match = _SEPARATED.match(head, sign.start()) if sign.start() >= done else None
        if match is not None:
            done = match.end()
            yield match


def _is_date(segment: str, agencies: Agencies) -> bool:
    words = segment.split()
    return any(word[0].isdigit() for word in words) and all(map(agencies.is_date_word, words))


def _one(segment: str, agencies: Agencies) -> Outlet | None:
    # Two letters between commas and dashes are a state: HARRISBURG, PA —.
    if not 3 <= len(segment) <= 40:
        return None
    segment = segment.strip('()/[]«»"“”')
    outlet = agencies.one(segment)
    date, _, last = segment.rpartition(" ")
    dated = last.isupper() and len(last) > 2 and bool(date)
    if outlet is None and dated and all(map(agencies.is_date_word, date.split())):
        return agencies.one(last)  # SYDNEY, March 2 AAP -
    return outlet


def _is_place(place: str, acronym: str, agencies: Agencies) -> bool:
    """Whether words can be the place and date of a dateline, and do not spell an acronym."""
    words = [word.strip(",.;:()[]«»'’-–—") for word in place.split()]
    if words and not words[-1]:
        words.pop()
    if not words:
        return True
    if len(words) > _MOST_WORDS or words[0].lower() in {"the", "a", "an"}:
        return False
    if not all(_may_stand_in_place(word, agencies) for word in words):
        return False
    if len(words) > 5 and not any(word[0].isupper() or word[0].isdigit() for word in words):
        return False
    spelled = acronym.strip()
    initials = "".join(word[0] for word in words if word[0].isupper())
    # "Armed Forces Philippines (AFP)" says what the letters stand for.
    stands_for = len(spelled) > 1 and spelled.isupper() and spelled in initials
    return not stands_for and not speaks_of_picture(agencies.phrases, place)


def _may_stand_in_place(word: str, agencies: Agencies) -> bool:
    if not word:
        return False
    return not word[0].islower() or word.lower() in SMALL_WORDS or agencies.is_date_word(word)
