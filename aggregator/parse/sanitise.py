"""HTML made safe to store and to show, and plain text out of it."""

import re
from collections.abc import Mapping

import nh3
from selectolax.lexbor import LexborHTMLParser

from aggregator.parse.dom import remove
from aggregator.parse.guards import LONGEST_HTML, is_tangled
from aggregator.parse.text import encodable, folded
from aggregator.parse.urls import absolute

# What an article's body may consist of. Everything else goes, its text stays.
_TAGS = {
    "a", "abbr", "article", "aside", "b", "blockquote", "br", "caption", "cite", "code", "col",
    "colgroup", "dd", "del", "details", "div", "dl", "dt", "em", "figcaption", "figure", "h1", "h2",
    "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q",
    "rp", "rt", "ruby", "s", "samp", "section", "small", "span", "strong", "sub", "summary", "sup",
    "table", "tbody", "td", "tfoot", "th", "thead", "time", "tr", "u", "ul", "var", "audio",
    "video", "source",
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
# These tell a caption from a paragraph; nothing else of a class is kept.
_CLASSES = {"p": {"wp-caption-text", "caption"}, "div": {"wp-caption", "caption"}}
# Gone with all that is in them.
_CLEAN_CONTENT = {
    "script", "style", "noscript", "template", "iframe", "object", "embed", "form", "nav", "svg",
    "math", "button", "select", "textarea", "dialog", "canvas", "title", "head",
}  # fmt: skip
# What nh3 leaves of other classes. It escapes "<" and ">" in texts and attributes.
_EMPTY_CLASS = re.compile(r'(<(?:p|div)\b[^<>]*?) class=""')
_URL_ATTRIBUTES = frozenset({"href", "src", "poster", "cite"})

_ANY_TAG = re.compile(r"<[^<>]{0,2000}>")
# Words that only markup with something hidden, or with odd images, has: cheap to look for.
_HINTS = ("idden", "isplay", "ISPLAY", "screen-reader", "sr-only", "0px", "1px")
_IMAGE = re.compile(r"<(?:img|IMG)\s[^<>]{0,8000}")
_IMAGE_HINTS = re.compile(
    r"(?:width|height)\s*=\s*[\"']?\s*[01](?:px)?[\s\"'/>]|src\s*=\s*[\"']?data:|\sdata-[a-z-]*src"
    r"|feedburner|feedsportal|pixel|stats\.|count|doubleclick|analytics|scorecard|quantserve",
    re.IGNORECASE,
)
_HIDDEN = (
    '[hidden],[style*="display:none" i],[style*="display: none" i],[style*="visibility:hidden" i],'
    '[style*="visibility: hidden" i],.screen-reader-text,.sr-only,.visually-hidden,'
    'img[style*="width:1px" i],img[style*="height:1px" i],img[style*="width: 1px" i],'
    'img[style*="height: 1px" i]'
)
_LAZY_SOURCES = ("data-src", "data-lazy-src", "data-original", "data-orig-src")
_ONE_PIXEL = re.compile(r"\s*[01](?:px)?\s*")
# Images that do nothing but count.
_COUNTERS = re.compile(
    r"(?:https?:)?//(?:feeds\.feedburner\.com/~r/|[a-z0-9.-]*feedsportal\.com/|pixel\.wp\.com/"
    r"|stats\.wordpress\.com/|counter\.theconversation\.com/|[a-z0-9.-]*doubleclick\.net/"
    r"|[a-z0-9.-]*google-analytics\.com/|[a-z0-9.-]*scorecardresearch\.com/"
    r"|[a-z0-9.-]*quantserve\.com/|www\.facebook\.com/tr|pixel\.propublica\.org/)",
    re.IGNORECASE,
)


def sanitise(html: str, *, base_url: str = "") -> str:
    """`html` without anything that acts, tracks, hides or leaves its box; URLs absolute http(s).

    Text that no parser can read in time (see `guards`) comes back as escaped plain text, and no
    more than LONGEST_HTML characters are read.
    """
    if not html or html.isspace():
        return ""
    html = encodable(html[:LONGEST_HTML]).replace("\x00", "")  # which no database takes
    if "<" not in html and "&" not in html:
        return html.replace(">", "&gt;").strip()
    if is_tangled(html):
        return _escaped(_ANY_TAG.sub(" ", html)).strip()
    if any(hint in html for hint in _HINTS) or any(
        _IMAGE_HINTS.search(image) for image in _IMAGE.findall(html)
    ):
        html = _prepared(html)

    def keep(_tag: str, attribute: str, value: str) -> str | None:
        return absolute(value, base_url) if attribute in _URL_ATTRIBUTES else value

    safe = nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        allowed_classes=_CLASSES,
        clean_content_tags=_CLEAN_CONTENT,
        url_schemes={"http", "https"},
        attribute_filter=keep,
        link_rel="noopener noreferrer",
        strip_comments=True,
    ).strip()
    return _EMPTY_CLASS.sub(r"\1", safe) if ' class=""' in safe else safe


def plain(html: str) -> str:
    """The text of a small piece of HTML, such as a title: one line, entities decoded once."""
    if "<" not in html and "&" not in html:
        return folded(html)
    html = encodable(html[:LONGEST_HTML])
    if is_tangled(html):
        return folded(_ANY_TAG.sub(" ", html))
    body = LexborHTMLParser(f"<body>{html}").body
    if body is None:
        return ""
    body.strip_tags(["script", "style"], recursive=True)
    return folded(body.text(deep=True, separator=""))


def _escaped(text: str) -> str:
    return text.replace("<", "&lt;").replace(">", "&gt;")


def _prepared(html: str) -> str:
    """`html` without what is hidden, without images that count readers; late images at once."""
    body = LexborHTMLParser(html).body
    if body is None:
        return ""
    doomed = body.css(_HIDDEN)
    for image in body.css("img"):
        attributes = image.attributes
        source = _source(attributes)
        sizes = (attributes.get("width"), attributes.get("height"))
        if (
            not source
            or _COUNTERS.match(source)
            or any(s and _ONE_PIXEL.fullmatch(s) for s in sizes)
        ):
            doomed.append(image)
        elif source != attributes.get("src"):
            image.attrs["src"] = source
    remove(doomed)
    return body.inner_html or ""


def _source(attributes: Mapping[str, str | None]) -> str | None:
    """Where an image is; scripts that load images late keep it in other attributes than `src`."""
    for name in ("src", *_LAZY_SOURCES):
        source = attributes.get(name)
        if source and not source.lstrip().lower().startswith("data:"):
            return source
    return None
