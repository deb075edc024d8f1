"""EpisodeOfCare: the journey as a whole, under its id: what it is about, how it went, who is accountable."""

from collections.abc import Iterator

from journey.domain.event import Coded
from journey.fhir.chart import Chart
from journey.fhir.data import UNKNOWN, Json, concept, filled, identifier, reference
from journey.fhir.kind import By, Include, Kind
from journey.fhir.parties import person, team
from journey.fhir.responsibility import MOVING, lasted, status_of, stretches


def episodes(chart: Chart) -> Iterator[Json]:
    """The journey's one."""
    journey, passed = chart.journey, chart.stations
    owner = journey.episode.owner
    yield filled(
        {
            "id": str(chart.journey_id),
            "identifier": [identifier(chart.journey_id)],
            "status": journey.episode.status,
            "statusHistory": [
                {"status": status, "period": within or UNKNOWN}
                for status, within in list(stretches(passed, status_of))[:-1]
            ],
            "type": [concept(journey.episode.concern)] if journey.episode.concern else None,
            "diagnosis": _diagnoses(journey.episode.concern),
            "patient": reference("Patient", chart.patient_id),
            "managingOrganization": owner and team(owner.team),
            "period": lasted(passed),
            "careManager": owner and person(owner.person),
            "team": [reference("CareTeam", chart.journey_id)],
        }
    )


def _diagnoses(concern: Coded | None) -> list[Json]:
    """The concern is no Condition with an id; it is only named."""
    if concern is None:
        return []
    return [{"condition": {"type": "Condition", "display": concern.display or concern.code}}]


EPISODE_OF_CARE = Kind(
    type="EpisodeOfCare",
    about="The journey as a whole: what it is about, how it went, and who is accountable for it.",
    made=episodes,
    also=frozenset({"episode"}),
    events=MOVING,
    parameters={
        "patient": By.PATIENT,
        "status": By.STATUS,
        "date": By.DATE,
        "identifier": By.IDENTIFIER,
        "organization": By.OWNER,
    },
    dated="period",
    owned="managingOrganization",
    includes={"patient": Include("patient", ("Patient",)), "team": Include("team", ("CareTeam",))},
)
