"""JSON-LD of article pages (schema.org): who publishes, provides, is credited or copied from."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from aggregator.model import Mark, MarkKind
from aggregator.parse.page_words import page_words
from aggregator.parse.sanitise import plain
from aggregator.parse.text import encodable
from aggregator.parse.urls import absolute, comparable

_MOST_SCRIPTS = 20
_LONGEST_SCRIPT = 1_000_000  # characters
_MOST_NODES = 20_000
_MOST_VALUES = 5  # of one property
_LONGEST = 300  # characters of a name or a quote

# What speaks of a whole text's origin, on the article's own node.
_PROPERTIES = (
    "publisher",
    "provider",
    "sourceOrganization",
    "isBasedOn",
    "isBasedOnUrl",
    "creditText",
    "copyrightHolder",
    "author",
    "creator",
)
# Articles below these are others than the page's own.
_ELSEWHERE = frozenset({
    "itemListElement", "hasPart", "mentions", "relatedLink", "citation", "isBasedOn", "isPartOf",
    "blogPost", "blogPosts", "comment", "review", "about", "subjectOf", "significantLink", "video",
    "liveBlogUpdate",
})  # fmt: skip
_WRAPPING = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[)|(?:-->|//\s*\]\]>|\]\]>)\s*;?\s*$"
)


def json_ld_marks(scripts: Iterable[str], *, url: str) -> list[Mark]:
    """The marks of the page's own article. What cannot be read is skipped; nothing is raised.

    Each mark's quote begins with the property it was found in: `"publisher": {"name": ...}`.
    """
    nodes: list[tuple[Mapping[str, Any], bool]] = []
    for script in list(scripts)[:_MOST_SCRIPTS]:
        nodes += _nodes(_loaded(script))
    by_id: dict[str, Mapping[str, Any]] = {}
    for node, _ in nodes:
        own = node.get("@id")
        if isinstance(own, str) and len(node) > 1:
            by_id.setdefault(own, node)
    article = _own_article(nodes, url)
    return [] if article is None else list(_marks(article, by_id, url))


def _loaded(script: str) -> object:
    text = _WRAPPING.sub("", script[:_LONGEST_SCRIPT])
    if len(script) > _LONGEST_SCRIPT:
        return None
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def _nodes(document: object) -> Iterator[tuple[Mapping[str, Any], bool]]:
    """Every node at any depth, and whether it stands for something else than the page's article."""
    todo: list[tuple[object, bool]] = [(document, False)]
    seen = 0
    while todo and seen < _MOST_NODES:
        value, elsewhere = todo.pop()
        seen += 1
        if isinstance(value, list):
            todo += [(item, elsewhere) for item in reversed(value[:_MOST_NODES])]
        elif isinstance(value, Mapping):
            yield value, elsewhere
            todo += [
                (inner, elsewhere or name in _ELSEWHERE)
                for name, inner in reversed(list(value.items()))
                if isinstance(inner, list | Mapping)
            ]


def _own_article(
    nodes: Sequence[tuple[Mapping[str, Any], bool]], url: str
) -> Mapping[str, Any] | None:
    """The node of the page's own article: the one with its address, else the first."""
    own = comparable(url)
    articles = [
        node for node, elsewhere in nodes if not elsewhere and _types(node) & page_words().articles
    ]
    for node in articles:
        if own in {comparable(address) for address in _addresses(node)}:
            return node
    return articles[0] if articles else None


def _addresses(node: Mapping[str, Any]) -> Iterator[str]:
    for name in ("url", "mainEntityOfPage", "@id"):
        value = node.get(name)
        if isinstance(value, Mapping):
            value = value.get("@id") or value.get("url")
        if isinstance(value, str) and value.startswith("http"):
            yield value.partition("#")[0]


def _types(node: Mapping[str, Any]) -> set[str]:
    types = node.get("@type")
    named = [types] if isinstance(types, str) else types if isinstance(types, list) else []
    return {t.rpartition("/")[2].rpartition(":")[2] for t in named if isinstance(t, str)}


def _marks(
    article: Mapping[str, Any], by_id: Mapping[str, Mapping[str, Any]], url: str
) -> Iterator[Mark]:
    for name in _PROPERTIES:
        value = article.get(name)
        values = value if isinstance(value, list) else [value]
        for one in values[:_MOST_VALUES]:
            referred = one.get("@id") if isinstance(one, Mapping) else None
            if isinstance(referred, str) and isinstance(one, Mapping) and "name" not in one:
                one = by_id.get(referred, one)  # noqa: PLW2901
            mark = _mark(name, one, url)
            if mark is not None:
                yield mark


def _mark(name: str, value: object, url: str) -> Mark | None:
    if isinstance(value, str):
        text = plain(value[: 4 * _LONGEST])[:_LONGEST]
        address = absolute(text) or ""
        if not text or name in {"author", "creator"}:  # of no said kind: a person, as a rule
            return None
        quote = f'"{name}": {json.dumps(text, ensure_ascii=False)}'
        return Mark(MarkKind.JSON_LD, "" if address else text, address, quote)
    if not isinstance(value, Mapping):
        return None
    kinds = _types(value)
    if name in {"author", "creator"} and not kinds & page_words().organizations:
        return None
    label = _string(value.get("name") or value.get("legalName") or value.get("headline"))
    own = _string(value.get("url")) or _string(value.get("sameAs"))
    if not own and _string(value.get("@id")).startswith("http"):
        own = _string(value.get("@id")).partition("#")[0]
    address = (absolute(own, url) or "") if own else ""
    if not label and not address:
        return None
    told = {"@type": next(iter(sorted(kinds)), ""), "name": label, "url": address}
    quote = json.dumps({key: text for key, text in told.items() if text}, ensure_ascii=False)
    return Mark(MarkKind.JSON_LD, label, address, f'"{name}": {quote}'[: 2 * _LONGEST])


def _string(value: object) -> str:
    if isinstance(value, list):
        value = value[0] if value else ""
    return plain(encodable(value[: 4 * _LONGEST]))[:_LONGEST] if isinstance(value, str) else ""
