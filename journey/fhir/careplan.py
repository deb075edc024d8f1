"""CarePlan: what care aims at, and where the journey is on its way, under its id (US Core CarePlan).

What somebody wrote as the plan stands first; then the milestones of the pathway, reached, waived and to come;
then what else comes next. As everything that happens may move it, each event makes a version of it.
"""

from collections.abc import Iterator
from html import escape

from journey.domain.careplan import Activity, CarePlan, Goal
from journey.domain.codes import JourneyStatus
from journey.domain.journey import EVENT_TYPES, Journey
from journey.domain.room import Step
from journey.domain.standing import Way, way
from journey.fhir.chart import Chart
from journey.fhir.data import (
    CODES,
    OURS,
    Json,
    filled,
    happened,
    identifier,
    instant,
    known,
    reference,
    texts,
)
from journey.fhir.kind import By, Include, Kind
from journey.fhir.responsibility import lasted
from journey.pathways import installed

S = JourneyStatus
STATUS = {
    S.PLANNED: "draft",
    S.WAITLIST: "draft",
    S.ACTIVE: "active",
    S.ONHOLD: "on-hold",
    S.FINISHED: "completed",
    S.CANCELLED: "revoked",
    S.ENTERED_IN_ERROR: "entered-in-error",
}
"""The journey's status in the value set request-status."""

CATEGORY = known("http://hl7.org/fhir/us/core/CodeSystem/careplan-category", "assess-plan")
PATHWAYS = f"{OURS}PlanDefinition/"
USUAL_TITLE = "What comes next"
"""Where nobody has written a plan, and no pathway is followed."""


def care_plans(chart: Chart) -> Iterator[Json]:
    """The journey's one."""
    journey, plan = chart.journey, chart.journey.careplan
    [found] = found_by(chart)
    gone = way(journey, installed())
    title = plan.title or (gone.plan.definition.title if gone.plan else USUAL_TITLE)
    activities = [*_written(plan), *_on_the_pathway(journey, gone), *_next(journey)]
    yield filled(
        {
            "id": found["id"],
            "text": _narrative(title, plan, activities),
            "contained": [_goal(chart, each) for each in plan.goals.values()],
            "identifier": found["identifier"],
            "instantiatesCanonical": _instantiates(journey),
            "status": found["status"],
            "intent": "plan",
            "category": [CATEGORY],
            "title": title,
            "subject": reference("Patient", chart.patient_id),
            "period": found["period"],
            "careTeam": [reference("CareTeam", chart.journey_id)],
            "goal": [{"reference": f"#{each}"} for each in plan.goals],
            "activity": activities,
            "note": _notes(chart),
        }
    )


def found_by(chart: Chart) -> Iterator[Json]:
    """What it is found by, without the way that the journey has gone."""
    yield {
        "id": str(chart.journey_id),
        "identifier": [identifier(chart.journey_id)],
        "status": STATUS[chart.journey.episode.status],
        "period": lasted(chart.stations),
    }


def _instantiates(journey: Journey) -> list[str]:
    enrolment = journey.enrolment
    return [] if enrolment.pathway is None else [f"{PATHWAYS}{enrolment.pathway}|{enrolment.version}"]


def _goal(chart: Chart, goal: Goal) -> Json:
    """A goal is part of its plan, and stands in it."""
    return filled(
        {
            "resourceType": "Goal",
            "id": str(goal.goal_id),
            "lifecycleStatus": goal.status,
            "description": {"text": goal.what},
            "subject": reference("Patient", chart.patient_id),
            "target": [{"dueDate": goal.target_date.isoformat()}] if goal.target_date else None,
        }
    )


def _written(plan: CarePlan) -> Iterator[Json]:
    """What somebody wrote is to be done."""
    return (_activity(each) for each in plan.activities)


def _activity(activity: Activity) -> Json:
    performer = [{"display": activity.owner}] if activity.owner else None
    detail = {"status": activity.status, "performer": performer, "description": activity.what}
    return {"detail": filled(detail)}


def _on_the_pathway(journey: Journey, gone: Way) -> Iterator[Json]:
    """Its milestones: reached, waived, and while the journey goes on what is still to come."""
    if gone.plan is None or gone.on_it is None:
        return
    definition, course = gone.plan.definition, gone.on_it.whole
    titles = {each.id: each.title for each in definition.every_milestone()}
    system = f"{CODES}{definition.id}"
    for reached in course.reached:
        code = known(system, reached.milestone, titles.get(reached.milestone))
        progress = [{"time": instant(reached.at), "text": "Reached"}]
        yield {"progress": progress, "detail": {"code": code, "status": "completed"}}
    for waived in course.waived:
        code = known(system, waived.milestone, titles.get(waived.milestone))
        yield {"detail": {"code": code, "status": "cancelled", "statusReason": {"text": waived.why}}}
    if not journey.episode.is_over:
        yield from (_to_come(system, step) for step in (*course.next, *course.later))


def _next(journey: Journey) -> Iterator[Json]:
    """What comes next by the rules of each room."""
    if not journey.episode.is_over:
        yield from (_to_come(f"{CODES}step", step) for step in journey.steps())


def _to_come(system: str, step: Step) -> Json:
    waits_for = f"Waits for {', '.join(step.waits_for)}" if step.waits_for else None
    detail = {
        "code": known(system, step.step, step.title),
        "status": "not-started",
        "statusReason": {"text": waits_for} if waits_for else None,
        "scheduledPeriod": {"end": instant(step.due)} if step.due else None,
        "performer": [{"display": step.owner}] if step.owner else None,
    }
    return {"detail": filled(detail)}


def _notes(chart: Chart) -> list[Json]:
    return [
        filled(
            {
                "authorString": note.author_role,
                "time": happened(chart.told(note_id, "careplan")[-1]),
                **texts(note.text)[0],
            }
        )
        for note_id, note in chart.journey.careplan.notes.items()
    ]


def _narrative(title: str, plan: CarePlan, activities: list[Json]) -> Json:
    """What a person reads who sees nothing else of it."""
    goals = "".join(f"<li>{escape(each.what)}: {each.status}</li>" for each in plan.goals.values())
    steps = "".join(f"<li>{escape(_called(each['detail']))}</li>" for each in activities)
    lists = "".join(f"<ul>{each}</ul>" for each in (goals, steps) if each)
    div = f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{escape(title)}</p>{lists}</div>'
    return {"status": "generated", "div": div}


def _called(detail: Json) -> str:
    """By its words, or by its code."""
    coded = detail.get("code", {}).get("coding", [{}])[0]
    name = detail.get("description") or coded.get("display") or coded.get("code")
    return f"{name}: {detail['status']}"


CARE_PLAN = Kind(
    type="CarePlan",
    about="What care aims at, the milestones of the pathway as reached, waived or due, and what comes next.",
    made=care_plans,
    found_by=found_by,
    also=frozenset({"careplan", "enrolment", "episode"}),
    events=frozenset(EVENT_TYPES),
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
        "care-team": Include("careTeam", ("CareTeam",)),
    },
    profile="http://hl7.org/fhir/us/core/StructureDefinition/us-core-careplan",
)
