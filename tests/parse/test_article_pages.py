from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.errors import ParseError
from aggregator.model import BlockKind, MarkKind, Page
from aggregator.parse import blocks, parse_page

FOLDER = Path(__file__).parent / "articles"
ORIGINAL = "https://quaytimes.example/world/ferry-every-forty-minutes-5912"
FIRST = "The ferry between the two islands will run"


def page(name: str, url: str = "https://bay.example/ferry", encoding: str = "utf-8") -> Page:
    html = (FOLDER / f"{name}.html").read_text("utf-8")
    return parse_page(html.encode(encoding), url=url, content_type="text/html")


def parsed(html: str, url: str = "https://bay.example/ferry") -> Page:
    return parse_page(html.encode(), url=url, content_type="text/html; charset=utf-8")


def starts(found: Page) -> list[str]:
    return [block.text[:40] for block in found.blocks]


def refused(body: bytes, content_type: str = "text/html") -> ParseError:
    with pytest.raises(ParseError) as caught:
        parse_page(body, url="https://bay.example/", content_type=content_type)
    return caught.value


# ---------------------------------------------------------------------------------------- articles


def test_a_page_that_republishes_gives_the_story_with_its_credit_and_nothing_else() -> None:
    found = page("republisher")
    assert (found.title, found.language) == ("Ferry to run every forty minutes", "en-US")
    assert starts(found) == [
        "The ferry has run each hour since 1998. ",
        "North Pier:",
        "The ferry between the two islands will r",
        "Residents had asked for the change since",
        "“We have waited for this for eleven year",
        "The harbour office will hire nine people",
        "Fares stay as they are until the end of ",
        "Opponents say that the second vessel is ",
        "‘Too loud’",
        "The court will hear the case in Septembe",
        "(Except the headline, this story has not",
        "This story originally appeared on Quayti",
    ]
    credit = found.blocks[-1]
    assert [(credit.text[k.start : k.end], k.url) for k in credit.links] == [
        ("Quaytimes.example", ORIGINAL),
        ("read the full story", ORIGINAL),
    ]
    assert found.blocks[0].kind is BlockKind.CAPTION


def test_a_blog_gives_its_story_without_shares_related_posts_and_comments() -> None:
    found = page("blog")
    assert found.blocks[0].text.startswith(FIRST)
    assert found.blocks[-1].text == (
        "This article is republished from The Floor under a Creative Commons license. Read the "
        "original article."
    )
    assert [k.url for k in found.blocks[-1].links] == ["https://thefloor.example", ORIGINAL]
    kinds = [block.kind for block in found.blocks]
    assert kinds.count(BlockKind.QUOTE) == 1
    assert kinds.count(BlockKind.LIST_ITEM) == 2
    text = " ".join(block.text for block in found.blocks)
    for other in ("Share", "Twitter", "Fog", "Also read", "my own blog", "Reply", "Tags", "Recent"):
        assert other not in text


def test_a_newspaper_gives_byline_caption_aside_and_the_agency_at_the_end() -> None:
    found = page("newspaper")
    assert [(b.kind, b.text) for b in found.blocks if len(b.text) < 60] == [
        (BlockKind.PARAGRAPH, "By Jo Example, Bay News Agency"),
        (BlockKind.CAPTION, "The Aurelia at the northern pier. Photo: Bay News Agency"),
        (BlockKind.ASIDE, "We have waited for this for eleven years"),
        (BlockKind.PARAGRAPH, "BNA"),
        (BlockKind.PARAGRAPH, "Source: Bay News Agency"),
    ]
    assert len(found.blocks) == 11


def test_an_old_site_of_tables_and_line_breaks_is_read() -> None:
    found = page("old", encoding="cp1252")
    assert found.blocks[0].text.startswith(FIRST)
    assert found.blocks[2].text.startswith("“We have waited")
    assert found.blocks[-1].text == "Source: Bay News Agency"
    assert len(found.blocks) == 7


def test_a_brief_is_read_though_there_is_hardly_anything_of_it() -> None:
    assert starts(page("brief")) == [
        "Volunteers planted 600 trees along the c",
        "Originally published at blog.example on ",
    ]


