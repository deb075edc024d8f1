"""Visit: an appointment that becomes an encounter, from the wish for a time to the end of care in it.

    proposed -> waitlist -> booked -> arrived -> checked in -> in progress <-> on leave
                            booked -> cancelled | no-show | entered in error
                            arrived -> left unseen            in progress -> finished
    An admission gives a bed to whoever is there (or comes unannounced); a discharge ends the stay.

FHIR: Appointment + Encounter (R4).  HL7 v2: SIU, ADT.  Class: v3 ActEncounterCode.
"""

from journey.domain.visit.commands import VisitCommand
from journey.domain.visit.decide import decide
from journey.domain.visit.events import VisitEvent
from journey.domain.visit.evolve import evolve
from journey.domain.visit.state import Visit, Visits

__all__ = ["Visit", "VisitCommand", "VisitEvent", "Visits", "decide", "evolve"]
