"""Bylines, and the slugs of agencies in the last lines: (Reuters), – AFP, (dpa/seb), TT."""

import re
from collections.abc import Container, Iterator

from aggregator.credit.body import Body
from aggregator.credit.standing import speaks_of_picture
from aggregator.credit.wire import CJK, SMALL_WORDS, Agencies, Wire, is_person
from aggregator.model import BlockKind, Outlet, OutletKind, Where

READ = frozenset({BlockKind.PARAGRAPH, BlockKind.HEADING})
_HEAD_BLOCKS = 6
_TAIL_BLOCKS = 6
_LONGEST_BYLINE = 120
_SHORT_LINE = 60
_SMALL_IN_PART = 2  # words in lower case of one part of it
_SMALL = 5  # words in lower case that a byline may hold
_TAIL_BRACKET = re.compile(
    r"[(（【\[]\s*(?P<inside>[^()（）【】\[\]]{1,50})\s*[)）】\]]\s*[.。।]?\s*$"
)
_TAIL_DASH = re.compile(
    r"(?:^|(?<=[\s.!?。”\"’)]))(?:--|[-–—])\s*(?P<inside>[^—–()]{2,40}?)\s*\.?$"
)
_TAIL_SLASHES = re.compile(r"/(?P<inside>[^/\s][^/]{0,20})/\s*\.?$")
_TAIL_SLASH = re.compile(r"(?<=[.!?”\"])\s*/(?P<inside>[A-Z]{2,10})$")
_TAIL_BARE = re.compile(r"[.!?)”\"]\s*(?P<inside>[A-Za-z][A-Za-z/-]{1,14})$")
_ENDS_SENTENCE = re.compile(r"[.!?。！？।…”\"’»)\]۔؟]\s*$")
_LETTERS = re.compile(r"[A-Z]{3,5}")  # BBC
_FILE = re.compile(r"(?:FILE|File|ARCHIVE|ARCHIVO|ARCHIV)\b\s*[-–—:]")  # a picture's caption
_SIGNED = re.compile(
    r"(?:^[—–-]{0,2}|[.!?)”\"])\s*(?P<person>[^,.!?()]{4,40}),\s*(?P<agency>[^,.!?()]{3,30})\.?$"
)
_IN_PLACE = re.compile(r"\s+in\s+[A-Z][\w ]{2,30}$")  # Staff and agencies in Geneva
_BARS = re.compile(r"\s*[|｜•·]\s*")
_PARTS = re.compile(
    r"\s*(?:\||•|·|\s[-–—]\s|—|–|,|;|/|\n|@|\(|\)"
    r"|\s(?:of|for|per|para|pour|für|von|de|with|avec|con|com|mit|met|med|in|at|and|und|et|y|e)\s)\s*",
    re.IGNORECASE,
)


def signatures(body: Body, agencies: Agencies, credit_lines: Container[int]) -> Iterator[Wire]:
    """The bylines at the head of a text, and the slug at its end.

    `credit_lines` are the blocks that hold a credit in prose: they are not the text's end.
    """
    head = [n for n, b in enumerate(body.blocks[: _HEAD_BLOCKS + 2]) if b.kind in READ]
    person = False
    for number in head[:_HEAD_BLOCKS]:
        text = body.blocks[number].text
        wire = _byline(text, number, agencies, behind_person=person)
        person = _is_signature(text, agencies)
        if wire is not None:
            yield wire
    numbers = [n for n, b in enumerate(body.blocks) if b.kind in READ and n < body.cut]
    for number in reversed(numbers[-_TAIL_BLOCKS:]):
        wire = _slug(body.blocks[number].text.rstrip(" *_"), number, agencies)
        if wire is not None:
            yield wire
            return
        if len(body.blocks[number].text) > 60 and number not in credit_lines:
            return  # the last paragraph of the text


# --------------------------------------------------------------------------------------- bylines


def _is_signature(text: str, agencies: Agencies) -> bool:
    """Whether a block is "By Jane Roe" or "JANE ROE", so that her outlet may follow it."""
    line = text.strip(" *_")
    first, _, rest = line.partition(" ")
    return (first.lower().rstrip(":") in agencies.phrases.of("by") and is_person(rest)) or (
        line.isupper() and is_person(line)
    )


def _byline(text: str, number: int, agencies: Agencies, *, behind_person: bool) -> Wire | None:
    text = text.strip(" *_")
    if len(text) > _LONGEST_BYLINE:
        return None
    plain = text.strip(" .:")
    if agencies.unnamed(plain) or agencies.unnamed(_IN_PLACE.sub("", plain)):
        return Wire((), plain, text, number, Where.BYLINE)
    if "©" in text or speaks_of_picture(agencies.phrases, text):
        return None
    outlet = agencies.one(plain) if behind_person else None
    if outlet is not None:
        return Wire((outlet,), plain, text, number, Where.BYLINE)
    return credited(plain, number, text, agencies)


