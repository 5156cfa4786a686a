"""The documentation: a site that builds, links that lead somewhere, commands that run."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from command_lines import parsed
from lxml import etree, html

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
_LINK = re.compile(r"(?<!`)\[[^\]]*\]\(([^)\s]+)\)")
_BLOCK = re.compile(r"(<!-- runs -->\n)?```sh\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built; a warning is a failure."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1", "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_a_page_asks_nothing_of_strangers(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 15
    for page in pages:
        tree = html.parse(page).getroot()
        asked = [
            *tree.xpath("//script/@src | //img/@src | //iframe/@src | //source/@src"),
            *tree.xpath("//link[not(@rel='canonical')]/@href"),
        ]
        assert asked
        strange = [url for url in asked if urlsplit(url).netloc]
        assert not strange, f"{page.relative_to(site)}: {strange}"
        styles = " ".join(tree.xpath("//style/text()"))
        assert "http" not in styles


def test_a_link_in_the_site_leads_to_a_page_and_to_its_part(site: Path) -> None:
    for page in site.rglob("*.html"):
        if page.name == "404.html":
            continue
        for link in html.parse(page).getroot().xpath("//a/@href"):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            there = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            target = there / "index.html" if there.is_dir() else there
            assert target.exists(), f"{page.relative_to(site)}: {link}"
            if parts.fragment and target.suffix == ".html":
                ids = html.parse(target).getroot().xpath("//@id | //a/@name")
                assert unquote(parts.fragment) in ids, f"{page.relative_to(site)}: {link}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_link_in_the_source_leads_to_a_file(page: Path) -> None:
    for link in _LINK.findall(page.read_text()):
        path = urlsplit(link).path
        if urlsplit(link).scheme or not path:
            continue
        assert (page.parent / unquote(path)).exists(), link


def blocks(*, run: bool) -> list[tuple[Path, str]]:
    return [
        (page, block)
        for page in PAGES
        for marked, block in _BLOCK.findall(page.read_text())
        if bool(marked) is run
    ]


def lines(block: str) -> list[str]:
    return block.replace("\\\n", " ").splitlines()


def command_lines() -> list[str]:
    """Each of our own commands that stands in a block."""
    every = [line for run in (True, False) for _, block in blocks(run=run) for line in lines(block)]
    called = (re.search(r"(?:^(?:\w+=\S+ )*|\| )(aggregator \w.*)", line) for line in every)
    return sorted({found[1].partition(" #")[0] for found in called if found})


@pytest.mark.parametrize("line", command_lines())
def test_a_command_in_the_documentation_is_one(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for file in re.findall(r"[\w-]+\.(?:txt|opml|db)", line):
        Path(file).write_text("")
    parsed(line)


def test_commands_that_are_marked_as_such_run_as_they_stand(tmp_path: Path) -> None:
    """Page by page, each from an empty folder, in order."""
    program = tmp_path / "bin" / "aggregator"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m aggregator.cli "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    marked = blocks(run=True)
    assert len(marked) >= 3
    for page, block in marked:
        folder = tmp_path / page.stem
        folder.mkdir(exist_ok=True)
        done = subprocess.run(
            ["bash", "-eu", "-o", "pipefail", "-c", block],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
            env=os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)},
        )
        assert done.returncode == 0, f"{page.name}: {block}\n{done.stderr}"
        assert done.stdout


def test_files_that_the_documentation_names_are_there() -> None:
    for page in PAGES:
        for name in re.findall(r"(?<![\w./])(?:deploy|tools)/[\w./-]+\w", page.read_text()):
            assert (ROOT / name).exists(), f"{page.name}: {name}"


def test_pictures_are_pictures_with_words_for_who_cannot_see_them() -> None:
    for picture in (DOCS / "images").glob("*.svg"):
        tree = etree.parse(picture)
        names = {element.tag.rpartition("}")[2] for element in tree.iter()}
        assert {"title", "desc"} <= names
        assert "script" not in names
    for page in PAGES:
        for words, _ in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", page.read_text()):
            assert words.strip(), page
