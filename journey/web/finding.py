"""Finding: a patient, by what is written into a form. Their names stand in no address, their ids do."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from journey.web.page import Asked
from journey.web.rendering import name_of

FEW = 20
SHORTEST = 2
"""Letters from which on somebody is looked for."""


class Patient(NamedTuple):
    """Somebody, as lists name them."""

    patient_id: str
    name: str
    about: str

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Patient":
        about = ", ".join(each for each in (row["birth_date"], *row["identifiers"]) if each)
        return cls(row["patient_id"], name_of(row), about)


async def found(asked: Asked) -> tuple[Patient, ...] | None:
    """Those who match the field `q` of the form, each once; None where nobody is looked for."""
    wanted = asked.said("q")
    if len(wanted) < SHORTEST:
        return None
    page = await asked.api.get("/v1/journeys", q=wanted[:200], limit=FEW)
    return tuple(dict.fromkeys(Patient.of(row) for row in page["journeys"]))


async def named(asked: Asked) -> Patient | None:
    """The patient of the address's `patient`; without a name where no journey tells it."""
    patient_id = _id(asked.query.get("patient", ""))
    if patient_id is None:
        return None
    page = await asked.api.get("/v1/journeys", patient=patient_id, limit=FEW)
    own = [row for row in page["journeys"] if row["patient_id"] == patient_id]
    rows = own or page["journeys"]
    return (
        Patient.of(rows[0])._replace(patient_id=patient_id)
        if rows
        else Patient(patient_id, "Patient", patient_id)
    )


def _id(text: str) -> str | None:
    try:
        return str(UUID(text))
    except ValueError:
        return None
