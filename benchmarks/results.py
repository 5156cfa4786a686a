"""What a benchmark comes to: tables and words, and the arithmetic of repeated runs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, median_low


@dataclass(frozen=True)
class Options:
    """What the command line asks of every benchmark; None leaves it to the benchmark.

    `quick` is for tests: as small as can be, everything is run, nothing is measured. `corpus`
    is a file of labelled cases for benchmarks that have cases of their own otherwise.
    """

    feeds: int | None = None
    runs: int | None = None
    quick: bool = False
    corpus: Path | None = None
    documents: int | None = None


@dataclass(frozen=True)
class Table:
    """A table; numbers come as text, already rounded to what they are worth."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Plot:
    """A picture that is kept beside the page, under this name and `.svg`."""

    name: str
    told: str  # what it shows, for those who do not see it
    svg: str


@dataclass(frozen=True)
class Result:
    """One section of docs/benchmarks.md.

    `measured` says what was done, `reading` how to read the tables; paragraphs of Markdown.
    `versions` are the names of packages whose versions matter to it.
    """

    title: str
    measured: Sequence[str]
    tables: Sequence[Table]
    reading: Sequence[str] = ()
    versions: Sequence[str] = ()
    plots: Sequence[Plot] = ()


@dataclass(frozen=True)
class Spread:
    """The median of several runs, with the least and the most."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        """The spread of at least one value."""
        seen = sorted(values)
        counted = all(isinstance(value, int) for value in seen)
        return cls((median_low if counted else median)(seen), seen[0], seen[-1])

    def shown(self, unit: str = "") -> str:
        """Like "3.1× (2.9-3.4)", about three digits; counts as they are, one value alone."""
        alone = _rounded(self.least) == _rounded(self.most)
        between = "" if alone else f" ({_rounded(self.least)}–{_rounded(self.most)})"
        return f"{_rounded(self.median)}{unit}{between}"


def _rounded(value: float) -> str:
    if isinstance(value, int) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
