"""The body of an item: what of a text is shown, made safe, with the credit at its end.

What the store holds was sanitised when it was read. It is sanitised here again, as what goes
out is what counts, and into HTML that a strict parser has nothing to say of.
"""

import re
from functools import lru_cache
from html import escape, unescape

import nh3

from aggregator.model import Content, Story
from aggregator.publish.amendments import amendment_paragraph
from aggregator.publish.credit import credit_of
from aggregator.publish.text import inert, legible, shortened, uri

SUMMARY = 400  # characters
# A longer body belongs on its own page: fifty of them would make a feed that no reader takes.
_LONGEST = 500_000
_LONGEST_REMEMBERED = 20_000

_TEXT_TAGS = {
    "a", "abbr", "b", "bdi", "blockquote", "br", "caption", "cite", "code", "col", "colgroup",
    "dd", "del", "details", "div", "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3",
    "h4", "h5", "h6", "hr", "i", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "rp", "rt",
    "ruby", "s", "samp", "small", "span", "strong", "sub", "summary", "sup", "table", "tbody",
    "td", "tfoot", "th", "thead", "time", "tr", "u", "ul", "var",
}  # fmt: skip
_MEDIA_TAGS = {"img", "audio", "video", "source"}
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
_GONE_WITH_CONTENT = {
    "script", "style", "noscript", "template", "iframe", "object", "embed", "form",
}  # fmt: skip
_ADDRESSES = {"href", "src", "poster", "cite"}
_BLANK = re.compile(r"<(p|div|span|figure)>(?:\s|\u00a0|<br>)*</\1>")
# Taking an element out can leave others in each other that HTML does not allow there; parsing
# what came of it once more moves them apart. Twice is enough for nearly all.
_PASSES = 4
_RUBY = re.compile(r"</?r(?:uby|t|p)\b[^>]*>")
_SIMPLE_RUBY = re.compile(r"<ruby>(?:[^<]|<(r[tp])>[^<]*</\1>)*</ruby>")
_CAPTION = re.compile(r"</?(?:figcaption|summary)\b[^>]*>")
_CAPTION_OR_ITEM = re.compile(r"<(/?)(?:(figcaption|summary)|li|d[dt])\b")
_BLOCK_TAG = re.compile(
    r"<(?=/?(?:p|div|br|li|h[1-6]|blockquote|tr|d[dt]|figcaption|pre|t[dh])\b)", re.IGNORECASE
)


def body(story: Story, content: Content) -> str:
    """The item's HTML: the chosen text, what was corrected, and last the credit."""
    return f"{_chosen(story, content)}{amendment_paragraph(story)}{credit_of(story).paragraph}"


def shown(html: str, *, media: bool = True) -> str:
    """Somebody's HTML, safe to show. Without `media` nothing in it makes a browser ask for more."""
    if not html:
        return ""
    # Feeds are built from the same texts again and again; long ones are not worth their memory.
    return _remembered(html, media) if len(html) < _LONGEST_REMEMBERED else _shown(html, media)


def excerpt(html: str, longest: int = SUMMARY) -> str:
    """The first words of an HTML text, as plain text on one line."""
    start = 3 * longest  # characters of HTML that mostly hold as much text as is wanted
    text = inert(_plain(html[:start]))
    if len(text) <= longest and len(html) > start:
        text = inert(_plain(html[:_LONGEST]))
    return shortened(text, longest)


def _chosen(story: Story, content: Content) -> str:
    if content is Content.NONE:
        return ""
    html = story.content_html
    if content is Content.FULL and len(story.full_html) > len(html):
        html = story.full_html
    if content is Content.SUMMARY or len(html) > _LONGEST:
        # Not the store's own summary: that may be of a fetched page, which nobody offered.
        start = excerpt(html)
        return f"<p>{escape(start, quote=False)}</p>" if start else ""
    return shown(html)


@lru_cache(512)
def _remembered(html: str, media: bool) -> str:
    return _shown(html, media)


def _shown(html: str, media: bool) -> str:
    safe = legible(html)
    for _ in range(_PASSES):
        before, safe = safe, _plainer(legible(_cleaned(safe, media)))
        if safe == before:
            break
    return safe


def _cleaned(html: str, media: bool) -> str:
    return nh3.clean(
        html,
        tags=_TEXT_TAGS | _MEDIA_TAGS if media else _TEXT_TAGS,
        attributes=_ATTRIBUTES,
        clean_content_tags=_GONE_WITH_CONTENT,
        url_schemes={"http", "https"},
        attribute_filter=_kept,
        link_rel=None,
    )


def _kept(tag: str, attribute: str, value: str) -> str | None:  # noqa: ARG001
    if attribute in _ADDRESSES:
        return uri(value) or None
    return inert(value).replace("<", "‹").replace(">", "›")


def _plainer(html: str) -> str:
    """Without tags that only some parsers take where they stand, and without empty blocks."""
    if _RUBY.search(_SIMPLE_RUBY.sub("", html)):
        html = _RUBY.sub("", html)
    if _has_item_in_caption(html):
        html = _CAPTION.sub("", html)
    before = ""
    while html != before:
        before, html = html, _BLANK.sub("", html).strip()
    return html


def _has_item_in_caption(html: str) -> bool:
    depth = 0
    for closes, caption in _CAPTION_OR_ITEM.findall(html):
        if caption:
            depth += -1 if closes else 1
        elif depth > 0:
            return True
    return False


def _plain(html: str) -> str:
    """The text of HTML; where a block begins or ends there is a space at least."""
    if not html:
        return ""
    spaced = _BLOCK_TAG.sub(" <", legible(html))
    bare = nh3.clean(spaced, tags=set(), clean_content_tags=_GONE_WITH_CONTENT)
    return unescape(bare)
