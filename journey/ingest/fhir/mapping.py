"""From a resource to commands: which types are known, whose each is, and what it needs to be placed.

Nothing here reads a clock or a database. Everything is asked as another system's report (`reported`), so
the order in which resources come changes nothing: each is recorded at its own time.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from journey.domain.event import Command
from journey.ingest.aside import Unapplied
from journey.ingest.fhir import pas
from journey.ingest.fhir.appointment import appointment
from journey.ingest.fhir.consent import consent
from journey.ingest.fhir.encounter import encounter
from journey.ingest.fhir.episode import episode
from journey.ingest.fhir.payment import coverage
from journey.ingest.fhir.plans import care_plan, care_team
from journey.ingest.fhir.reasons import NothingToApply
from journey.ingest.fhir.referral import is_referral, service_request, task
from journey.ingest.fhir.resource import Element, Resource
from journey.ingest.fhir.telling import Telling

Links = Mapping[str, tuple[str, str]]
NO_LINKS: Links = MappingProxyType({})


def nobody(_telling: Telling) -> Iterator[Command]:
    """Numbers and demographics, told to the patient's journeys; of two records that are linked, one goes on.
    By itself it opens none: the first other resource of the patient does, or the link.
    """
    yield from ()


def authorization(telling: Telling) -> Iterator[Command]:
    """Of use preauthorization alone: asked for, changed, called off or appealed; what the payer answers."""
    commands = pas.mapping(telling.resource)
    return commands(telling) if commands else iter(())


def followed(telling: Telling) -> Iterator[Command]:
    """Of a referral (focus): received, accepted, rejected, failed, cancelled, completed (lastModified). Of a
    prior authorization (reasonReference): what the payer asks for, and that it was sent.
    """
    return (pas.mapping(telling.resource) or task)(telling)


def _is_preauthorization(resource: Resource) -> bool:
    return pas.mapping(resource) is not None


def _is_followed(resource: Resource) -> bool:
    return _is_preauthorization(resource) or _refers_to(resource.one("focus"), "ServiceRequest")


class Row(NamedTuple):
    """How one type is read. The function's docstring says what it does."""

    type: str
    commands: Callable[[Telling], Iterator[Command]]
    asks: str
    patient: str = "subject"
    """The element that says whose it is."""
    begins: str = ""
    """The element by which its resources are ordered."""
    links: Links = NO_LINKS
    """What it refers to on the same journey: kind, element and type."""
    is_thing_of: str = ""
    """The link whose thing it is itself: an Encounter is the visit that its Appointment was, an update of a
    request that request.
    """
    is_same: Callable[[Resource], bool] = lambda _: True
    """Whether it is."""
    needs: str = ""
    """The link without which it waits, where it has it at all."""
    r5: frozenset[str] = frozenset()
    """Elements that R4 does not have and R5 has."""
    is_mapped: Callable[[Resource], bool] = lambda _: True


