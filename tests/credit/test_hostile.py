"""Texts that were made, or have come about, to do harm: nothing fails, and nothing takes long."""

import random
import time

import pytest

from aggregator.model import BlockKind, Link, Mark, MarkKind
from tests.credit.reading import Block, names, read

MEGABYTE = 1_000_000
PIECES = [
    " ", "a", ".", ". ", "A ", "(", "() ", "- ", "—", ": ", "“", '"', "\n", "İ", "*_", "…", "1 ",
    "This story originally appeared on ",
    "This article was first published in The ", "Via ",
    "Source: ", "With inputs from agencies ", "The post ", "/AP", "(AP) ", "2 March ", "© 2026 ",
    "a@b.example ", "https://a.example/b ", "The Guardian and ", "by ", "本文转载自",
    "来源：新华社 ",
    "이 기사는 연합뉴스에 처음 ", "บทความนี้", "نُشر هذا المقال ",
    "यह लेख सबसे पहले ", "“This story was ",
]  # fmt: skip


@pytest.mark.timeout(60)  # it takes tenths of a second; what is not linear takes hours
@pytest.mark.parametrize("piece", PIECES)
def test_a_megabyte_of_anything_is_read(piece: str) -> None:
    text = piece * (MEGABYTE // len(piece))
    read(Block(text))
    read(*[Block("Seven captains had asked for it. " * 5)] * 3, Block(text))


def test_ten_thousand_links_in_a_paragraph_are_read() -> None:
    words = "This story originally appeared on Moor Echo. "
    links = tuple(
        Link(n * len(words) + 34, n * len(words) + 43, f"https://s{n}.example/a")
        for n in range(10_000)
    )
    for credit in read(Block(words * 10_000, links=links)):
        assert credit.quote in words


def test_a_name_under_ten_thousand_links_is_one_name() -> None:
    words = "This story originally appeared on Moor Echo."
    links = tuple(Link(34, 43, f"https://s{n}.example/a") for n in range(10_000))
    assert names(read(Block(words, links=links))) == ["Moor Echo"]


def test_links_that_stand_nowhere_and_lead_nowhere_are_borne() -> None:
    words = "This story originally appeared on Moor Echo."
    urls = (
        "http://[",
        "x:",
        "//",
        "mailto:a@b",
        "https://例え.jp/あ",
        "http://a..b/",
        "\ud800",
        "",
    )
    links = tuple(
        Link(start, end, url)
        for url in urls
        for start, end in ((34, 43), (90, 99), (9, 3), (-5, 2))
    )
    assert len(names(read(Block(words, links=links)))) <= 1


@pytest.mark.parametrize("kind", list(MarkKind))
def test_marks_of_rubbish_are_borne(kind: MarkKind) -> None:
    for name, url in (
        ("<script>alert(1)</script>", "javascript:alert(1)"),
        ("a" * MEGABYTE, "https://" + "a." * 5000),
        ("\x00", "http://["),
        ("", ""),
        ("🦊", "data:text/html,x"),
    ):
        for credit in read(Block("x"), marks=[Mark(kind, name, url, "q" * MEGABYTE)]):
            assert "<" not in credit.name
            assert len(credit.name) <= 100
            assert len(credit.quote) <= 400


def test_text_in_no_language_credits_nobody() -> None:
    dice = random.Random(5)
    for _ in range(300):
        text = "".join(_letter(dice) for _ in range(dice.randrange(400)))
        kind = dice.choice(list(BlockKind))
        found = read(*[Block(text, kind)] * dice.randrange(1, 4), title=text[:50])
        assert all(credit.quote in text for credit in found)


def _letter(dice: random.Random) -> str:
    first, last = dice.choice([(32, 127), (160, 0x3000), (0x3000, 0xD7FF), (0xE000, 0x1FFFF)])
    return dice.choice([chr(dice.randrange(first, last)), " ", "\n"])


def test_what_a_credit_quotes_is_cut_where_it_is_long() -> None:
    line = "This story was " + "first " * 3 + "published in Moor Echo" + " and" * 500
    assert all(len(credit.quote) <= 400 for credit in read(Block(line)))


def test_a_text_without_blocks_and_without_anything_credits_nobody() -> None:
    assert read() == ()
    assert read("", title="", url="", language="") == ()


@pytest.mark.parametrize(
    "piece",
    [
        "This article was republished with permission in ",
        "published first and reproduced by courtesy of The Guardian, ",
        "original text, this, by, of, from, with, ",
    ],
)
def test_lines_that_are_all_words_of_credit_take_no_more_than_linear_time(piece: str) -> None:
    def seconds(times: int) -> float:
        lines = [Block(piece * 4) for _ in range(times)]
        start = time.process_time()
        read(*lines)
        return time.process_time() - start

    seconds(20)
    shorter = min(seconds(100) for _ in range(3))
    longer = min(seconds(1600) for _ in range(3))
    assert longer < 16 * 6 * max(shorter, 0.001)
