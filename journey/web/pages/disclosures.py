"""Disclosures: to whom something about a patient went in six years, as the patient may ask; to be printed."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from journey.web.calling import Refusal
from journey.web.finding import Patient, found, named
from journey.web.handing import handed
from journey.web.page import HOME, Asked, Page, go
from journey.web.times import instant

HERE = f"{HOME}/disclosures"


async def disclosures(asked: Asked) -> Response:
    """Whose, and then to whom."""
    patient = await named(asked)
    if patient is None:
        people = await found(asked)
        return asked.page("disclosures.html", patient=None, people=people, wanted=asked.said("q"))
    return await _told(asked, patient)


async def _told(
    asked: Asked, patient: Patient, problem: Mapping[str, Any] | None = None, status: int = 200
) -> Response:
    every = asked.query.get("all") == "true"
    told = await asked.api.get(
        "/v1/audit/disclosures", patient=patient.patient_id, all="true" if every else None
    )
    return asked.page("disclosures.html", status, patient=patient, told=told, every=every, problem=problem)


async def table(asked: Asked) -> Response:
    """The same, as CSV."""
    query = {"patient": asked.query.get("patient"), "all": asked.query.get("all"), "format": "csv"}
    return handed(await asked.api.file("GET", "/v1/audit/disclosures", query), "disclosures.csv")


async def suspend(asked: Asked) -> Response:
    """What an agency asks for: that the patient be not told for a time."""
    patient = await named(asked)
    if patient is None:
        return go(HERE)
    wanted = {
        "patient_id": patient.patient_id,
        "recipient": asked.said("recipient"),
        "reason": asked.said("reason"),
        "oral": asked.said("oral") == "yes",
    }
    try:
        wanted["until"] = instant(asked.said("until"))
        await asked.api.post("/v1/audit/suspensions", wanted)
    except Refusal as refusal:
        if refusal.code != "invalid":
            raise
        return await _told(asked, patient, refusal.problem, 422)
    return go(f"{HERE}?patient={patient.patient_id}")


PAGES = (
    Page(HERE, disclosures, methods=("GET", "POST")),
    Page(f"{HERE}/table", table),
    Page(f"{HERE}/suspend", suspend, methods=("POST",)),
)
