"""The marks of an article page, read before extraction throws them away."""

from collections.abc import Iterable

from selectolax.lexbor import LexborHTMLParser, LexborNode

from aggregator.model import Mark, MarkKind
from aggregator.parse.counters import counter_marks
from aggregator.parse.json_ld import json_ld_marks
from aggregator.parse.page_words import page_words
from aggregator.parse.sanitise import plain
from aggregator.parse.urls import absolute

_LONGEST = 300  # characters of a name or a quote
_MOST_OF_A_KIND = 5
_MOST_META = 500
_LINKS = {"canonical": MarkKind.CANONICAL}
# What agencies deliver (IPTC's NewsML-G2 and NITF), which some sites show as it is.
_WIRE_ELEMENTS = (
    ("creditline", ""),
    ("infosource name", ""),
    ("distributor", ""),
    ("provider[literal]", "literal"),
    ("doc\\.copyright[holder]", "holder"),
)
_ITEMPROPS = ("provider", "sourceOrganization", "publisher", "copyrightHolder")
_METAS = {
    "og:url": MarkKind.OG_URL,
    "syndication-source": MarkKind.SYNDICATION_SOURCE,
    "original-source": MarkKind.ORIGINAL_SOURCE,
    "source": MarkKind.DC_SOURCE,
    "dc.source": MarkKind.DC_SOURCE,
    "dcterms.source": MarkKind.DC_SOURCE,
    "dc.publisher": MarkKind.DC_PUBLISHER,
    "dcterms.publisher": MarkKind.DC_PUBLISHER,
    "author": MarkKind.AUTHOR,
    "article:author": MarkKind.AUTHOR,
    "dc.creator": MarkKind.AUTHOR,
    "dcterms.creator": MarkKind.AUTHOR,
    "parsely-author": MarkKind.AUTHOR,
    "news_source": MarkKind.DC_SOURCE,
    "article:publisher_name": MarkKind.DC_PUBLISHER,
    "sailthru.source": MarkKind.DC_SOURCE,
}


def page_marks(tree: LexborHTMLParser, html: str, *, url: str) -> tuple[Mark, ...]:
    """What a page says in markup of where its text comes from, unjudged, each mark once.

    `html` is the source of `tree`, `url` the page's own address.
    """
    found = [*_links(tree, url), *_metas(tree, url)]
    scripts = [node.text() for node in tree.css('script[type="application/ld+json" i]')]
    found += json_ld_marks(scripts, url=url)
    found += _wire_elements(tree)
    found += _properties(tree, url)
    found += _bylines(tree, url)
    found += counter_marks(html)
    kept: list[Mark] = []
    for mark in dict.fromkeys(found):
        if sum(other.kind is mark.kind for other in kept) < _most_of(mark.kind):
            kept.append(mark)
    return tuple(kept)


def _most_of(kind: MarkKind) -> int:
    return 20 if kind is MarkKind.JSON_LD else _MOST_OF_A_KIND


def _links(tree: LexborHTMLParser, url: str) -> Iterable[Mark]:
    for node in tree.css("link[rel][href]")[:_MOST_META]:
        attributes = node.attributes
        for rel in (attributes.get("rel") or "").lower().split():
            kind = _LINKS.get(rel)
            address = absolute(attributes.get("href") or "", url) if kind else None
            if kind and address:
                quote = f'<link rel="{rel}" href="{address}">'
                yield Mark(kind, url=address, quote=quote[: 2 * _LONGEST])


def _metas(tree: LexborHTMLParser, url: str) -> Iterable[Mark]:
    for node in tree.css("meta[content]")[:_MOST_META]:
        attributes = node.attributes
        content = (attributes.get("content") or "").strip()
        for attribute in ("name", "property", "itemprop"):
            named = (attributes.get(attribute) or "").strip()
            kind = _METAS.get(named.lower())
            if kind is None or not content:
                continue
            address = absolute(content, url if kind is MarkKind.OG_URL else "") or ""
            words = "" if address else plain(content[: 4 * _LONGEST])[:_LONGEST]
            quote = f'<meta {attribute}="{named}" content="{address or words}">'
            if address or words:
                yield Mark(kind, words, address, quote[: 2 * _LONGEST])


def _wire_elements(tree: LexborHTMLParser) -> Iterable[Mark]:
    for selector, attribute in _WIRE_ELEMENTS:
        for node in tree.css(selector)[:_MOST_OF_A_KIND]:
            given = node.attributes.get(attribute) if attribute else node.text(separator=" ")
            words = plain((given or "")[: 4 * _LONGEST])[:_LONGEST]
            if words:
                name = f"{node.tag} {attribute}=" if attribute else f"{node.tag}>"
                yield Mark(MarkKind.DC_SOURCE, words, "", f"<{name}{words}")


def _properties(tree: LexborHTMLParser, url: str) -> Iterable[Mark]:
    """Microdata of schema.org and the microformat hNews (its `source-org`), on the article."""
    for name in _ITEMPROPS:
        for node in tree.css(f'[itemprop~="{name}"]')[:_MOST_OF_A_KIND]:
            yield from _property(node, f'itemprop="{name}"', url)
    for node in tree.css(".source-org")[:_MOST_OF_A_KIND]:
        yield from _property(node, 'class="source-org"', url)


def _property(node: LexborNode, told: str, url: str) -> Iterable[Mark]:
    named = node.css_first('[itemprop~="name"], .fn, .org') or node
    linked = node.css_first('[itemprop~="url"]') or node.css_first("a[href]") or node
    attributes = named.attributes
    given = attributes.get("content") or attributes.get("title") or named.text(separator=" ")
    words = plain((given or "")[: 4 * _LONGEST])[:_LONGEST]
    address = linked.attributes.get("href") or linked.attributes.get("content") or ""
    target = absolute(address, url) if "/" in address else None
    if words and len(words) < _LONGEST and not _is_in_comments(node):
        yield Mark(MarkKind.JSON_LD, words, target or "", f"{told}: {words}")


def _bylines(tree: LexborHTMLParser, url: str) -> Iterable[Mark]:
    for node in tree.css(page_words().bylines)[:_MOST_META]:
        words = plain(node.text(separator=" ")[: 4 * _LONGEST])
        if words and len(words) <= _LONGEST and not _is_in_comments(node):
            link = node if node.tag == "a" else node.css_first("a[href]")
            href = link.attributes.get("href") if link is not None else None
            address = (absolute(href, url) or "") if href else ""
            yield Mark(MarkKind.AUTHOR, words, address, words)


def _is_in_comments(node: LexborNode) -> bool:
    words = page_words()
    above: LexborNode | None = node.parent
    while above is not None and above.tag not in {"body", "article", "main", "html"}:
        if above.is_element_node and words.is_noise(above.attributes):
            return True
        above = above.parent
    return False
