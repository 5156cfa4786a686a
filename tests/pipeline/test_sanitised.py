"""Whatever a feed or a page says, what is stored and served is harmless."""

import re

import pytest
from desk import FERRY, item, rss
from publisher import publishing

from aggregator.model import Channel, Content, FullText
from aggregator.publish import FORMATS

SAFE = "<p>The night ferry will run until three in the morning from April.</p>"
HOSTILE = {
    "script": "<script>steal()</script>",
    "script in svg": "<svg><script>steal()</script></svg>",
    "handler": '<p onclick="steal()" onmouseover=steal()>x</p>',
    "handler of an image": '<img src="/a.png" onerror="steal()">',
    "javascript link": '<a href="javascript:steal()">x</a>',
    "javascript in disguise": '<a href=" jAvA\tscript&colon;steal()">x</a>',
    "javascript in entities": '<a href="&#106;avascript:steal()">x</a>',
    "vbscript": '<a href="vbscript:steal()">x</a>',
    "data link": '<a href="data:text/html,<script>steal()</script>">x</a>',
    "file link": '<a href="file:///etc/passwd">x</a>',
    "data image": '<img src="data:image/svg+xml,<svg onload=steal()>">',
    "form": '<form action="/steal"><input name="steal"><button>Go</button></form>',
    "style": '<p style="position:fixed;top:0;background:url(//steal.example/)">x</p>',
    "style element": "<style>body{background:url(//steal.example/)}</style>",
    "frame": '<iframe src="//steal.example/"></iframe>',
    "object": '<object data="//steal.example/"></object><embed src="//steal.example/">',
    "base": '<base href="//steal.example/">',
    "meta": '<meta http-equiv="refresh" content="0;url=//steal.example/">',
    "link element": '<link rel="stylesheet" href="//steal.example/">',
    "pixel": '<img src="https://steal.example/p.gif" width="1" height="1">',
    "pixel, by style": '<img src="https://steal.example/p.gif" style="width:1px;height:1px">',
    "pixel of no size": '<img src="https://steal.example/p.gif" width=0 height=0>',
    "math": '<math><mtext><table><mglyph><style><img src=x onerror="steal()">',
    "noscript": '<noscript><p title="</noscript><img src=x onerror=steal()>">',
    "comment": "<!--><img src=x onerror=steal()>-->",
    "template": "<template><script>steal()</script></template>",
    "id and class": '<p id="main" class="state gone">x</p>',
    "srcset": '<img src="/a.png" srcset="javascript:steal() 1x">',
    "closing what is not its own": "</div></div></p><script>steal()</script>",
}
FORBIDDEN = re.compile(
    r"steal|javascript:|vbscript:|file:|<script|<style|<form|<input|<button|<iframe|<object|<embed"
    r"|<base|<meta|<link|<svg|<math|\son\w+\s*=|\sstyle\s*=|\sid\s*=\s*.main",
    re.IGNORECASE,
)


@pytest.fixture
async def press(clock):
    async with publishing(clock) as publisher:
        yield publisher


@pytest.mark.parametrize("trap", HOSTILE.values(), ids=HOSTILE)
async def test_a_trap_in_a_feed_is_neither_stored_nor_served(desk, press, trap):
    url = press.says("/feed", rss(item("ferry", (SAFE + trap, *FERRY), title=f"Ferry {trap}")))
    desk.lists(url)
    assert (await desk.polls(url)).entries_new == 1
    (story,) = desk.stories()
    assert "night ferry" in story.content_html
    assert not FORBIDDEN.search(story.content_html)
    channel = Channel("News", "http://n.example/feed", "http://n.example/", content=Content.FEED)
    for form in FORMATS.values():
        body = form.write(channel, [story]).decode()
        assert "night ferry" in body
        served = body.replace(story.title, "")
        assert not re.search(r"on(error|click|load)\s*=|vbscript:|<iframe", served)
        assert not re.search(r"steal\.example", served)


@pytest.mark.parametrize("trap", HOSTILE.values(), ids=HOSTILE)
async def test_a_trap_in_an_article_page_is_not_stored(desk, press, trap):
    text = "".join(f"<p>{paragraph}</p>" for paragraph in FERRY)
    page = f"<html><body><article><h1>Ferry</h1>{text}{trap}{text}</article></body></html>"
    press.says("/ferry.html", page, Content_Type="text/html")
    teaser = item("ferry", ["The night ferry will run …"], link=f"{press.url}/ferry.html")
    url = press.says("/feed", rss(teaser))
    desk.lists(url, full_text=FullText.ALWAYS)
    await desk.polls(url)
    (story,) = desk.stories()
    assert "night ferry" in story.full_html
    assert not FORBIDDEN.search(story.full_html)


async def test_links_of_entries_are_of_the_web_or_none(desk, press):
    links = ["javascript:steal()", "data:text/html,x", "file:///etc/passwd", "ftp://e.org/x"]
    items = [item(f"n{n}", FERRY, title=f"Story {n}", link=link) for n, link in enumerate(links)]
    url = press.says("/feed", rss(*items))
    desk.lists(url)
    await desk.polls(url)
    stories = desk.stories()
    assert all(story.url.startswith(("http://", "https://")) or not story.url for story in stories)
    assert not any("steal" in copy.url for story in stories for copy in story.copies)
