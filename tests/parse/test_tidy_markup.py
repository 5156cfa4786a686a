"""The markup of a text without the boilerplate around it."""

from aggregator.parse import blocks, clean, tidy


def trimmed(html: str) -> str:
    left, markup = tidy(html)
    assert left == clean(blocks(html))
    return markup


STORY = (
    "<p>The <b>night ferry</b> will run until three in the morning from April, the port said.</p>"
    '<p>Two boats share the crossing, which takes <a href="https://a.example/t">eleven '
    "minutes</a> in calm weather and fifteen in a gale.</p>"
)
CREDIT = "<p><em>This story originally appeared on Harbour Post.</em></p>"


def test_a_text_without_boilerplate_stays_as_it_is_to_the_letter():
    assert trimmed(STORY + CREDIT) == STORY + CREDIT
    assert trimmed("") == ""
    assert trimmed("A plain line.\n\nAnd another.") == "A plain line.\n\nAnd another."


def test_buttons_appeals_and_lists_of_other_stories_go_and_the_formatting_stays():
    around = (
        "<p>Share on Facebook</p>" + STORY + CREDIT + "<h3>Related</h3><ul>"
        '<li><a href="https://a.example/1">Mayor opens a bridge</a></li>'
        '<li><a href="https://a.example/2">Rain until Sunday</a></li></ul>'
    )
    assert trimmed(around) == STORY + CREDIT


def test_a_more_link_at_the_end_of_a_paragraph_goes_and_the_paragraph_stays():
    teaser = (
        '<p>The night ferry will run until three. <a href="https://a.example/">Read more</a></p>'
    )
    assert trimmed(teaser) == "<p>The night ferry will run until three.</p>"


def test_text_that_stands_in_no_element_becomes_paragraphs():
    loose = (
        "The night ferry will run until three in the morning from April, the port authority said."
        "<br><br>Share on Facebook<br><br>Two boats &amp; a launch share the crossing."
    )
    assert trimmed(loose) == (
        "<p>The night ferry will run until three in the morning from April, the port authority "
        "said.</p><p>Two boats &amp; a launch share the crossing.</p>"
    )


def test_what_is_left_reads_as_the_clean_blocks_do():
    for html in (STORY, CREDIT, "<div>" + STORY + "<div>Advertisement</div></div>" + CREDIT):
        assert blocks(trimmed(html)) == clean(blocks(html))