def credited(plain: str, number: int, quote: str, agencies: Agencies) -> Wire | None:
    """The outlets that a byline names: By Jane Roe, Associated Press; Kevin Crow | Bloomberg."""
    first, _, rest = plain.partition(" ")
    by = agencies.phrases.of("by")
    signed = bool(rest) and not by.isdisjoint({first.lower(), first.lower().rstrip(":")})
    line = rest if signed else plain
    if signed and agencies.unnamed(line):
        return Wire((), line, quote, number, Where.BYLINE)
    whole = agencies.one(line)
    if whole is not None and (signed or whole.kind is OutletKind.AGENCY):
        return Wire((whole,), line, quote, number, Where.BYLINE)
    found = _signed_by(line, agencies) if signed else _unsigned(line, agencies)
    if not found:
        return None
    before, partial = _before_with(line, agencies)
    outlets = tuple(dict.fromkeys(o for o, _ in found))
    complete = tuple(outlet for outlet, part in found if part in before)
    return Wire(outlets, found[0][1], quote, number, Where.BYLINE, partial, complete)


def _before_with(line: str, agencies: Agencies) -> tuple[str, bool]:
    """What stands before "with" in a byline, Le Parisien avec AFP, and whether one is there."""
    words = line.split()
    for place, word in enumerate(words):
        if word.lower() in agencies.phrases.of("with"):
            return " ".join(words[:place]), True
    return "", False


def _signed_by(line: str, agencies: Agencies) -> list[tuple[Outlet, str]]:
    """The outlets behind "By", each as it is written."""
    found: list[tuple[Outlet, str]] = []
    parts = [part for part in _PARTS.split(line) if part]
    for part in parts:
        outlet = agencies.one(part)
        named = (outlet, part) if outlet is not None else _behind_person(part, agencies)
        if named is None and (stranger := agencies.stranger(part, parts)) is not None:
            named = (stranger, part)
        if named is not None:
            found.append(named)
        elif sum(word.islower() for word in part.split()) > _SMALL_IN_PART:
            return []  # "Theo Reuters, cảng sẽ mở lại" tells something
    return found


def _unsigned(line: str, agencies: Agencies) -> list[tuple[Outlet, str]]:
    """The outlets in a line that may be a byline without "By"."""
    if _is_sentence(line):
        return []
    parts = [part for part in _BARS.split(line) if part]
    if len(parts) == 1 or not _is_of_agency(parts, agencies):
        parts = [part for part in _PARTS.split(line) if part]
    if len(parts) == 1:  # JANE ROE Associated Press
        behind = _behind_person(line, agencies)
        alone = behind is None or behind[0].kind is not OutletKind.AGENCY or " " not in behind[1]
        return [] if behind is None or alone else [behind]
    strangers = [(o, part) for part in parts if (o := agencies.stranger(part, parts))]
    if strangers:
        return [*strangers, *((o, part) for part in parts if (o := agencies.one(part)))]
    # Jane Roe/AFP is who took a picture; Philadelphia, PA is a place.
    by_person = bool(parts) and is_person(parts[0]) and "/" not in line
    by_agency = _is_of_agency(parts, agencies)
    if not by_agency and not (by_person and all(_belongs(part, agencies) for part in parts)):
        return []
    least = 2 if by_agency and "|" in line else 3  # letters: PA is a state, AP | Oslo an agency
    named = ((agencies.one(part), part) for part in parts if len(part) >= least)
    return [(outlet, part) for outlet, part in named if outlet is not None]


def _is_sentence(line: str) -> bool:
    """Whether a line holds so many small words that it tells something."""
    return sum(word.islower() and word not in SMALL_WORDS for word in line.split()) > _SMALL


def _is_of_agency(parts: list[str], agencies: Agencies) -> bool:
    """Whether a line tells an agency and its place or date: EFE | Madrid, AP in Oslo."""
    found = [outlet for part in parts if (outlet := agencies.one(part))]
    if not found or any(outlet.kind is not OutletKind.AGENCY for outlet in found):
        return False
    of, places = agencies.phrases.of, agencies.phrases.of("places")
    return all(
        agencies.one(part) is not None
        or part.lower() in places
        or part.lower() in of("agencies")
        or all(
            word.lower().strip(":") in of("staff") or agencies.is_date_word(word)
            for word in part.split()
        )
        for part in parts
    )


def _belongs(part: str, agencies: Agencies) -> bool:
    """Whether a part of a line can stand in a byline: a person, an outlet, a role, a date."""
    if is_person(part) or agencies.one(part) is not None:
        return True
    words, staff = part.split(), agencies.phrases.of("staff")
    return all(word.lower() in staff or agencies.is_date_word(word) for word in words)


def _behind_person(part: str, agencies: Agencies) -> tuple[Outlet, str] | None:
    """The outlet in words like JOY REED Miami Herald, which a line break once divided."""
    words = part.split()
    for start in range(2, min(4, len(words))):
        name = " ".join(words[start:])
        outlet = agencies.one(name)
        if outlet is None or not is_person(" ".join(words[:start])):
            continue
        if outlet.kind is OutletKind.AGENCY or len(words) - start > 1:
            return outlet, name
    return None


