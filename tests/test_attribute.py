"""`aggregator attribute`: whom a text credits, for people and for programs."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from aggregator.attribute import FORMS, attribute_lines, attribute_one, for_people
from aggregator.errors import ParseError

STORY = "The ferry between Wexcombe and the Holms will run all night from Monday."
CREDIT = "This story originally appeared on Ndtv.com"
CONTENT = {
    "text": f"{STORY}\n\n{CREDIT}",
    "html": f"<html><body><article><p>{STORY}</p><p>{CREDIT}</p></article></body></html>",
    "rss-item": f"<item><title>Ferry</title><description>{STORY} {CREDIT}</description></item>",
    "atom-entry": (
        '<entry><title>Ferry</title><id>urn:x</id><content type="html">'
        f"&lt;p&gt;{STORY}&lt;/p&gt;&lt;p&gt;{CREDIT}&lt;/p&gt;</content></entry>"
    ),
    "jsonfeed-item": json.dumps({"id": "x", "content_html": f"<p>{STORY}</p><p>{CREDIT}</p>"}),
}


def _record(**more: Any) -> str:
    record = {
        "id": "a",
        "lang": "en",
        "publisher": {"name": "Wexcombe Gazette", "domain": "wexcombegazette.example"},
        "format": "text",
        "content": CONTENT["text"],
    }
    return json.dumps(record | more)


def _answers(*lines: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in attribute_lines(lines)]


@pytest.mark.parametrize("form", FORMS)
def test_each_form_of_content_is_read(form: str) -> None:
    found = attribute_one(CONTENT[form], form=form, publisher="Wexcombe Gazette")
    assert [credit.name for credit in found.credits] == ["NDTV"]


def test_a_record_is_answered_with_all_that_is_known_of_each_credit() -> None:
    (answer,) = _answers(_record())
    assert answer["id"] == "a"
    (credit,) = answer["credits"]
    confidence = credit.pop("confidence")
    assert 0 < confidence <= 1
    assert credit == {
        "name": "NDTV",
        "as_written": "Ndtv.com",
        "domain": "ndtv.com",
        "url": "",
        "role": "publisher",
        "extent": "full",
        "quote": "This story originally appeared on Ndtv.com",
        "where": "body",
    }


def test_records_are_answered_in_order_and_empty_lines_are_none() -> None:
    lines = [_record(id=str(number)) for number in range(5)]
    lines.insert(2, "  \n")
    assert [answer["id"] for answer in _answers(*lines)] == list("01234")


def test_marks_of_a_feed_and_a_page_are_read() -> None:
    item = (
        "<item><title>Ferry</title><description>All night.</description>"
        '<source url="https://moorecho.example/feed">Moor Echo</source></item>'
    )
    page = (
        '<html><head><link rel="canonical" href="https://moorecho.example/2026/ferry"></head>'
        f"<body><article><p>{STORY}</p></article></body></html>"
    )
    answers = _answers(
        _record(format="rss-item", content=item), _record(format="html", content=page)
    )
    assert [a["credits"][0]["domain"] for a in answers] == ["moorecho.example"] * 2
    assert [a["credits"][0]["where"] for a in answers] == ["feed", "page"]


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "null",
        "17",
        '"text"',
        "[" * 100_000,
        '{"id": "a"}',
        '{"id": "a", "content": 5}',
        _record(format="docx"),
        _record(format=7),
        _record(publisher="Gazette"),
        _record(format="rss-item", content="<item"),
        _record(format="rss-item", content="no markup at all"),
        _record(format="jsonfeed-item", content="{"),
        _record(format="jsonfeed-item", content='], "x": ['),
    ],
)
def test_a_bad_record_has_an_error_and_the_next_one_an_answer(line: str) -> None:
    bad, good = _answers(line, _record(id="b"))
    assert bad["credits"] == []
    assert bad["error"]
    assert good["id"] == "b"
    assert good["credits"]
    if '"id": "a"' in line:
        assert bad["id"] == "a"


def test_half_a_letter_can_be_written() -> None:
    (line,) = attribute_lines([_record(id="\ud800", content=f"\ud800 {CONTENT['text']}")])
    line.encode()


def test_an_unknown_form_is_refused_with_a_remedy() -> None:
    with pytest.raises(ParseError) as error:
        attribute_one("x", form="docx")
    assert "rss-item" in error.value.remedy


def _printed(content: str, **more: str) -> str:
    out = io.StringIO()
    found = attribute_one(content, publisher="Wexcombe Gazette", **more)
    Console(file=out, width=100, force_terminal=True).print(for_people(found))
    return out.getvalue()


def test_people_see_the_quote_marked_in_its_paragraph() -> None:
    told = _printed(CONTENT["text"])
    assert "NDTV" in told
    assert "ndtv.com" in told
    marked = next(line for line in told.splitlines() if "originally appeared" in line)
    assert marked.startswith("\x1b[1;4;32mThis story originally appeared on Ndtv.com\x1b[0m")


def test_people_see_the_markup_that_credits() -> None:
    item = '<item><title>F</title><source url="https://moorecho.example/">Moor Echo</source></item>'
    assert "Moor Echo" in _printed(item, form="rss-item")


def test_people_are_told_where_nobody_is_credited() -> None:
    assert "credits nobody" in _printed(STORY)


def test_a_text_does_not_command_the_terminal() -> None:
    told = _printed(f"{STORY}\n\n{CREDIT}\u202e \x1b]0;owned\x07\x1b[2J")
    assert "\x1b]0" not in told
    assert "\x1b[2J" not in told
    assert "\u202e" not in told


def test_the_answers_are_the_same_whatever_order_sets_have():
    corpus = Path(__file__).parent.parent / "benchmarks" / "credit_corpus.jsonl"
    records = "".join(corpus.read_text("utf-8").splitlines(keepends=True)[:300])
    answers = {
        subprocess.run(
            [sys.executable, "-m", "aggregator.cli", "attribute", "--jsonl"],
            input=records,
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(answers) == 1
