"""One patient: whose page it is, and what stands at the head of all of their pages. Who may not see them is
offered to open the record in an emergency.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import wraps
from typing import Any, NamedTuple

from starlette.responses import Response

from journey.web.calling import Refusal
from journey.web.page import HOME, Asked, Handler
from journey.web.rendering import name_of

REASONS = {
    "ETREAT": "An emergency: the patient has to be treated now",
    "COVERAGE": "I cover for the team whose patient it is",
    "PATRQT": "The patient asked me to",
    "BTG": "Another reason, which I give below",
}
MINUTES = (15, 60, 240)
"""For which it may be opened; it ends by itself."""

TABS = {
    "": "Overview",
    "/timeline": "Timeline",
    "/do": "Record",
    "/report": "Report",
    "/discharge-summary": "Discharge summary",
}


class OnePatient(NamedTuple):
    """A journey, whose it is, and the break-glass through which it is seen, if any."""

    journey_id: str
    stands: Mapping[str, Any]
    glass: Sequence[Mapping[str, Any]]

    @property
    def home(self) -> str:
        return home(self.journey_id)

    @property
    def name(self) -> str:
        said = self.stands["patient"]["demographics"]
        return name_of({**said, "given": " ".join(said["given"] or ())})

    def born(self, today: date) -> str:
        """With the age, where the day is known; some send one that no calendar has."""
        said: str = self.stands["patient"]["demographics"]["birth_date"] or ""
        try:
            day = date.fromisoformat(said)
        except ValueError:
            return said
        age = today.year - day.year - ((today.month, today.day) < (day.month, day.day))
        return f"{day:%d %b %Y} ({age} y)".lstrip("0")

    @property
    def tabs(self) -> dict[str, str]:
        pages = {self.home + path: title for path, title in TABS.items()}
        compliance = {"replay": "Replay", "custody": "Custody"}
        return pages | {f"{HOME}/{path}/{self.journey_id}": title for path, title in compliance.items()}


def home(journey_id: object) -> str:
    return f"{HOME}/patients/{journey_id}"


def journey_of(asked: Asked) -> str:
    return str(asked.request.path_params["journey_id"])


async def one_patient(asked: Asked) -> OnePatient:
    """As they stand now, with all that was recorded before. Raises Refusal."""
    journey_id, version = journey_of(asked), asked.query.get("version", "")
    stands = await asked.api.get(
        f"/v1/journeys/{journey_id}", min_version=version if version.isdecimal() else None
    )
    return OnePatient(journey_id, stands, await _glass(asked, stands["patient"]))


async def _glass(asked: Asked, patient: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What whoever asks has open of this patient, also by a record that is theirs too."""
    if not asked.who.can("break-glass"):
        return []
    theirs = {patient["patient_id"], *(other for other, _ in patient["links"])}
    found = (await asked.api.get("/v1/break-glass/mine"))["break_glass"]
    return [each for each in found if each["patient_id"] in theirs]


def of_one_patient(handler: Handler) -> Handler:
    """The page; to whom the patient is hidden, the way to open the record. What is shown of a patient goes
    when it may be seen no more: the page is asked for anew, whole.
    """

    @wraps(handler)
    async def shown(asked: Asked) -> Response:
        try:
            return await handler(asked)
        except Refusal as refusal:
            if asked.is_fragment:
                return Response(status_code=204, headers={"HX-Refresh": "true"})
            if refusal.code != "no-such-journey" or not asked.who.can("break-glass"):
                raise
            return hidden(asked)

    return shown


def hidden(asked: Asked, problem: Mapping[str, Any] | None = None) -> Response:
    """There is no such patient, or it is another team's: both look the same."""
    status = 404 if problem is None else 422
    return asked.page(
        "patient_hidden.html",
        status,
        home=home(journey_of(asked)),
        reasons=REASONS,
        minutes=MINUTES,
        problem=problem,
    )