def test_a_page_of_headlines_has_no_article() -> None:
    found = page("front")
    assert (found.title, found.blocks, found.html) == ("The Fenport Mirror", (), "")


def test_a_page_that_lists_many_other_stories_still_gives_its_own() -> None:
    card = '<div class="card"><h3><a href="/s">Another story, {n}</a></h3><p>First words</p></div>'
    cards = "".join(card.format(n=n) for n in range(150))
    html = (
        (FOLDER / "blog.html").read_text("utf-8").replace("</main>", f"</main><div>{cards}</div>")
    )
    assert parsed(html).blocks == page("blog").blocks


def test_a_list_of_first_words_is_no_article() -> None:
    card = (
        '<div><h3><a href="/{n}">Headline of story {n}</a></h3><p>The first words of {n}</p></div>'
    )
    cards = "".join(card.format(n=n) for n in range(50))
    assert parsed(f"<body><main>{cards}</main></body>").blocks == ()


@pytest.mark.parametrize(
    "html", ["<html></html>", "<body><nav><a href='/'>Home</a></nav></body>", "<frameset>", "<!--"]
)
def test_a_page_without_text_has_no_article(html: str) -> None:
    assert parsed(html).blocks == ()


@pytest.mark.parametrize("name", ["republisher", "blog", "newspaper", "graph", "old", "brief"])
def test_the_markup_of_an_article_says_what_its_blocks_say(name: str) -> None:
    found = page(name)
    assert [b.text for b in blocks(found.html)] == [b.text for b in found.blocks]
    for unsafe in ("<script", "<style", "style=", "onclick", "count.gif", "<form"):
        assert unsafe not in found.html


def test_markup_keeps_pictures_and_emphasis() -> None:
    assert '<img src="https://bay.example/ferry.jpg"' in page("republisher").html
    assert "<strong>North Pier:</strong>" in page("republisher").html


def test_a_credit_that_stands_behind_the_text_is_found() -> None:
    text = "".join(
        f"<p>{'The ferry runs again, the harbour office said. ' * 4}</p>" for _ in range(5)
    )
    html = (
        f"<body><main><div class='text'>{text}</div><div class='meta'><p>Originally published by "
        f"<a href='{ORIGINAL}'>Quay Times</a></p></div><div><h3>Related</h3><p>Originally from "
        "elsewhere, originally</p></div></main><footer>© Bay</footer></body>"
    )
    found = parsed(html)
    assert found.blocks[-1].text == "Originally published by Quay Times"
    assert ORIGINAL in found.html


# ------------------------------------------------------------------------------------------- marks


def test_marks_of_a_page_are_read_before_its_text() -> None:
    found = page("graph", url="https://bote.example/faehre")
    assert [(m.kind, m.name, m.url) for m in found.marks] == [
        (MarkKind.CANONICAL, "", "https://bote.example/faehre"),
        (MarkKind.SYNDICATION_SOURCE, "", ORIGINAL),
        (MarkKind.ORIGINAL_SOURCE, "", "https://seezeitung.example/bericht"),
        (MarkKind.JSON_LD, "Bote", "https://bote.example/"),
        (MarkKind.JSON_LD, "Küstendienst", "https://kuestendienst.example"),
        (MarkKind.JSON_LD, "KD", ""),
        (MarkKind.JSON_LD, "", ORIGINAL),
        (MarkKind.JSON_LD, "Küstendienst / KD", ""),
        (MarkKind.JSON_LD, "Küstendienst", ""),
        (MarkKind.JSON_LD, "Küstendienst", ""),
    ]
    properties = [m.quote.split('"')[1] for m in found.marks if m.kind is MarkKind.JSON_LD]
    assert properties == [
        "publisher",
        "provider",
        "sourceOrganization",
        "isBasedOn",
        "creditText",
        "copyrightHolder",
        "author",
    ]
    assert found.language == "de"


def test_a_counter_a_canonical_and_a_byline_are_marks() -> None:
    found = [(m.kind, m.name, m.url) for m in page("blog").marks]
    assert found == [
        (MarkKind.CANONICAL, "", ORIGINAL),
        (MarkKind.AUTHOR, "Ann Other", ""),
        (MarkKind.AUTHOR, "Ann Other", "https://bay.example/author/ann"),
        (MarkKind.COUNTER, "The Conversation", "https://theconversation.com/"),
    ]


