"""Consequences: what one room's event changes in another room's state."""

from typing import Any
from uuid import UUID

from journey.domain.authorization import AuthorizationRequirementDetermined, Authorizations
from journey.domain.codes import JourneyStatus, VisitStatus
from journey.domain.discharge import Discharges, PatientDischarged
from journey.domain.discharge.evolve import returned
from journey.domain.episode import Episode, JourneyOpened, Owner
from journey.domain.event import Fact, Recorded
from journey.domain.handoff import HandoffAccepted, HandoffKind, Handoffs
from journey.domain.rules import BEGINS_CARE, IN_CARE, use_of
from journey.domain.transfer import JourneyTransferAccepted, Transfers, TransferStatus
from journey.domain.visit import Visits
from journey.domain.visit.evolve import departed

RESTING = frozenset({JourneyStatus.PLANNED, JourneyStatus.WAITLIST, JourneyStatus.ONHOLD})


def carry_over(rooms: dict[str, Any], room: str, recorded: Recorded, fact: Fact) -> None:
    """What this event, once its own room knows of it, changes in the others."""
    event = recorded.event
    if room == "visits":
        rooms["discharges"] = back_again(rooms["visits"], rooms["discharges"], event.visit_id)  # type: ignore[attr-defined]  # every event of the room names one
        rooms["episode"] = in_care(rooms["episode"], recorded)
        rooms["authorizations"] = held_under(rooms["visits"], rooms["authorizations"], event.visit_id)  # type: ignore[attr-defined]  # as above
    elif type(event) is HandoffAccepted:  # isinstance() of a pydantic class takes seven times as long
        rooms["episode"] = taken_over(rooms["episode"], rooms["handoffs"], event, fact)
    elif type(event) is AuthorizationRequirementDetermined:
        for visit_id in rooms["visits"].by_id:
            rooms["authorizations"] = held_under(rooms["visits"], rooms["authorizations"], visit_id)
    elif type(event) is JourneyTransferAccepted:
        rooms["episode"] = passed_on(rooms["episode"], rooms["transfers"], event, fact)
    elif type(event) is PatientDischarged:
        rooms["visits"] = departed(rooms["visits"], event.visit_id, fact)
        rooms["authorizations"] = held_under(rooms["visits"], rooms["authorizations"], event.visit_id)
    elif type(event) is JourneyOpened:
        rooms["identity"] = rooms["identity"]._replace(patient_id=event.patient_id)


def in_care(now: Episode, recorded: Recorded) -> Episode:
    """Whoever is here is in care, though the plan or the hold that this ends was told only later."""
    if now.status is JourneyStatus.ACTIVE:
        return now
    resting = BEGINS_CARE if now.status is JourneyStatus.ONHOLD else IN_CARE
    if now.status not in RESTING or not isinstance(recorded.event, resting):
        return now
    return now._replace(status=JourneyStatus.ACTIVE, since=recorded.fact)


def taken_over(now: Episode, handoffs: Handoffs, event: HandoffAccepted, fact: Fact) -> Episode:
    """Accountability moves with the acceptance; a shift's moves it only where the sending team has it."""
    known = handoffs.by_id[event.handoff_id]
    is_shift = known.offer is not None and known.offer.kind is HandoffKind.SHIFT
    elsewhere = now.owner is not None and now.owner.team != known.sender.team
    if event.team is None or (is_shift and elsewhere):
        return now
    return now._replace(owner=Owner(event.team, event.accepted_by, fact))


def passed_on(now: Episode, transfers: Transfers, event: JourneyTransferAccepted, fact: Fact) -> Episode:
    """The receiving facility is accountable once it says yes, and not again when that is told again."""
    known = transfers.by_id[event.transfer_id]
    if known.status is not TransferStatus.ACCEPTED and known.accepted != fact:
        return now
    return now._replace(owner=Owner(event.team, event.person, fact))


def held_under(visits: Visits, authorizations: Authorizations, visit_id: UUID) -> Authorizations:
    """A visit uses its authorization by being completed, and keeps it from others while it goes on."""
    now = visits.get(visit_id)
    if now is None or not (now.is_here or now.status is VisitStatus.FINISHED):
        return authorizations.using(visit_id, None)
    if not (now.authorization_id or now.authorization_required or authorizations.by_id):
        return authorizations
    return authorizations.using(visit_id, use_of(now, (now.begun or now.since).at))


def back_again(visits: Visits, discharges: Discharges, visit_id: UUID) -> Discharges:
    """Whoever is in the visit again has not departed from it; of one that ended nobody is discharged."""
    if visit_id not in discharges.by_id:
        return discharges
    now, known = visits.by_id[visit_id], discharges.of(visit_id)
    if known.departed is not None:
        return returned(discharges, visit_id) if now.is_here else discharges
    if known.overtaken is not now.is_open:
        return discharges
    return discharges.having(visit_id, known._replace(overtaken=not now.is_open))
