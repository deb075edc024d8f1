"""What traces tell: what was done below what, and of no patient."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from journey import tracing
from journey.projections import READ_MODELS
from journey.settings import Settings
from tests.served import Api, number
from tests.waiting import until

pytestmark = pytest.mark.database

MARK = "Zwetschgenmus"
TRACE, ABOVE = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.fixture
def kept() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    tracing.trace_to(SimpleSpanProcessor(exporter))
    yield exporter
    tracing.end()


def named(kept: InMemorySpanExporter, name: str) -> ReadableSpan:
    """The first that has ended under this name in the trace."""
    found = until(
        lambda: [
            each
            for each in kept.get_finished_spans()
            if each.name == name and (not each.context or f"{each.context.trace_id:032x}" == TRACE)
        ]
    )
    return found[0]


def test_a_command_is_traced_from_the_request_to_the_append(api: Api, kept: InMemorySpanExporter) -> None:
    came_with = {"traceparent": f"00-{TRACE}-{ABOVE}-01"}
    body = {"team": "ward 3", "patient": {"family": MARK}}
    opened = api.post("/v1/journeys", body, headers=came_with).json()
    request, command, append = (named(kept, name) for name in ("POST /v1/journeys", "open-journey", "append"))
    assert request.parent
    assert f"{request.parent.span_id:016x}" == ABOVE
    assert (command.parent, append.parent) == (request.context, command.context)
    assert dict(append.attributes or {}) == {
        "journey.journey": opened["journey_id"],
        "journey.events": len(opened["events"]),
    }
    assert dict(request.attributes or {}) == {
        "http.request.method": "POST",
        "http.route": "/v1/journeys",
        "http.response.status_code": 201,
    }


def test_a_batch_of_a_read_model_is_traced(api: Api, kept: InMemorySpanExporter) -> None:
    api.opened(patient={"family": MARK})
    found = until(
        lambda: {
            (each.attributes or {}).get("journey.model")
            for each in kept.get_finished_spans()
            if each.name == "project"
        }
    )
    assert found <= {model.name for model in READ_MODELS}


def test_what_goes_wrong_is_told_by_its_kind(
    api: Api, kept: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    journey = api.opened()

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(MARK)

    monkeypatch.setattr(api.engine.store, "handle", fail)
    asked = {"headers": {"traceparent": f"00-{TRACE}-{ABOVE}-01"}}
    assert api.post(f"{journey}/check-in", {"visit_id": number(1)}, **asked).status_code == 500
    assert api.get(f"/v1/journeys?q={MARK}", **asked).status_code == 200
    assert api.get(f"/v1/{MARK}", **asked).status_code == 404
    command = named(kept, "check-in")
    assert (command.attributes or {})["error.type"] == "RuntimeError"
    assert not command.status.is_ok
    assert MARK not in "".join(each.to_json() for each in kept.get_finished_spans())


def test_nothing_of_it_is_loaded_where_nobody_asked() -> None:
    program = "import sys, journey.api.app; sys.exit('opentelemetry.sdk' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
    assert tracing.span("append") is tracing.OFF


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(tracing.NotInstalled, match=r"journey\[otel\]"):
        tracing.configure(Settings.load(otlp_endpoint="http://localhost:4318"))