@pytest.mark.parametrize(
    ("markup", "name", "url"),
    [
        (
            '<script src="https://pixel.propublica.org/pixel.js" async></script>',
            "ProPublica",
            "https://www.propublica.org/",
        ),
        (
            '<img src="https://kffhealthnews.org/?republication-pixel=true&amp;post=1">',
            "KFF Health News",
            "https://kffhealthnews.org/",
        ),
        (
            '<img src="https://www.pier.example/?republication-pixel=true&post=12">',
            "pier.example",
            "https://pier.example/",
        ),
    ],
)
def test_counters_of_those_who_let_others_republish(markup: str, name: str, url: str) -> None:
    (mark,) = parsed(f"<body><p>Text</p>{markup}</body>").marks
    assert (mark.kind, mark.name, mark.url) == (MarkKind.COUNTER, name, url)
    assert mark.quote in markup


@pytest.mark.parametrize(
    "script",
    [
        "",
        "{",
        "null",
        "[[[]]]",
        '"text"',
        '{"@type": "NewsArticle", "publisher": 5, "author": [null, 3, {}], "isBasedOn": {}}',
        '{"@type": ["NewsArticle", 7], "publisher": {"name": ["", 1]}}',
        '{"@type": {"a": 1}, "publisher": "x"}',
        '{"@graph": {"@type": "NewsArticle", "publisher": {"@id": "#none"}}}',
        "[" * 10_000,
    ],
)
def test_broken_json_ld_is_ignored(script: str) -> None:
    html = f'<head><script type="application/ld+json">{script}</script></head><body><p>Text</p>'
    assert parsed(html).marks == ()


def test_json_ld_is_read_in_its_usual_disguises() -> None:
    node = '{"@type": "https://schema.org/NewsArticle", "publisher": {"name": "The\nPier"}}'
    for script in (node, f"<!-- {node} -->", f"//<![CDATA[\n{node}\n//]]>", f"[[{node}]]"):
        html = f'<head><script type="Application/LD+json">{script}</script></head><body>x'
        assert [m.name for m in parsed(html).marks] == ["The Pier"], script


def test_json_ld_of_other_articles_is_not_this_ones() -> None:
    other = '{"@type": "NewsArticle", "url": "https://bay.example/other", "publisher": "Other"}'
    own = '{"@type": "Article", "url": "https://bay.example/ferry?x", "publisher": "Own"}'
    own = own.replace("?x", "")
    html = f'<head><script type="application/ld+json">[{other}, {own}]</script></head><body>x'
    assert [m.name for m in parsed(html).marks] == ["Own"]


@pytest.mark.parametrize(
    ("markup", "quote"),
    [
        ('<meta name="source" content="BNA">', '<meta name="source" content="BNA">'),
        ("<newsItem><creditline>BNA</creditline></newsItem>", "<creditline>BNA"),
        ('<provider literal="BNA"/>', "<provider literal=BNA"),
        ('<nitf><doc.copyright holder="BNA"/></nitf>', "<doc.copyright holder=BNA"),
        ("<distributor>BNA</distributor>", "<distributor>BNA"),
    ],
)
def test_what_agencies_deliver_names_them(markup: str, quote: str) -> None:
    (mark,) = parsed(f"{markup}<p>Text</p>").marks
    assert (mark.kind, mark.name, mark.quote) == (MarkKind.DC_SOURCE, "BNA", quote)


def test_a_page_says_each_thing_once_and_few_of_a_kind() -> None:
    metas = "".join(f'<meta name="author" content="Ann {n % 50}">' for n in range(200))
    assert len(parsed(f"<head>{metas}{metas}</head><body>x").marks) == 5


def test_a_base_element_is_what_links_are_relative_to() -> None:
    html = '<head><base href="https://q.example/a/"><link rel="canonical" href="b"></head><body>x'
    assert parsed(html).marks[0].url == "https://q.example/a/b"


# ------------------------------------------------------------------------------------ odd documents


