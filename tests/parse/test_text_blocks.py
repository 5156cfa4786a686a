import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import BlockKind
from aggregator.parse import blocks
from aggregator.parse.blocks import MOST_BLOCKS


def texts(html: str) -> list[str]:
    return [block.text for block in blocks(html)]


def links(html: str, base_url: str = "") -> list[tuple[str, str]]:
    return [
        (block.text[link.start : link.end], link.url)
        for block in blocks(html, base_url=base_url)
        for link in block.links
    ]


def test_paragraphs_bare_text_and_divs_are_paragraphs() -> None:
    found = blocks("before<div>one<p>two</p>three</div><div><div>four</div></div>after")
    assert [b.text for b in found] == ["before", "one", "two", "three", "four", "after"]
    assert {b.kind for b in found} == {BlockKind.PARAGRAPH}


@pytest.mark.parametrize(
    ("html", "kind"),
    [
        ("<h3>x</h3>", BlockKind.HEADING),
        ("<ul><li>x</li></ul>", BlockKind.LIST_ITEM),
        ("<ul><li><h3>x</h3></li></ul>", BlockKind.LIST_ITEM),
        ("<blockquote><p>x</p></blockquote>", BlockKind.QUOTE),
        ("<blockquote><ul><li>x</li></ul></blockquote>", BlockKind.QUOTE),
        ("<figure><img><figcaption>x</figcaption></figure>", BlockKind.CAPTION),
        ("<figure>x</figure>", BlockKind.CAPTION),
        ("<figure><blockquote>x</blockquote></figure>", BlockKind.QUOTE),
        ("<figure><table><tr><td>x</td></tr></table></figure>", BlockKind.PARAGRAPH),
        ("<table><caption>x</caption></table>", BlockKind.CAPTION),
        ('<p class="wp-caption-text">x</p>', BlockKind.CAPTION),
        ("<aside><h2>x</h2></aside>", BlockKind.ASIDE),
        ("<pre>x</pre>", BlockKind.CODE),
        ("<p>x</p>", BlockKind.PARAGRAPH),
    ],
)
def test_a_block_is_of_the_kind_that_its_elements_say(html: str, kind: BlockKind) -> None:
    assert [(b.text, b.kind) for b in blocks(html)] == [("x", kind)]


def test_white_space_is_folded_and_invisible_characters_go() -> None:
    html = "<p> a\n\t b&nbsp;&#8203;c \u00ad\u202ed\x07 </p><p>\u200b</p><p>e\u0301</p>"
    assert texts(html) == ["a b c d", "é"]


def test_joiners_that_spell_words_stay() -> None:
    assert texts("<p>می\u200cخواهم</p>") == ["می\u200cخواهم"]


def test_scripts_styles_navigation_and_hidden_text_are_not_text() -> None:
    html = (
        "<script>a</script><style>b</style><nav>c</nav><p hidden>d</p><button>e</button>"
        '<p style="color: red; DISPLAY : none">f</p><span class="screen-reader-text">g</span>'
        "<!-- h --><template><p>i</p></template><noscript>j</noscript><p>text</p>"
    )
    assert texts(html) == ["text"]


def test_two_line_breaks_divide_paragraphs() -> None:
    assert texts("one goes on and on<br><br/>and two follows it") == [
        "one goes on and on",
        "and two follows it",
    ]


def test_one_line_break_divides_lines_that_stand_for_themselves() -> None:
    html = "<p>The council meets on Monday.<br />Source: Bay News Agency</p>"
    assert texts(html) == ["The council meets on Monday.", "Source: Bay News Agency"]


def test_a_line_that_merely_goes_on_is_joined() -> None:
    html = "<p>The council of the town meets again<br>on Monday to vote<br>on the plan.</p>"
    assert texts(html) == ["The council of the town meets again on Monday to vote on the plan."]


def test_a_long_line_that_was_wrapped_before_a_name_is_joined() -> None:
    first = "The council of the small town by the sea will meet again in the old school on"
    second = "Monday to vote on the plan that the harbour office has put before it last week."
    assert texts(f"{first}<br>{second}") == [f"{first} {second}"]


def test_links_stand_where_their_words_are() -> None:
    html = (
        '<p>  This story originally appeared on <a href="https://quay.example/a?x=1&amp;y=2"> '
        "<b>Quay</b> Times </a>, and <a href='/other'>elsewhere</a>.</p>"
    )
    assert links(html, "https://bay.example/b/") == [
        ("Quay Times", "https://quay.example/a?x=1&y=2"),
        ("elsewhere", "https://bay.example/other"),
    ]


def test_links_that_lead_nowhere_safe_are_none() -> None:
    html = '<a href="javascript:x">a</a><a href="#top">b</a><a href="mailto:x@y.z">c</a><a>d</a>'
    assert links(html, "https://bay.example/") == []
    assert texts(html) == ["abcd"]


def test_a_relative_link_without_a_base_is_none() -> None:
    assert links('<a href="/x">a</a>') == []


def test_a_link_around_blocks_and_breaks_is_in_each() -> None:
    html = '<a href="https://quay.example/"><h3>Head</h3>First.<br>Second.</a> Third.'
    assert links(html) == [
        ("Head", "https://quay.example/"),
        ("First.", "https://quay.example/"),
        ("Second.", "https://quay.example/"),
    ]


