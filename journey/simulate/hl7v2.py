"""The simulated clinic as its systems would send it: HL7 v2.5.1 messages, one for each step that has one.

    registration  A28 A31 A40 a person · A04 here · A03 gone · A08 an update · A05 A38 a stay expected, or not
                  A01 A02 A06 A07 a bed, another, another class · A11 A12 A13 undone · A16 out by then
                  A21 A22 on leave, and back
    scheduling    S12 booked · S13 moved · S14 changed · S15 called off · S17 a mistake · S26 not come
    laboratory    R01 a report
    referrals     I12 asked, or answered · I13 changed · I14 called off

What a clinic plans and decides is not told by these interfaces: intake, owners, holds, closing and
reopening a journey, wishes for a time and waiting lists, check-in, a no-show taken back, what comes back of
a referral, what a payer is asked, handoffs, tasks and plans, consents, messages to the patient, checklists,
barriers, being ready to leave, summaries, the weeks at home, what is found and given, and the review of a
report. Those steps are left out.

EVN-2 is when a step was recorded, EVN-6 when it happened; MSH-7 is when the message left, which is at once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from journey.domain.codes import ResultStatus
from journey.domain.episode import OpenJourney
from journey.domain.event import Command
from journey.domain.identity import (
    AssignIdentifier,
    ChangeDemographics,
    Demographics,
    Identifier,
)
from journey.domain.merge import MergePatient
from journey.domain.result import ReceiveResult
from journey.simulate.clinic import ZONE
from journey.simulate.referral_messages import (
    ANSWERS,
    SAYS,
    Loop,
    Loops,
    after_the_patient,
    before_the_patient,
)
from journey.simulate.segments import VisitSeen, Writer, coded, identifiers, location, parts, person, segment
from journey.simulate.step import Step
from journey.simulate.triggers import TELLS

STRUCTURES = {
    **dict.fromkeys(("A01", "A04", "A08", "A13"), "ADT_A01"),
    **dict.fromkeys(("A05", "A28", "A31"), "ADT_A05"),
    **dict.fromkeys(("A06", "A07"), "ADT_A06"),
    **dict.fromkeys(("A21", "A22"), "ADT_A21"),
    "A02": "ADT_A02",
    "A03": "ADT_A03",
    "A11": "ADT_A09",
    "A12": "ADT_A12",
    "A16": "ADT_A16",
    "A38": "ADT_A38",
    "A40": "ADT_A39",
}
"""HL7 table 0354, for the admission messages."""
BOOKING_STATUS = {
    "S12": "Booked",
    "S13": "Booked",
    "S14": "Booked",
    "S15": "Cancelled",
    "S17": "Deleted",
    "S26": "Noshow",
}
"""HL7 table 0278, in SCH-25."""
RESULT_STATUS = {
    ResultStatus.REGISTERED: "O",
    ResultStatus.PRELIMINARY: "P",
    ResultStatus.FINAL: "F",
    ResultStatus.AMENDED: "C",
    ResultStatus.CORRECTED: "C",
    ResultStatus.CANCELLED: "X",
}
"""HL7 table 0123."""
REGISTRATION, SCHEDULING, LABORATORY = "REGISTRATION", "SCHEDULING", "LABORATORY"
REFERRALS = "REFERRALS"
PLANNED = {"A05", "A16"}
"""What is told ahead, with its time in PV2."""
NUMBERS = 10**12
"""Visit numbers have so many: enough for no two visits to share one."""
SIGNATURE = 8
"""Characters of the first journey's id that make control ids those of this simulation."""
MINUTE = timedelta(minutes=1)


def messages(steps: Iterable[Step], *, zone: ZoneInfo = ZONE) -> Iterator[bytes]:
    """The messages that the steps would send, in their order, in UTF-8; every line ends with a CR."""
    sender = Sender(Writer(zone))
    for step in steps:
        yield from sender.messages(step)


@dataclass(slots=True)
class PersonSeen:
    """What messages tell of a person."""

    numbers: tuple[Identifier, ...]
    known: Demographics
    visit: VisitSeen | None = None
    """The latest visit that the person was in."""


