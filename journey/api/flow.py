"""Flow: where patients are, how long they wait, where they come back to, and which clocks are breached."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic_core import to_json

from journey.api.access.table import Permission
from journey.api.engine import engine
from journey.api.flowfigures import Asked, figures, statement
from journey.api.flowmodels import Bucket, FlowFigures
from journey.api.guard import guarded
from journey.api.lately import age_of
from journey.api.openapi import answers
from journey.api.problems import FieldError, Problem
from journey.api.times import Time

router = APIRouter(route_class=guarded(Permission.FIGURES), tags=["read"])

Text = Annotated[str | None, Query(min_length=1, max_length=200)]


@router.get("/v1/flow", responses=answers(FlowFigures, "too-slow"))
async def how_patients_flow(
    request: Request,
    *,
    pathway: Annotated[Text, Query(description="Journeys on this pathway only.")] = None,
    team: Annotated[Text, Query(description="Journeys that this team is accountable for now.")] = None,
    begins: Annotated[
        Time | None, Query(alias="from", description="What began, was reached or came due from then on.")
    ] = None,
    ends: Annotated[Time | None, Query(alias="to", description="… and before then.")] = None,
    bucket: Annotated[
        Bucket, Query(description="The pieces of time that trends are made of.")
    ] = Bucket.MONTH,
) -> Response:
    """Census, times in stages and between milestones, queues, rework, clocks, rates. Times are seconds. With
    Cache-Control: max-age=N, what was counted up to N seconds ago may be told again; `as_of` says when.
    """
    held = engine(request)
    asked = Asked(pathway, team, begins, ends, bucket, held.settings.timezone, datetime.now(UTC))
    if complaint := asked.complaint():
        field, message = complaint
        error = FieldError(where="query", field=field, message=message)
        raise Problem("invalid", f"{message}.", errors=(error,))

    async def counted() -> FlowFigures:
        return figures(await held.reads.rows(statement(asked), asked))

    found = await held.flow.ask(asked[:-1], counted, age_of(request))
    return Response(to_json(found, by_alias=True), media_type="application/json")