def test_letters_composed_across_elements_keep_their_links() -> None:
    html = '<p>cafe<a href="https://quay.example/">\u0301 noir</a></p>'
    (block,) = blocks(html)
    assert block.text == "café noir"
    assert [block.text[k.start : k.end] for k in block.links] == [" noir"] or block.links == ()


def test_lines_of_plain_text_are_paragraphs() -> None:
    assert texts("One & two.\n(Source: BNA)\n\n\nThree &amp; 4 < 5.") == [
        "One & two.",
        "(Source: BNA)",
        "Three & 4 < 5.",
    ]


def test_plain_text_that_was_wrapped_is_joined() -> None:
    wrapped = (
        "The ferry between the two islands will run every forty minutes from\n"
        "Monday, the harbour office said, after a trial of three weeks that\n"
        "was twice broken off because of fog.\n\nThe council votes in May."
    )
    assert [len(text) > 100 for text in texts(wrapped)] == [True, False]


def test_blank_lines_divide_paragraphs_where_inline_markup_is_all_there_is() -> None:
    assert texts("One <b>bold</b>.\n\nTwo.") == ["One bold.", "Two."]


def test_rows_of_a_table_are_lines_and_cells_of_a_layout_are_texts() -> None:
    assert texts("<table><tr><td>Boat</td><td>5.20</td></tr><tr><td>Last</td></tr></table>") == [
        "Boat 5.20",
        "Last",
    ]
    layout = (
        "<table><tr><td>Home<br>News<br>About</td><td>A long text.<br><br>More.</td></tr></table>"
    )
    assert texts(layout)[-2:] == ["A long text.", "More."]


def test_text_that_is_nested_too_deeply_is_read_without_its_markup() -> None:
    html = "<div>" * 50_000 + "Deep &amp; down" + "</div>" * 50_000
    assert texts(html) == ["Deep & down"]


def test_no_more_blocks_than_a_book_has_are_read() -> None:
    assert len(blocks("<p>x</p>" * (MOST_BLOCKS + 100))) == MOST_BLOCKS


@pytest.mark.parametrize("html", ["", "  \n ", "<p></p>", "<br><br>", "&nbsp;", "\x00", "<!--"])
def test_nothing_to_read_is_no_block(html: str) -> None:
    assert blocks(html) == ()


markup = st.lists(
    st.one_of(
        st.text(max_size=30),
        st.sampled_from(
            [
                "<p>", "</p>", "<br>", "<div>", "</div>", '<a href="https://x.example/">', "</a>",
                "<li>", "<ul>", "<b>", "</b>", "<!--", "-->", "<table>", "<td>", "<figure>",
                "&amp;",
                "\u0301", "\u200b", "\ud800", "<aside hidden>", "&#0;", "&#xD800;", "<svg>", "\x00",
            ]
        ),
    ),
    max_size=30,
).map("".join)  # fmt: skip


@given(markup)
def test_any_markup_gives_clean_text_with_links_inside_it(html: str) -> None:
    for block in blocks(html, base_url="https://bay.example/"):
        assert block.text
        assert block.text == " ".join(block.text.split())
        assert unicodedata.is_normalized("NFC", block.text)
        block.text.encode()
        end = 0
        for link in block.links:
            assert end <= link.start < link.end <= len(block.text)
            assert link.url.startswith(("https://", "http://"))
            end = link.end


def test_a_line_of_plain_text_that_stops_in_a_sentence_goes_on_in_the_next():
    text = (
        "The night ferry between the old harbour and\n"
        "the north bank will run until three in the morning, the port authority said on Sunday,\n"
        "after a winter of early nights. This story originally appeared on Sarnholm\nCourier."
    )
    assert [b.text for b in blocks(text)] == [text.replace("\n", " ")]


def test_headings_and_whole_sentences_of_plain_text_stay_lines_of_their_own():
    lines = [
        "Comrades of the quay",
        "The night ferry will run until three in the morning from April, the port said.",
        "(This story has not been edited by Harbour Post staff.)",
        "Share on Facebook",
        "Share on Telegram",
    ]
    assert [b.text for b in blocks("\n".join(lines))] == lines


@pytest.mark.parametrize(
    "html",
    [
        '<p><img src="a.jpg"> Quay News Photos</p>',
        '<div class="image-credit">Quay News</div>',
        '<div><img src="a.jpg"><span class="photo__credit">Quay News</span></div>',
    ],
)
def test_a_few_words_beside_a_picture_are_its_caption(html: str) -> None:
    assert [block.kind for block in blocks(html)] == [BlockKind.CAPTION]


def test_a_long_or_linked_line_beside_a_picture_is_text() -> None:
    long = (
        '<p><img src="a.jpg"> The ferry between the two islands will run all night from Monday.</p>'
    )
    linked = '<p><img src="a.jpg"> From <a href="https://quay.example/a">Quay News</a></p>'
    assert {b.kind for b in (*blocks(long), *blocks(linked))} == {BlockKind.PARAGRAPH}


def test_a_line_of_credit_is_not_joined_to_a_line_that_just_stops() -> None:
    line = "The ferry between the two islands and the old harbour will run all night from Monday"
    assert texts(f"{line}\nOriginally published by Quay News") == [
        line,
        "Originally published by Quay News",
    ]
