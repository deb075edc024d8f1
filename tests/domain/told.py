"""What the tests of the domain tell: a patient, a journey, a visit, and what is usual about them."""

from uuid import UUID

from journey.domain.codes import EncounterClass, JourneyStatus
from journey.domain.discharge import PatientDischarged
from journey.domain.episode import (
    JourneyActivated,
    JourneyCancelled,
    JourneyClosed,
    JourneyEnteredInError,
    JourneyOpened,
    JourneyPutOnHold,
    JourneyWaitlisted,
)
from journey.domain.event import Coded
from journey.domain.place import Location
from journey.domain.visit import (
    Appointment,
    LeaveStarted,
    NoShowRecorded,
    PatientAdmitted,
    PatientArrived,
    PatientCheckedIn,
    PatientMoved,
    VisitBooked,
    VisitCancelled,
    VisitCompleted,
    VisitEnteredInError,
    VisitRequested,
    VisitStarted,
    VisitWaitlisted,
)
from tests.spec import PATIENT, at

VISIT = UUID(int=10)
OTHER_VISIT = UUID(int=11)
TEN = Appointment(start=at(10), end=at(11), service=Coded(system="local", code="ORTHO"))
WARD_A = Location(point_of_care="A", bed="1")
WARD_B = Location(point_of_care="B", bed="7")
WARD_C = Location(point_of_care="C", bed="3")
HOME = Coded(system="http://terminology.hl7.org/CodeSystem/discharge-disposition", code="home")
INPATIENT = EncounterClass.INPATIENT

opened = JourneyOpened(patient_id=PATIENT)
planned = JourneyOpened(patient_id=PATIENT, status=JourneyStatus.PLANNED)
journey_waitlisted = JourneyWaitlisted()
activated = JourneyActivated()
on_hold = JourneyPutOnHold(reason="holiday")
closed = JourneyClosed()
called_off = JourneyCancelled(reason="moved away")
removed = JourneyEnteredInError(reason="wrong patient")

requested = VisitRequested(visit_id=VISIT, appointment=Appointment())
waitlisted = VisitWaitlisted(visit_id=VISIT)
booked = VisitBooked(visit_id=VISIT, appointment=TEN)
cancelled = VisitCancelled(visit_id=VISIT)
in_error = VisitEnteredInError(visit_id=VISIT)
no_show = NoShowRecorded(visit_id=VISIT)
arrived = PatientArrived(visit_id=VISIT)
checked_in = PatientCheckedIn(visit_id=VISIT)
started = VisitStarted(visit_id=VISIT)
admitted = PatientAdmitted(visit_id=VISIT, location=WARD_A)
moved = PatientMoved(visit_id=VISIT, location=WARD_B)
on_leave = LeaveStarted(visit_id=VISIT)
completed = VisitCompleted(visit_id=VISIT)
discharged = PatientDischarged(visit_id=VISIT, disposition=HOME)
