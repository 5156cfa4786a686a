"""The text of an XML feed, made safe and easy to parse before a parser sees it.

Comments, processing instructions and the document type go (with it entities that grow without
end or point elsewhere), CDATA sections become escaped text, HTML's names for characters and
ampersands that stand for themselves become what they mean. Time is linear in the length.
"""

import re
from dataclasses import dataclass
from html.entities import name2codepoint
from xml.sax.saxutils import escape

MOST_TAGS = 300_000  # of one document

_OPENING = re.compile(r"<(?:!--|!\[CDATA\[|\?|!)")
_ENTRY = re.compile(r"<(?:[\w.-]{1,30}:)?(?:item|entry)[\s>/]", re.IGNORECASE)
_ENTRY_END = re.compile(r"</(?:[\w.-]{1,30}:)?(?:item|entry)\s*>", re.IGNORECASE)
_LONGEST_TAG = 100_000  # characters
_LONG_TAG = re.compile(rf"(<[^<>\s/]{{0,60}}+)[^<>]{{{_LONGEST_TAG},}}+")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_REFERENCE = re.compile(r"&(?:#(\d{1,8}|[xX][0-9a-fA-F]{1,7});|([a-zA-Z][a-zA-Z0-9]{0,31});|)")
_KEPT_NAMES = frozenset({"amp", "lt", "gt", "quot", "apos"})
_DOCTYPE_END = re.compile(r"[\[>]")
_SUBSET_END = re.compile(r"\]\s*>")


@dataclass(frozen=True, slots=True)
class Tidied:
    """The text, and what was done to it beyond what XML allows."""

    text: str
    doctype: str = ""
    problems: tuple[str, ...] = ()


def tidied(text: str) -> Tidied:
    """The text without what parsers stumble over or can be attacked with."""
    problems = []
    if _NOT_XML.search(text):
        text = _NOT_XML.sub("", text)
        problems.append("characters that XML does not allow were left out")
    parts: list[str] = []
    doctype = ""
    place = 0
    while match := _OPENING.search(text, place):
        if match.start() > place:
            parts.append(_with_references(text[place : match.start()]))
        kind, inside = match[0], match.end()
        if kind == "<!":
            end = _doctype_end(text, inside)
            doctype = doctype or text[match.start() : min(end, match.start() + 300)]
            if "<!ENTITY" in text[inside:end]:
                problems.append("entity declarations were left out")
            place = end
            continue
        closing = {"<!--": "-->", "<![CDATA[": "]]>", "<?": "?>"}[kind]
        end = text.find(closing, inside)
        if end < 0:
            problems.append(f"{kind} has no end")
            end = len(text)
        if kind == "<![CDATA[":
            parts.append(escape(text[inside:end]))
        place = end + len(closing)
    parts.append(_with_references(text[place:]))
    text = "".join(parts)
    if _LONG_TAG.search(text):
        text = _LONG_TAG.sub(r"\1", text)
        problems.append(f"a tag of more than {_LONGEST_TAG:,} characters was left out")
    return Tidied(text, doctype, tuple(dict.fromkeys(problems)))


def cut_entries(text: str, limit: int) -> tuple[str, int]:
    """The text with no more than `limit` entries and MOST_TAGS tags, and how many were cut.

    An entry that has too many tags for itself is not cut.
    """
    starts = [match.start() for match in _ENTRY.finditer(text)]
    keep = min(limit, len(starts))
    if text.count("<") > MOST_TAGS:
        keep = min(keep, _entries_within(text, starts))
    if keep >= len(starts):
        return text, 0
    ends = [match.end() for match in _ENTRY_END.finditer(text, starts[-1])]
    after = text[ends[-1] :] if ends else ""
    return text[: starts[keep]] + after, len(starts) - keep


def _entries_within(text: str, starts: list[int]) -> int:
    """How many entries there are before the tags are too many; one at least."""
    tags = last = 0
    for number, start in enumerate(starts):
        tags += text.count("<", last, start)
        if tags > MOST_TAGS:
            return max(number - 1, 1)
        last = start
    return max(len(starts) - 1, 1)


def _doctype_end(text: str, place: int) -> int:
    match = _DOCTYPE_END.search(text, place)
    if match is not None and match[0] == "[":
        match = _SUBSET_END.search(text, place)
    return match.end() if match else len(text)


def _with_references(text: str) -> str:
    return _REFERENCE.sub(_meant, text) if "&" in text else text


def _meant(match: re.Match[str]) -> str:
    """The character that a reference means; references to markup's own characters stay."""
    number, name = match[1], match[2]
    if number:
        code = int(number[1:], 16) if number[0] in "xX" else int(number)
        if code in _MARKUP:
            return _MARKUP[code]
        return chr(code) if _is_character(code) else ""
    if name is None:
        return "&amp;"
    if name in _KEPT_NAMES:
        return match[0]
    known = name2codepoint.get(name)
    return chr(known) if known is not None else f"&amp;{name};"


_MARKUP = {38: "&amp;", 60: "&lt;", 62: "&gt;", 34: "&quot;", 39: "&apos;"}


def _is_character(code: int) -> bool:
    return (
        code in (9, 10, 13)
        or 0x20 <= code < 0xD800
        or 0xE000 <= code < 0xFFFE
        or 0x10000 <= code < 0x110000
    )
