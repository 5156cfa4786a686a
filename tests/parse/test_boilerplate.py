from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Block, BlockKind, Link
from aggregator.parse import blocks, clean
from aggregator.parse.phrases import bare, read_language

FOLDER = files("aggregator.parse") / "data" / "boilerplate"
LANGUAGES = sorted(f.name for f in FOLDER.iterdir() if f.name.endswith(".toml"))
TEXT = [
    Block(
        "The harbour of the small town opened again on Monday after eleven weeks of work, it said."
    ),
    Block("The mayor thanked the forty divers who had repaired the northern wall in the cold."),
]


def examples(kind: str) -> list[tuple[str, str]]:
    return [(name, text) for name in LANGUAGES for text in read_language(FOLDER / name)[kind]]


def cleaned(*more: Block | str) -> list[str]:
    found = [b if isinstance(b, Block) else Block(b) for b in more]
    return [block.text for block in clean([*TEXT, *found])][len(TEXT) :]


def linked(text: str, kind: BlockKind = BlockKind.PARAGRAPH) -> Block:
    return Block(text, kind, (Link(0, len(text), "https://quay.example/x"),))


def test_the_languages_that_we_promise_are_there() -> None:
    assert {"de.toml", "en.toml", "es.toml", "fr.toml", "it.toml", "pt.toml"} <= set(LANGUAGES)


@pytest.mark.parametrize(("language", "text"), examples("cut"))
def test_boilerplate_is_cut_in_each_language(language: str, text: str) -> None:
    assert cleaned(text) == []


@pytest.mark.parametrize(("language", "text"), examples("keep"))
def test_credit_lines_and_sentences_are_kept_in_each_language(language: str, text: str) -> None:
    assert cleaned(text) == [text]


@pytest.mark.parametrize(
    "text",
    [
        "Facebook", "Share", "Facebook Twitter Pinterest", "Share on LinkedIn", "Twitter | Email",
        "Click to share on Facebook (Opens in new window)", "» Read more »", "[Read more…]",
        "← →", "Page 2 of 7", "1 2 3 … 6,072", "ADVERTISEMENT",
        "Story continues below advertisement",
    ],
)  # fmt: skip
def test_buttons_marks_and_page_numbers_are_cut(text: str) -> None:
    if text == "Facebook":  # one name alone may be anything, even a credit
        assert cleaned(text) == [text]
    else:
        assert cleaned(text) == []


def test_buttons_are_cut_inside_of_a_text_too() -> None:
    found = clean([TEXT[0], Block("Advertisement"), Block("Share on Facebook"), TEXT[1]])
    assert list(found) == TEXT


def test_what_follows_a_heading_is_cut_until_the_story_goes_on() -> None:
    goes_on = (
        "The second boat comes back from the yard in spring, when the council votes on it again."
    )
    assert cleaned(
        Block("Related", BlockKind.HEADING), linked("Fog closes harbour"), "Short words", goes_on
    ) == [goes_on]


def test_a_heading_of_the_story_itself_goes_on_with_its_paragraph() -> None:
    heading = Block("Too loud", BlockKind.HEADING)
    goes_on = (
        "The second boat comes back from the yard in spring, when the council votes on it again."
    )
    assert cleaned("Read also", linked("Fog closes harbour"), heading, goes_on) == [
        "Too loud",
        goes_on,
    ]


def test_a_teaser_is_not_where_the_story_goes_on() -> None:
    teaser = "The home side is one victory away from the cup after a night that nobody will forget."
    headline = linked("Lakeside against Fenport: the scores", BlockKind.HEADING)
    assert cleaned("Don't Miss", headline, teaser) == []


def test_comments_are_cut_to_the_end_whatever_they_say() -> None:
    comment = (
        "This first appeared on my own blog, and nobody gives me credit, as usual in this town."
    )
    assert cleaned(Block("Comments", BlockKind.HEADING), comment) == []


def test_a_credit_line_among_other_things_is_kept_and_what_they_are_called() -> None:
    credit = "This story originally appeared on Quay Times"
    found = cleaned("Related", linked("Fog closes harbour"), credit, "More")
    assert found == ["Related", credit]


def test_lists_of_nothing_but_links_at_the_end_are_cut_with_what_introduces_them() -> None:
    items = [linked(f"Another story, number {n}", BlockKind.LIST_ITEM) for n in range(3)]
    assert cleaned(Block("From our town:"), *items) == []


def test_a_list_of_links_under_a_credit_is_kept() -> None:
    items = [linked(f"Report {n}", BlockKind.LIST_ITEM) for n in range(2)]
    assert cleaned("Sources:", *items) == ["Sources:", "Report 0", "Report 1"]


