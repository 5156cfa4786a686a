"""The inner loop: which tests are run for which change."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def named_for(*files: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "tests-of-changes", *files],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.splitlines())


def test_each_package_has_tests() -> None:
    always = named_for("nothing")
    stages = [
        path.name
        for path in (ROOT / "aggregator").iterdir()
        if (path / "__init__.py").exists() and path.name != "demo"
    ]
    for stage in stages:
        assert named_for(f"aggregator/{stage}/some_module.py") > always, stage


@pytest.mark.parametrize(
    ("file", "test"),
    [
        ("aggregator/credit/data/phrases/en.toml", "tests/credit/test_prose.py"),
        ("aggregator/match/words.py", "tests/match/test_copies.py"),
        ("aggregator/pipeline.py", "tests/pipeline/test_polls.py"),
        ("aggregator/cli_keeping.py", "tests/test_keeping.py"),
        ("aggregator/model.py", "tests/store/test_store.py"),
        ("docs/install.md", "tests/docs/test_site.py"),
        ("tests/fetch/conftest.py", "tests/fetch/test_guard.py"),
        ("tests/fetch/test_guard.py", "tests/fetch/test_guard.py"),
    ],
)
def test_a_change_is_tested_where_its_tests_are(file: str, test: str) -> None:
    assert test in named_for(file)


def test_what_takes_long_is_left_to_all_tests() -> None:
    found = named_for("aggregator/web/app.py", "tests/end_to_end/running.py", "Dockerfile")
    assert not any(name.startswith("tests/end_to_end") for name in found)
    assert "tests/web/test_browser.py" not in found


def test_all_that_is_named_is_there() -> None:
    text = (ROOT / "tools" / "tests-of-changes").read_text()
    for name in re.findall(r'"(tests/[\w/.]+)"', text):
        assert (ROOT / name).exists(), name
