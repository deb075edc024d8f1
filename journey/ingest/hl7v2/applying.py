"""Telling the journeys that a message is about what it says of each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from uuid import UUID, uuid5

from journey.domain.codes import LinkType
from journey.domain.correction import History
from journey.domain.event import Actor, Command, Context, Source
from journey.domain.identity import LinkPatient
from journey.domain.rules import JourneyIsOver
from journey.ingest.hl7v2.er7 import Message
from journey.ingest.hl7v2.inbox import Header, Led
from journey.ingest.hl7v2.mapping import Part, trigger
from journey.ingest.hl7v2.patient import Numbers
from journey.ingest.hl7v2.routing import Route, Routing
from journey.ingest.hl7v2.said import LONGEST, clean
from journey.ingest.hl7v2.telling import Telling
from journey.store.errors import Contended
from journey.store.recorder import IdempotencyKey
from journey.store.store import Store

CHANNEL = "hl7v2"
CORRELATION = UUID("6f0f2f9c-3a57-4b0e-9a51-0c3f8f6f5a71")
"""The namespace of the ids that tie together what one message led to."""

VISITS = ("visit.", "discharge.")
"""The names of events about visits begin with these."""

JOURNEYS_ON = 3
"""How often a journey may turn out to be over while somebody else opens the next."""


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

    def tell(self) -> None:
        """Raises what the store raises, Refused and Unapplied."""
        if self.part.retired is None:
            self._patient(self.part, self.routing.patient(self.part.patient.keys))
        else:
            self._merge(self.part.retired)

    def _patient(self, part: Part, patient: Route) -> None:
        """Tell the journey of the visit, else of the patient; where that was over, the one that goes on."""
        visit = self.routing.visit(part.visit, patient) if part.visit else None
        for _ in range(JOURNEYS_ON):
            journey = visit or patient
            continues = patient.continues if journey.journey_id == patient.journey_id else None
            try:
                self._journey(journey, self._of(part, journey, continues), self.name)
            except JourneyIsOver:
                patient = self.routing.after(journey.journey_id, patient, part.patient.keys)
                visit = self.routing.visit_elsewhere(part.visit, patient) if part.visit else None
            else:
                return
        raise Contended(patient.journey_id)

    def _of(
        self, part: Part, journey: Route, continues: UUID | None
    ) -> Callable[[History], Iterator[Command]]:
        def lacks() -> None:
            self.led.lacks = True

        return lambda history: part.commands(
            history,
            journey.journey_id,
            journey.patient_id,
            visit_id=journey.visit_id,
            continues=continues,
            lacks=lacks,
        )

    def _merge(self, retired: Numbers) -> None:
        """Link the two records. A retired number that nobody knew leads to the survivor from now on."""
        own = tuple(key for key in self.part.patient.keys if key not in retired.keys)
        other = self.routing.known(retired.keys)
        keys = own if own and other else tuple(dict.fromkeys((*own, *retired.keys)))
        numbers = Numbers((*self.part.patient.identifiers, *retired.identifiers), keys)
        survivor = self.routing.patient(keys)
        self._patient(replace(self.part, patient=numbers), survivor)
        if other is not None and survivor.patient_id != other.patient_id:
            self._link(self.part, survivor, other, LinkType.REPLACES)
            self._link(replace(self.part, patient=retired), other, survivor, LinkType.REPLACED_BY)
            self.routing.redirect(other, survivor)
            self.led.journey_id = survivor.journey_id

    def _link(self, part: Part, here: Route, there: Route, link: LinkType) -> None:
        def commands(history: History) -> Iterator[Command]:
            if not history.recorded:
                yield from part.commands(history, here.journey_id, here.patient_id, visit_id=None)
            yield Telling(part.said, part.at, here.journey_id, history, None).asks(
                LinkPatient,
                other_patient_id=there.patient_id,
                link=link,
                evidence=" ".join(filter(None, (part.row.trigger, self.led.header.control_id))),
            )

        self._journey(here, commands, f"{self.name}:{link}")

    def _journey(self, journey: Route, commands: Callable[[History], Iterator[Command]], name: str) -> None:
        lacked = self.led.lacks

        def noted(history: History) -> Iterator[Command]:
            self.led.version, self.led.lacks = history.version, lacked
            return commands(history)

        self.led.journey_id = journey.journey_id
        key = IdempotencyKey(f"{CHANNEL}:{name}", self.digest)
        appended = self.store.tell(journey.journey_id, noted, self._context(), key)
        self.led.events += len(appended.events)
        self.led.journeys += sum(event.type == "journey.opened" for event in appended.events)
        self.led.visits |= any(event.type.startswith(VISITS) for event in appended.events)

    def _context(self) -> Context:
        named = self.led.header
        source = Source(
            system=named.sender or self.part.said.sender, channel=CHANNEL, message_id=named.control_id
        )
        return Context(actor=self.actor, source=source, correlation_id=uuid5(CORRELATION, self.digest.hex()))