@pytest.mark.parametrize(
    ("body", "content_type", "reason"),
    [
        (b"", "text/html", "empty"),
        (b" \n", "text/html", "empty"),
        (b"%PDF-1.7 <", "application/pdf", "not_a_page"),
        (b"{}", "application/json", "not_a_page"),
        (b"x", "image/png", "not_a_page"),
        (b"Hello", "text/html", "not_a_page"),
    ],
)
def test_what_is_no_page_is_refused(body: bytes, content_type: str, reason: str) -> None:
    assert refused(body, content_type).reason == reason


@pytest.mark.parametrize(
    ("encoding", "head", "content_type"),
    [
        ("utf-8", "", "text/html"),
        ("utf-8-sig", "", ""),
        ("utf-8", '<meta charset="iso-8859-1">', "text/html; charset=iso-8859-1"),
        ("cp1252", '<meta charset="windows-1252">', "text/html"),
        ("cp1252", '<meta http-equiv="Content-Type" content="text/html; charset=latin1">', ""),
        ("cp1252", "", "text/html; charset=iso-8859-1"),
        ("cp1252", "", "text/html"),
        ("utf-16", "", "text/html"),
    ],
)
def test_encodings_of_pages_are_found(encoding: str, head: str, content_type: str) -> None:
    text = "Die Fähre fährt wieder, sagte das Amt für „Häfen“. " * 4
    html = f"<html><head>{head}<title>Fähre</title></head><body><article><p>{text}</p></article>"
    found = parse_page(html.encode(encoding), url="https://b.example/", content_type=content_type)
    assert found.title == "Fähre"
    assert found.blocks[0].text == text.strip()


def test_a_page_that_no_parser_can_read_in_time_still_has_the_marks_of_its_head() -> None:
    html = f'<head><link rel="canonical" href="{ORIGINAL}"></head><body>' + "<div>" * 50_000
    found = parsed(html)
    assert [m.url for m in found.marks] == [ORIGINAL]
    assert found.blocks == ()


PIECES = """<article>
</article>
<p>Some words of a text that goes on for a while.</p>
<div>
</div>
<div class="share">
<h1>Head</h1>
<h3>Related</h3>
<br>
<table><tr><td>
<p class="byline">By Ann</p>
<p>Source: BNA</p>
<ul><li>
<!--
<script>
</script>
<script type="application/ld+json">
{"@type":"Article","publisher":
<noscript>
<a href=x>
<meta name="author" content="
">
<body>
<head>
<svg>
&#0;
<template>"""
pieces = st.sampled_from([*PIECES.splitlines(), "\x00"])


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(pieces | st.text(max_size=10), max_size=25).map("".join))
def test_any_markup_is_a_page_or_a_parse_error(html: str) -> None:
    try:
        found = parsed(html)
    except ParseError:
        return
    for block in found.blocks:
        assert block.text == " ".join(block.text.split())
        assert all(0 <= k.start < k.end <= len(block.text) for k in block.links)


@pytest.mark.parametrize(
    ("markup", "name", "url"),
    [
        (
            '<span class="source-org vcard"><span class="org fn">Quay Times</span></span>',
            "Quay Times",
            "",
        ),
        (
            '<div itemprop="provider"><meta itemprop="name" content="Quay Times">'
            '<meta itemprop="url" content="https://quaytimes.example/"></div>',
            "Quay Times",
            "https://quaytimes.example/",
        ),
        (
            '<p itemprop="sourceOrganization"><a href="https://quaytimes.example/a">Quay</a></p>',
            "Quay",
            "https://quaytimes.example/a",
        ),
    ],
)
def test_microdata_and_microformats_tell_whose_a_text_is(markup: str, name: str, url: str) -> None:
    found = parsed(
        f"<html><body><article>{markup}<p>{FIRST} all night.</p></article></body></html>"
    )
    marks = [m for m in found.marks if m.kind is MarkKind.JSON_LD]
    assert [(m.name, m.url) for m in marks] == [(name, url)]
    assert name in marks[0].quote


def test_a_counter_deep_in_a_sites_folders_is_found() -> None:
    pixel = "https://quaytimes.example/wp-content/tracker/../?republication-pixel=true&post=1"
    found = parsed(f'<html><body><p>{FIRST}</p><img src="{pixel}"></body></html>')
    assert [m.name for m in found.marks if m.kind is MarkKind.COUNTER] == ["quaytimes.example"]
