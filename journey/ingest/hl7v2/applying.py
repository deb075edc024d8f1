"""Telling the journeys that a message is about what it says of each."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from uuid import UUID, uuid5

from journey.domain.correction import History
from journey.domain.custody import SubjectIsErased
from journey.domain.event import Actor, Command, Context, Source
from journey.domain.identity import ChangeDemographics, LinkPatient, UnlinkPatient
from journey.domain.merge import MergePatient, merges_of
from journey.domain.rules import JourneyIsOver
from journey.ingest.hl7v2.er7 import Message
from journey.ingest.hl7v2.mapping import Names, Part, trigger
from journey.ingest.hl7v2.outcome import Header, Led
from journey.ingest.hl7v2.patient import Numbers
from journey.ingest.hl7v2.said import LONGEST, clean, precision
from journey.ingest.routing import Route, Routing
from journey.store import across
from journey.store.errors import Contended
from journey.store.mapper import Along
from journey.store.recorder import IdempotencyKey
from journey.store.store import Appended, Store

CHANNEL = "hl7v2"
CORRELATION = UUID("6f0f2f9c-3a57-4b0e-9a51-0c3f8f6f5a71")
"""The namespace of the ids that tie together what one message led to."""

VISITS = ("visit.", "discharge.")
"""The names of events about visits begin with these."""

JOURNEYS_ON = 3
"""How often a journey may turn out to be over while somebody else opens the next."""


C = TypeVar("C", bound=Command)


class _RetiredSince(Exception):
    """The number was remembered from before its patient was merged into another."""


def header(message: Message) -> Header:
    sender = f"{clean(message.sending_application)}|{clean(message.sending_facility)}"
    control_id = clean(message.control_id)[:LONGEST]
    return Header(sender[:LONGEST], control_id or None, trigger(message) or None)


@dataclass(frozen=True)
class Applying:
    """One part of a message being told, under a name of its own that no journey hears twice."""

    store: Store
    routing: Routing
    actor: Actor
    part: Part
    name: str
    digest: bytes
    led: Led
    along: Along | None = None
    """Done with the append, where all that the message says goes into one."""

    def tell(self) -> None:
        """Raises what the store raises, Refused and Unapplied."""
        other = self.part.other
        match self.part.row.names:
            case Names.RETIRED if other:
                self._merge(other)
            case Names.LINKED if other:
                self._link(
                    other,
                    lambda them: self._asks(LinkPatient, other_patient_id=them, evidence=self._evidence),
                )
            case Names.UNLINKED if other:
                self._link(
                    other,
                    lambda them: self._asks(UnlinkPatient, other_patient_id=them, reason=self._evidence),
                )
            case _:
                self._patient(self.part, self.routing.patient(self.part.patient.keys))

    def _patient(self, part: Part, patient: Route) -> None:
        """Tell the patient's journey; look again where the number was remembered from before a merge, or from
        before what was known of the patient was erased.
        """
        try:
            self._going_on(part, patient)
        except (_RetiredSince, SubjectIsErased):
            self.routing.forget()
            self._going_on(part, self.routing.patient(part.patient.keys), looked_up=True)

    def _going_on(self, part: Part, patient: Route, *, looked_up: bool = False) -> None:
        """Tell the journey of the visit, else of the patient; where that was over, the one that goes on."""
        visit = self.routing.visit(part.visit, patient) if part.visit else None
        for _ in range(JOURNEYS_ON):
            journey = visit or patient
            continues = patient.continues if journey.journey_id == patient.journey_id else None
            try:
                commands = self._of(part, journey, continues, looked_up=looked_up)
                self._journey(journey, commands, self.name)
            except JourneyIsOver:
                patient = self.routing.after(journey.journey_id, patient, part.patient.keys)
                visit = self.routing.visit_elsewhere(part.visit, patient) if part.visit else None
            else:
                return
        raise Contended(patient.journey_id)

    def _of(
        self, part: Part, journey: Route, continues: UUID | None, *, looked_up: bool
    ) -> Callable[[History], Iterator[Command]]:
        def lacks() -> None:
            self.led.lacks = True

        def commands(history: History) -> Iterator[Command]:
            if not looked_up and merges_of(history.recorded).into(journey.patient_id):
                raise _RetiredSince
            return part.commands(
                history,
                journey.journey_id,
                journey.patient_id,
                visit_id=journey.visit_id,
                continues=continues,
                lacks=lacks,
            )

        return commands

    def _merge(self, retired: Numbers) -> None:
        """Make one of the two records. A retired number that nobody knew leads to the survivor."""
        self.routing.forget()
        own = tuple(key for key in self.part.patient.keys if key not in retired.keys)
        other = self.routing.known(retired.keys)
        keys = own if own and other else tuple(dict.fromkeys((*own, *retired.keys)))
        survivor = self.routing.patient(keys)
        part = self.part
        if other is None or (survivor.patient_id == other.patient_id and not other.merged):
            identifiers = (*part.patient.identifiers, *retired.identifiers)
            part = replace(part, patient=Numbers(identifiers, part.patient.keys))
        self._patient(part, survivor)
        if other is None or survivor.patient_id == other.patient_id:
            return
        self._opened(replace(self.part, patient=retired), other)
        command = self._asks(
            MergePatient,
            survivor=survivor.patient_id,
            retired=other.patient_id,
            evidence=self._evidence,
        )
        merged = across.merge(
            self.store, command, self._context(), idempotency_key=f"{CHANNEL}:{self.name}:m"
        )
        self.routing.forget()
        self._count(merged, survivor.journey_id)

    def _link(self, other: Numbers, command: Callable[[UUID], Command]) -> None:
        """Tell the journeys of both what is said of the other."""
        self.routing.forget()
        here, there = self.routing.patient(self.part.patient.keys), self.routing.patient(other.keys)
        self._patient(self.part, here)
        self._opened(replace(self.part, patient=other, person=ChangeDemographics()), there)
        told = {here.patient_id: command(there.patient_id), there.patient_id: command(here.patient_id)}
        linked = across.link(self.store, told, self._context(), idempotency_key=self._key)
        self._count(linked, here.journey_id)

    def _opened(self, part: Part, route: Route) -> None:
        """Open the journey of the other record, where its number is claimed and no more."""
        if not self.store.load(route.journey_id).recorded:
            commands = self._of(part, route, route.continues, looked_up=True)
            self._journey(route, commands, f"{self.name}:opened")

    def _asks(self, command: type[C], **facts: Any) -> C:
        at = self.part.at
        return command(**facts, occurred_at=at.at, occurred_precision=precision(at), reported=True)

    @property
    def _key(self) -> str:
        """Another one than the journeys of both have heard the rest of the message under."""
        return f"{CHANNEL}:{self.name}:both"

    @property
    def _evidence(self) -> str:
        return " ".join(filter(None, (self.part.row.trigger, self.led.header.control_id)))

    def _count(self, told: Sequence[Appended], journey_id: UUID) -> None:
        self.led.journey_id = journey_id
        self.led.events += sum(len(each.events) for each in told)

    def _journey(self, journey: Route, commands: Callable[[History], Iterator[Command]], name: str) -> None:
        lacked = self.led.lacks

        def noted(history: History) -> Iterator[Command]:
            self.led.version, self.led.lacks = history.version, lacked
            return commands(history)

        self.led.journey_id = journey.journey_id
        key = IdempotencyKey(f"{CHANNEL}:{name}", self.digest)
        appended = self.store.tell(journey.journey_id, noted, self._context(), key, self.along)
        self.led.events += len(appended.events)
        self.led.first = self.led.first or next((each.event_id for each in appended.events), None)
        self.led.journeys += sum(event.type == "journey.opened" for event in appended.events)
        self.led.visits |= any(event.type.startswith(VISITS) for event in appended.events)

    def _context(self) -> Context:
        named = self.led.header
        source = Source(
            system=named.sender or self.part.said.sender, channel=CHANNEL, message_id=named.control_id
        )
        return Context(actor=self.actor, source=source, correlation_id=uuid5(CORRELATION, self.digest.hex()))
