"""From a message to commands: which triggers are known, what each asks for, and when it happened.

    message -> parts, one a patient -> routed by their numbers -> commands for that patient's journey

Nothing here reads a clock or a database. Everything is asked as another system's report (`reported`), so
the order in which messages come changes nothing: each is recorded at its own time.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from journey.domain.codes import JourneyStatus
from journey.domain.correction import History
from journey.domain.episode import OpenJourney
from journey.domain.event import Command
from journey.domain.identity import AssignIdentifier, ChangeDemographics, IdentifierAssigned
from journey.ingest.aside import Unapplied
from journey.ingest.hl7v2 import adt, omg, oru, ref, siu, undo
from journey.ingest.hl7v2.er7 import Message
from journey.ingest.hl7v2.patient import Numbers, demographics, numbered, of_patient, of_retired
from journey.ingest.hl7v2.reasons import NothingToApply
from journey.ingest.hl7v2.said import Said
from journey.ingest.hl7v2.tables import ACKNOWLEDGEMENTS, ANSWERS, QUESTIONS
from journey.ingest.hl7v2.telling import Telling
from journey.ingest.hl7v2.timestamp import Timestamp
from journey.ingest.keys import Key, VisitKeys

Place = tuple[str, int]

_NAME = re.compile(r"[A-Z]{3}(\^[A-Z0-9]{3})?")


class Names(Enum):
    """Whom the message names beside the patient: in MRG, or in a second PID."""

    NOBODY = "nobody"
    RETIRED = "another record, found to be the same person's (MRG)"
    EARLIER_NUMBER = "the number that the same patient had before (MRG)"
    LINKED = "another record, seen together with this one from now on (PID)"
    UNLINKED = "another record, seen together with this one no more (PID)"


@dataclass(frozen=True)
class Row:
    """How one trigger is read. The function's docstring says what it does."""

    trigger: str
    name: str
    commands: Callable[[Telling], Iterator[Command]]
    asks: str
    own_time: tuple[Place, ...] = ()
    """Fields that say when it happened where EVN does not; MSH-7 is the last resort of all."""
    names: Names = Names.NOBODY
    says_who: bool = True
    """Whether PID is believed on a patient who is known: a laboratory's copy of it is not."""


def _adt(
    trigger: str, name: str, commands: Callable[[Telling], Iterator[Command]], asks: str, *own_time: Place
) -> Row:
    return Row(f"ADT^{trigger}", name, commands, asks, own_time)


