"""Article pages: bytes to the article's text and the marks of where it comes from."""

import re

from selectolax.lexbor import LexborHTMLParser

from aggregator.errors import ParseError
from aggregator.model import Page
from aggregator.parse.article import Article, find_article
from aggregator.parse.decoding import charset_of, decode
from aggregator.parse.entries import language_of
from aggregator.parse.guards import LONGEST_HTML, is_tangled
from aggregator.parse.page_marks import page_marks
from aggregator.parse.sanitise import plain, sanitise
from aggregator.parse.text import encodable
from aggregator.parse.urls import absolute

_META_CHARSET = re.compile(
    rb"<meta\s[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE
)
_META_WITHIN = 4_096  # bytes in which an encoding is declared (HTML Living Standard: 1,024)
_HEAD = 200_000  # characters that are read of a page whose body cannot be
_BODY = re.compile(r"<body[\s>]", re.IGNORECASE)
_DROPPED = re.compile(r"<(script|style|svg|noscript|template|iframe)\b", re.IGNORECASE)
_ENDS = {
    name: re.compile(rf"</{name}\s*>", re.IGNORECASE)
    for name in ("script", "style", "svg", "noscript", "template", "iframe")
}
_KEPT_SCRIPT = re.compile(r"ld\+json|pixel|republi|counter", re.IGNORECASE)
_LONGEST_TITLE = 500
_OTHER_TYPES = re.compile(r"^(?:image|audio|video|font)/|^application/(?!xhtml|xml|octet-stream)")


def parse_page(body: bytes, *, url: str, content_type: str) -> Page:
    """The article on a page, and the marks of where it comes from.

    `url` is where the page came from, `content_type` its Content-Type header or "". A page
    without an article has no blocks; one that is made to be slow to parse has only the marks of
    its head. No more than LONGEST_HTML characters, scripts and styles aside, are read. Raises
    ParseError with the reasons `empty` and `not_a_page`.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if _OTHER_TYPES.match(kind):
        raise ParseError(f"The address leads to a document of type {kind}.", reason="not_a_page")
    if not body.strip(b"\x00 \t\r\n"):
        raise ParseError("The page is empty.", reason="empty")
    match = _META_CHARSET.search(body, 0, _META_WITHIN)
    declared = (charset_of(content_type), match[1].decode("ascii") if match else "")
    text, _ = decode(body, declared)
    if "<" not in text:
        raise ParseError("The address leads to plain text, no page.", reason="not_a_page")
    html = _lightened(encodable(text))[:LONGEST_HTML]
    tangled = is_tangled(html)
    if tangled:
        html = _head(html)
    tree = LexborHTMLParser(html)
    base = _base(tree, url)
    marks = page_marks(tree, html, url=base)
    title, language = _title(tree), _language(tree)
    article = Article() if tangled else find_article(tree, html, url=base, title=title)
    return Page(
        url=url,
        title=title,
        language=language,
        blocks=article.blocks,
        html=sanitise(article.html, base_url=base),
        marks=marks,
    )


def _lightened(html: str) -> str:
    """The page without scripts, styles and drawings, most of its length; JSON-LD stays."""
    parts, place = [], 0
    while match := _DROPPED.search(html, place):
        parts.append(html[place : match.start()])
        name = match[1].lower()
        end = _ENDS[name].search(html, match.end())
        if end is None:
            return "".join(parts)
        tag_end = html.find(">", match.end()) + 1
        if name == "script" and _KEPT_SCRIPT.search(html, match.end(), max(tag_end, match.end())):
            parts.append(html[match.start() : end.end()])
        place = end.end()
    parts.append(html[place:])
    return "".join(parts)


def _head(html: str) -> str:
    """The head of a page whose body cannot be read; nothing where that cannot be read either."""
    match = _BODY.search(html, 0, _HEAD)
    head = html[: match.start() if match else _HEAD]
    return "" if is_tangled(head) else head


def _base(tree: LexborHTMLParser, url: str) -> str:
    node = tree.css_first("base[href]")
    return (absolute(node.attributes.get("href") or "", url) if node is not None else None) or url


def _title(tree: LexborHTMLParser) -> str:
    """The headline: as it is told to others, else the only first heading, else the title."""
    for selector in ('meta[property="og:title"]', 'meta[name="twitter:title"]'):
        node = tree.css_first(selector)
        content = node.attributes.get("content") if node is not None else None
        if content and content.strip():
            return plain(content[: 4 * _LONGEST_TITLE])[:_LONGEST_TITLE]
    headings = tree.css("h1")
    node = headings[0] if len(headings) == 1 else tree.css_first("title")
    return plain(node.text(separator=" "))[:_LONGEST_TITLE] if node is not None else ""


def _language(tree: LexborHTMLParser) -> str:
    root = tree.root
    language = language_of(root.attributes.get("lang") or "") if root is not None else ""
    if language:
        return language
    for selector in ('meta[http-equiv="content-language" i]', 'meta[property="og:locale"]'):
        node = tree.css_first(selector)
        language = language_of((node.attributes.get("content") or "") if node is not None else "")
        if language:
            return language
    return ""
