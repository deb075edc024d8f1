"""Handing over: a file of evidence leaves once it is on record who gets it, and of whom it tells."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import IO, Any, NamedTuple

from psycopg import Connection

from journey.api.access import trail
from journey.api.access.trail import Access, Kind, Outcome, Who
from journey.audit.disclosures import INSERT_TOLD, Channel, Sending
from journey.connection import OPERATING
from journey.database import connect
from journey.evidence.gathering import Asked
from journey.evidence.packing import Made, Order, pack
from journey.ledger.seals import Place

DESCRIPTION = "Evidence: what was recorded of the patient, with its proofs, and who looked at it"


class NothingRecorded(Exception):
    """Nothing was recorded of these patients in this period."""


class Desk(NamedTuple):
    """Where files are handed over: which database, who asks, and how their request is known."""

    conninfo: str
    place: Place
    who: Who
    request: Mapping[str, Any] = MappingProxyType({})

    def handed(self, asked: Asked, order: Order, file: IO[bytes]) -> Made:
        """Write the file and record it; only then may it leave. Raises NothingRecorded, and what
        `pack` raises.
        """
        made = pack(self.conninfo, self.place, asked, order, file)
        if not made.gathered.events:
            raise NothingRecorded(NothingRecorded.__doc__)
        with connect(self.conninfo, OPERATING) as connection, connection.transaction():
            self._record(connection, made, order)
        return made

    def _record(self, connection: Connection[Any], made: Made, order: Order) -> None:
        manifest, found = made.manifest, made.gathered
        if found.events:
            sending = Sending(
                Channel.EVIDENCE,
                order.recipient,
                order.purpose,
                order.basis,
                DESCRIPTION,
                str(order.reference),
            )
            connection.execute(INSERT_TOLD, sending.told([each.told for each in found.events]))
        access = Access(
            Kind.EVIDENCE,
            Outcome.DONE,
            self.who,
            purpose=order.purpose,
            journeys=tuple(each.journey_id for each in manifest.journeys),
            patients=found.records,
            detail={"reference": order.reference, "recipient": order.recipient, "sha256": made.sha256},
            **self.request,
        )
        trail.record(connection, [access])