RRI = "confirm-referral-receipt, accept-referral, decline-referral or expire-referral"
OMG = "send-referral, receive-interim-report or receive-referral-outcome"
OSU = (
    "accept-referral, decline-referral, cancel-referral, request-referral-cancellation, "
    "accept-referral-cancellation or refuse-referral-cancellation"
)
ROWS = (
    _adt("A01", "admit", adt.admit, "admit-patient", ("PV1", 44)),
    _adt("A02", "transfer", adt.transfer, "move-patient"),
    _adt("A03", "discharge", adt.discharge, "discharge-patient or complete-visit", ("PV1", 45)),
    _adt("A04", "register", adt.register, "start-visit", ("PV1", 44)),
    _adt("A05", "pre-admit", adt.expect, "book-visit"),
    _adt("A06", "outpatient to inpatient", adt.become_inpatient, "admit-patient"),
    _adt("A07", "inpatient to outpatient", adt.become_outpatient, "change-class"),
    _adt("A08", "update", adt.update, "change-demographics, change-visit"),
    _adt("A11", "cancel admit", undo.admission, "cancel-admission"),
    _adt("A12", "cancel transfer", undo.transfer, "cancel-move"),
    _adt("A13", "cancel discharge", undo.discharge, "cancel-discharge or void-event"),
    _adt("A14", "pending admit", adt.expect, "book-visit"),
    _adt("A16", "pending discharge", adt.expect_discharge, "change-expected-discharge"),
    Row("ADT^A18", "merge, before 2.3.1", adt.merge, "merge-patient", names=Names.RETIRED),
    _adt("A21", "leave of absence", adt.leave, "start-leave"),
    _adt("A22", "back from leave", adt.come_back, "end-leave"),
    Row("ADT^A24", "link", adt.link, "link-patient", names=Names.LINKED),
    _adt("A25", "cancel pending discharge", adt.expect_no_discharge, "change-expected-discharge"),
    _adt("A27", "cancel pending admit", adt.expect_nobody, "cancel-visit"),
    _adt("A28", "add person", adt.identify, "change-demographics, assign-identifier"),
    _adt("A31", "update person", adt.identify, "change-demographics, assign-identifier"),
    Row("ADT^A34", "merge, before 2.3.1", adt.merge, "merge-patient", names=Names.RETIRED),
    Row("ADT^A37", "unlink", adt.unlink, "unlink-patient", names=Names.UNLINKED),
    _adt("A38", "cancel pre-admit", adt.expect_nobody, "cancel-visit"),
    Row("ADT^A40", "merge", adt.merge, "merge-patient", names=Names.RETIRED),
    Row("ADT^A47", "change number", adt.renumber, "assign-identifier", names=Names.EARLIER_NUMBER),
    Row("SIU^S12", "book", siu.book, "book-visit, notify-referral-appointment"),
    Row("SIU^S13", "reschedule", siu.reschedule, "reschedule-visit"),
    Row("SIU^S14", "modify", siu.modify, "change-visit"),
    Row("SIU^S15", "cancel", siu.cancel, "cancel-visit"),
    Row("SIU^S16", "discontinue", siu.cancel, "cancel-visit"),
    Row("SIU^S17", "delete", siu.delete, "remove-visit"),
    Row("SIU^S26", "no-show", siu.miss, "record-no-show, notify-referral-no-show"),
    Row("REF^I12", "refer", ref.refer, "send-referral, submit-authorization, decide-authorization"),
    Row("REF^I13", "modify", ref.change, "change-referral"),
    Row("REF^I14", "cancel", ref.cancel, "cancel-referral"),
    *(Row(f"RRI^I1{number}", "answer", ref.answer, RRI, says_who=False) for number in (2, 3, 4)),
    Row("OMG^O19", "referral as an order (360X)", omg.order, OMG, (("ORC", 9),)),
    Row("OSU^O51", "its status (360X)", omg.status, OSU, (("ORC", 9),), says_who=False),
    Row(
        "ORU^R01",
        "result",
        oru.receive,
        "receive-result",
        (("OBR", 22), ("OBR", 7)),
        says_who=False,
    ),
)
TABLE = {row.trigger: row for row in ROWS}
"""Every trigger that is mapped."""


REPORTS_NOTHING = (
    (ACKNOWLEDGEMENTS, "acknowledgement"),
    (QUESTIONS, "question"),
    (ANSWERS, "answer"),
    (frozenset({""}), "no-type"),
)


@dataclass(frozen=True)
class Part:
    """What a message says of one patient."""

    row: Row
    said: Said
    at: Timestamp
    patient: Numbers
    other: Numbers | None
    """The other record that it names, if it names one."""
    visit: VisitKeys | None
    person: ChangeDemographics

    def commands(
        self,
        history: History,
        journey_id: UUID,
        patient_id: UUID,
        *,
        visit_id: UUID | None,
        continues: UUID | None = None,
        lacks: Callable[[], None] = lambda: None,
    ) -> Iterator[Command]:
        """What to ask of the journey that it is about. Raises Unapplied."""
        telling = Telling(self.said, self.at, journey_id, history, visit_id, lacks)
        if not history.recorded:
            yield telling.asks(
                OpenJourney,
                patient_id=patient_id,
                status=JourneyStatus.PLANNED,
                continues=continues,
                identifiers=self.patient.identifiers,
                patient=self.person.demographics,
            )
        else:
            yield from self._identity(telling)
        yield from self.row.commands(telling)

    def _identity(self, telling: Telling) -> Iterator[Command]:
        known = {
            each.event.identifier
            for each in telling.history.recorded
            if isinstance(each.event, IdentifierAssigned)
        }
        for identifier in self.patient.identifiers:
            if identifier not in known:
                yield telling.asks(AssignIdentifier, identifier=identifier)
        if self.row.says_who:
            yield telling.asks(
                ChangeDemographics, demographics=self.person.demographics, cleared=self.person.cleared
            )


