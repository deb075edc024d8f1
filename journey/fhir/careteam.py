"""CareTeam: who works on the journey, under its id: whoever is or was accountable, hands over, is asked, or
has something to do; and the patient (US Core CareTeam).
"""

from collections.abc import Iterator, Sequence

from journey.domain.codes import JourneyStatus
from journey.domain.episode import Episode
from journey.domain.handoff.state import Handoff
from journey.fhir.chart import Chart, Since
from journey.fhir.data import CODES, SYSTEMS, Json, filled, identifier, known, period, reference
from journey.fhir.kind import By, Include, Kind
from journey.fhir.parties import person, team
from journey.fhir.responsibility import MOVING, lasted, stretches

S = JourneyStatus
STATUS = {
    S.PLANNED: "proposed",
    S.WAITLIST: "proposed",
    S.ACTIVE: "active",
    S.ONHOLD: "suspended",
    S.FINISHED: "inactive",
    S.CANCELLED: "inactive",
    S.ENTERED_IN_ERROR: "entered-in-error",
}
"""The journey's status in the value set care-team-status."""

OF_AN_EPISODE = known(SYSTEMS["LOINC"], "LA27977-0", "Episode of care-focused care team")
PATIENT = known(SYSTEMS["SNOMED"], "116154003", "Patient")


def _role(code: str, display: str) -> Json:
    return known(f"{CODES}care-team-role", code, display)


ACCOUNTABLE = _role("accountable", "Is accountable for the journey")
HANDS_OVER = _role("hands-over", "Hands the patient over")
ASKED = _role("asked-to-take-over", "Is asked to take the patient over")
TAKES_OVER = _role("takes-over", "Takes the patient over")
HAS_A_TASK = _role("has-a-task", "Has a task to do")


def care_teams(chart: Chart) -> Iterator[Json]:
    """The journey's one."""
    journey, passed = chart.journey, chart.stations
    owner = journey.episode.owner
    everybody = [
        {"role": [PATIENT], "member": reference("Patient", chart.patient_id)},
        *_accountable(passed),
        *_at_work(chart),
    ]
    yield filled(
        {
            "id": str(chart.journey_id),
            "identifier": [identifier(chart.journey_id)],
            "status": STATUS[journey.episode.status],
            "category": [OF_AN_EPISODE],
            "subject": reference("Patient", chart.patient_id),
            "period": lasted(passed),
            "participant": [each for n, each in enumerate(everybody) if each not in everybody[:n]],
            "managingOrganization": [team(owner.team)] if owner else None,
        }
    )


def _accountable(passed: Sequence[Since]) -> Iterator[Json]:
    """Whoever was, one after the other."""
    for who, within in stretches(passed, _who):
        if who is not None:
            yield from _member(ACCOUNTABLE, *who, within)


def _who(episode: Episode) -> tuple[str, str | None] | None:
    return None if episode.owner is None else (episode.owner.team, episode.owner.person)


def _at_work(chart: Chart) -> Iterator[Json]:
    journey = chart.journey
    for handoff in journey.handoffs:
        if handoff.is_open:
            yield from _handing_over(handoff)
    for transfer in journey.transfers:
        if transfer.is_open:
            yield from _member(ASKED, transfer.to_team, None, period(transfer.initiated))
    for task in journey.tasks:
        if task.is_open:
            yield from _member(HAS_A_TASK, task.team, task.person, None)


def _handing_over(handoff: Handoff) -> Iterator[Json]:
    yield from _member(HANDS_OVER, *handoff.sender, period(handoff.offered))
    if handoff.acceptor is not None:
        yield from _member(TAKES_OVER, *handoff.acceptor, period(handoff.accepted))
        return
    for party in handoff.asked:
        yield from _member(ASKED, *party, period(handoff.offered))


def _member(
    role: Json, team_name: str | None, person_name: str | None, within: Json | None
) -> Iterator[Json]:
    """The person, for their team; or the team. Nobody where neither is known."""
    member = person(person_name) or team(team_name)
    if member is not None:
        on_behalf = team(team_name) if person_name else None
        yield filled({"role": [role], "member": member, "onBehalfOf": on_behalf, "period": within})


CARE_TEAM = Kind(
    type="CareTeam",
    about="Who works on the journey: accountable now or before, handing over, asked, or with a task to do.",
    made=care_teams,
    also=frozenset({"episode", "handoffs", "transfers", "tasks"}),
    events=MOVING,
    parameters={
        "patient": By.PATIENT,
        "subject": By.PATIENT,
        "status": By.STATUS,
        "date": By.DATE,
        "identifier": By.IDENTIFIER,
    },
    dated="period",
    includes={
        "patient": Include("subject", ("Patient",)),
        "subject": Include("subject", ("Patient",)),
        "participant": Include("participant.member", ("Patient",)),
    },
    profile="http://hl7.org/fhir/us/core/StructureDefinition/us-core-careteam",
)
