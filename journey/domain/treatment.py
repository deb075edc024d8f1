"""Treatment: what is found, decided and given.

    assessed -> diagnosis communicated -> decided -> treated | declined
    Nothing here waits for another step: patients are treated before they are diagnosed, and decided about
    again. What has an id is the same thing when it comes again; what has none is the same when it says the
    same of the same time. A decision to treat is followed by a treatment, unless it is declined or decided
    otherwise.

FHIR: Observation, ClinicalImpression, Procedure, MedicationAdministration.  NHS: the referral-to-treatment
period status, cancer waiting times. The clocks are reckoned from these facts, never stored.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, assert_never
from uuid import UUID

from pydantic import Field, StrictBool, StrictInt

from journey.domain.amount import CENTURY
from journey.domain.event import Coded, Command, Event, Fact
from journey.domain.personal import Personal
from journey.domain.room import Milestone, Silent, Step, milestone
from journey.domain.rtt import IN_WORDS, RttCode

# --- Events


class DiagnosisOutcome(StrEnum):
    """What the patient was told of what was suspected."""

    CONFIRMED = "confirmed"
    RULED_OUT = "ruled-out"
    UNCERTAIN = "uncertain"


class DecisionKind(StrEnum):
    """What was decided (NHS cancer waiting times and referral-to-treatment)."""

    TO_TREAT = "to-treat"
    NOT_TO_TREAT = "not-to-treat"
    ACTIVE_MONITORING = "active-monitoring"
    MDT = "mdt"
    WATCHFUL_WAITING = "watchful-waiting"
    UPGRADE = "upgrade"


class DecisionInitiator(StrEnum):
    """Whose wish a decision was: the patient's thinking time is counted apart from a clinician's."""

    PATIENT = "patient"
    CLINICIAN = "clinician"


class AssessmentRecorded(Event, stored_as="assessment.recorded"):
    """Somebody has looked at the patient and says what was found: a triage, a red flag, weeks of therapy."""

    assessment_id: UUID
    kind: Coded
    finding: Coded | None = None
    weeks: int | None = None


class DiagnosisCommunicated(Event, stored_as="diagnosis.communicated"):
    """The patient has been told what it is, or that it is not what was feared."""

    outcome: DiagnosisOutcome
    diagnosis: Coded | None = None


class DecisionMade(Event, stored_as="decision.made"):
    """It is decided what to do."""

    kind: DecisionKind
    decided_by: str | None = None
    initiated_by: DecisionInitiator | None = None


class TreatmentGiven(Event, stored_as="treatment.given"):
    """The patient has had a treatment: a medicine, an infusion, an operation."""

    treatment_id: UUID
    code: Coded
    definitive: bool = False
    first: bool = False


class TreatmentDeclined(Event, stored_as="treatment.declined"):
    """The patient does not want what was offered, for this reason."""

    code: Coded | None = None
    reason: Personal


class RttStatusRecorded(Event, stored_as="rtt.status_recorded"):
    """What an activity meant for the wait from referral to treatment."""

    code: RttCode
    communicated: bool | None = None
    first_activity: bool | None = None


TreatmentEvent = (
    AssessmentRecorded
    | DiagnosisCommunicated
    | DecisionMade
    | TreatmentGiven
    | TreatmentDeclined
    | RttStatusRecorded
)
WithoutId = DiagnosisCommunicated | DecisionMade | TreatmentDeclined | RttStatusRecorded

# --- Commands


class RecordAssessment(Command):
    """Record what was found. The same id again corrects it."""

    assessment_id: UUID
    kind: Coded
    finding: Coded | None = None
    weeks: StrictInt | None = Field(
        default=None, ge=0, le=CENTURY, description="For how long, where that is what was found."
    )


class CommunicateDiagnosis(Command):
    """Record that the patient was told."""

    outcome: DiagnosisOutcome
    diagnosis: Coded | None = None


class RecordDecision(Command):
    """Record what was decided."""

    kind: DecisionKind
    decided_by: str | None = Field(default=None, min_length=1)
    initiated_by: DecisionInitiator | None = Field(
        default=None, description="Whose wish it was, for active monitoring."
    )


class RecordTreatment(Command):
    """Record that a treatment was given, or begun. The same id again corrects it."""

    treatment_id: UUID
    code: Coded
    definitive: StrictBool = Field(default=False, description="It is meant to manage the condition itself.")
    first: StrictBool = Field(default=False, description="It is the first of its kind since the referral.")


class DeclineTreatment(Command):
    """Record that the patient does not want it."""

    code: Coded | None = Field(default=None, description="Which treatment; whatever was offered if left out.")
    reason: str = Field(min_length=1)


class RecordRttStatus(Command):
    """Record what an activity meant for the wait. The same code at another time is another activity."""

    code: RttCode = Field(description=IN_WORDS)
    communicated: StrictBool | None = Field(
        default=None, description="For 33: that the patient demonstrably knew of the appointment."
    )
    first_activity: StrictBool | None = Field(default=None, description="It is the first since the referral.")


TreatmentCommand = (
    RecordAssessment
    | CommunicateDiagnosis
    | RecordDecision
    | RecordTreatment
    | DeclineTreatment
    | RecordRttStatus
)

# --- State

OTHERWISE = frozenset(
    {DecisionKind.NOT_TO_TREAT, DecisionKind.ACTIVE_MONITORING, DecisionKind.WATCHFUL_WAITING}
)
"""Decisions after which no treatment is awaited."""


class Given(NamedTuple):
    """One treatment as it was told last."""

    event: TreatmentGiven
    fact: Fact


@dataclass(frozen=True, slots=True)
class Treatments(Silent):
    """What was found, decided and given. `to_treat` is a decision that waits for its treatment."""

    assessments: Mapping[UUID, AssessmentRecorded] = field(default_factory=dict)
    given: Mapping[UUID, Given] = field(default_factory=dict)
    told: tuple[tuple[datetime, WithoutId], ...] = ()
    diagnosed: Fact | None = None
    decided: Fact | None = None
    to_treat: Fact | None = None

    def reached(self) -> Iterator[Milestone]:
        yield from milestone("diagnosis-communicated", self.diagnosed)
        yield from milestone("decision-made", self.decided)
        yield from _first("treatment-given", list(self.given.values()))
        definitive = [each for each in self.given.values() if each.event.definitive and each.event.first]
        yield from _first("first-definitive-treatment", definitive)

    def steps(self) -> Iterator[Step]:
        if self.to_treat is not None:
            yield Step(step="record-treatment", event_id=self.to_treat.event_id)


def _first(name: str, treatments: list[Given]) -> Iterator[Milestone]:
    if treatments:
        first = min(treatments, key=lambda each: each.fact.at)
        yield from milestone(name, first.fact, first.event.treatment_id)


# --- evolve


def evolve(treatments: Treatments, event: TreatmentEvent, fact: Fact) -> Treatments:
    """What was found, decided and given after this event. Total: history is never refused."""
    match event:
        case AssessmentRecorded():
            return replace(treatments, assessments={**treatments.assessments, event.assessment_id: event})
        case TreatmentGiven():
            given = {**treatments.given, event.treatment_id: Given(event, fact)}
            return replace(treatments, given=given, to_treat=None)
        case DiagnosisCommunicated() | DecisionMade() | TreatmentDeclined() | RttStatusRecorded():
            return _said(replace(treatments, told=(*treatments.told, (fact.at, event))), event, fact)
        case _:
            assert_never(event)


def _said(treatments: Treatments, event: WithoutId, fact: Fact) -> Treatments:
    match event:
        case DiagnosisCommunicated():
            known = event.outcome is not DiagnosisOutcome.UNCERTAIN
            return replace(treatments, diagnosed=treatments.diagnosed or (fact if known else None))
        case DecisionMade(kind=DecisionKind.UPGRADE):
            return treatments  # it changes how soon, not what is done
        case DecisionMade():
            waits = None if event.kind in OTHERWISE else treatments.to_treat
            to_treat = fact if event.kind is DecisionKind.TO_TREAT else waits
            return replace(treatments, decided=treatments.decided or fact, to_treat=to_treat)
        case TreatmentDeclined():
            return replace(treatments, to_treat=None)
        case RttStatusRecorded():
            return treatments
        case _:
            assert_never(event)


# --- decide

CARRIES_OUT: dict[type[Command], type[Event]] = {
    RecordAssessment: AssessmentRecorded,
    CommunicateDiagnosis: DiagnosisCommunicated,
    RecordDecision: DecisionMade,
    RecordTreatment: TreatmentGiven,
    DeclineTreatment: TreatmentDeclined,
    RecordRttStatus: RttStatusRecorded,
}


def decide(treatments: Treatments, command: TreatmentCommand) -> Iterator[TreatmentEvent]:
    """What happens if we do this now. Yields nothing when it has already happened."""
    event: TreatmentEvent = CARRIES_OUT[type(command)](**command.facts())  # type: ignore[assignment]  # the table's pairs are of this room
    match event:
        case AssessmentRecorded():
            happened = treatments.assessments.get(event.assessment_id) == event
        case TreatmentGiven():
            known = treatments.given.get(event.treatment_id)
            happened = known is not None and known.event == event
        case _:
            happened = (command.occurred_at, event) in treatments.told
    if not happened:
        yield event
