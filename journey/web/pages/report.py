"""Report: one patient on paper: where they stand, what is planned, who was in contact and what is open; and
what a stay came to, for whoever looks after them next.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from starlette.responses import Response

from journey.web.acts import every_act
from journey.web.drawing import SAID, picture
from journey.web.obstacles import obstacles
from journey.web.onepatient import of_one_patient, one_patient
from journey.web.page import HOME, Asked, Page
from journey.web.pages.patient import KINDS, pathway_of, titles
from journey.web.pages.timeline import room_of, spelled, when
from journey.web.rendering import words
from journey.web.things import everything

FEW = 12
"""The latest contacts that go on paper."""

Row = Mapping[str, Any]
OF_A_STAY = {
    "The stay": ("visits",),
    "Assessments, diagnoses and treatments": ("treatments",),
    "Results": ("results",),
    "The way out": ("discharges",),
    "Care plan": ("careplan",),
    "Tasks": ("tasks",),
}
"""What a discharge summary tells, by the rooms that it happened in."""


class Told(NamedTuple):
    """Something that happened, as it reads now."""

    when: str
    what: str
    who: str
    lines: tuple[tuple[str, str], ...]


@of_one_patient
async def report(asked: Asked) -> Response:
    one = await one_patient(asked)
    every = await _holding(asked, one.journey_id)
    pathway = await pathway_of(asked, one.stands)
    blockers = obstacles(asked, one, one.stands["blocked_by"], await every_act(asked), titles(pathway))
    payers = await asked.api.get("/v1/authorizations", journey=one.journey_id, limit=50)
    return asked.page(
        "patient_report.html",
        one=one,
        p=one.stands,
        picture=picture(one.stands, pathway),
        in_the_way=tuple(each.what for each in blockers),
        said=SAID,
        kinds=KINDS,
        authorizations=payers["authorizations"],
        contacts=tuple(_told(each for each in every if _is_a_contact(each)))[-FEW:],
        plan=tuple(_told(each for each in every if room_of(each) == "careplan")),
    )


@of_one_patient
async def discharge_summary(asked: Asked) -> Response:
    """Of the latest stay that somebody planned to end, or ended."""
    one = await one_patient(asked)
    every = await _holding(asked, one.journey_id)
    stays = [each["data"]["visit_id"] for each in every if _is_of_a_discharge(each)]
    stay = stays[-1] if stays else None
    its = [each for each in every if each["data"].get("visit_id", stay) == stay]
    left = [each for each in its if each["type"] == "discharge.departed"]
    return asked.page(
        "patient_discharge.html",
        one=one,
        p=one.stands,
        kinds=KINDS,
        authorizations=(),
        stay=stay,
        left=when(left[-1]) if left else None,
        sections={
            title: tuple(_told(each for each in its if room_of(each) in rooms))
            for title, rooms in OF_A_STAY.items()
        },
    )


def _is_a_contact(event: Row) -> bool:
    return room_of(event) == "communications" or event["type"].startswith("discharge.contact_")


def _is_of_a_discharge(event: Row) -> bool:
    return room_of(event) == "discharges" and "visit_id" in event["data"]


async def _holding(asked: Asked, journey_id: str) -> list[Row]:
    """What happened and still holds, as it reads since it was corrected."""
    every = await everything(asked, journey_id)
    shown = (each for each in every if not each.get("withheld") and each["voided_by"] is None)
    return [{**each, **(each["reading"] or {})} for each in shown]


def _told(events: Iterator[Row]) -> Iterator[Told]:
    for each in events:
        yield Told(when(each), words(each["type"]), each["actor"]["id"], tuple(spelled(each["data"])))


ONE = f"{HOME}/patients/{{journey_id:uuid}}"
PAGES = (Page(f"{ONE}/report", report), Page(f"{ONE}/discharge-summary", discharge_summary))
