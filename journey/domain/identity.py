"""Identity: who the patient is, under which numbers, and which other records are seen together with it.

    A diff, never a snapshot: an event carries what changed. A link is recorded on both patients' journeys;
    nothing recorded is ever moved or rewritten by it.

FHIR: Patient, Patient.link (seealso).  HL7 v2: PID, ADT^A08, A24, A28, A31, A37.
"""

from collections.abc import Iterator
from typing import NamedTuple, assert_never
from uuid import UUID

from pydantic import AwareDatetime, Field, model_validator

from journey.domain.codes import Gender, LinkType
from journey.domain.event import Command, Event, Fact, Frozen, Refused
from journey.domain.personal import Identifying, Personal

DATE = r"^([0-9]([0-9]([0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$"
"""FHIR date (R4 2.24.0.1): a year, month or day, as exact as it is known."""

# --- Events


class Identifier(Frozen):
    """A number somebody gave the patient (FHIR Identifier, HL7 v2 CX)."""

    system: str = Field(min_length=1, description="Who assigned it: a URI or the assigning authority.")
    value: Identifying = Field(min_length=1)
    type: str = Field(default="MR", description="HL7 table 0203: MR medical record, NI national …")


class Demographics(Frozen):
    """What is known of the person; what is not known is left out."""

    family: Personal | None = None
    given: tuple[Personal, ...] | None = None
    birth_date: Personal | None = Field(default=None, pattern=DATE)
    gender: Gender | None = None
    language: Personal | None = Field(default=None, description="Preferred language (BCP 47).")
    phone: Personal | None = None
    address: Personal | None = None
    deceased_at: AwareDatetime | None = None


class IdentifierAssigned(Event, stored_as="identity.identifier_assigned"):
    """The patient is also known under this number."""

    identifier: Identifier


class DemographicsChanged(Event, stored_as="identity.demographics_changed"):
    """What is given is new; what stands in `cleared` is no longer known. All else stays."""

    demographics: Demographics
    cleared: tuple[str, ...] = ()


class PatientLinked(Event, stored_as="identity.linked"):
    """Another record is seen together with this one, each going on by itself (ADT^A24)."""

    other_patient_id: UUID
    link: LinkType
    evidence: Personal | None = None


class PatientUnlinked(Event, stored_as="identity.unlinked"):
    """The other record has nothing to do with this one (ADT^A37)."""

    other_patient_id: UUID
    reason: Personal | None = None


IdentityEvent = IdentifierAssigned | DemographicsChanged | PatientLinked | PatientUnlinked

# --- Commands


class AssignIdentifier(Command):
    """Record a further number of the patient."""

    identifier: Identifier


class ChangeDemographics(Command):
    """Record what is known now; only what differs becomes an event."""

    demographics: Demographics = Demographics()
    cleared: tuple[str, ...] = Field(default=(), description="Fields that are no longer known.")

    @model_validator(mode="after")
    def _clears_known_fields(self) -> "ChangeDemographics":
        if not set(self.cleared) <= set(Demographics.model_fields):
            raise ValueError(f"cleared: the fields there are are {', '.join(Demographics.model_fields)}")
        return self


class LinkPatient(Command):
    """Record that another record is seen together with this one; merge-patient makes one of two."""

    other_patient_id: UUID
    evidence: str | None = None


class UnlinkPatient(Command):
    """Record that another record has nothing to do with this one."""

    other_patient_id: UUID
    reason: str | None = None


IdentityCommand = AssignIdentifier | ChangeDemographics | LinkPatient | UnlinkPatient

# --- State


class Identity(NamedTuple):
    """The person, as known."""

    patient_id: UUID | None = None
    identifiers: tuple[Identifier, ...] = ()
    demographics: Demographics = Demographics()
    links: tuple[tuple[UUID, LinkType], ...] = ()


class LinkedToItself(Refused):
    """A record is never another record of itself."""


# --- evolve


def evolve(identity: Identity, event: IdentityEvent, _fact: Fact) -> Identity:
    """What is known after this event. Total: history is never refused."""
    match event:
        case IdentifierAssigned():
            others = tuple(known for known in identity.identifiers if known != event.identifier)
            return identity._replace(identifiers=(*others, event.identifier))
        case DemographicsChanged():
            said = {name: value for name, value in event.demographics if value is not None}
            changed = dict.fromkeys(event.cleared) | said
            return identity._replace(demographics=identity.demographics.model_copy(update=changed))
        case PatientLinked():
            others_linked = tuple(link for link in identity.links if link[0] != event.other_patient_id)
            return identity._replace(links=(*others_linked, (event.other_patient_id, event.link)))
        case PatientUnlinked():
            kept = tuple(link for link in identity.links if link[0] != event.other_patient_id)
            return identity._replace(links=kept)
        case _:
            assert_never(event)


# --- decide


def decide(identity: Identity, command: IdentityCommand) -> Iterator[IdentityEvent]:
    """What is new in it. Yields nothing where all of it is known."""
    match command:
        case AssignIdentifier():
            if command.identifier not in identity.identifiers:
                yield IdentifierAssigned(identifier=command.identifier)
        case ChangeDemographics():
            yield from _differences(identity.demographics, command)
        case LinkPatient():
            if command.other_patient_id == identity.patient_id:
                raise LinkedToItself("The link names the journey's own patient; name the other record.")
            if (command.other_patient_id, LinkType.SEE_ALSO) not in identity.links:
                yield PatientLinked(**command.facts(), link=LinkType.SEE_ALSO)
        case UnlinkPatient():
            if command.reported or any(link[0] == command.other_patient_id for link in identity.links):
                yield PatientUnlinked(**command.facts())
        case _:
            assert_never(command)


def _differences(known: Demographics, command: ChangeDemographics) -> Iterator[DemographicsChanged]:
    said = command.demographics.model_dump(exclude_none=True)
    changed = {name: value for name, value in said.items() if getattr(known, name) != value}
    cleared = tuple(
        name for name in sorted(set(command.cleared)) if name not in said and getattr(known, name) is not None
    )
    if changed or cleared:
        yield DemographicsChanged(demographics=Demographics(**changed), cleared=cleared)
