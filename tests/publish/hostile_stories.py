"""Stories as the worst of feeds would make them, the same ones for the same number."""

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from aggregator.model import (
    Agency,
    Copy,
    Credit,
    Enclosure,
    Extent,
    Origin,
    Role,
    Story,
    Where,
)

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)

WORDS = [
    *(
        "ferry",
        "harbour",
        "Q&A",
        "AT&T",
        "R&D",
        "5 < 6",
        "a<b",
        "<3",
        "&amp;",
        "&lt;b&gt;",
        "&#60;",
    ),
    *("<b>bold</b>", "<br>", "</p>", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>"),
    *(
        "&copy",
        "&nosuch;",
        "&#x0;",
        "&#xD800;",
        "&and",
        "]]>",
        "<![CDATA[",
        "<!--",
        "-->",
        "<?pi?>",
    ),
    *(
        "Café",
        "CafÃ©",
        "donâ\x80\x99t",
        "caf\ufffd",
        "\x00",
        "\x0b",
        "\x1b[31m",
        "\x85",
        "\x93q\x94",
    ),
    *(
        "\ud800",
        "\uffff",
        "\ufdd0",
        "\U0001fffe",
        "\u202eevil",
        "\u2066",
        "\u200b",
        "\ufeff",
        "\u2028",
    ),
    *(
        "مرفأ",
        "ميناء",
        "נמל",
        "港口",
        "港",
        "항구",
        "बंदरगाह",
        "гавань",
        "👩‍👩‍👧",
        "e\u0301",
        "İ",
        "ß",
    ),
    *(
        "a" * 300,
        "<a@b.example>",
        "mailto:a@b.example",
        "%",
        "%zz",
        "{{ 7*7 }}",
        "${7*7}",
        "'",
        '"',
    ),
    *("\t", "\n", "\r\n", "\u00a0", "Â©", "Ã", "Â", "MAÇÃ»"),
]
# A piece of HTML on each line.
SOUP = (Path(__file__).parent / "hostile_html.txt").read_text("utf-8").splitlines()
URLS = [
    "https://a.example/1",
    "https://a.example",
    "http://a.example?x",
    "https://a.example/ä ö?q=ü#é",
    "https://bücher.example/",
    "https://a.example/%",
    "https://a.example/%zz[1]|{2}",
    "//a.example/x",
    "javascript:alert(1)",
    "data:text/html,x",
    "ftp://a.example/",
    "mailto:a@b.example",
    "",
    " ",
    "http://[::1]/x",
    "http://[oops/",
    "http://a.example:99999/",
    "http://a.example:x/",
    "http://",
    "https://user:secret@a.example/x",
    "http://127.0.0.9:8123/x",
    "http://localhost/x",
    "/relative",
    "https://a.example/" + "x" * 3000,
    "https://a.example/<script>",
    'https://a.example/"onx="',
    "x",
    "HTTPS://A.Example/Up",
    "https://a.example/\ud800",
    "https://a.example/a\nb",
    "https://a..example/",
    "https://a.example/?a=1&b=2&amp;c=3",
    "https://a.example/#a#b",
    "https://-/",
    "https://☃.example/☃",
    "https://a.example/?x=1&copy=2&lt;3",
    "https://a.example/?a=1&#38;b",
]
LANGUAGES = [
    "",
    "en",
    "EN_gb",
    "de-DE",
    "ar",
    "zh-Hant-TW",
    "xx",
    "x-klingon",
    "en--",
    "<b>",
    "fil",
]
TYPES = ["image/jpeg", "audio/mpeg; codecs=x", "", "nonsense", "image/<b>", "IMAGE/PNG"]


def story(number: int) -> Story:
    """The hostile story of that number."""
    dice = Random(number)
    copies = tuple(_copy(dice) for _ in range(dice.choice([0, 1, 1, 2, 3, 9])))
    first_seen = NOW + timedelta(seconds=dice.choice([0, 0, 0, 7, 3600]))
    return Story(
        id=str(uuid.UUID(int=dice.getrandbits(128), version=4)),
        title=_text(dice),
        url=_url(dice),
        first_seen=first_seen,
        updated=first_seen + timedelta(seconds=dice.choice([0, 0, 60])),
        origin=_origin(dice, copies) if dice.random() < 0.7 else None,
        agency=Agency(_text(dice, 3), dice.choice(["afp.com", "", "<b>.x", "ü.example"]))
        if dice.random() < 0.3
        else None,
        chain=(_text(dice, 2),),
        conflict=_text(dice) if dice.random() < 0.1 else "",
        copies=copies,
        categories=tuple(_text(dice, 2) for _ in range(dice.randrange(3))),
        language=dice.choice(LANGUAGES),
        author=_text(dice, 3),
        published=dice.choice([None, NOW, datetime(1, 1, 1, tzinfo=UTC), NOW.replace(year=9999)]),
        content_html=_html(dice),
        full_html=_html(dice),
        enclosures=tuple(
            Enclosure(_url(dice), dice.choice(TYPES), dice.choice([0, 5, -1, 10**15]))
            for _ in range(dice.randrange(3))
        ),
    )


def _copy(dice: Random) -> Copy:
    return Copy(
        outlet=_text(dice, 2),
        domain=dice.choice(["a.example", "b.example", "", "<b>", "ü.example"]),
        url=_url(dice),
        title=_text(dice),
        published=dice.choice([None, NOW, NOW.replace(year=1969)]),
        first_seen=NOW,
        credits=tuple(_credit(dice) for _ in range(dice.randrange(2))),
        similarity=dice.random(),
        edits=(_text(dice, 2),),
        reason=_text(dice),
        passages=(_text(dice),),
        feed_url=_url(dice),
        author=_text(dice, 2),
        category=_text(dice, 1),
    )


def _credit(dice: Random) -> Credit:
    role = dice.choice(list(Role))
    where = dice.choice(list(Where))
    name, quote = _text(dice, 2), _text(dice)
    return Credit(name, name, "a.example", _url(dice), role, Extent.FULL, quote, where, 0.5)


def _origin(dice: Random, copies: tuple[Copy, ...]) -> Origin:
    role = dice.choice([Role.PUBLISHER, Role.AGENCY])
    if copies and dice.random() < 0.5:
        own = copies[0]
        return Origin(own.outlet, own.domain, own.url, role, 0.9, _text(dice))
    return Origin(_text(dice, 2), dice.choice(["ndtv.com", "", "x y"]), _url(dice), role, 0.5, "so")


def _text(dice: Random, longest: int = 12) -> str:
    return dice.choice([" ", ""]).join(dice.choices(WORDS, k=dice.randrange(longest + 1)))


def _html(dice: Random) -> str:
    return "".join(dice.choices(SOUP + SOUP + WORDS, k=dice.choice([0, 1, 5, 30, 80])))


def _url(dice: Random) -> str:
    return dice.choice(URLS) if dice.random() < 0.7 else f"https://a.example/{dice.random()}"
