"""CarePlan and CareTeam: what care aims at, and who is accountable. A docstring is the row in the docs."""

from collections.abc import Iterator

from journey.domain.careplan import Activity, ActivityStatus, CarePlanUpdated, UpdateCarePlan
from journey.domain.episode import AssignOwner
from journey.domain.event import Command
from journey.ingest.fhir.resource import Element, Resource
from journey.ingest.fhir.telling import Telling

WRITTEN = frozenset({"active", "on-hold", "completed", "revoked"})
STATUSES = {
    **{str(each): each for each in ActivityStatus},
    "stopped": ActivityStatus.CANCELLED,
    "unknown": ActivityStatus.NOT_STARTED,
}


def care_plan(telling: Telling) -> Iterator[Command]:
    """The plan as a whole (title or category, activity.detail), at created or period.start. A journey has one
    plan: of several, the one that was written last.
    """
    resource = telling.resource
    if resource.status not in WRITTEN or telling.is_old:
        return
    period = resource.one("period")
    at = resource.moment("created") or (period.moment("start") if period else None)
    asked = telling.asks(UpdateCarePlan, at, title=_title(resource), activities=tuple(_activities(resource)))
    event = CarePlanUpdated(**asked.facts())
    if not any(
        each.event == event and each.occurred_at == (at.at if at else each.occurred_at)
        for each in telling.said
    ):
        yield asked


def _title(resource: Resource) -> str:
    category = resource.coded("category")
    title = resource.text("title") or (category and (category.display or category.code)) or ""
    return title or resource.text("description") or "Care plan"


def _activities(resource: Resource) -> Iterator[Activity]:
    for each in resource.all("activity"):
        detail = each.one("detail")
        what = _what(detail) if detail else ""
        if detail and what:
            status = STATUSES.get(detail.short("status"), ActivityStatus.NOT_STARTED)
            owner = detail.first("performer")
            name = (owner.short("display") or owner.short("reference")) if owner else ""
            yield Activity(what=what, owner=name or None, status=status)


def _what(detail: Element) -> str:
    coded = detail.coded("code")
    return (coded and (coded.display or coded.code)) or detail.text("description")


def care_team(telling: Telling) -> Iterator[Command]:
    """Accountable from now on, where nobody is yet and the team has a name: whoever is bound to other teams
    does not see the journey any more.
    """
    resource = telling.resource
    name = resource.short("name")
    if resource.status != "active" or not name or telling.is_old or telling.journey.episode.owner is not None:
        return
    period = resource.one("period")
    yield telling.asks(AssignOwner, period.moment("start") if period else None, team=name)
