"""The accounting of disclosures over HTTP, and what an agency had suspended of it."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import to_json

from journey.api.access.table import Permission
from journey.api.access.trail import Kind
from journey.api.engine import caller, engine
from journey.api.guard import Seen, guarded, noted
from journey.api.openapi import TAKING_A_BODY, answers
from journey.api.times import Time
from journey.audit.accounting import LINES, RECORDS, Line, Period, asked, lines, printed
from journey.audit.table import csv_of
from journey.store.identifiers import uuid7

ORALLY = timedelta(days=30)
"""The longest that what was asked for by word of mouth holds (45 CFR 164.528(a)(2)(ii))."""

SUSPENDED = """
    SELECT suspension_id, patient_id, recipient, reason, oral, begins_at, ends_at, recorded_by, recorded_at
      FROM disclosure_suspension WHERE patient_id IN (SELECT same_person(%s))
     ORDER BY begins_at, suspension_id
    """
SUSPEND = """
    INSERT INTO disclosure_suspension (suspension_id, patient_id, recipient, reason, oral, begins_at, ends_at,
                                       recorded_by, recorded_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (suspension_id) DO NOTHING
    RETURNING suspension_id
    """

router = APIRouter(route_class=guarded(Permission.AUDIT), tags=["audit"])


class Suspending(BaseModel):
    """An agency asks that the patient be not told, for a time, of what it was given."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    patient_id: UUID
    recipient: str = Field(
        min_length=1,
        max_length=200,
        pattern=r"^[^\x00]+$",
        description="The agency, as its disclosures name it.",
    )
    reason: str = Field(
        min_length=3, max_length=1000, pattern=r"^[^\x00]+$", description="What telling would impede."
    )
    until: Time
    oral: bool = Field(default=False, description="Asked for by word of mouth: 30 days at most.")

    @model_validator(mode="after")
    def _not_longer_than_it_may(self) -> Self:
        now = datetime.now(UTC)
        if self.until <= now:
            raise ValueError("until: name a time to come")
        if self.oral and self.until > now + ORALLY:
            raise ValueError("until: what was asked for by word of mouth holds for 30 days at most")
        return self


class Suspension(BaseModel):
    """What an agency had suspended of a patient's accounting."""

    suspension_id: UUID
    patient_id: UUID
    recipient: str
    reason: str
    oral: bool
    begins_at: datetime
    ends_at: datetime
    recorded_by: str
    recorded_at: datetime


class Accounting(BaseModel):
    """To whom something about a patient went."""

    patient_id: UUID
    records: tuple[UUID, ...] = Field(description="The patient's records, merged ones among them.")
    begins: datetime
    ends: datetime
    disclosures: tuple[Line, ...]
    left_out: int = Field(description="Lines that need not be accounted for; `all=true` tells them.")
    suspended: int = Field(description="Lines that the patient is not told of yet.")
    suspensions: tuple[Suspension, ...]


@router.get("/v1/audit/disclosures", responses=answers(Accounting))
async def what_was_disclosed(
    request: Request,
    *,
    patient: Annotated[UUID, Query(description="The patient; records merged with theirs are, too.")],
    begins: Annotated[
        Time | None, Query(alias="from", description="From then on; six years back, if left out.")
    ] = None,
    ends: Annotated[Time | None, Query(alias="to", description="Before then.")] = None,
    every: Annotated[
        bool, Query(alias="all", description="Also what an accounting leaves out, and what is suspended.")
    ] = False,
    form: Annotated[
        Literal["json", "csv", "text"], Query(alias="format", description="CSV, or as the patient gets it.")
    ] = "json",
) -> Response:
    """The accounting of disclosures of a patient: to whom something went, when, what for and on what basis;
    repeated ones on one line.
    """
    reads = engine(request).reads
    period = Period.of(begins, ends, datetime.now(UTC))
    found = lines(await reads.rows(LINES, asked(patient, period)))
    told = found if every else tuple(each for each in found if each.is_for_the_patient)
    request.state.seen = Seen(patients=(patient,))
    if form == "csv":
        request.state.kind = Kind.EXPORT
        table = csv_of([tuple(Line.model_fields), *(tuple(each.model_dump().values()) for each in told)])
        return Response(table, media_type="text/csv")
    if form == "text":
        request.state.kind = Kind.PRINT
        page = "".join(f"{line}\n" for line in printed(patient, period, told))
        return Response(page, media_type="text/plain")
    suspensions = await reads.rows(SUSPENDED, (patient,))
    accounting = Accounting(
        patient_id=patient,
        records=tuple(each for (each,) in await reads.rows(RECORDS, (patient,))),
        begins=period.begins,
        ends=period.ends,
        disclosures=told,
        left_out=sum(not each.accounted for each in found),
        suspended=sum(each.suspended_until is not None for each in found),
        suspensions=tuple(
            Suspension.model_validate(dict(zip(Suspension.model_fields, row, strict=True)))
            for row in suspensions
        ),
    )
    return Response(to_json(accounting), media_type="application/json")


@router.post(
    "/v1/audit/suspensions", status_code=201, responses=answers(Suspension, *TAKING_A_BODY, status=201)
)
async def suspend_an_accounting(request: Request, wanted: Suspending) -> Response:
    """Leave an agency's disclosures out of what the patient is told, for as long as it asked for."""
    now = datetime.now(UTC)
    suspension = Suspension(
        suspension_id=uuid7(),
        patient_id=wanted.patient_id,
        recipient=wanted.recipient,
        reason=wanted.reason,
        oral=wanted.oral,
        begins_at=now,
        ends_at=wanted.until,
        recorded_by=caller(request).name,
        recorded_at=now,
    )
    request.state.seen = Seen(patients=(wanted.patient_id,))
    await noted(request, Kind.DISCLOSURE_SUSPENDED, suspension)
    await engine(request).reads.rows(SUSPEND, tuple(suspension.model_dump().values()))
    return Response(to_json(suspension), 201, media_type="application/json")
