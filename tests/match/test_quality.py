"""How well matching does on the made-up corpus: the floor that it must not fall through."""

import pytest

from benchmarks.match import OURS, made, measured, scored
from benchmarks.tongues import tongues


@pytest.mark.parametrize(("seed", "rough"), [(11, 1.0), (12, 2.0)])
def test_copies_are_found_with_nearly_no_false_one(seed, rough):
    (run,) = measured(made(1200, seed=seed, rough=rough), OURS)
    assert run.score.wanted > 500
    assert run.score.precision >= 0.985, run.score.wrong_by_edit
    assert run.score.recall >= 0.87, run.score.recall_by_edit


def test_the_same_seed_makes_the_same_corpus_in_all_languages():
    corpus = made(150, seed=5)
    assert corpus == made(150, seed=5)
    assert corpus != made(150, seed=6)
    assert {record["language"] for record in corpus} == set(tongues())
    assert corpus == sorted(corpus, key=lambda record: record["published"])


def test_the_score_counts_pairs():
    records = [
        {"truth": "a", "edits": ["original"]},
        {"truth": "a", "edits": ["cut"]},
        {"truth": "a", "edits": ["cut", "teaser"]},
        {"truth": "b", "edits": ["templated"]},
    ]
    score = scored(records, [1, 1, 2, 2])
    assert (score.right, score.found, score.wanted) == (1, 2, 3)
    assert (score.precision, score.recall) == (1 / 2, 1 / 3)
    assert score.recall_by_edit == {"cut": 1 / 4, "teaser": 0}
    assert score.wrong_by_edit == {"templated": 1}
