"""HTML made safe to store and to show, and plain text out of it."""

import re
from urllib.parse import urljoin, urlsplit

import nh3
from selectolax.lexbor import LexborHTMLParser

# What an article's body may consist of. Everything else goes, its text stays.
_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "col", "colgroup", "dd", "del",
    "details", "div", "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6",
    "hr", "i", "img", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "rp", "rt", "ruby", "s",
    "samp", "small", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot",
    "th", "thead", "time", "tr", "u", "ul", "var", "audio", "video", "source",
}  # fmt: skip
_ATTRIBUTES = {
    "*": {"lang", "dir", "title"},
    "a": {"href", "hreflang"},
    "img": {"src", "alt", "width", "height"},
    "audio": {"src", "controls"},
    "video": {"src", "controls", "poster", "width", "height"},
    "source": {"src", "type"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "ol": {"start", "reversed"},
    "time": {"datetime"},
    "blockquote": {"cite"},
    "q": {"cite"},
}
_CLEAN_CONTENT = {"script", "style", "noscript", "template", "iframe", "object", "embed", "form"}
_URL_ATTRIBUTES = {"href", "src", "poster", "cite"}
# Both the parser's and the sanitiser's time grow with the square of the depth.
_DEEPEST = 200
_LONGEST = 2_000_000  # characters of one text; a book has fewer
_OPENS = re.compile(
    r"<(/?)(?:div|span|p|b|i|em|strong|blockquote|ul|ol|li|table|font|section|a)\b", re.I
)
_PIXEL = re.compile(r"^\s*[01](?:px)?\s*$")


def sanitise(html: str, *, base_url: str = "") -> str:
    """`html` without anything that acts, tracks or leaves its box; its URLs absolute http(s).

    Text that is nested deeper than any article is, or longer, comes back as escaped plain text.
    """
    if not html:
        return ""
    if "<" not in html and "&" not in html:
        return html.replace(">", "&gt;")
    if len(html) > _LONGEST or _depth(html) > _DEEPEST:
        return nh3.clean_text(_stripped(html[:_LONGEST])).replace("&#32;", " ")

    def keep(tag: str, attribute: str, value: str) -> str | None:
        if attribute in _URL_ATTRIBUTES:
            return absolute(value, base_url)
        return value

    safe = nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        clean_content_tags=_CLEAN_CONTENT,
        url_schemes={"http", "https"},
        attribute_filter=keep,
        link_rel="noopener noreferrer",
        strip_comments=True,
    )
    return _without_pixels(safe).strip() if "<img" in safe else safe.strip()


def absolute(url: str, base_url: str) -> str | None:
    """The URL against its base; None when it is not of http or https, or cannot be read."""
    try:
        joined = urljoin(base_url, url.strip())
        parts = urlsplit(joined)
    except ValueError:
        return None
    return joined if parts.scheme in {"http", "https"} and parts.netloc else None


def plain(html: str) -> str:
    """The text of a small piece of HTML, such as a title: one line, entities decoded once."""
    if "<" not in html and "&" not in html:
        return folded(html)
    tree = LexborHTMLParser(f"<body>{html[:_LONGEST]}")
    tree.strip_tags(["script", "style"])
    body = tree.body
    return folded(body.text(deep=True, separator="")) if body is not None else ""


def folded(text: str) -> str:
    """The text on one line, runs of white space as one space, control characters gone."""
    return " ".join(_CONTROLS.sub("", text).split())


_CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ufeff\u200b\u2060\ufffe\uffff\ud800-\udfff]")


def _depth(html: str) -> int:
    deepest = depth = 0
    for match in _OPENS.finditer(html):
        depth = max(depth - 1, 0) if match[1] else depth + 1
        deepest = max(deepest, depth)
    return deepest


def _stripped(html: str) -> str:
    return re.sub(r"<[^<>]{0,2000}>", " ", html)


def _without_pixels(html: str) -> str:
    """Images of one pixel are there to count readers."""
    tree = LexborHTMLParser(f"<body>{html}")
    found = False
    for image in tree.css("img"):
        size = (image.attributes.get("width"), image.attributes.get("height"))
        if not image.attributes.get("src") or any(s and _PIXEL.match(s) for s in size):
            image.decompose()
            found = True
    if not found or tree.body is None:
        return html
    return tree.body.inner_html or ""
