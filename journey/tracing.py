"""Tracing: spans of what is done, for OpenTelemetry. Off, it costs nothing; on, it needs `journey[otel]`.

A span is named after what is done and says which journey, command or read model, never who. Errors are told
by their kind, for their text may quote a patient.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING
from uuid import UUID

from journey.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor
    from opentelemetry.trace import Span, Tracer

Value = str | int | UUID

OFF: AbstractContextManager[None] = nullcontext()

_tracer: "Tracer | None" = None


class NotInstalled(Exception):
    """JOURNEY_OTLP_ENDPOINT is set, and what sends traces is not installed: pip install 'journey[otel]'."""

    def __init__(self) -> None:
        super().__init__(NotInstalled.__doc__)


def configure(settings: Settings) -> None:
    """Send spans where the settings say, as long as the process lives. Raises NotInstalled."""
    if settings.otlp_endpoint is None or _tracer is not None:
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - an extra
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - an extra
    except ImportError:
        raise NotInstalled from None
    trace_to(BatchSpanProcessor(OTLPSpanExporter(f"{settings.otlp_endpoint.rstrip('/')}/v1/traces")))


def trace_to(processor: "SpanProcessor") -> None:
    """Hand every span to this one from now on."""
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - an extra
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - an extra

    global _tracer  # noqa: PLW0603 - one for the process, as the loggers are
    provider = TracerProvider(resource=Resource.create({"service.name": "journey"}))
    provider.add_span_processor(processor)
    _tracer = provider.get_tracer("journey")


def end() -> None:
    """Trace no more."""
    global _tracer  # noqa: PLW0603 - one for the process, as the loggers are
    _tracer = None


def span(name: str, **attributes: Value) -> "AbstractContextManager[Span | None]":
    """What is done within the block, below what was begun around it."""
    return OFF if _tracer is None else _begun(_tracer, name, attributes)


def request(traceparent: str | None) -> "AbstractContextManager[Span | None]":
    """What is done to answer a request, below the span that it came with."""
    if _tracer is None:
        return OFF
    return _begun(_tracer, "request", {}, traceparent=traceparent, served=True)


def ids(span: "Span | None") -> dict[str, str]:
    """By what the lines that are logged meanwhile are found again."""
    if span is None:
        return {}
    found = span.get_span_context()
    return {"trace_id": f"{found.trace_id:032x}", "span_id": f"{found.span_id:016x}"}


def answered(span: "Span | None", method: str, route: str, status: int) -> None:
    """Name the request by its route: the address may name a patient."""
    if span is None:
        return
    span.update_name(f"{method} {route}")
    span.set_attribute("http.request.method", method)
    span.set_attribute("http.route", route)
    span.set_attribute("http.response.status_code", status)


@contextmanager
def _begun(
    tracer: "Tracer",
    name: str,
    attributes: Mapping[str, Value],
    *,
    traceparent: str | None = None,
    served: bool = False,
) -> "Iterator[Span]":
    from opentelemetry.trace import SpanKind, StatusCode  # noqa: PLC0415 - an extra
    from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415 - an extra
        TraceContextTextMapPropagator,
    )

    above = TraceContextTextMapPropagator().extract({"traceparent": traceparent}) if traceparent else None
    with tracer.start_as_current_span(
        name,
        context=above,
        kind=SpanKind.SERVER if served else SpanKind.INTERNAL,
        attributes={
            f"journey.{name}": str(value) if isinstance(value, UUID) else value
            for name, value in attributes.items()
        },
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        try:
            yield span
        except Exception as error:
            span.set_status(StatusCode.ERROR)
            span.set_attribute("error.type", type(error).__name__)
            raise
