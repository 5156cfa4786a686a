"""Two texts side by side."""

from hypothesis import given
from hypothesis import strategies as st

from aggregator.web.compare import compare, paragraphs

OLD = ["The ferry sails at ten at night, the port said.", "Two boats share the crossing."]
NEW = ["The ferry sails at three in the morning, the port said.", "Two boats share the crossing."]


def marked(runs, kind: str) -> list[str]:
    return [run.text.strip() for run in runs if run.kind == kind]


def test_what_was_cut_and_added_is_told_word_by_word():
    found = compare(OLD, NEW)
    assert marked(found.rows[0].left, "cut") == ["ten at night,"]
    assert marked(found.rows[0].right, "added") == ["three in the morning,"]
    assert found.rows[1].same
    assert (found.cut, found.added) == (3, 4)


def test_a_paragraph_that_only_one_text_has_stands_alone():
    found = compare(OLD, [OLD[0], "A third boat waits at the quay.", OLD[1]])
    assert [bool(row.left) for row in found.rows] == [True, False, True]
    assert marked(found.rows[1].right, "added") == ["A third boat waits at the quay."]


def test_words_that_stand_between_two_changes_by_chance_do_not_split_them():
    found = compare(["one two the three four five six"], ["alpha beta the gamma delta five six"])
    assert marked(found.rows[0].left, "cut") == ["one two the three four"]


def test_case_and_punctuation_alone_are_no_difference():
    assert compare(["The Ferry, it sails."], ["the ferry it sails"]).identical


def test_scripts_without_spaces_are_compared_by_their_signs():
    found = compare(["夜间渡轮十点离开港口码头"], ["夜间渡轮三点离开港口码头"])
    assert marked(found.rows[0].left, "cut") == ["十"]
    assert marked(found.rows[0].right, "added") == ["三"]


def test_paragraphs_are_plain_text_however_hostile_the_markup():
    html = "<p>One &amp; <b>two</b></p><script>alert(1)</script><ul><li>a<li>b</ul>"
    assert paragraphs(html) == ["One & two", "a", "b"]


texts = st.lists(
    st.text(alphabet="ab .,<&港口ف\u200f", min_size=1, max_size=30).filter(str.strip), max_size=6
)


@given(texts, texts)
def test_each_side_shows_its_whole_text_and_both_directions_agree(left, right):
    found = compare(left, right)
    for side, texts_of in (("left", left), ("right", right)):
        shown = "".join(run.text for row in found.rows for run in getattr(row, side))
        assert "".join(shown.split()) == "".join("".join(texts_of).split())
    assert compare(left, left).identical
    assert not any(row.left == () == row.right for row in found.rows)
