"""Reading credits: precision and recall on labelled texts, and what it costs.

    python -m benchmarks.credit [--corpus FILE.jsonl[.gz]] [--misses N]

Without a corpus, the project's own is used: `credit_corpus.jsonl`, sentences written for it. A
record has the form that `aggregator attribute --jsonl` reads, and beside that what is right:
`credits`, each with name, aliases, domain, role and extent, `optional` ones that count neither
way, and `unnamed`, where a feed or agency is said to be behind a text without its name.
"""

import argparse
import gzip
import json
import re
import subprocess
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aggregator.attribute import attribute_lines
from aggregator.credit import load_directory, read_credits
from aggregator.model import Block, Outlet
from benchmarks import prose
from benchmarks.results import Options, Result, Spread, Table

CORPUS = Path(__file__).with_name("credit_corpus.jsonl")
_TIMED, _QUICK = 200, 5  # bodies
_ROUNDS = 5
_SIZE = 3000  # letters of a body
_TOP_LEVEL = re.compile(r"\.(?:com|org|net|co\.uk|example|press|news|in)$")
_ARTICLE = re.compile(r"^(?:the|le|la|l'|die|der|das|el|il) ")
_START = "from aggregator.credit import load_directory as d; from aggregator.credit.phrases import "

Record = dict[str, Any]


@dataclass
class Score:
    """What was found, against what is there."""

    right: int = 0
    wrong: int = 0
    missed: int = 0
    right_role: int = 0
    empty: int = 0  # texts with nobody to credit
    traps: int = 0  # of them, those in which somebody was credited
    partial: Counter[bool] = field(default_factory=Counter)  # whether marked as such
    unnamed: Counter[bool] = field(default_factory=Counter)
    kinds: Counter[tuple[str, bool]] = field(default_factory=Counter)
    misses: list[Record] = field(default_factory=list)

    @property
    def precision(self) -> float:
        """The share of what was found that is right."""
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        """The share of what is there that was found."""
        return self.right / max(1, self.right + self.missed)

    def shown(self) -> Record:
        """The figures, for people and for programs."""
        told = {
            "precision": round(self.precision, 4),
            "recall": round(self.recall, 4),
            "role_right": round(self.right_role / max(1, self.right), 4),
            "partial_right": _of(self.partial),
            "unnamed_right": _of(self.unnamed),
            "traps_taken": self.traps,
            "cases_with_nothing_to_credit": self.empty,
        }
        kinds = sorted({kind for kind, _ in self.kinds})
        by_kind = {
            k: f"{self.kinds[k, True]}/{self.kinds[k, True] + self.kinds[k, False]}" for k in kinds
        }
        return told | {"right_by_kind": by_kind}


def run(options: Options) -> Result:
    """Measure, and tell."""
    records = read(options.corpus or CORPUS)
    score = scored(records, answers(records))
    rounds = 1 if options.quick else _ROUNDS
    plain, marked = cost(_QUICK if options.quick else _TIMED, rounds)
    languages = len({record["lang"] for record in records})
    name = options.corpus.name if options.corpus else "the project's own corpus"
    told = score.shown()
    rows = [
        (key.replace("_", " "), str(value)) for key, value in told.items() if key[-4:] != "kind"
    ]
    kinds = [(kind, share) for kind, share in told["right_by_kind"].items()]
    return Result(
        title="Credits: whom a text credits",
        measured=[
            f"Measured on {name}: {len(records):,} texts in {languages} languages, "
            f"{score.empty} of them with nobody to credit. A credit is right when it names a "
            "credited outlet by its name, an alias or its domain. Partial and unnamed: how many "
            "of those were marked as such.",
        ],
        tables=[
            Table(("", "credits"), tuple(rows)),
            Table(("kind of mark / language", "texts read right"), tuple(kinds)),
            Table(
                ("to read one text of 3 kB, on one core", "ms"),
                (("without a mark", plain.shown()), ("with one", marked.shown())),
            ),
        ],
        reading=[
            "The corpus is what its name says, the project's own: sentences that its authors "
            "thought of. `--corpus` takes another.",
        ],
    )


def read(path: Path) -> list[Record]:
    """A corpus from a file, .jsonl or .jsonl.gz."""
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
        return [json.loads(line) for line in lines if line.strip()]


def answers(records: Iterable[Record]) -> list[list[Record]]:
    """The credits that are found in each text, which is all that the reader sees."""
    seen = ("id", "publisher", "format", "content", "lang")
    asked = (json.dumps({key: record[key] for key in seen}) for record in records)
    return [json.loads(line)["credits"] for line in attribute_lines(asked)]


def scored(records: Sequence[Record], found: Sequence[Sequence[Record]]) -> Score:
    """Compare answers with the truth."""
    score = Score()
    for record, credits_found in zip(records, found, strict=True):
        _count(score, record, credits_found)
    return score


