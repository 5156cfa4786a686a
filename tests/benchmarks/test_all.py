"""Every benchmark that `make bench` runs works, from its registration to its section.

That of polling is tried in test_polling.py.
"""

import pytest

from benchmarks.__main__ import BENCHMARKS, main


@pytest.mark.parametrize("name", [name for name in BENCHMARKS if name != "polling"])
def test_every_benchmark_runs_and_writes_its_section_only(name, tmp_path, capsys):
    page = tmp_path / "benchmarks.md"
    main(["--quick", "--only", name, "--page", str(page)])
    text = page.read_text("utf-8")
    assert text.count("<!-- begin ") == 1
    section = text.partition(f"<!-- begin {name} -->\n")[2].partition(f"<!-- end {name} -->")[0]
    assert section.startswith("## ")
    assert "| --- |" in section
    assert section.strip() in capsys.readouterr().out
    assert str(tmp_path) not in text


def test_a_quick_run_writes_no_page_unless_told_where(monkeypatch, tmp_path):
    monkeypatch.setattr("benchmarks.__main__.PAGE", tmp_path / "page.md")
    main(["--quick", "--only", "match"])
    assert not (tmp_path / "page.md").exists()


def test_a_benchmark_that_is_not_there_is_refused_with_the_names_of_those_that_are(capsys):
    with pytest.raises(SystemExit):
        main(["--only", "speed"])
    assert "polling" in capsys.readouterr().err