@dataclass(slots=True)
class Sender:
    """The clinic's interfaces: what they have to know of people and visits to fill in a message."""

    write: Writer
    signature: str = ""
    sent: int = 0
    people: dict[UUID, PersonSeen] = field(default_factory=dict)
    patients: dict[UUID, UUID] = field(default_factory=dict)
    visits: dict[UUID, VisitSeen] = field(default_factory=dict)
    loops: Loops = field(default_factory=Loops)

    def messages(self, step: Step) -> Iterator[bytes]:
        """The message of this step, if it has one."""
        self.signature = self.signature or step.journey_id.hex[:SIGNATURE]
        match step.command:
            case OpenJourney() as command:
                yield from self._opened(step, command)
            case MergePatient() as command:
                yield from self._merged(step, command)
            case AssignIdentifier() | ChangeDemographics() as command:
                yield self._described(step, command)
            case ReceiveResult() as command:
                yield self._reported(step, command)
            case command if (loop := self.loops.heard(command)) is not None:
                yield self._referred(step, command, loop)
            case _:
                yield from self._visited(step)

    def _person(self, step: Step) -> PersonSeen:
        return self.people[self.patients[step.journey_id]]

    def _visit(self, visit_id: UUID) -> VisitSeen:
        if visit_id not in self.visits:
            self.visits[visit_id] = VisitSeen(f"V{visit_id.int % NUMBERS:012}")
        return self.visits[visit_id]

    # --- What is sent

    def _opened(self, step: Step, command: OpenJourney) -> Iterator[bytes]:
        """A person is told once, however many journeys follow."""
        self.patients[step.journey_id] = command.patient_id
        if command.patient_id not in self.people:
            someone = PersonSeen(command.identifiers, command.patient)
            self.people[command.patient_id] = someone
            yield self._adt("A28", step, someone, None)

    def _merged(self, step: Step, command: MergePatient) -> Iterator[bytes]:
        """One message tells both records: the survivor's PID and the other's numbers."""
        other = self.people.get(command.retired)
        if self.patients[step.journey_id] == command.survivor and other is not None:
            merged = segment("MRG", {1: identifiers(other.numbers)})
            yield self._adt("A40", step, self._person(step), None, merged)

    def _described(self, step: Step, command: AssignIdentifier | ChangeDemographics) -> bytes:
        """An update of the visit while the person is in one, else of the person."""
        someone = self._person(step)
        if isinstance(command, AssignIdentifier):
            someone.numbers = (*someone.numbers, command.identifier)
        else:
            changes = command.demographics.model_dump(exclude_none=True)
            someone.known = someone.known.model_copy(update=changes | dict.fromkeys(command.cleared))
        here = someone.visit if someone.visit and someone.visit.is_here else None
        return self._adt("A08" if here else "A31", step, someone, here)

    def _visited(self, step: Step) -> Iterator[bytes]:
        tell = TELLS.get(type(step.command))
        if tell is None:
            return
        someone = self._person(step)
        visit = self._visit(step.command.visit_id)  # type: ignore[attr-defined]  # every command of the table names one
        trigger = tell(visit, step.command)
        if visit.is_here:
            someone.visit = visit
        if trigger in BOOKING_STATUS:
            yield self._siu(trigger, step, someone, visit)
        elif trigger:
            yield self._adt(trigger, step, someone, visit)

    # --- Messages

    def _message(self, application: str, kind: str, at: datetime, lines: list[str]) -> bytes:
        self.sent += 1
        header = self.write.msh(application, at, kind, f"{self.signature}-{self.sent:08}")
        return "".join(f"{line}\r" for line in (header, *lines)).encode()

    def _adt(
        self, trigger: str, step: Step, someone: PersonSeen, visit: VisitSeen | None, merged: str = ""
    ) -> bytes:
        write, command = self.write, step.command
        occurred = command.occurred_at or step.recorded_at
        lines = [
            write.evn(trigger, step.recorded_at, step.actor.id, occurred, command.occurred_precision),
            write.pid(someone.numbers, someone.known),
        ]
        lines.append(merged or write.pv1(visit))
        if visit is not None and trigger in PLANNED:
            lines.append(write.pv2(trigger, visit))
        return self._message(REGISTRATION, f"ADT^{trigger}^{STRUCTURES[trigger]}", step.recorded_at, lines)

    def _siu(self, trigger: str, step: Step, someone: PersonSeen, visit: VisitSeen) -> bytes:
        write = self.write
        begins, ends = write.time(visit.start), write.time(visit.end)
        minutes = str((visit.end - visit.start) // MINUTE) if visit.start and visit.end else ""
        reason = getattr(step.command, "reason", None)
        action = {"S12": "A", "S15": "D", "S17": "D"}.get(trigger, "U")
        lines = [
            segment(
                "SCH",
                {
                    1: parts(f"P{visit.number[1:]}", "JOURNEY"),
                    2: parts(f"A{visit.number[1:]}", SCHEDULING),
                    6: coded(reason) or BOOKING_STATUS[trigger].upper(),
                    7: coded(visit.service),
                    9: minutes,
                    10: "min",
                    11: f"^^^{begins}^{ends}",
                    16: person(visit.seen_by),
                    20: person(step.actor.id),
                    25: BOOKING_STATUS[trigger],
                },
            ),
            write.pid(someone.numbers, someone.known),
            write.pv1(visit),
            segment("RGS", {1: "1", 2: action}),
            segment("AIS", {1: "1", 2: action, 3: coded(visit.service), 4: begins, 7: minutes, 8: "min"}),
        ]
        if visit.place:
            lines.append(segment("AIL", {1: "1", 2: action, 3: location(visit.place), 6: begins}))
        if visit.seen_by:
            lines.append(segment("AIP", {1: "1", 2: action, 3: person(visit.seen_by), 6: begins}))
        return self._message(SCHEDULING, f"SIU^{trigger}^SIU_S12", step.recorded_at, lines)

    def _referred(self, step: Step, command: Command, loop: Loop) -> bytes:
        someone = self._person(step)
        kind, _ = SAYS[type(command)]
        lines = [
            *before_the_patient(command, loop),
            self.write.pid(someone.numbers, someone.known),
            *after_the_patient(loop),
        ]
        message = self._message(REFERRALS, kind, step.recorded_at, lines)
        if not kind.startswith(ANSWERS):
            loop.asked = f"{self.signature}-{self.sent:08}"
        return message

    def _reported(self, step: Step, command: ReceiveResult) -> bytes:
        someone = self._person(step)
        status, at = RESULT_STATUS[command.status], self.write.time(command.occurred_at)
        number = (command.report or str(command.result_id)).partition(".")[0]
        finding = "outside the reference range" if command.abnormal else "within the reference range"
        lines = [self.write.pid(someone.numbers, someone.known)]
        if command.visit_id is not None:
            lines.append(self.write.pv1(self._visit(command.visit_id)))
        lines += [
            segment(
                "OBR",
                {1: "1", 3: parts(number, LABORATORY), 4: coded(command.code), 7: at, 22: at, 25: status},
            ),
            segment(
                "OBX",
                {
                    1: "1",
                    2: "TX",
                    3: coded(command.code),
                    5: finding,
                    8: "A" if command.abnormal else "N",
                    11: status,
                    14: at,
                },
            ),
        ]
        return self._message(LABORATORY, "ORU^R01^ORU_R01", step.recorded_at, lines)