def _count(score: Score, record: Record, found: Sequence[Record]) -> None:
    left, seen, wrong = list(record["credits"]), [], []
    for credit in found:
        if credit["role"] not in {"publisher", "agency"}:
            continue
        hit = next((wanted for wanted in left if _is_same(credit, wanted)), None)
        if hit is not None:
            left.remove(hit)
            seen.append(hit)
            score.right += 1
            score.right_role += credit["role"] == hit["role"]
            if hit.get("extent") == "partial":
                score.partial[credit["extent"] == "partial"] += 1
        elif not any(_is_same(credit, other) for other in (*seen, *record.get("optional", ()))):
            wrong.append(credit["name"])
    if record.get("unnamed"):
        score.unnamed[any(credit["role"] == "unnamed" for credit in found)] += 1
    if not record["credits"]:
        score.empty += 1
        score.traps += bool(wrong)
    score.wrong += len(wrong)
    score.missed += len(left)
    language = "English" if record["lang"] == "en" else "others"
    score.kinds[f"{record['kind']}, {language}", not wrong and not left] += 1
    if wrong or left:
        missed = [wanted["name"] for wanted in left]
        told = {"id": record["id"], "missed": missed, "wrong": wrong, "content": record["content"]}
        score.misses.append(told)


def _is_same(credit: Record, wanted: Record) -> bool:
    mine, its = _host(credit.get("domain")), _host(wanted.get("domain"))
    if mine and its and (mine == its or mine.endswith(f".{its}") or its.endswith(f".{mine}")):
        return True
    names = {_plain(credit.get("name")), _plain(credit.get("as_written"))} - {""}
    called = (wanted["name"], wanted.get("domain"), *wanted.get("aliases", ()))
    return not names.isdisjoint({_plain(name) for name in called} - {""})


def _host(domain: str | None) -> str:
    return (domain or "").casefold().removeprefix("www.")


def _plain(name: str | None) -> str:
    """A name without letter case, articles, punctuation and a top-level domain."""
    text = unicodedata.normalize("NFKC", name or "").casefold().strip(" .,:;\"'“”«»()《》")
    text = text.removeprefix("https://").removeprefix("http://").removeprefix("www.").rstrip("/")
    text = _TOP_LEVEL.sub("", _ARTICLE.sub("", text))
    return "".join(filter(str.isalnum, text))


def _of(marked: Counter[bool]) -> str:
    return f"{marked[True]}/{marked.total()}"


# ------------------------------------------------------------------------------------------ cost


def cost(count: int, rounds: int) -> tuple[Spread, Spread]:
    """Milliseconds of CPU to read a body of 3 kB: one without a mark, one with."""
    bodies = list(_bodies(count))
    marked = [(*body, Block("This story originally appeared in The Guardian.")) for body in bodies]
    return (
        Spread.of([_seconds(bodies) * 1000 for _ in range(rounds)]),
        Spread.of([_seconds(marked) * 1000 for _ in range(rounds)]),
    )


def _bodies(count: int) -> Iterator[tuple[Block, ...]]:
    for number in range(count):
        yield tuple(Block(" ".join(p)) for p in prose.story(f"credit {number}", _SIZE).paragraphs)


def _seconds(bodies: Sequence[tuple[Block, ...]]) -> float:
    directory, carrier = load_directory(), Outlet("Wexcombe Gazette", ("wexcombe.example",))
    start = time.process_time()
    for body in bodies:
        read_credits(
            body,
            marks=(),
            carrier=carrier,
            url="https://wexcombe.example/a",
            title="A title",
            language="en",
            directory=directory,
        )
    return (time.process_time() - start) / len(bodies)


def loading() -> float:
    """Milliseconds that a new process takes to read directory and phrases."""
    code = f"import time; {_START}load_phrases as p; t = time.perf_counter(); d(); p(); "
    code += "print((time.perf_counter() - t) * 1000)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout)


def main() -> None:
    """Print the figures, and what went wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.credit", description=__doc__)
    parser.add_argument("--corpus", type=Path, default=CORPUS, help="default: the project's own")
    parser.add_argument("--misses", type=int, default=10, help="how many to show")
    given = parser.parse_args()
    records = read(given.corpus)
    score = scored(records, answers(records))
    for key, value in score.shown().items():
        print(f"{key:30}", json.dumps(value))
    plain, marked = cost(_TIMED, _ROUNDS)
    print(f"{'ms for 3 kB without a mark':30}", plain.shown())
    print(f"{'ms for 3 kB with one':30}", marked.shown())
    print(f"{'ms to load the data':30}", Spread.of([loading() for _ in range(_ROUNDS)]).shown())
    for miss in score.misses[: given.misses]:
        print(json.dumps(miss, ensure_ascii=False))


if __name__ == "__main__":
    main()