VISIT = "change-visit, move-patient, change-class, start-leave, end-leave"
ROWS = (
    Row("Patient", nobody, "open-journey, assign-identifier, change-demographics, merge-patient", patient=""),
    Row(
        "EpisodeOfCare",
        episode,
        "open-journey, waitlist-journey, activate-journey, put-on-hold, close-journey, cancel-journey, "
        "remove-journey",
        patient="patient",
        begins="period.start",
        r5=frozenset({"reason"}),
    ),
    Row(
        "Coverage",
        coverage,
        "record-coverage, end-coverage",
        patient="beneficiary",
        r5=frozenset({"kind", "insurer"}),
    ),
    Row(
        "ServiceRequest",
        service_request,
        "draft-referral, send-referral, change-referral, cancel-referral, receive-referral-outcome",
        begins="authoredOn",
        r5=frozenset({"focus", "reason"}),
        is_mapped=is_referral,
    ),
    Row(
        "Appointment",
        appointment,
        "request-visit, waitlist-visit, book-visit, reschedule-visit, change-visit, cancel-visit, "
        "record-no-show, record-arrival, check-in, start-visit, complete-visit, remove-visit",
        patient="participant",
        begins="created",
        links=MappingProxyType({"referral": ("basedOn", "ServiceRequest")}),
        r5=frozenset({"subject", "cancellationReason", "class", "virtualService", "note"}),
    ),
    Row(
        "Encounter",
        encounter,
        f"book-visit, record-arrival, check-in, start-visit or admit-patient, {VISIT}, complete-visit or "
        "discharge-patient, cancel-visit, remove-visit",
        begins="period.start",
        links=MappingProxyType(
            {"referral": ("basedOn", "ServiceRequest"), "appointment": ("appointment", "Appointment")}
        ),
        is_thing_of="appointment",
        r5=frozenset(
            {"actualPeriod", "plannedStartDate", "plannedEndDate", "admission", "subjectStatus", "reason"}
        ),
    ),
    Row(
        "Claim",
        authorization,
        "submit-authorization, update-authorization, cancel-authorization, appeal-authorization",
        patient="patient",
        begins="created",
        links=MappingProxyType(
            {"authorization": ("related.claim", "Claim"), "coverage": ("insurance.coverage", "Coverage")}
        ),
        is_thing_of="authorization",
        is_same=pas.is_update,
        is_mapped=_is_preauthorization,
    ),
    Row(
        "ClaimResponse",
        authorization,
        "pend-authorization, decide-authorization, request-authorization-information",
        patient="patient",
        begins="created",
        links=MappingProxyType({"authorization": ("request", "Claim")}),
        is_mapped=_is_preauthorization,
    ),
    Row(
        "Task",
        followed,
        "confirm-referral-receipt, accept-referral, decline-referral, expire-referral, cancel-referral, "
        "receive-referral-outcome; request-authorization-information, submit-authorization-information",
        patient="for",
        begins="lastModified",
        links=MappingProxyType(
            {"referral": ("focus", "ServiceRequest"), "authorization": ("reasonReference", "Claim")}
        ),
        needs="referral",
        r5=frozenset({"requestedPeriod", "requestedPerformer", "doNotPerform"}),
        is_mapped=_is_followed,
    ),
    Row("CarePlan", care_plan, "update-care-plan", begins="created", r5=frozenset({"custodian"})),
    Row("CareTeam", care_team, "assign-owner", r5=frozenset({"reason"})),
    Row(
        "Consent",
        consent,
        "request-consent, grant-consent, refuse-consent, revoke-consent",
        patient="patient",
        begins="dateTime",
        r5=frozenset({"subject", "grantor", "decision", "regulatoryBasis"}),
    ),
)
TABLE = MappingProxyType({row.type: row for row in ROWS})
"""Every type that is mapped."""

SCOPES = MappingProxyType(
    {
        **{row.type: row.type for row in ROWS},
        "Appointment": "Encounter",
        "CareTeam": "EpisodeOfCare",
        "ClaimResponse": "Claim",
    }
)
"""What a grant has to hold for each type, in the words of scopes."""

ORDER = MappingProxyType({row.type: number for number, row in enumerate(ROWS)})
"""In which order the resources of one patient are told."""


def _refers_to(reference: Element | None, type_: str) -> bool:
    if reference is None:
        return False
    text = reference.text("reference")
    return (
        reference.short("type") == type_ or f"{type_}/" in text or text.startswith((f"{type_}?", "urn:uuid:"))
    )


def refuse_r5(row: Row, resource: Resource) -> None:
    """Raises NothingToApply where it can only be R5."""
    found = next((name for name in row.r5 if name in resource.body), None)
    if found is None and row.type == "Encounter" and isinstance(resource.body.get("class"), list):
        found = "class"
    if found is not None:
        raise NothingToApply("not-r4", resource.at(found))


def whose(row: Row, resource: Resource) -> Element | None:
    """The reference to the patient."""
    if row.patient != "participant":
        return resource.one(row.patient)
    for part in resource.all("participant"):
        actor = part.one("actor")
        if actor and (actor.short("type") == "Patient" or "Patient/" in actor.text("reference")):
            return actor
    actors = [actor for part in resource.all("participant") if (actor := part.one("actor"))]
    return next((each for each in actors if each.text("reference").startswith("urn:uuid:")), None)


def begins(row: Row, resource: Resource) -> datetime | None:
    """When what it tells began, as far as one element says."""
    element: Element | None = resource
    *way, last = row.begins.split(".")
    try:
        for name in way:
            element = element.one(name) if element else None
        moment = element.moment(last) if element and last else None
    except Unapplied:
        return None
    return moment.at if moment else None
