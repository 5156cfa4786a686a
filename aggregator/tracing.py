"""OpenTelemetry traces: a span for each poll, and one for each of its stages. Off by default.

On where OpenTelemetry's own variables say so (`OTEL_EXPORTER_OTLP_ENDPOINT`, or
`OTEL_TRACES_EXPORTER`), and the extra is installed: `pip install 'aggregator[tracing]'`. Where it
is off, a span costs nothing, and nothing is loaded for it.
"""

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import structlog

from aggregator import __version__
from aggregator.errors import ConfigError

_WANTED = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")

Attributes = Mapping[str, str | int | float | None]

_tracer: Any = None  # OpenTelemetry's; None where tracing is off

log = structlog.get_logger(__name__)


def wanted(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the environment asks for traces."""
    exporter = environ.get("OTEL_TRACES_EXPORTER", "")
    if exporter == "none" or environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    return bool(exporter or any(environ.get(name) for name in _WANTED))


@contextlib.contextmanager
def tracing(environ: Mapping[str, str] = os.environ) -> Iterator[None]:
    """Trace what is done in the block, if the environment asks for it; send the last at its end.

    Raises ConfigError where it asks for what is not there.
    """
    if not wanted(environ):
        yield
        return
    try:
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415  (not always installed)
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(
            "OTEL_… variables ask for traces, and OpenTelemetry is not installed.",
            reason="no_tracing",
            remedy="Install the extra, pip install 'aggregator[tracing]', or unset them.",
        ) from error
    named = {"service.name": environ.get("OTEL_SERVICE_NAME") or "aggregator"}
    resource = Resource.create(named | {"service.version": __version__})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(_exporter(environ)))
    log.info("tracing", to=environ.get("OTEL_TRACES_EXPORTER") or "otlp")
    with traced_by(provider):
        try:
            yield
        finally:
            provider.shutdown()


@contextlib.contextmanager
def traced_by(provider: Any) -> Iterator[None]:
    """Trace what is done in the block with this provider of OpenTelemetry's."""
    global _tracer  # noqa: PLW0603  (spans are begun all over the pipeline)
    before, _tracer = _tracer, provider.get_tracer("aggregator", __version__)
    try:
        yield
    finally:
        _tracer = before


class Span:
    """One span; none where tracing is off."""

    def __init__(self, span: Any = None) -> None:
        self._span = span

    def tell(self, attributes: Attributes) -> None:
        """Add attributes, those that have a value."""
        if self._span is None:
            return
        for name, value in attributes.items():
            if value is not None and value != "":
                self._span.set_attribute(name, value)

    def failed(self, why: str) -> None:
        """Mark it as failed."""
        if self._span is None:
            return
        from opentelemetry.trace import Status, StatusCode  # noqa: PLC0415

        self._span.set_status(Status(StatusCode.ERROR, why))


_NONE = contextlib.nullcontext(Span())


def span(
    name: str, attributes: Attributes = MappingProxyType({})
) -> contextlib.AbstractContextManager[Span]:
    """A span within the one that is open here."""
    return _NONE if _tracer is None else _open(name, attributes)


@contextlib.contextmanager
def _open(name: str, attributes: Attributes) -> Iterator[Span]:
    with _tracer.start_as_current_span(name) as opened:
        told = Span(opened)
        told.tell(attributes)
        yield told


def _exporter(environ: Mapping[str, str]) -> Any:
    kind = environ.get("OTEL_TRACES_EXPORTER") or "otlp"
    if kind == "console":
        from opentelemetry.sdk.trace.export import ConsoleSpanExporter  # noqa: PLC0415

        return ConsoleSpanExporter(out=sys.stderr)
    if kind != "otlp":
        raise ConfigError(
            f"OTEL_TRACES_EXPORTER is {kind!r}, which nobody here knows.",
            reason="no_exporter",
            remedy="otlp, console and none are known.",
        )
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )

    return OTLPSpanExporter()  # which reads OTEL_EXPORTER_OTLP_… itself