def parts(message: Message, zone: ZoneInfo) -> Sequence[Part]:
    """What the message says, patient by patient. Raises Unapplied or NothingToApply."""
    row = _row(message)
    said = [Said(each, zone) for each in _by_patient(message)]
    if row.names in {Names.LINKED, Names.UNLINKED}:
        return [_part(row, said[0], _second(said))]
    return [_part(row, each) for each in said]


def _second(said: Sequence[Said]) -> Numbers:
    """The record in the second PID (ADT_A24, ADT_A37). Raises Unapplied."""
    if len(said) != 2:  # noqa: PLR2004 - the two that are linked
        raise Unapplied("no-patient", "A second PID should hold a number of the other record.")
    return of_patient(said[1])


def _row(message: Message) -> Row:
    name = trigger(message)
    if row := TABLE.get(name):
        return row
    for kinds, code in REPORTS_NOTHING:
        if message.type in kinds:
            raise NothingToApply(code)
    raise Unapplied("no-mapping", f"There is no mapping for {name or 'what MSH-9 names'} yet.")


def refuse_foreign(message: Message, processing_ids: frozenset[str]) -> None:
    """Raises Unapplied for a message of another standard (MSH-12) or for another system (MSH-11)."""
    if message.version and not message.version.startswith("2"):
        raise Unapplied("unsupported-version", "MSH-12 names another version than 2.1 to 2.9.")
    if processing_ids and message.value("MSH", 11).strip().upper() not in processing_ids:
        raise Unapplied("other-processing-id", "MSH-11 holds another processing id than is applied here.")


def trigger(message: Message) -> str:
    """`ADT^A01`; "" where MSH-9 holds something else than names."""
    name = f"{message.type}^{message.trigger}".rstrip("^")
    return name if _NAME.fullmatch(name) else ""


def _by_patient(message: Message) -> Iterator[Message]:
    """A message of several patients (ORU, A40: groups that begin with PID) as one message for each."""
    starts = [index for index, segment in enumerate(message.segments) if segment.name == "PID"]
    if len(starts) < 2:  # noqa: PLR2004 - one patient or none
        yield message
        return
    for start, end in pairwise([*starts, len(message.segments)]):
        segments = (*message.segments[: starts[0]], *message.segments[start:end])
        yield Message(segments, message.charset, message.charset_assumed)


def _part(row: Row, said: Said, other: Numbers | None = None) -> Part:
    patient = of_patient(said)
    if row.names is Names.RETIRED:
        other = of_retired(said)
    if row.names is Names.EARLIER_NUMBER:
        patient = Numbers(patient.identifiers, (*patient.keys, *of_retired(said).keys))
    at = _when(row, said)
    return Part(row, said, at, patient, other, _visit(said), demographics(said))


def _when(row: Row, said: Said) -> Timestamp:
    """EVN-6, when it happened; else EVN-2, when that was recorded; else the trigger's own; else MSH-7."""
    for name, field in (("EVN", 6), ("EVN", 2), *row.own_time, ("MSH", 7)):
        if moment := said.moment(name, field):
            return moment
    raise Unapplied("no-time", "EVN-6, EVN-2 and MSH-7 are empty: nothing says when it happened.")


def _visit(said: Said) -> VisitKeys | None:
    """PV1-19, else PV1-50, else the account in PID-18; for an appointment SCH-2, else SCH-1."""
    by_number = (
        numbered(said, "PV1", 19, "visit")
        or numbered(said, "PV1", 50, "visit")
        or numbered(said, "PID", 18, "account")
    )
    for field in (2, 1):
        if number := said.text("SCH", field):
            system = said.text("SCH", field, 2) or said.sender
            alias = by_number if by_number and by_number.kind == "visit" else None
            return VisitKeys(Key(system, "appointment", number), alias)
    if said.message.first("SCH"):
        return None
    return VisitKeys(by_number) if by_number else None
