"""Patients: which records are of one person, and making one of two or two of one."""

from functools import partial
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, StrictBool
from pydantic_core import to_json

from journey.api.access.person import Person, person
from journey.api.access.table import Permission
from journey.api.commands import IdempotencyKey, Purpose, Written, context
from journey.api.engine import asking, engine
from journey.api.guard import Seen, guarded, without_words
from journey.api.openapi import WRITING, answers
from journey.api.problems import Problem, problem_of
from journey.api.tags import IfNoneMatch, tagged
from journey.domain.event import Command, Refused
from journey.domain.merge import MergePatient, UnmergePatient
from journey.store import across

SAME = """
    SELECT same.patient_id, each.merged_into
      FROM same_person(%s) AS same (patient_id)
           LEFT JOIN patient_identity AS each ON each.patient_id = same.patient_id
     WHERE EXISTS (SELECT FROM patient_status AS status WHERE status.patient_id = same.patient_id)
     ORDER BY same.patient_id
    """

reading = APIRouter(route_class=guarded(Permission.READ, "Patient"), tags=["read"])
writing = APIRouter(route_class=guarded(Permission.WRITE, "Patient"), tags=["merges"])


class PatientRecord(BaseModel):
    """One of the records of a person."""

    patient_id: UUID
    merged_into: UUID | None = Field(description="The survivor; null where it goes on itself.")


class SamePerson(BaseModel):
    """Every record of one person, over any number of merges."""

    patient_id: UUID = Field(description="The record that goes on.")
    records: tuple[PatientRecord, ...]


class RecordedOnAll(BaseModel):
    """What was recorded on each journey of both patients."""

    journeys: tuple[Written, ...]


class MergeInto(Command):
    """Make one of two records: the retired one leads to this patient from now on."""

    retired: UUID
    evidence: str | None = None


class UnmergeFrom(Command):
    """Make two of the records again, and say what becomes of what was recorded since."""

    retired: UUID
    reason: str = Field(min_length=1)
    keep: tuple[UUID, ...] = Field(
        default=(), description="Events recorded since the merge that belong where they are."
    )
    keep_rest: StrictBool = Field(default=False, description="All the others belong where they are, too.")


REFUSALS = (*WRITING, "no-such-patient")


@reading.get("/v1/patients/{patient_id}", responses=answers(SamePerson, "no-such-patient", tagged=True))
async def records_of_a_patient(
    request: Request, patient_id: UUID, *, if_none_match: IfNoneMatch = None
) -> Response:
    """The records that are of one person, and the one that goes on."""
    await admitted_patients(request, patient_id)
    rows = await engine(request).reads.rows(SAME, [patient_id])
    root = next((own for own, into in rows if into is None), patient_id)
    records = [{"patient_id": own, "merged_into": into} for own, into in rows]
    return tagged(to_json({"patient_id": root, "records": records}), if_none_match)


@writing.post("/v1/patients/{patient_id}/merge", responses=answers(RecordedOnAll, *REFUSALS, refused=True))
async def merge(
    request: Request,
    patient_id: UUID,
    command: MergeInto,
    purpose: Purpose = "TREAT",
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Retire another record into this patient's, on every journey of both."""
    theirs = await admitted_patients(request, patient_id, command.retired)
    told = MergePatient(survivor=patient_id, **command.model_dump(exclude_unset=True))
    return await _carried_out(request, theirs, told, purpose, idempotency_key)


@writing.post("/v1/patients/{patient_id}/unmerge", responses=answers(RecordedOnAll, *REFUSALS, refused=True))
async def unmerge(
    request: Request,
    patient_id: UUID,
    command: UnmergeFrom,
    purpose: Purpose = "TREAT",
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Take another record out of this patient's again, on every journey of both."""
    theirs = await admitted_patients(request, patient_id, command.retired)
    told = UnmergePatient(survivor=patient_id, **command.model_dump(exclude_unset=True))
    return await _carried_out(request, theirs, told, purpose, idempotency_key)


async def admitted_patients(request: Request, *patients: UUID) -> Person:
    """Their journeys that are the caller's to see, of each at least one. Raises Problem."""
    request.state.seen = Seen((), patients)
    found = [await person(engine(request).looks, asking(request), each) for each in patients]
    if not all(each.journeys for each in found):
        raise Problem("no-such-patient")
    journeys = tuple(sorted({journey_id for each in found for journey_id in each.journeys}))
    request.state.seen = Seen(journeys, patients)
    return Person(journeys, whole=all(each.whole for each in found))


async def _carried_out(
    request: Request,
    theirs: Person,
    command: MergePatient | UnmergePatient,
    purpose: str,
    idempotency_key: str | None,
) -> Response:
    """In a write thread, counted as any command. Of others' journeys nothing is told."""
    held = engine(request)
    work = partial(
        across.merge, held.store, command, context(request, purpose), idempotency_key=idempotency_key
    )
    try:
        told = await held.write(work)
    except Exception as error:
        held.figures.command(command.name(), problem_of(error).code)
        if isinstance(error, Refused) and not theirs.whole:
            raise without_words(error) from None
        raise
    done = any(each.events for each in told)
    held.figures.command(command.name(), "recorded" if done else "nothing-to-do")
    journeys = [
        {**each._asdict(), "events": [event._asdict() for event in each.events]}
        for each in told
        if each.journey_id in theirs.journeys
    ]
    return Response(to_json({"journeys": journeys}), media_type="application/json")
