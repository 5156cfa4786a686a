"""The commands, as processes: what they print, where, and how they end."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

FEED = """<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>
<title>Harbour Post</title><link>http://127.0.0.1/</link><description>News</description>
<item><title>Night ferry to run until three</title><link>http://127.0.0.1/ferry</link>
<guid isPermaLink="false">ferry-1</guid><description>The night ferry between the old harbour and
the north bank will run until three in the morning from April, the port authority said on Sunday,
after a winter in which the last boat left at ten. This story originally appeared on Sarnholm
Courier.</description></item></channel></rss>"""


@pytest.fixture(scope="module")
def feed_url() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path == "/feed.xml"
            body = FEED.encode() if found else b"nothing here"
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "application/rss+xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/feed.xml"
        server.shutdown()


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory, feed_url: str) -> Path:
    """A configuration with one good feed and a broken one, polled once."""
    file = tmp_path_factory.mktemp("cli") / "config.yaml"
    file.write_text(
        f"feeds:\n  - {{url: {feed_url}, name: Harbour Post, category: Coast, full_text: never}}\n"
        f"  - url: {feed_url}.gone\n"
        "http: {allow_networks: [127.0.0.0/8]}\npoll: {per_host_delay: 0s}\n"
        "database: sqlite:///data/a.db\noutputs: [{name: coast, where: {category: Coast}}]\n"
    )
    return file


@pytest.fixture(scope="module")
def polled(config: Path) -> dict[str, Any]:
    done = aggregator("poll", "--json", "--config", config)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def aggregator(
    *arguments: str | Path, given: str = "", **environ: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "aggregator.cli", *map(str, arguments)],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        env=os.environ | {"NO_COLOR": "1", "COLUMNS": "100"} | environ,
    )


def test_poll_tells_what_it_did_as_one_json_object(polled):
    seconds = polled.pop("seconds")
    assert polled == {
        "feeds": 2,
        "fetched": 1,
        "not_modified": 0,
        "failed": 1,
        "entries_new": 1,
        "stories_new": 1,
    }
    assert seconds >= 0


def test_a_second_poll_finds_nothing_due_and_all_asks_again(config, polled):
    again = json.loads(aggregator("poll", "--json", "--config", config).stdout)
    assert again["feeds"] == 0
    everything = json.loads(aggregator("poll", "--all", "--json", "--config", config).stdout)
    assert (everything["feeds"], everything["entries_new"]) == (2, 0)


def test_poll_for_people_ends_in_a_table(config, polled):
    done = aggregator("poll", "--config", config)
    assert done.returncode == 0
    assert "feeds" in done.stdout
    assert "{" not in done.stdout


def test_feeds_list_shows_what_is_wrong_with_a_feed_and_what_to_do(config, polled, feed_url):
    good, bad = json.loads(aggregator("feeds", "list", "--json", "--config", config).stdout)
    assert (good["state"], bad["state"]) == ("ok", "failing")
    assert "404" in bad["error"]
    assert "Check the address" in bad["error"]
    table = aggregator("feeds", "list", "--config", config).stdout
    assert "Harbour Post" in table


@pytest.mark.parametrize("form", ["rss", "atom", "json"])
def test_export_writes_the_merged_feed(config, polled, form, tmp_path):
    done = aggregator("export", form, "--config", config)
    assert "Night ferry to run until three" in done.stdout
    assert "Sarnholm Courier" in done.stdout
    file = tmp_path / "out"
    aggregator("export", form, "--config", config, "--output", file)
    assert file.read_text() == done.stdout


def test_export_writes_a_named_output_and_refuses_an_unknown_one(config, polled):
    assert "Night ferry" in aggregator("export", "rss", "--name", "coast", "-c", config).stdout
    unknown = aggregator("export", "rss", "--name", "nowhere", "--config", config)
    assert unknown.returncode == 1
    assert "nowhere" in unknown.stderr
    assert unknown.stdout == ""


def test_export_writes_the_subscriptions(config, polled, feed_url):
    assert f'xmlUrl="{feed_url}"' in aggregator("export", "opml", "--config", config).stdout


def test_explain_says_why_for_an_address_and_for_an_id(config, polled):
    told = aggregator("explain", "http://127.0.0.1/ferry", "--config", config)
    assert told.returncode == 0
    assert "Sarnholm Courier" in told.stdout
    assert "This story originally appeared on Sarnholm" in " ".join(told.stdout.split())
    as_json = aggregator("explain", "http://127.0.0.1/ferry", "--json", "--config", config)
    story = json.loads(as_json.stdout)
    assert story["chain"] == ["Harbour Post", "Sarnholm Courier"]
    assert aggregator("explain", story["id"][:8], "--config", config).returncode == 0


def test_explain_of_what_nobody_has_fails_with_a_remedy(config, polled):
    done = aggregator("explain", "http://127.0.0.1/nothing", "--config", config)
    assert done.returncode == 1
    assert "addresses must be exact" in done.stderr


def test_check_says_that_a_good_file_is_right(config):
    done = aggregator("check", "--config", config)
    assert (done.returncode, done.stderr) == (0, "")
    assert "is right" in done.stdout


def test_check_lists_every_mistake_with_its_line_and_ends_with_2(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("feeds:\n  - url: ftp://a.example/\npol: {interval: 5}\nretention: soon\n")
    done = aggregator("check", "--config", file)
    assert done.returncode == 2
    assert [line.partition(": ")[0] for line in done.stdout.splitlines()] == [
        f"{file}:2",
        f"{file}:3",
        f"{file}:4",
    ]


@pytest.mark.parametrize("command", ["run", "poll", "serve", "explain x", "export rss"])
def test_a_command_with_a_wrong_configuration_names_the_mistake_and_ends_with_2(command, tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("feeds: []\nretention: soon\n")
    done = aggregator(*command.split(), "--config", file)
    assert done.returncode == 2
    assert f"{file}:2: retention" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_configuration_is_named(tmp_path):
    done = aggregator("run", "--config", tmp_path / "none.yaml")
    assert done.returncode == 2
    assert "none.yaml" in done.stderr


def test_a_port_that_is_taken_is_told_with_a_remedy(config, feed_url):
    port = feed_url.split(":")[2].partition("/")[0]
    done = aggregator(
        "run", "--config", config, AGGREGATOR_SERVER__PORT=port, AGGREGATOR_SERVER__HOST="127.0.0.1"
    )
    assert done.returncode == 2
    assert "AGGREGATOR_SERVER__PORT" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_that_cannot_be_had_is_told_with_a_remedy(config):
    done = aggregator("poll", "--config", config, AGGREGATOR_DATABASE="sqlite:////proc/no/a.db")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "database" in done.stderr


def test_cluster_answers_line_by_line_in_order():
    text = (
        "The night ferry between the old harbour and the north bank will run until three in the "
        "morning from April, the port authority said on Sunday, after a winter in which the last "
        "boat left at ten and nurses walked home over the bridge."
    )
    lines = [
        json.dumps({"id": n, "outlet": n, "url": "", "title": n, "html": text, "published": 1})
        for n in ("a", "b")
    ]
    done = aggregator("cluster", "--jsonl", given="\n".join([*lines, "nonsense"]))
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["id"] for answer in answers] == ["a", "b", None]
    assert answers[0]["story"] == answers[1]["story"]
    assert "error" in answers[2]


def test_attribute_reads_a_text_from_standard_input():
    text = "The ferry sails.\n\nThis story originally appeared on Ndtv.com read the full story\n"
    record = {"id": "x", "format": "text", "content": text}
    record["publisher"] = {"name": "Harbour Post", "domain": "harbourpost.example"}
    done = aggregator("attribute", "--jsonl", given=json.dumps(record))
    (answer,) = map(json.loads, done.stdout.splitlines())
    assert [credit["name"] for credit in answer["credits"]] == ["NDTV"]
    for_people = aggregator("attribute", given=text)
    assert "NDTV" in for_people.stdout


def test_a_wrong_option_is_usage_and_ends_with_2():
    assert aggregator("poll", "--sideways").returncode == 2


def test_the_version_is_that_of_the_package():
    from importlib.metadata import version  # noqa: PLC0415

    assert aggregator("version").stdout.strip() == version("aggregator")


def test_polls_are_traced_where_opentelemetrys_variables_ask_for_it(
    config: Path, polled: dict[str, Any]
) -> None:
    """A collector on loopback gets them, by OTLP."""
    got: list[TracesData] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(TracesData.FromString(self.rfile.read(int(self.headers["Content-Length"]))))
            assert self.path == "/v1/traces"
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        told = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
            "OTEL_SERVICE_NAME": "news",
            "NO_PROXY": "*",
        }
        done = aggregator("poll", "--all", "--json", "--config", config, **told)
        server.shutdown()
    assert done.returncode == 0, done.stderr
    names = [
        one.name
        for data in got
        for resource in data.resource_spans
        for scope in resource.scope_spans
        for one in scope.spans
    ]
    assert names.count("poll") == 2
    assert {"poll", "fetch"} <= set(names)
    services = {
        attribute.value.string_value
        for data in got
        for resource in data.resource_spans
        for attribute in resource.resource.attributes
        if attribute.key == "service.name"
    }
    assert services == {"news"}
