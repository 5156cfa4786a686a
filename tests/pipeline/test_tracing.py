"""A span for each poll, with one for each stage; nothing at all where nobody asked for traces."""

import subprocess
import sys

import pytest
from desk import FERRY, article, item, rss
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from publisher import Publisher, publishing

from aggregator.errors import ConfigError
from aggregator.model import FullText
from aggregator.tracing import span, traced_by, tracing, wanted


@pytest.fixture
async def publisher(clock):
    async with publishing(clock) as found:
        yield found


@pytest.fixture
def spans():
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with traced_by(provider):
        yield exporter


def tree(spans: InMemorySpanExporter) -> dict[str, str]:
    """The name of each span's parent, by its own."""
    finished = spans.get_finished_spans()
    names = {one.context.span_id: one.name for one in finished}
    return {one.name: names[one.parent.span_id] if one.parent else "" for one in finished}


async def test_a_poll_has_a_span_with_one_for_each_stage(desk, spans, publisher: Publisher):
    page = publisher.says("/ferry", article(FERRY), Content_Type="text/html")
    teaser = item("a", FERRY[:1], link=page)
    url = publisher.says("/feed", rss(teaser), Content_Type="application/rss+xml")
    desk.lists(url, full_text=FullText.ALWAYS)
    await desk.polls(url)
    stages = ("fetch", "parse", "page", "read", "file")
    assert tree(spans) == {"poll": ""} | dict.fromkeys(stages, "poll")
    told = {one.name: dict(one.attributes) for one in spans.get_finished_spans()}
    assert told["poll"] == {
        "feed.url": url,
        "poll.result": "fetched",
        "http.response.status_code": 200,
        "poll.entries": 1,
        "poll.entries.new": 1,
        "poll.merged": 0,
    }
    assert told["fetch"]["http.response.body.size"] > 0
    assert told["page"] == {"url.full": page}
    assert told["file"] == {"entries": 1}


async def test_a_poll_that_fails_says_why(desk, spans, publisher: Publisher):
    url = publisher.says("/feed", status=500)
    desk.lists(url)
    await desk.polls(url)
    poll = next(one for one in spans.get_finished_spans() if one.name == "poll")
    assert poll.status.status_code is StatusCode.ERROR
    assert poll.attributes["error.type"] == poll.status.description == "http_5xx"
    fetch = next(one for one in spans.get_finished_spans() if one.name == "fetch")
    assert fetch.status.status_code is StatusCode.ERROR


async def test_a_password_in_an_address_is_in_no_span(desk, spans, publisher: Publisher):
    url = publisher.says("/feed", status=404).replace("http://", "http://me:secret@")
    desk.lists(url)
    await desk.polls(url)
    told = " ".join(one.to_json() for one in spans.get_finished_spans())
    assert "/feed" in told
    assert "secret" not in told


@pytest.mark.parametrize(
    ("environ", "on"),
    [
        ({}, False),
        ({"OTEL_SERVICE_NAME": "news"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, True),
        ({"OTEL_TRACES_EXPORTER": "console"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a", "OTEL_TRACES_EXPORTER": "none"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a", "OTEL_SDK_DISABLED": "TRUE"}, False),
    ],
)
def test_the_environment_says_whether_there_are_traces(environ, on):
    assert wanted(environ) is on


def test_an_exporter_that_nobody_knows_is_refused():
    with (
        pytest.raises(ConfigError, match="otlp, console and none") as caught,
        tracing({"OTEL_TRACES_EXPORTER": "zipkin"}),
    ):
        pass
    assert caught.value.reason == "no_exporter"


def test_without_the_extra_its_name_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.resources", None)
    with (
        pytest.raises(ConfigError, match=r"pip install 'aggregator\[tracing\]'"),
        tracing({"OTEL_TRACES_EXPORTER": "otlp"}),
    ):
        pass


def test_where_tracing_is_off_a_span_is_nothing_and_nothing_is_loaded():
    with tracing({}), span("poll", {"a": 1}) as told:
        told.tell({"b": 2})
        told.failed("never mind")
    loaded = "[name for name in sys.modules if name.startswith('opentelemetry.sdk')]"
    program = f"import sys, aggregator.daemon; print({loaded})"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
