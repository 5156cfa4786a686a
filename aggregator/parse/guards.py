"""Cheap looks at markup before a parser sees it: some markup is made to be slow.

The HTML parsers that we use need time that grows with the square of the depth of nesting, of the
attributes of one tag, or of formatting elements left open (HTML Living Standard, 13.2.6.4.7: the
"adoption agency" and the "active formatting elements"). `is_tangled` finds such documents in one
linear pass; real articles are far below all of its bounds.
"""

import re
from collections.abc import Iterator

LONGEST_HTML = 2_000_000  # characters of one text; a book has fewer
DEEPEST = 200  # elements within each other
_MOST_REPEATED = 300_000  # elements that open formatting elements make the parser invent
_MOST_ATTRIBUTES = 500  # of one tag
_MOST_OPTIONS = 2_000
_MOST_ROOTS = 50  # <html> and <body> tags; each merges its attributes into the first
_MOST_AMPERSANDS = 5_000  # that stand for themselves
_SEARCHED = 50  # open elements that are looked through for the one that an end tag closes
_LONG_TAG = 4_000  # characters; only longer ones can have too many attributes

# Elements without content, and those that are closed by the next of their kind, so that they
# nest only within others, which are counted.
_VOID = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr", "p", "li", "dd", "dt", "tr", "td", "th", "tbody", "thead", "tfoot",
    "colgroup", "caption", "rp", "rt", "head",
})  # fmt: skip
_FORMATTING = frozenset({
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt",
    "u",
})  # fmt: skip
_SCOPES = frozenset({
    "table", "td", "th", "caption", "button", "object", "marquee", "applet", "template", "svg",
    "math",
})  # fmt: skip
_TAG = re.compile(r"<(?:(!--)|(/?)([a-zA-Z][^\s/>]{0,30}))")
_RAW_TEXT_END = {
    name: re.compile(rf"</{name}\b", re.IGNORECASE)
    for name in ("script", "style", "textarea", "title", "iframe", "noembed", "noframes", "xmp")
}
_BARE_AMPERSAND = re.compile(r"&(?!#?[a-zA-Z0-9]{1,32};)")
_ATTRIBUTE = r"""[^\s/>]=?[^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>"'][^\s>]*+))?+"""
_ATTRIBUTES = re.compile(rf"(?:[\s/]++|{_ATTRIBUTE})*+")
_ONE_ATTRIBUTE = re.compile(_ATTRIBUTE)


def is_tangled(html: str) -> bool:
    """Whether parsing `html` would cost far more than its length, by any of the known ways."""
    if (html.count("<") > DEEPEST or len(html) > _LONG_TAG) and _too_deep(html):
        return True
    return html.count("&") > _MOST_AMPERSANDS and (
        sum(1 for _ in _BARE_AMPERSAND.finditer(html)) > _MOST_AMPERSANDS
    )


def _too_deep(html: str) -> bool:
    open_elements: list[str] = []
    formatting = most_formatting = elements = options = roots = 0
    for closes, name, attributes in _tags(html):
        if attributes > _MOST_ATTRIBUTES:
            return True
        if name in _VOID:
            elements += 1
        elif closes:
            formatting -= _close(open_elements, name)
        elif name == "option":
            options += 1
            if options > _MOST_OPTIONS:
                return True
        elif name in {"html", "body"}:
            roots += 1
            if roots > _MOST_ROOTS:
                return True
        else:
            elements += 1
            if name == "a":  # an open link ends where another begins
                formatting -= _close(open_elements, name)
            open_elements.append(name)
            if len(open_elements) > DEEPEST:
                return True
            if name in _FORMATTING:
                formatting += 1
                most_formatting = max(most_formatting, formatting)
    # Two or three are open at once in any text; each more is invented anew for each block.
    return max(most_formatting - 10, 0) * elements > _MOST_REPEATED


def _close(open_elements: list[str], name: str) -> int:
    """Close the element that an end tag names. How many formatting elements it ended."""
    formatting = name in _FORMATTING
    last = len(open_elements) - 1
    for place in range(last, max(last - _SEARCHED, -1), -1):
        found = open_elements[place]
        if found == name:
            if formatting:  # what was opened inside it stays open
                del open_elements[place]
                return 1
            # formatting elements inside it are taken up again after it: they stay counted
            open_elements[place:] = [e for e in open_elements[place + 1 :] if e in _FORMATTING]
            return 0
        if found in _SCOPES:
            return 0
    return 0


def _tags(html: str) -> Iterator[tuple[bool, str, int]]:
    """Each tag outside of comments and raw text: whether it closes, its name, its attributes.

    Attributes are counted where they can be many, and are 0 elsewhere.
    """
    place, end = 0, len(html)
    while place < end:
        match = _TAG.search(html, place)
        if match is None:
            return
        place = match.end()
        if match[1]:
            found = html.find("-->", place)
            if found < 0:
                return
            place = found + 3
            continue
        name = match[3].lower()
        rest = _ATTRIBUTES.match(html, place)
        assert rest is not None
        many = rest.end() - place > _LONG_TAG
        place = rest.end()
        yield bool(match[2]), name, len(_ONE_ATTRIBUTE.findall(rest[0])) if many else 0
        if name in _RAW_TEXT_END and not match[2]:
            close = _RAW_TEXT_END[name].search(html, place)
            if close is None:
                return
            place = close.start()
