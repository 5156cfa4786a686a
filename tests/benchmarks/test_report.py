"""The page of results: one section renewed, the others kept."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.report import environment, section, write
from benchmarks.results import Result, Spread, Table

MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)


def result(title: str, cell: str = "1") -> Result:
    return Result(
        title=title,
        measured=["What was done."],
        tables=[Table(("", "speed"), (("ours", cell),))],
        reading=["How to read it."],
        versions=("pytest",),
    )


def test_renewing_a_section_keeps_the_others(tmp_path):
    page = tmp_path / "benchmarks.md"
    order = ("polling", "match")
    write(page, {"match": result("Matching")}, order, MAY)
    write(page, {"polling": result("Polling", "old")}, order, MAY)
    kept = section(result("Matching"), MAY)
    write(page, {"polling": result("Polling", "new")}, order, JUNE)
    text = page.read_text()
    assert kept in text
    assert "| ours | new |" in text
    assert "old" not in text
    assert text.index("## Polling") < text.index("## Matching")
    assert text.count("# Benchmarks\n") == 1


def test_writing_the_same_twice_changes_nothing(tmp_path):
    page = tmp_path / "benchmarks.md"
    write(page, {"polling": result("Polling")}, ("polling",), MAY)
    before = page.read_text()
    write(page, {"polling": result("Polling")}, ("polling",), MAY)
    assert page.read_text() == before


def test_a_section_of_a_benchmark_that_is_gone_goes_too(tmp_path):
    page = tmp_path / "benchmarks.md"
    write(page, {"old": result("Old")}, ("old",), MAY)
    write(page, {"polling": result("Polling")}, ("polling",), MAY)
    assert "Old" not in page.read_text()


def test_a_section_tells_when_and_on_what_and_with_which_versions():
    text = section(result("Polling"), MAY)
    assert "Measured on 2026-05-01" in text
    assert "cores" in text
    assert "pytest " in text
    assert "SQLite" in environment()


@given(st.lists(st.floats(0.01, 1e6), min_size=1))
def test_a_spread_goes_from_the_least_to_the_most(values):
    spread = Spread.of(values)
    assert spread.least == min(values)
    assert spread.most == max(values)
    assert spread.least <= spread.median <= spread.most


def test_a_spread_is_shown_with_as_many_digits_as_it_is_worth():
    assert Spread.of([3.111, 2.9, 3.4]).shown("×") == "3.11× (2.90–3.40)"
    assert Spread.of([12.34]).shown() == "12.3"
    assert Spread.of([1234.5]).shown() == "1,234"
    assert Spread.of([5, 5]).shown() == "5"
