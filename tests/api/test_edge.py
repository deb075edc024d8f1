"""The edge, around an application that breaks off."""

import pytest
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from journey.api.edge import Edge
from journey.api.figures import Figures


async def breaks_off(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - ASGI's
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"the first half", "more_body": True})
    raise LookupError


def test_an_answer_that_breaks_off_is_counted_and_over() -> None:
    figures = Figures()
    edge = Edge(breaks_off, max_body_bytes=100, max_requests=1, figures=figures)
    client = TestClient(edge)
    for _ in range(2):  # the first is not under way any more
        with pytest.raises(LookupError):
            client.get("/anywhere")
    counted = 'journey_http_requests_total{method="GET",route="unknown",status="200"} 2.0'
    assert counted in figures.text().decode()
