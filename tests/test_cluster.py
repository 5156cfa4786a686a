"""`aggregator cluster --jsonl`: documents in, stories out."""

import json
import sys
from datetime import timedelta

import pytest

from aggregator.cluster import cluster_lines
from tests.match.texts import FERRY, MILL, SCHOOL, Told

WEEK = 7 * 86400


def line(told: Told | str, **more) -> str:
    text = told if isinstance(told, str) else told.text
    record = {
        "id": "1",
        "outlet": "The Courier",
        "url": "https://courier.example/1",
        "title": "" if isinstance(told, str) else told.title,
        "html": "".join(f"<p>{paragraph}</p>" for paragraph in text.split("\n")),
        "published": 1_780_000_000,
    }
    return json.dumps(record | more)


def answers(*lines: str, **options) -> list[dict]:
    return [json.loads(answer) for answer in cluster_lines(lines, **options)]


def stories(*lines: str, **options) -> list[int | None]:
    return [answer["story"] for answer in answers(*lines, **options)]


def test_each_document_gets_a_line_in_order_and_copies_one_story():
    found = answers(
        line(FERRY, id="a"),
        line(MILL, id="b"),
        line(FERRY, id="c", title="Farewell", outlet="Evening Post"),
        line(MILL, id="d", outlet="Evening Post"),
    )
    assert [answer["id"] for answer in found] == ["a", "b", "c", "d"]
    assert [answer["story"] for answer in found] == [1, 2, 1, 2]
    assert all(set(answer) == {"id", "story", "reason"} for answer in found)
    assert found[2]["reason"].startswith("100% of the shorter text")


def test_answers_come_one_by_one_and_not_at_the_end():
    def lines():
        yield line(FERRY)
        pytest.fail("the second line was asked for before the first was answered")

    assert json.loads(next(cluster_lines(lines())))["story"] == 1


def test_truth_in_the_input_is_not_looked_at():
    told = [line(FERRY, truth="x", edits=["original"]), line(MILL, truth="x", edits=["cut"])]
    assert stories(*told) == [1, 2]


def test_credit_lines_are_no_part_of_the_text():
    credit = "\nThis story originally appeared on Courier.example."
    teaser = " ".join(FERRY.text.split()[:24])
    assert stories(
        line(teaser + credit, title="One"),
        line(" ".join(MILL.text.split()[:24]) + credit, title="Two"),
    ) == [1, 2]


def test_the_window_goes_by_the_time_of_publication():
    early, late = line(FERRY), line(FERRY, published=1_780_000_000 + 8 * 86400, outlet="E")
    assert stories(early, late) == [1, 2]
    assert stories(early, late, window=timedelta(days=9)) == [1, 1]


def test_a_document_without_time_counts_as_seen_with_the_one_before_it():
    assert stories(line(FERRY), line(MILL, published=None), line(FERRY, outlet="E")) == [1, 2, 1]


def test_blank_lines_are_passed_over():
    assert stories("\n", line(FERRY), "   \n", line(MILL)) == [1, 2]


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("{", "not JSON"),
        ("[1, 2]", "a JSON object is wanted, not list"),
        ("null", "a JSON object is wanted"),
        ("[" * 100_000, "not JSON"),
        (line(FERRY, html=7), '"html" must be a text, not int'),
        (line(FERRY, title=["x"]), '"title" must be a text'),
        (line(FERRY, outlet={}, url="x", html="y"), None),
        (line(FERRY, published="yesterday"), '"published" must be unix seconds'),
        (line(FERRY, published=True), '"published" must be unix seconds'),
        (line(FERRY, published=1e300), '"published" is no time'),
        (line(FERRY, published=float("nan")), '"published" is no time'),
        (line(FERRY, published=-1e12), '"published" is no time'),
    ],
)
def test_a_bad_line_is_answered_with_an_error_and_the_next_one_is_read(bad, why):
    first, second, third = answers(line(MILL), bad, line(SCHOOL))
    assert (first["story"], third["story"] - (why is None)) == (1, 2)
    if why is not None:
        assert second["story"] is None
        assert second["error"].startswith("Line 2: ")
        assert why.casefold() in second["error"].casefold()


def test_a_document_that_lacks_everything_is_a_story_of_its_own():
    assert stories("{}", "{}", json.dumps({"html": None, "title": None})) == [1, 2, 3]


def test_broken_text_comes_back_as_what_any_encoding_can_write():
    odd = line(FERRY, id="\ud800", title="\udfff", html="<p>\ud800 \0 </p>" * 50)
    (answer,) = cluster_lines([odd])
    assert answer.isascii()
    assert json.loads(answer)["id"] == "\ud800"


def test_any_id_comes_back():
    for id_ in (7, None, ["x"], "é"):
        assert answers(line(FERRY, id=id_))[0]["id"] == id_


def test_deep_markup_and_huge_bodies_are_read():
    deep = "<div>" * 20_000 + FERRY.text
    huge = f"<p>{FERRY.text}</p>" + "<p>And so on and so on.</p>" * 60_000
    assert sys.getsizeof(huge) > 1_500_000
    assert len(answers(line(FERRY, html=deep), line(MILL, html=huge))) == 2