# ------------------------------------------------------------------------------------ last lines


def _slug(text: str, number: int, agencies: Agencies) -> Wire | None:
    label, colon, _ = text[:40].partition(":")
    caption = label if colon and len(text) >= _LONGEST_BYLINE else text
    short = bool(colon) or len(text) < _LONGEST_BYLINE
    if _FILE.match(text) or (short and speaks_of_picture(agencies.phrases, caption)):
        return None
    if len(text) <= _SHORT_LINE and (wire := _alone(text, number, agencies)):
        return wire
    for match in _signs(text, agencies):
        wire = _inside(match, number, agencies)
        if wire is not None:
            return wire
    return _bare(text, number, agencies) or _signed(text, number, agencies)


def _signs(text: str, agencies: Agencies) -> Iterator[re.Match[str]]:
    """What may be a slug at the end of a text: (Reuters), /TASS/, – AFP."""
    match = _TAIL_BRACKET.search(text, max(0, len(text) - 60))
    if match is not None and _stands_alone(text, match, agencies):
        yield match
    match = _TAIL_SLASHES.search(text, max(0, len(text) - 30))
    if match is not None:
        yield match
    match = _TAIL_SLASH.search(text, max(0, len(text) - 20))
    if match is not None:
        yield match
    match = _TAIL_DASH.search(text, max(0, len(text) - 50))
    if match is not None and _ENDS_SENTENCE.search(text[: match.start()] or "."):
        yield match


def _bare(text: str, number: int, agencies: Agencies) -> Wire | None:
    """The agency behind the last sentence, with nothing around it."""
    match = _TAIL_BARE.search(text, max(0, len(text) - 20))
    if match is None:
        return None
    quote = match["inside"]
    outlets, partial = agencies.listed(quote)
    if not agencies.are_wires(outlets):
        return None
    return Wire(outlets, quote, quote, number, Where.BODY, partial)


def _alone(text: str, number: int, agencies: Agencies) -> Wire | None:
    """A last line that is a name: TT, Agencies, PTI SKY SKY, The New York Times."""
    plain = text.strip(" .()[]（）*_–—-:")
    if agencies.unnamed(plain):
        return Wire((), plain, text, number, Where.BODY)
    if plain.startswith("©"):
        # Without a year it is a picture's, as a rule: © AFP.
        whole = agencies.one(plain.lstrip("© "))
        if whole is None or not agencies.is_wire(whole) or " " not in plain.lstrip("© "):
            return None
        return Wire((whole,), plain.lstrip("© "), text, number, Where.BODY)
    outlets, partial = agencies.listed(plain)
    dashed = text[:1] in "-–—([（"
    if agencies.are_wires(outlets) or (dashed and _is_certain(outlets, plain, agencies)):
        return Wire(outlets, plain, text, number, Where.BODY, partial)
    return None


def _inside(match: re.Match[str], number: int, agencies: Agencies) -> Wire | None:
    inside = match["inside"]
    if agencies.unnamed(inside):
        return Wire((), inside, match[0].strip(), number, Where.BODY)
    outlets, partial = agencies.listed(inside)
    blurb = match.string[: match.start()].rstrip()[-1:] in '”"»’'  # “A triumph.” – The Guardian
    if agencies.are_wires(outlets) or (not blurb and _is_certain(outlets, inside, agencies)):
        return Wire(outlets, inside, match[0].strip(), number, Where.BODY, partial)
    return None


def _is_certain(outlets: tuple[Outlet, ...], name: str, agencies: Agencies) -> bool:
    """Whether a publisher's name at the end is a signature: of several words, or in CJK."""
    if len(outlets) > 1 and any(map(agencies.is_wire, outlets)):
        return True  # The Statesman/ANN
    if len(outlets) != 1 or not (" " in name or CJK.search(name) or _LETTERS.fullmatch(name)):
        return False
    return not name[:1].islower() and agencies.directory.is_spelled(outlets[0], name)


def _stands_alone(text: str, match: re.Match[str], agencies: Agencies) -> bool:
    """Whether a bracket at the end is a line of its own rather than part of a sentence."""
    before = text[: match.start()].rstrip()
    if len(before) < 60 and speaks_of_picture(agencies.phrases, before[-30:]):
        return False
    if not before or _ENDS_SENTENCE.search(before):
        return True
    # "…, police said (AFP)." signs; "… pay by phone (UPI)." tells what letters stand for.
    inside = match["inside"]
    word = before.rpartition(" ")[2]
    return not (inside.isupper() and inside.isascii()) and not word[:1].isupper()


def _signed(text: str, number: int, agencies: Agencies) -> Wire | None:
    """Amanda Stevens, The Canadian Press: a byline that stands at the end."""
    match = _SIGNED.search(text, max(0, len(text) - 80))
    if match is None or not is_person(match["person"]):
        return None
    outlet = agencies.one(match["agency"])
    if outlet is None or not agencies.is_wire(outlet):
        return None
    return Wire((outlet,), match["agency"], match[0].strip(), number, Where.BYLINE)