def test_a_list_in_the_story_is_kept() -> None:
    items = [Block(f"Boat {n}", BlockKind.LIST_ITEM) for n in range(3)]
    assert cleaned(*items) == ["Boat 0", "Boat 1", "Boat 2"]


def test_an_outlet_that_is_linked_alone_is_kept() -> None:
    assert cleaned(linked("Quay Times")) == ["Quay Times"]


def test_a_link_that_leads_on_is_cut_from_the_end_of_its_paragraph() -> None:
    text = "The council votes in May and … Continue reading →"
    block = Block(text, links=(Link(31, len(text), "https://quay.example/1"),))
    assert cleaned(block) == ["The council votes in May and …"]


def test_the_link_of_a_credit_is_not_cut_from_it() -> None:
    text = "This story originally appeared on Quay Times read the full story"
    block = Block(text, links=(Link(45, len(text), "https://quay.example/1"),))
    assert cleaned(block) == [text]


def test_appeals_are_cut_and_a_story_about_an_appeal_is_not() -> None:
    appeal = (
        "We are not owned by shareholders: our readers support us. Donate any amount, and help us "
        "to continue publishing each day for readers like you."
    )
    about = (
        "The museum asked its members for a donation in May, and 411 of them sent one, said its "
        "director, who keeps the list in her desk."
    )
    assert cleaned(appeal) == []
    assert cleaned(about) == [about]


def test_a_text_that_is_nothing_but_boilerplate_stays_as_it_is() -> None:
    assert [b.text for b in clean([Block("Share"), Block("Read more")])] == ["Share", "Read more"]
    assert clean([]) == ()


def test_the_end_of_a_republished_page_is_cut_to_its_credit() -> None:
    credit = "This story originally appeared on Quay Times read the full story"
    text = "\n\n".join(
        [
            *(block.text for block in TEXT),
            "(Except the headline, this story has not been edited by Quay Times staff and is "
            "published from a syndicated feed.)",
            credit,
            "Support fearless, independent journalism",
            "We are not owned by a billionaire or shareholders – our readers support us. Donate "
            "any amount over $2.",
            "Support us just once",
            "We accept support of any size, at any time – you name it for $2 or more.",
            "Related", "More", "1 2 3 6,072", "Don't Miss",
            "Maker shows surprise telephone at summer fair",
            "If you have been waiting to see the ninth model, the ninth",
        ]
    )  # fmt: skip
    found = clean(blocks(text))
    assert len(found) == 4
    assert found[-1].text == credit


def test_a_file_of_phrases_with_a_mistake_says_where(tmp_path: Path) -> None:
    file = tmp_path / "xx.toml"
    for content, words in [
        ('headings = ["Related"]', "xx.toml: headings: 'Related' must be in lower case"),
        ('heading = ["related"]', "xx.toml: heading is none of"),
        ("labels = [1]", "xx.toml: labels must be a list of phrases"),
        ('labels = ["ad", "ad"]', "xx.toml: labels: twice: ad"),
        ("labels = [", "xx.toml: "),
    ]:
        file.write_text(content)
        with pytest.raises(ValueError, match=words):
            read_language(file)


def test_phrases_are_compared_without_what_stands_around_them() -> None:
    assert bare("» Read More… »") == "read more"


words = st.sampled_from(
    [
        "Related",
        "Share",
        "Source: BNA",
        "Read more",
        "Donate to us",
        TEXT[0].text,
        TEXT[1].text,
        "x",
    ]
)


@given(
    st.lists(st.builds(Block, words | st.text(min_size=1), st.sampled_from(BlockKind)), max_size=12)
)
def test_cleaning_keeps_order_and_credits_and_is_done_once(found: list[Block]) -> None:
    kept = clean(found)
    rest = iter(found)
    assert all(block in rest for block in kept)  # a subsequence
    comments = {"comments"}
    if not any(bare(block.text) in comments for block in found):
        kept_and_found = [[b for b in some if b.text == "Source: BNA"] for some in (kept, found)]
        assert kept_and_found[0] == kept_and_found[1]


@pytest.mark.parametrize(
    "line",
    [
        "Full story: Quay News",
        "Read more of this story at Quay News",
        "Continue reading on Rest of Quay",
        "Click here to view original web page at www.quaynews.example",
        "Quay Watch is a nonprofit newsroom that covers the coast. Sign up for its newsletter.",
    ],
)
def test_lines_that_lead_to_the_original_stay(line: str) -> None:
    story = "The ferry between the two islands will run all night from Monday, the board decided."
    assert cleaned(story, line) == [story, line]
