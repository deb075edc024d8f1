"""A step: one thing done or reported in the clinic, and who entered it, when."""

from datetime import datetime
from functools import cache
from typing import Literal, NamedTuple
from uuid import UUID

from journey.domain.event import Actor, Command, Source

SYSTEM = "simulator"
"""The system that every simulated step names as its source, so that it is never taken for a patient's."""


class Step(NamedTuple):
    """A command with all that recording it needs. `command.occurred_at` says when it happened."""

    journey_id: UUID
    command: Command
    actor: Actor
    source: Source
    recorded_at: datetime


class Voice(NamedTuple):
    """Somebody who enters things, and where."""

    actor: Actor
    source: Source


Kind = Literal["human", "system", "device", "patient"]


@cache
def voice(who: str, role: str, team: str | None, channel: str, kind: Kind = "human") -> Voice:
    """Whoever this is; the same every time."""
    return Voice(Actor(id=who, kind=kind, role=role, team=team), Source(system=SYSTEM, channel=channel))


def clinician(who: str, team: str) -> Voice:
    """A doctor or nurse of a team, at the workstation."""
    return voice(who, "clinician", team, "clinic")


DESK = tuple(voice(f"reception-{n}", "receptionist", "front-desk", "reception") for n in range(1, 5))
COORDINATORS = tuple(
    voice(f"coordinator-{n}", "coordinator", "care-coordination", "phone") for n in range(1, 4)
)
WARD = tuple(voice(f"nurse-{n}", "nurse", "ward-nursing", "ward") for n in range(1, 9))
TRIAGE = tuple(voice(f"triage-{n}", "nurse", "emergency", "emergency") for n in range(1, 4))
BED_MANAGER = voice("beds-1", "bed-manager", "patient-flow", "ward")
RECORDS = voice("records-1", "records-clerk", "health-records", "registration")
BILLING = voice("coding-1", "coder", "health-records", "billing")
PHYSICIANS = tuple(voice(f"hospitalist-{n}", "physician", "inpatient-medicine", "ward") for n in range(1, 6))
PAYERS_DESK = tuple(voice(f"utilization-{n}", "specialist", "utilization", "payer") for n in range(1, 3))
PRACTICE = voice("practice-7", "practice-system", None, "referrals", "system")
ELSEWHERE = voice("specialists", "referral-system", None, "referrals", "system")
PAYER = voice("payer", "payer-system", None, "payer", "system")
MESSENGER = voice("messenger", "messaging-system", None, "messages", "system")
CLOCK = voice("clock", "timer", None, "scheduler", "system")
LABORATORY = voice("laboratory", "laboratory-system", None, "laboratory", "system")
TIMER = voice("no-show-timer", "timer", None, "scheduler", "system")
PATIENT = voice("portal", "patient", None, "portal", "patient")
