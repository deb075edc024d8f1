"""ADT: what happened to a patient, as commands (HL7 v2.5.1 chapter 3). A docstring is the row in the docs."""

from collections.abc import Iterator

from journey.domain.codes import STAYS, EncounterClass
from journey.domain.discharge import ChangeExpectedDischarge, DischargePatient
from journey.domain.event import Command
from journey.domain.visit import (
    AdmitPatient,
    Appointment,
    BookVisit,
    CancelVisit,
    ChangeClass,
    ChangeVisit,
    CompleteVisit,
    EndLeave,
    MovePatient,
    StartLeave,
    StartVisit,
    Visit,
)
from journey.ingest.aside import Unapplied
from journey.ingest.hl7v2.tables import DISCHARGE_DISPOSITION, HOSPITAL_SERVICE
from journey.ingest.hl7v2.telling import Telling

LEFT_FROM = STAYS | {EncounterClass.EMERGENCY}
"""Classes that end by a discharge; other visits are completed."""


def _stay(telling: Telling) -> EncounterClass:
    """PV1-2 where it names a stay. Otherwise the trigger counts: whoever is admitted has a bed."""
    said = telling.said.encounter_class
    return said if said in STAYS else EncounterClass.INPATIENT


def _no_stay(telling: Telling) -> EncounterClass:
    said = telling.said.encounter_class
    return EncounterClass.AMBULATORY if said is None or said in STAYS else said


def admit(telling: Telling) -> Iterator[Command]:
    """The patient has a bed (PV1-3), whatever class PV1-2 gives."""
    yield telling.asks(
        AdmitPatient,
        visit_id=telling.admitted(),
        encounter_class=_stay(telling),
        location=telling.said.location("PV1", 3),
    )


def transfer(telling: Telling) -> Iterator[Command]:
    """To PV1-3, from PV1-6."""
    location = telling.said.location("PV1", 3)
    if location is None:
        raise Unapplied("missing-field", "PV1-3 is empty: it says where the patient was moved to.")
    yield telling.asks(
        MovePatient,
        visit_id=telling.going_on(),
        location=location,
        moved_from=telling.said.location("PV1", 6),
    )


def discharge(telling: Telling) -> Iterator[Command]:
    """A stay or an emergency visit ends by a discharge (PV1-36, table 0112), another visit is completed."""
    visit_id = telling.going_on()
    visit = telling.visit(visit_id)
    said = telling.said.encounter_class
    if (visit is not None and visit.is_stay) or (said or _class_of(visit)) in LEFT_FROM | {None}:
        disposition = telling.said.coded(telling.said.message.first("PV1"), 36, DISCHARGE_DISPOSITION)
        yield telling.asks(DischargePatient, visit_id=visit_id, disposition=disposition)
    else:
        yield telling.asks(CompleteVisit, visit_id=visit_id)


def _class_of(visit: Visit | None) -> EncounterClass | None:
    return None if visit is None else visit.encounter_class


def register(telling: Telling) -> Iterator[Command]:
    """The visit begins, of the class in PV1-2."""
    yield telling.asks(
        StartVisit,
        visit_id=telling.begun(),
        encounter_class=telling.said.encounter_class,
        location=telling.said.location("PV1", 3),
    )


def expect(telling: Telling) -> Iterator[Command]:
    """A stay is expected (PV2-8, else EVN-3): a booked visit of class PRENC."""
    said = telling.said
    yield telling.asks(
        BookVisit,
        visit_id=telling.begun(),
        appointment=Appointment(
            start=(expected := said.moment("PV2", 8) or said.moment("EVN", 3)) and expected.at,
            encounter_class=EncounterClass.PREADMISSION,
            location=said.location("PV1", 3),
            service=said.coded(said.message.first("PV1"), 10, HOSPITAL_SERVICE),
        ),
    )


def become_inpatient(telling: Telling) -> Iterator[Command]:
    """The patient of a visit gets a bed."""
    yield telling.asks(
        AdmitPatient,
        visit_id=telling.going_on(),
        encounter_class=_stay(telling),
        location=telling.said.location("PV1", 3),
    )


def become_outpatient(telling: Telling) -> Iterator[Command]:
    """The visit goes on without a bed, as PV1-2 says, else as an ambulatory one."""
    yield telling.asks(
        ChangeClass,
        visit_id=telling.going_on(),
        encounter_class=_no_stay(telling),
        location=telling.said.location("PV1", 3),
    )


def update(telling: Telling) -> Iterator[Command]:
    """What differs: demographics; place and class of a visit once it is known. Never its status or bed."""
    location, encounter_class = telling.said.location("PV1", 3), telling.said.encounter_class
    if location is None and encounter_class is None:
        return
    visit_id = telling.perhaps()
    visit = None if visit_id is None else telling.visit(visit_id)
    if visit is None:
        telling.lacks()
    elif visit.is_open:
        keeps_bed = (encounter_class in STAYS) == visit.is_stay
        appointment = Appointment(encounter_class=encounter_class if keeps_bed else None, location=location)
        yield telling.asks(ChangeVisit, visit_id=visit.visit_id, appointment=appointment)


def leave(telling: Telling) -> Iterator[Command]:
    """Away for a while, the bed kept."""
    yield telling.asks(StartLeave, visit_id=telling.going_on())


def come_back(telling: Telling) -> Iterator[Command]:
    """Back in the bed that was kept."""
    yield telling.asks(EndLeave, visit_id=telling.going_on())


def identify(_telling: Telling) -> Iterator[Command]:
    """Numbers and demographics only."""
    yield from ()


def merge(_telling: Telling) -> Iterator[Command]:
    """Makes one of two records: the patient in MRG is retired into the one in PID, group by group."""
    yield from ()


def link(_telling: Telling) -> Iterator[Command]:
    """The records in the two PID are seen together, each going on by itself."""
    yield from ()


def unlink(_telling: Telling) -> Iterator[Command]:
    """The records in the two PID have nothing to do with each other."""
    yield from ()


def renumber(_telling: Telling) -> Iterator[Command]:
    """The patient in MRG-1 goes by the numbers in PID-3 from now on."""
    yield from ()


def expect_discharge(telling: Telling) -> Iterator[Command]:
    """The stay is expected to end at PV2-9, else EVN-3."""
    expected = telling.said.moment("PV2", 9) or telling.said.moment("EVN", 3)
    if expected is None:
        raise Unapplied("missing-field", "PV2-9 and EVN-3 are empty: they say when the stay should end.")
    yield telling.asks(ChangeExpectedDischarge, visit_id=telling.going_on(), expected_at=expected.at)


def expect_no_discharge(telling: Telling) -> Iterator[Command]:
    """No end of the stay is expected any more."""
    yield telling.asks(ChangeExpectedDischarge, visit_id=telling.going_on(), expected_at=None)


def expect_nobody(telling: Telling) -> Iterator[Command]:
    """The stay that was expected is called off."""
    yield telling.asks(CancelVisit, visit_id=telling.going_on())
