"""Custody: what may be done with what is kept of a patient: held for a dispute, restricted, erased by two."""

from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import uuid4

from starlette.responses import Response

from journey.web.calling import Refusal
from journey.web.onepatient import OnePatient, journey_of, of_one_patient, one_patient
from journey.web.page import HOME, Asked, Page, go

Row = Mapping[str, Any]
GROUNDS = {
    "accuracy-contested": "The patient contests that it is right",
    "unlawful": "It should not have been kept, and the patient would rather have it kept than erased",
    "needed-for-claims": "The patient needs it for a legal claim",
    "objection": "The patient objects, and it is not decided yet",
}
"""For which it is restricted (GDPR Art. 18)."""

BASES = {
    "no-longer-needed": "It is not needed any more",
    "consent-withdrawn": "The patient withdrew their consent",
    "objection": "The patient objects",
    "unlawful": "It should not have been kept",
    "legal-obligation": "A law asks for it",
}
"""On which it is erased (GDPR Art. 17)."""


@of_one_patient
async def custody(asked: Asked) -> Response:
    return await _shown(asked)


@of_one_patient
async def act(asked: Asked) -> Response:
    """What the form asks for; what stands against it is said in its place."""
    one = await one_patient(asked)
    try:
        await _do(asked, one)
    except Refusal as refusal:
        if refusal.code == "unauthorized":
            raise
        return await _shown(asked, refusal.problem, 422 if refusal.status == 422 else 409)  # noqa: PLR2004 - as the API
    return go(f"{HOME}/custody/{one.journey_id}")


async def _do(asked: Asked, one: OnePatient) -> None:
    """Raises Refusal."""
    said, reason = asked.said, {"reason": asked.said("reason")}
    match said("do"):
        case "place-legal-hold":
            hold = {"hold_id": said("once"), "matter": said("matter"), **reason}
            await _tell(asked, one.journey_id, "place-legal-hold", hold)
        case "release-legal-hold":
            await _tell(asked, one.journey_id, "release-legal-hold", {"hold_id": said("about"), **reason})
        case "restrict-processing":
            restriction = {"ground": said("ground"), **reason}
            await _tell(asked, one.journey_id, "restrict-processing", restriction)
        case "lift-restriction":
            await _tell(asked, one.journey_id, "lift-restriction", reason)
        case "request":
            wanted = {"patient_id": one.stands["patient"]["patient_id"], "basis": said("basis"), **reason}
            await asked.api.post("/v1/privacy/erasures", wanted)
        case "withdraw":
            erasure = await asked.api.get(f"/v1/privacy/erasures/{said('about')}")
            for each in erasure["journeys"]:
                body = {"erasure_id": erasure["erasure_id"], **reason}
                await _tell(asked, each, "withdraw-erasure", body)
        case "decide" if said("sure") == "yes":
            await asked.api.post(f"/v1/privacy/erasures/{said('about')}/decide")


async def _tell(asked: Asked, journey_id: str, command: str, body: Row) -> None:
    key = f"{asked.said('once')}-{journey_id}"
    await asked.api.post(f"/v1/journeys/{journey_id}/{command}", body, idempotency_key=key)


async def _shown(asked: Asked, problem: Row | None = None, status: int = 200) -> Response:
    one = await one_patient(asked)
    events = [each async for each in _of_custody(asked, journey_of(asked))]
    requested = [each for each in events if each["type"] == "custody.erasure_requested"]
    return asked.page(
        "custody.html",
        status,
        one=one,
        kept=one.stands["custody"],
        events=events[::-1],
        matters=_said_of(events, "custody.legal_hold_placed", "hold_id"),
        erasure=await _erasure(asked, requested[-1]["data"]["erasure_id"]) if requested else None,
        problem=problem,
        once=str(uuid4()),
        grounds=GROUNDS,
        bases=BASES,
    )


async def _of_custody(asked: Asked, journey_id: str) -> AsyncIterator[Row]:
    async for each in asked.api.every(f"/v1/journeys/{journey_id}/events", "events"):
        if each.get("type", "").startswith(("custody.", "subject.")):
            yield each


def _said_of(events: list[Row], type_: str, by: str) -> dict[str, Row]:
    return {each["data"][by]: each for each in events if each["type"] == type_}


async def _erasure(asked: Asked, erasure_id: str) -> Row | None:
    """How it stands; None where it was asked for of this journey alone, or anew under another id."""
    try:
        found: Row = await asked.api.get(f"/v1/privacy/erasures/{erasure_id}")
    except Refusal as refusal:
        if refusal.code != "no-such-erasure":
            raise
        return None
    return found


ONE = f"{HOME}/custody/{{journey_id:uuid}}"
PAGES = (Page(ONE, custody), Page(ONE, act, methods=("POST",)))
