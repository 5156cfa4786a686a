"""The page of settings and the schema for editors are the code's own words."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from aggregator.config import check, reference
from aggregator.demo import show
from aggregator.demo.newsroom import Newsroom
from aggregator.subscribing import first_config

ROOT = Path(__file__).parents[2]
SCHEMA = Draft202012Validator(reference.schema())
FEED = {"url": "https://example.org/feed"}


def allows(text: str) -> bool:
    return SCHEMA.is_valid(YAML(typ="safe").load(text) or {})


def errors(file: Path) -> list[str]:
    return [str(problem) for problem in check(file, {}) if problem.severity == "error"]


def test_the_pages_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "write-reference", "--check"],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
    )
    assert done.returncode == 0, f"run `make reference`: {done.stdout} {done.stderr}"


def test_every_setting_is_described_with_an_example() -> None:
    for model in reference.models():
        for name, field in model.model_fields.items():
            assert field.description, f"{model.__name__}.{name} has no description"
            if f"| `{name}` |" in reference.page():
                assert field.examples, f"{model.__name__}.{name} has no example"


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(reference.schema())


def test_our_own_examples_are_right_by_the_schema(tmp_path: Path) -> None:
    first_config(tmp_path / "config.yaml")
    for file in (ROOT / "config.yaml", tmp_path / "config.yaml"):
        assert not list(SCHEMA.iter_errors(YAML(typ="safe").load(file)))
    assert SCHEMA.is_valid(show._settings(Newsroom(), tmp_path, 80))


def test_config_yaml_names_its_schema() -> None:
    named = re.match(
        r"# yaml-language-server: \$schema=(\S+)\n", (ROOT / "config.yaml").read_text()
    )
    assert named is not None
    assert json.loads((ROOT / named[1]).read_text()) == reference.schema()


BLOCKS = [
    pytest.param(block, id=f"{page.name}-{number}")
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    for number, block in enumerate(re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL))
    if re.match(r"(#.*\n)*(feeds|poll|http|database|outputs|outlets|websub|dedupe|server):", block)
]


@pytest.mark.parametrize("block", BLOCKS)
def test_examples_in_the_documentation_load(block: str, written: Callable[[str], Path]) -> None:
    file = written(block)
    for opml in re.findall(r"opml: (\S+\.opml)", block):
        text = '<opml version="2.0"><body><outline xmlUrl="http://a.b/f"/></body></opml>'
        file.with_name(opml).write_text(text)
    assert errors(file) == []
    assert allows(block)


WRONG = [
    "serve: {port: 80}",
    "server: {prot: 80}",
    "server: {port: 65536}",
    "server: {port: true}",
    "server: {port: http}",
    "server: {base_url: ftp://a.b}",
    "server: {admin_token: ''}",
    "feeds: [{ulr: 'http://a.b/'}]",
    "feeds: [{name: A}]",
    "feeds: {url: 'http://a.b/'}",
    "feeds: ['http://a.b/']",
    "feeds: [{url: 'http://a.b/', full_text: sometimes}]",
    "feeds: [{url: 'http://a.b/', opml: a.opml}]",
    "feeds: [{url: 'feed.xml'}]",
    "feeds: [{url: 'http://a.b/', domain: localhost}]",
    "poll: {interval: 30}",
    "poll: {interval: soon}",
    "poll: {concurrency: 0}",
    "poll: {concurrency: many}",
    "poll: 30m",
    "http: {max_bytes: 0}",
    "http: {max_bytes: big}",
    "http: {allow_networks: 10.0.0.0/8}",
    "http: {allow_networks: [home]}",
    "outputs: [{title: A}]",
    "outputs: [{name: 'A B'}]",
    "outputs: [{name: a, content: all}]",
    "outputs: [{name: a, where: {copies: -1}}]",
    "outputs: [{name: a, where: {agency: maybe}}]",
    "outputs: [{name: a, where: {langage: en}}]",
    "outlets: [{domain: a.b}]",
    "outlets: [{name: A, kind: paper}]",
    "websub: {hubs: [nowhere]}",
    "database: mysql://a/b",
    "retention: forever",
    "- feeds",
]


@pytest.mark.parametrize("text", WRONG)
def test_what_the_schema_refuses_the_reader_refuses(
    text: str, written: Callable[[str], Path]
) -> None:
    assert not allows(text)
    assert errors(written(text))


TEXTS = """
30m| 1h 30M |1.5 d|10MB|5 KiB|64|+8_0|8.0|yes|off|oFf|true|0|a.b|http://a.b/| HTTPS://a.b/x |::1
10.0.0.0/8|auto|AUTO||sqlite:///a.db|postgresql+psycopg://a/b|publisher|none|x
""".replace("\n", "|").split("|")
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 70_000)
    | st.floats(-1, 100, allow_nan=False)
    | st.sampled_from(TEXTS),
    lambda inner: st.lists(inner, max_size=2),
    max_leaves=3,
)
PLACES = [
    *(("poll", key) for key in ("interval", "per_host_delay", "concurrency")),
    *(("http", key) for key in ("user_agent", "timeout", "max_bytes", "allow_networks")),
    *(("server", key) for key in ("host", "port", "base_url", "admin_token")),
    *(("feeds", 0, key) for key in ("url", "name", "domain", "full_text")),
    *(("outputs", 0, "where", key) for key in ("words", "category", "agency", "copies", "age")),
    *(("outputs", 0, key) for key in ("title", "content", "where")),
    *(("outlets", 0, key) for key in ("domain", "aliases", "kind")),
    *(("websub", "hubs"), ("dedupe", "window"), ("retention",), ("database",)),
    *((key,) for key in ("feeds", "poll", "outputs", "outlets", "server")),
]


@settings(max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.sampled_from(PLACES), value=ANYTHING)
def test_what_the_reader_takes_the_schema_takes(
    written: Callable[[str], Path], place: tuple[str | int, ...], value: Any
) -> None:
    config: dict[str, Any] = {
        "feeds": [dict(FEED)],
        "outputs": [{"name": "a", "where": {}}],
        "outlets": [{"name": "A"}],
    }
    spot: Any = config
    for step in place[:-1]:
        spot = spot[step] if isinstance(spot, list) else spot.setdefault(step, {})
    spot[place[-1]] = value
    text = json.dumps(config)  # which is YAML
    if not errors(written(text)):
        told = [error.message for error in SCHEMA.iter_errors(json.loads(text))]
        assert not told, f"{place} {value!r}: {told}"
