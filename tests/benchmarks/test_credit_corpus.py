"""The benchmark of credits: its corpus is sound, and its arithmetic right."""

import json
from collections import Counter

import pytest

from benchmarks.credit import CORPUS, answers, main, read, run, scored
from benchmarks.results import Options

CASE = {
    "id": "a",
    "lang": "en",
    "kind": "prose",
    "publisher": {"name": "Wexcombe Gazette", "domain": "wexcombe.example"},
    "format": "text",
    "content": "The ferry runs.\n\nThis story originally appeared in Moor Echo.",
    "credits": [{"name": "Moor Echo", "role": "publisher", "extent": "full"}],
}


def _found(name, **more):
    return {"name": name, "as_written": name, "role": "publisher", "extent": "full"} | more


def test_the_corpus_has_many_texts_in_many_languages_and_traps_among_them():
    records = read(CORPUS)
    assert len(records) >= 200
    assert len({record["lang"] for record in records}) >= 25
    assert max(Counter(record["id"] for record in records).values()) == 1
    assert max(Counter(record["content"] for record in records).values()) == 1
    assert sum(not record["credits"] for record in records) >= 100
    assert {record["kind"] for record in records} == {"prose", "wire", "feed", "page", "trap"}


def test_the_corpus_is_read_as_well_as_a_person_would_trust():
    score = scored(read(CORPUS), answers(read(CORPUS)))
    assert score.precision >= 0.98
    assert score.recall >= 0.97
    assert score.traps == 0


@pytest.mark.parametrize(
    ("found", "right", "wrong", "missed"),
    [
        ([_found("Moor Echo")], 1, 0, 0),
        ([_found("the MOOR echo")], 1, 0, 0),
        ([_found("Moor Echo"), _found("Moorecho.com", as_written="Moor Echo")], 1, 0, 0),
        ([_found("Quarry Post")], 0, 1, 1),
        ([_found("", role="unnamed")], 0, 0, 1),
        ([_found("Moor Echo", role="reporting")], 0, 0, 1),
        ([], 0, 0, 1),
    ],
)
def test_an_answer_is_right_wrong_or_missed(found, right, wrong, missed):
    score = scored([CASE], [found])
    assert (score.right, score.wrong, score.missed) == (right, wrong, missed)


def test_an_outlet_is_recognised_by_its_domain_whatever_it_is_called():
    wanted = {"name": "Echo", "domain": "echo.example", "role": "publisher", "extent": "full"}
    score = scored([CASE | {"credits": [wanted]}], [[_found("E.", domain="www.echo.example")]])
    assert (score.right, score.wrong) == (1, 0)


def test_a_trap_is_taken_where_nobody_is_to_be_credited():
    empty = CASE | {"credits": []}
    assert scored([empty], [[_found("Moor Echo")]]).traps == 1
    assert scored([empty | {"optional": CASE["credits"]}], [[_found("Moor Echo")]]).traps == 0


def test_another_corpus_is_measured_in_its_place(tmp_path, capsys, monkeypatch):
    corpus = tmp_path / "mine.jsonl"
    corpus.write_text(json.dumps(CASE) + "\n", "utf-8")
    result = run(Options(quick=True, corpus=corpus))
    assert "mine.jsonl: 1 texts" in result.measured[0]
    monkeypatch.setattr("benchmarks.credit._TIMED", 1)
    monkeypatch.setattr("benchmarks.credit._ROUNDS", 1)
    monkeypatch.setattr("sys.argv", ["credit", "--corpus", str(corpus)])
    main()
    assert "precision                      1.0" in capsys.readouterr().out
