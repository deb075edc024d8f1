"""Evidence over HTTP: one file that shows what was recorded of patients, on record before it leaves."""

import asyncio
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import IO, Self
from uuid import UUID

import psycopg
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, model_validator

from journey.api.access.table import Permission
from journey.api.audit.handing import Desk, NothingRecorded
from journey.api.engine import caller, engine
from journey.api.guard import PURPOSES, Seen, guarded, who
from journey.api.openapi import TAKING_A_BODY, filed
from journey.api.problems import FieldError, Problem
from journey.api.reads import UNREACHABLE
from journey.api.times import Time
from journey.audit.disclosures import Basis
from journey.evidence.form import Period
from journey.evidence.gathering import Asked
from journey.evidence.packing import Made, Order
from journey.ledger.answers import NotYet
from journey.ledger.merkle import Unproven
from journey.ledger.note import BadNote
from journey.ledger.seals import Place
from journey.store.errors import StoreUnavailable
from journey.store.identifiers import uuid7

MEDIA_TYPE = "application/zip"
MEMORY = 4 << 20
"""Bytes of a file from which on it is kept on disk."""

PIECE = 1 << 16
NO_CHECKPOINT = "It is no checkpoint of this ledger"

router = APIRouter(route_class=guarded(Permission.AUDIT), tags=["audit"])


class Exporting(BaseModel):
    """Whose evidence is wanted, of which period, for whom and why."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    patients: tuple[UUID, ...] = Field(min_length=1, max_length=100)
    begins: Time | None = Field(default=None, alias="from", description="Recorded from then on.")
    ends: Time | None = Field(default=None, alias="to", description="Recorded before then.")
    recipient: str = Field(
        min_length=1, max_length=200, pattern=r"^[^\x00]+$", description="Who gets the file."
    )
    purpose: str = Field(
        default="HCOMPL", pattern=f"^{PURPOSES.pattern}$", description="What for (HL7 v3 ActReason)."
    )
    basis: Basis = Field(default=Basis.OPERATIONS, description="What allows it.")
    accesses: bool = Field(default=True, description="With who looked.")
    since: str | None = Field(
        default=None, max_length=2_000, description="A checkpoint that the recipient has: its note."
    )

    @model_validator(mode="after")
    def _goes_on(self) -> Self:
        if self.begins is not None and self.ends is not None and self.ends <= self.begins:
            raise ValueError("to: It should be later than from")
        return self


@router.post(
    "/v1/audit/exports",
    responses=filed(MEDIA_TYPE, *TAKING_A_BODY, "no-such-patient", "not-in-the-ledger-yet", "ledger-altered"),
)
async def evidence_of_patients(request: Request, wanted: Exporting) -> Response:
    """All that was recorded of patients up to the last checkpoint, with proofs, as one file."""
    request.state.seen = Seen(patients=wanted.patients)
    file = SpooledTemporaryFile(max_size=MEMORY)  # noqa: SIM115 - closed by its reader's end
    try:
        made = await asyncio.to_thread(_made, request, wanted, file)
    except BaseException:
        file.close()
        raise
    request.state.is_noted = True
    name = f'attachment; filename="evidence-{made.manifest.reference}.zip"'
    return StreamingResponse(_pieces(file), media_type=MEDIA_TYPE, headers={"Content-Disposition": name})


def _made(request: Request, wanted: Exporting, file: IO[bytes]) -> Made:
    settings, state = engine(request).settings, request.state
    told = {
        "method": request.method,
        "route": request.scope["route"].path,
        "peer": request.client and request.client.host,
        "request_id": state.request_id,
        "correlation_id": state.correlation_id,
    }
    desk = Desk(engine(request).conninfo, Place.of(settings), who(request), told)
    asked = Asked(
        tuple(dict.fromkeys(wanted.patients)),
        Period(begins=wanted.begins, ends=wanted.ends),
        wanted.accesses,
        wanted.since,
    )
    order = Order(
        uuid7(), caller(request).name, wanted.recipient, wanted.purpose, wanted.basis, settings.timezone
    )
    try:
        return desk.handed(asked, order, file)
    except NothingRecorded as error:
        raise Problem("no-such-patient", str(error)) from None
    except NotYet as error:
        raise Problem("not-in-the-ledger-yet", str(error)) from None
    except Unproven as error:
        raise Problem("ledger-altered", str(error)) from None
    except BadNote:
        wrong = FieldError(where="body", field="since", message=NO_CHECKPOINT)
        raise Problem("invalid", f"since: {NO_CHECKPOINT}.", errors=(wrong,)) from None
    except psycopg.OperationalError:
        raise StoreUnavailable(UNREACHABLE) from None


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(PIECE):
            yield piece
