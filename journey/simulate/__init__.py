"""The simulator: a clinic's patients over months, the same for the same seed, as commands or as HL7 v2."""

from journey.simulate.clinic import ZONE, simulate
from journey.simulate.hl7v2 import messages
from journey.simulate.step import Step
from journey.simulate.tally import Tally, summary

__all__ = ["ZONE", "Step", "Tally", "messages", "simulate", "summary"]
