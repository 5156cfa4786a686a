"""Finding copies of one text: precision, recall and speed, against other ways to do it.

    python -m benchmarks.match [--corpus FILE.jsonl[.gz]] [--documents N] [--rough 1]

Without a corpus, the made-up one of `benchmarks.republish` is used.
"""

import argparse
import gzip
import json
import time
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aggregator.model import Document
from aggregator.parse import blocks, clean
from aggregator.story import story_text
from benchmarks.matchers import PEERS, ours
from benchmarks.republish import Newsroom
from benchmarks.results import Options, Result, Table
from benchmarks.tongues import tongues

OURS = "aggregator"
_DOCUMENTS, _QUICK = 4000, 200
_NOT_COPIED = {"original", "single"}

Record = dict[str, Any]


@dataclass(frozen=True)
class Score:
    """Pairs of documents that were put together, against those that belong together."""

    right: int
    found: int
    wanted: int
    recall_by_edit: dict[str, float] = field(default_factory=dict)
    wrong_by_edit: dict[str, int] = field(default_factory=dict)  # by what the later one is

    @property
    def precision(self) -> float:
        """Share of the found pairs that are right; 1 where none was found."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Share of the wanted pairs that were found; 1 where none is wanted."""
        return self.right / self.wanted if self.wanted else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of the two."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


@dataclass(frozen=True)
class Run:
    """What one matcher came to on one corpus."""

    name: str
    stories: list[int]
    score: Score
    seconds: float  # of CPU

    def rate(self) -> float:
        """Documents a second on one core."""
        return len(self.stories) / self.seconds


def run(options: Options) -> Result:
    """Measure, and tell."""
    documents = _QUICK if options.quick else _DOCUMENTS
    records = read(options.corpus) if options.corpus else made(documents)
    runs = measured(records, OURS, *PEERS)
    what = (
        f"the {len(records):,} documents of {options.corpus.name}"
        if options.corpus
        else (
            f"{len(records):,} made-up documents in {len(tongues())} languages, some without "
            "spaces and some from right to left"
        )
    )
    return Result(
        title="Matching: which documents are copies of one text",
        measured=[
            f"Measured on {what}: stories republished with other headlines, cut, edited, updated "
            "and with boilerplate, among reports from one template, roundups, shared statements, "
            "columns and notices, which are no copies. Precision and recall are of pairs.",
        ],
        tables=[_compared(runs), _by_edit(runs[0].score), *_by_language(records, runs[0])],
        reading=[
            "Speed is of matching alone, from clean text on, in CPU time of one core. The peers "
            "are plain implementations in Python, there for what they find; fast ones exist.",
        ],
        versions=("rapidfuzz",),
    )


def made(documents: int, *, seed: int = 1, rough: float = 1.0) -> list[Record]:
    """A made-up corpus, in all languages that there are words of."""
    return Newsroom(seed, rough, list(tongues())).corpus(documents)


def read(path: Path) -> list[Record]:
    """A corpus of the same form from a file, .jsonl or .jsonl.gz."""
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
        return [json.loads(line) for line in lines if line.strip()]


def measured(records: Sequence[Record], *names: str) -> list[Run]:
    """Run these matchers; what they see is the clean text, without truth and edits."""
    documents = list(map(_document, records))
    runs = []
    for name in names:
        matcher = ours if name == OURS else PEERS[name]
        start = time.process_time()
        stories = matcher(documents)
        seconds = time.process_time() - start
        runs.append(Run(name, stories, scored(records, stories), seconds))
    return runs


def scored(records: Sequence[Record], stories: Sequence[int]) -> Score:
    """Compare answers with the truth."""
    told = list(zip(records, stories, strict=True))
    both = Counter((record["truth"], story) for record, story in told)
    truth = Counter(record["truth"] for record in records)
    size = Counter(stories)
    hit: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for record, story in told:
        others = truth[record["truth"]] - 1
        if others and not _NOT_COPIED & set(record["edits"]):
            for edit in record["edits"]:
                total[edit] += others
                hit[edit] += both[record["truth"], story] - 1
    return Score(
        right=_pairs(both.values()),
        found=_pairs(size.values()),
        wanted=_pairs(truth.values()),
        recall_by_edit={edit: hit[edit] / total[edit] for edit in sorted(total)},
        wrong_by_edit=_wrong(told),
    )


def _document(record: Record) -> Document:
    body = clean(blocks(record["html"], base_url=record["url"]))
    seen = datetime.fromtimestamp(record["published"], UTC)
    return Document(record["outlet"], record["title"], story_text(body, ()), seen)


def _pairs(sizes: Iterable[int]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes)


def _wrong(told: Iterable[tuple[Record, int]]) -> dict[str, int]:
    before: defaultdict[int, Counter[Hashable]] = defaultdict(Counter)
    wrong: Counter[str] = Counter()
    for record, story in told:
        truths = before[story]
        wrong[record["edits"][0]] += truths.total() - truths[record["truth"]]
        truths[record["truth"]] += 1
    return {edit: count for edit, count in sorted(wrong.items()) if count}


def _compared(runs: Sequence[Run]) -> Table:
    rows = [
        (
            f"**{run.name}**" if run.name == OURS else run.name,
            *(f"{share:.3f}" for share in (run.score.precision, run.score.recall, run.score.f1)),
            f"{run.rate():,.0f}",
        )
        for run in runs
    ]
    return Table(("", "precision", "recall", "F1", "documents a second"), tuple(rows))


def _by_edit(score: Score) -> Table:
    rows = [(edit, f"{recall:.3f}") for edit, recall in score.recall_by_edit.items()]
    wrong = ", ".join(f"{edit} {n}" for edit, n in score.wrong_by_edit.items()) or "none"
    return Table(("edit", f"recall (wrong pairs: {wrong})"), tuple(rows))


def _by_language(records: Sequence[Record], ours_run: Run) -> list[Table]:
    parts: defaultdict[str, list[int]] = defaultdict(list)
    for number, record in enumerate(records):
        parts[record.get("language", "")].append(number)
    if len(parts) < 2:
        return []
    rows = []
    for language, numbers in sorted(parts.items()):
        some = scored([records[n] for n in numbers], [ours_run.stories[n] for n in numbers])
        rows.append((language, f"{some.precision:.3f}", f"{some.recall:.3f}", f"{some.f1:.3f}"))
    return [Table(("language", "precision", "recall", "F1"), tuple(rows))]


def main() -> None:
    """Print what `run` tells, or less."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.match", description=__doc__)
    parser.add_argument("--corpus", type=Path, help="a labelled corpus; default: a made-up one")
    parser.add_argument("--documents", type=int, default=_DOCUMENTS, help="how many to make up")
    parser.add_argument("--rough", type=float, default=1.0, help="2 for worse edits")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--peers", action="store_true", help="compare with other ways")
    given = parser.parse_args()
    records = (
        read(given.corpus)
        if given.corpus
        else made(given.documents, seed=given.seed, rough=given.rough)
    )
    runs = measured(records, OURS, *(PEERS if given.peers else ()))
    for table in (_compared(runs), _by_edit(runs[0].score), *_by_language(records, runs[0])):
        width = max(len(row[0]) for row in (table.columns, *table.rows))
        for row in (table.columns, *table.rows):
            print(row[0].ljust(width), *(cell.rjust(10) for cell in row[1:]))
        print()


if __name__ == "__main__":
    main()
