"""Discharge: leaving hospital, from the plan to the last paper. Medically ready, departed and
administratively closed are three different moments.

    not planned -> planned -> medically ready -> departed -> closed
    Barriers and checklist items stand beside it; a cancelled discharge (ADT^A13) voids the departure.

FHIR: Encounter.hospitalization.dischargeDisposition.  UB-04 form locator 17.  HL7 v2: ADT^A03.
"""

from journey.domain.discharge.commands import DischargeCommand
from journey.domain.discharge.decide import decide
from journey.domain.discharge.events import DischargeEvent
from journey.domain.discharge.evolve import evolve
from journey.domain.discharge.state import Discharge, Discharges

__all__ = ["Discharge", "DischargeCommand", "DischargeEvent", "Discharges", "decide", "evolve"]
