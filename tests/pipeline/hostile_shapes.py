"""Documents that are made to cost whoever reads them more than they cost to make.

Each is about `SIZE` bytes, or as large as its trick needs; the first ten attack the XML parser,
the others the reading of HTML, of text, and of credits in it.
"""

from collections.abc import Callable

SIZE = 1_000_000


def rss(*items: str, head: str = "") -> str:
    return f'<rss version="2.0"><channel><title>Trap</title>{head}{"".join(items)}</channel></rss>'


def item(body: str = "", *, n: int = 0, cdata: bool = True) -> str:
    text = f"<![CDATA[{body}]]>" if cdata else body
    return f"<item><title>Item {n}</title><guid>{n}</guid><description>{text}</description></item>"


def html(piece: str, end: str = "") -> str:
    """One item whose text is this piece again and again."""
    return rss(item(piece * (SIZE // len(piece)) + end))


def raw(piece: str, start: str = "", end: str = "") -> str:
    return start + piece * (SIZE // len(piece)) + end


def billion_laughs() -> str:
    lines = ['<!ENTITY a "ha">']
    for before, name in zip("abcdefghi", "bcdefghij", strict=True):
        lines.append(f'<!ENTITY {name} "{f"&{before};" * 10}">')
    return f'<?xml version="1.0"?><!DOCTYPE rss [{"".join(lines)}]>{rss(item("&j;", cdata=False))}'


def quadratic_entity() -> str:
    return (
        f'<!DOCTYPE rss [<!ENTITY a "{"x" * 50_000}">]>' + rss(item("&a;" * 10_000, cdata=False))
    )  # fmt: skip


def external_entity() -> str:
    return (
        '<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd">'
        '<!ENTITY b SYSTEM "http://127.0.0.1:9/b">]>' + rss(item("&a;&b;", cdata=False))
    )  # fmt: skip


def words(count: int) -> str:
    return " ".join(f"word{n}" for n in range(count))


SHAPES: dict[str, Callable[[], str]] = {
    # --- XML
    "billion laughs": billion_laughs,
    "one long entity, many times": quadratic_entity,
    "external entities": external_entity,
    "comments that never end": lambda: raw("<!--", rss()[:40]),
    "elements within elements": lambda: rss(raw("<a>")),
    "elements closed out of order": lambda: rss(raw("<a><b></a></b>")),
    "one element of many attributes": lambda: rss(
        "<item " + " ".join(f'a{n}="1"' for n in range(SIZE // 10)) + "></item>"
    ),
    "many namespaces": lambda: rss(
        "".join(f'<a{n}:b xmlns:a{n}="http://e.org/{n}"/>' for n in range(SIZE // 40))
    ),
    "CDATA that never ends": lambda: raw("<![CDATA[", rss()[:60]),
    "500,000 entries": lambda: rss("<item><guid>1</guid></item>" * 500_000),
    "500,000 entries that differ": lambda: rss(
        *(f"<item><guid>{n}</guid><title>{n}</title></item>" for n in range(500_000))
    ),
    "instructions that never end": lambda: raw("<?xml ", "<rss>"),
    "declarations that never end": lambda: raw("<!DOCTYPE ", ""),
    "references to nothing": lambda: rss(item(raw("&x;"), cdata=False)),
    "ampersands alone": lambda: rss(item(raw("& "), cdata=False)),
    "100,000 categories": lambda: rss(
        f"<item><guid>1</guid>{''.join(f'<category>{n}</category>' for n in range(60_000))}</item>"
    ),
    "many authors": lambda: rss(
        f"<item><guid>1</guid>{raw('<author>a@b.example</author>')}</item>"
    ),
    "one author of a megabyte": lambda: rss(f"<item><author>{raw('a@')}</author></item>"),
    "a title of a megabyte": lambda: rss(f"<item><title>{raw('long ')}</title></item>"),
    "a date of a megabyte": lambda: rss(f"<item><pubDate>{raw('1')}</pubDate></item>"),
    "a link of a megabyte": lambda: rss(f"<item><link>http://e.org/{raw('a')}</link></item>"),
    # --- JSON
    "JSON within JSON": lambda: '{"version":"https://jsonfeed.org/version/1.1","items":' + raw("["),
    "JSON of many items": lambda: (
        '{"version":"https://jsonfeed.org/version/1.1","title":"x","items":['
        + ",".join(f'{{"id":"{n}"}}' for n in range(100_000))
        + "]}"
    ),
    # --- HTML of one entry
    "comments begun in HTML": lambda: html("<!--"),
    "div within div": lambda: html("<div>"),
    "bold within bold": lambda: html("<b>"),
    "links left open": lambda: html("<a href=x>"),
    "formatting before paragraphs": lambda: html("<b><i><u><p>"),
    "tables within tables": lambda: html("<table><tr><td>"),
    "options without end": lambda: html("<select><option>"),
    "a tag of many attributes": lambda: rss(item(f"<p {raw('a=1 ')}>x</p>")),
    "an attribute without end": lambda: rss(item(f'<p title="{raw("x")}')),
    "angle brackets alone": lambda: html("<"),
    "half entities": lambda: html("&a"),
    "scripts": lambda: html("<script>alert(1)</script>"),
    "styles that never end": lambda: html("<style>"),
    "svg and math": lambda: html("<svg><math>"),
    "plaintext": lambda: html("<plaintext>"),
    "templates": lambda: html("<template>"),
    "forms and inputs": lambda: html("<form><input>"),
    "lists within lists": lambda: html("<ul><li>"),
    "quotes within quotes": lambda: html("<blockquote><p>x</p>"),
    # --- text
    "one word of a megabyte": lambda: html("x"),
    "one word again and again": lambda: html("word "),
    "all words different": lambda: rss(item(words(SIZE // 9))),
    "credits again and again": lambda: html("<p>This story originally appeared on A. </p>"),
    "brackets": lambda: html("(((("),
    "capitals": lambda: html("A B C "),
    "datelines": lambda: html("<p>LONDON (Reuters) - </p>"),
    "addresses": lambda: html("http://a.example/ "),
    "white space": lambda: html("<p> \n\t\u00a0</p>"),
    "line breaks": lambda: html("<br>"),
    "combining letters": lambda: html("a\u0301\u0301\u0301"),
    "letters from right to left": lambda: html("\u202e\u05d0 "),
    "2,000 entries of boilerplate": lambda: rss(
        *(item("<p>Read more: subscribe to our newsletter.</p>" * 10, n=n) for n in range(2000))
    ),
}
