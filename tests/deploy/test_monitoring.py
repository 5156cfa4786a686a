"""What the dashboard and the alert rules ask for, the running server exports."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from ruamel.yaml import YAML

from aggregator.config import Config
from aggregator.metrics import Metrics
from aggregator.model import FeedSpec, PollOutcome, PollRecord, QueueState
from aggregator.setbacks import Condition
from aggregator.site import StoredSite
from aggregator.store import Store

DEPLOY = Path(__file__).parents[2] / "deploy"
DASHBOARD = json.loads((DEPLOY / "grafana" / "aggregator.json").read_text())
RULES = YAML(typ="safe").load((DEPLOY / "prometheus" / "alerts.yaml").read_text())
PROMETHEUS = {"up"}  # what it makes itself
PROMETHEUS_LABELS = {"job", "instance", "le"}


def expressions() -> Iterator[tuple[str, str]]:
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", []):
            yield f"panel {panel['title']}", target["expr"]
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            yield f"variable {variable['name']}", variable["query"]
    for group in RULES["groups"]:
        for rule in group["rules"]:
            yield f"alert {rule['alert']}", rule["expr"]


EXPRESSIONS = [pytest.param(expr, id=where) for where, expr in expressions()]
NAMES = re.compile(r"\b((?:aggregator|process)_\w+|up)\b(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)(=~|!~|!=|=)"([^"]*)"')


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, str]]]:
    """The names of all samples of a server at work, each with its sets of labels."""
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('metrics')}/a.db")
    metrics = Metrics()
    hindered = Condition("writing", "The disk is full.")
    site = StoredSite(Config(), store, metrics, lambda: True, conditions=lambda: (hindered,))
    for outcome in (
        PollOutcome("http://a.example/", "fetched", 200, credits={"body": 1}),
        PollOutcome("http://b.example/", "failed", 500, error="It said 500.", error_reason="http"),
    ):
        metrics.begun(1.0)
        metrics.polled(outcome, 0.1)
    metrics.built(0.1)
    for status in (200, 500):
        site.requested("/feed.rss", status, 0.1)
    metrics.queued(QueueState(1, 1, timedelta(seconds=1), 1))
    families = text_string_to_metric_families(site.metrics().decode())
    found: dict[str, list[dict[str, str]]] = {}
    for family in families:
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample.labels)
    store.close()
    return found


@pytest.mark.parametrize("expr", EXPRESSIONS)
def test_every_metric_that_is_asked_for_is_exported(
    expr: str, exported: dict[str, list[dict[str, str]]]
) -> None:
    asked = [(name, labels) for name, labels in NAMES.findall(expr) if name not in PROMETHEUS]
    assert asked or "up" in expr
    for name, labels in asked:
        assert name in exported, f"nothing exports {name}"
        for label, how, value in MATCHER.findall(labels):
            if label in PROMETHEUS_LABELS:
                continue
            values = {sample.get(label) for sample in exported[name]}
            assert values != {None}, f"{name} has no label {label}"
            wanted = [value] if how in {"=", "!="} else value.split("|")
            for each in wanted:
                assert any(re.fullmatch(each, str(one)) for one in values), f"{label}={each}"


@pytest.mark.parametrize("expr", EXPRESSIONS)
def test_what_is_grouped_by_is_a_label(
    expr: str, exported: dict[str, list[dict[str, str]]]
) -> None:
    known = {label for sets in exported.values() for labels in sets for label in labels}
    for group in re.findall(r"\bby \(([^)]*)\)", expr):
        for label in group.replace(" ", "").split(","):
            assert label in known | PROMETHEUS_LABELS
    assert expr.count("(") == expr.count(")")


def test_panels_lie_beside_each_other_and_have_numbers_of_their_own() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        grid = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(grid["x"], grid["x"] + grid["w"])
            for y in range(grid["y"], grid["y"] + grid["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells


def test_every_alert_says_what_is_wrong_and_what_to_do() -> None:
    for group in RULES["groups"]:
        for rule in group["rules"]:
            assert rule["labels"]["severity"] in {"critical", "warning", "info"}
            assert rule["annotations"]["summary"], rule["alert"]
            assert rule["annotations"]["remedy"], rule["alert"]
            assert re.fullmatch(r"\d+[mhd]", rule["for"])


def test_a_label_has_few_values_whatever_the_feeds_say() -> None:
    metrics = Metrics()

    def series() -> int:
        return metrics.render({}).count(b"\n")

    def poll(number: int) -> None:
        url = f"http://{number}.example/"
        metrics.polled(PollOutcome(url, "failed", 404, error=url, error_reason="http_404"), 0.1)

    poll(0)
    before = series()
    for number in range(1, 50):
        poll(number)
    assert series() == before


def test_feeds_that_fail_are_gone_or_late_are_counted(database_url: str) -> None:
    store = Store(database_url)
    now = datetime.now(UTC)
    store.list_feeds([FeedSpec(f"http://{name}.example/") for name in "abcd"], now)
    a, b, c, d = sorted(store.listed(), key=lambda feed: feed.spec.url)
    hour = timedelta(hours=1)
    with store.writing(now) as transaction:
        for feed, due, reason in ((a, hour, ""), (b, hour, "http"), (c, -hour, "gone")):
            error = "It failed." if reason else ""
            transaction.record(
                PollRecord(feed.id, now, now + due, hour, 200, error=error, error_reason=reason)
            )
        transaction.record(PollRecord(d.id, now - hour, now - hour, hour, 200))
    found: dict[str, Any] = store.gauges(now - timedelta(minutes=15))
    size = found.pop("bytes")
    assert found == {"failing": 1, "gone": 1, "late": 1}
    assert size > 4096
    store.close()
