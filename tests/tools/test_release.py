"""A release by one command, tried in a repository of its own."""

import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
FILES = ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "Dockerfile", "tools/release")


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with as much of this one as a release needs."""
    folder = tmp_path / "tree"
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    (folder / "aggregator").mkdir()
    for name in ("__init__.py", "py.typed", "cli.py", "cli_options.py"):
        shutil.copy2(ROOT / "aggregator" / name, folder / "aggregator" / name)
    (folder / ".gitignore").write_text("/dist/\n")
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "config", "user.name", "A test")
    git(folder, "config", "user.email", "test@localhost")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "All of it")
    return folder


def release(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, tree / "tools" / "release", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=tree,
    )


def test_a_dry_run_does_all_of_it_and_changes_nothing(tree: Path) -> None:
    before = git(tree, "rev-parse", "HEAD")
    done = release(tree, "9.8.7", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "→ 9.8.7" in done.stdout
    assert "tag v9.8.7" in done.stdout
    assert "dist/aggregator-9.8.7-py3-none-any.whl" in done.stdout
    assert "nothing has changed" in done.stdout
    assert git(tree, "rev-parse", "HEAD") == before
    assert git(tree, "status", "--porcelain") == ""
    assert git(tree, "tag") == ""
    assert not (tree / "dist").exists()


def test_a_release_is_a_commit_a_tag_and_packages(tree: Path) -> None:
    done = release(tree, "9.8.7", "--no-image")
    assert done.returncode == 0, done.stderr
    assert 'version = "9.8.7"' in (tree / "pyproject.toml").read_text()
    assert "ARG VERSION=9.8.7" in (tree / "Dockerfile").read_text()
    changelog = (tree / "CHANGELOG.md").read_text()
    assert re.search(
        r"## \[Unreleased\]\n\n## \[9\.8\.7\] - \d{4}-\d\d-\d\d\n\n### Added\n", changelog
    )
    assert git(tree, "log", "-1", "--format=%s") == "Release 9.8.7"
    assert git(tree, "tag") == "v9.8.7"
    assert "### Added" in git(tree, "tag", "--list", "--format=%(contents)", "v9.8.7")
    assert git(tree, "status", "--porcelain") == ""
    with zipfile.ZipFile(tree / "dist" / "aggregator-9.8.7-py3-none-any.whl") as wheel:
        metadata = wheel.read("aggregator-9.8.7.dist-info/METADATA").decode()
    assert "Version: 9.8.7" in metadata
    with tarfile.open(tree / "dist" / "aggregator-9.8.7.tar.gz") as source:
        assert "aggregator-9.8.7/aggregator/cli.py" in source.getnames()


def test_what_is_no_release_is_refused_with_a_reason(tree: Path) -> None:
    assert "is no version" in release(tree, "nine", "--dry-run").stderr
    (tree / "README.md").write_text("changed")
    assert "not committed" in release(tree, "9.8.7", "--dry-run").stderr
    git(tree, "checkout", "--quiet", "README.md")
    git(tree, "tag", "v0.1.0")
    assert "is not newer than 0.1.0" in release(tree, "0.1.0", "--dry-run").stderr
    text = (tree / "CHANGELOG.md").read_text()
    head = text.partition("## [Unreleased]\n")[0]
    (tree / "CHANGELOG.md").write_text(f"{head}## [Unreleased]\n\n## [0.1.0] - 2026-01-01\n")
    git(tree, "commit", "--quiet", "--all", "--message", "Nothing new")
    done = release(tree, "9.8.7", "--dry-run")
    assert (done.returncode, "nothing is under [Unreleased]" in done.stderr) == (1, True)


def test_the_changelog_keeps_its_form() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    heads = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert heads[0] == "[Unreleased]"
    for head in heads[1:]:
        assert re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", head)
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert set(re.findall(r"^### (.*)$", text, re.MULTILINE)) <= kinds


def test_the_version_is_told_once_and_the_image_has_the_same() -> None:
    version = re.search(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version is not None
    assert f"ARG VERSION={version[1]}\n" in (ROOT / "Dockerfile").read_text()


def test_hooks_before_a_commit_are_tools_that_are_there() -> None:
    hooks = YAML(typ="safe").load(ROOT / ".pre-commit-config.yaml")["repos"]
    development = (ROOT / "requirements-dev.lock").read_text()
    for repository in hooks:
        assert repository["repo"] == "local"  # so that nobody's server is asked
        for hook in repository["hooks"]:
            program, *arguments = hook["entry"].split()
            assert program.startswith(".venv/bin/")
            name = program.removeprefix(".venv/bin/")
            package = {"lint-imports": "import-linter", "python": ""}.get(name, name)
            assert f"{package}==" in development
            for argument in arguments:
                if argument.startswith("tools/"):
                    assert (ROOT / argument).exists()
