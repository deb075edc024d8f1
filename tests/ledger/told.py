"""A ledger with something in it: journeys and records of the trail, and files of the test's own."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

import psycopg
from psycopg import Connection

from journey.api.access.trail import Access, Kind, Outcome, Who, record
from journey.audit import disclosures
from journey.audit.disclosures import Basis, Channel, Disclosure
from journey.ledger.checkpoint import Statement
from journey.ledger.notary import notarize
from journey.ledger.note import Verifier, opened
from journey.ledger.seals import Place
from journey.store.identifiers import uuid7
from journey.store.sequencer import drain
from journey.store.store import Store
from tests.projections.told import tell

EVENT_ROWS = """
    SELECT journey_id, version, type, data::text, event_id, schema_version, occurred_at, occurred_precision,
           recorded_at, context::text, leaf
      FROM log JOIN event USING (journey_id, version) ORDER BY position
    """
ACCESS_ROWS = """
    SELECT access_id, at, basis, caller, correlation_id, detail::text, journeys, kind, method, name, outcome,
           patients, peer, purpose, request_id, role, route, team, leaf
      FROM access_log JOIN access_event USING (access_id) ORDER BY position
    """
DISCLOSURE_ROWS = """
    SELECT at, basis, channel, consent_id, description, disclosure_id, journeys, labels, notice, patient_id,
           positions, purpose, recipient, recipient_address, reference, leaf
      FROM access_log JOIN disclosure ON access_id = disclosure_id ORDER BY position
    """


class Ledger(NamedTuple):
    """A database and the place of its files."""

    url: str
    place: Place

    def connect(self) -> Connection[tuple[Any, ...]]:
        return psycopg.connect(self.url, autocommit=True)

    def notarize(self) -> Statement:
        """Sequence and notarize what there is; the last checkpoint."""
        drain(self.url)
        notarize(self.url, self.place)
        return self.statements()[-1]

    def statements(self) -> list[Statement]:
        """Every checkpoint, its signature checked."""
        with self.connect() as connection:
            known = [Verifier.read(key) for (key,) in connection.execute("SELECT verifier FROM ledger_key")]
            notes = connection.execute("SELECT note FROM ledger_checkpoint ORDER BY number").fetchall()
        return [Statement.read(opened(note, known)[0]) for (note,) in notes]

    def rows(self, statement: LiteralString) -> list[tuple[Any, ...]]:
        with self.connect() as connection:
            return connection.execute(statement).fetchall()

    def looked(self, times: int, journeys: Sequence[UUID] = ()) -> None:
        """Somebody looks at journeys."""
        who = Who("key-1", 'Ward 5, "east"\n\u2028 wing', "nurse", "east")
        with self.connect() as connection:
            for _ in range(times):
                record(connection, [Access(Kind.READ, Outcome.DONE, who, journeys=tuple(journeys))])

    def disclosed(self) -> None:
        """Something is sent to somebody."""
        to = Disclosure(
            Channel.EXPORT, 'Registry, "north"', "PUBHLTH", Basis.PUBLIC_HEALTH, "Events", uuid7()
        )
        with self.connect() as connection:
            disclosures.record(connection, [to._replace(positions=(1, 2), labels=("ETH",))])


def told(url: str, folder: Path, *, journeys: int = 5, turns: int = 40, seed: int = 0) -> Ledger:
    """A ledger with journeys in it that nobody has notarized yet."""
    store = Store(url)
    tell(store, journeys=journeys, turns=turns, seed=seed)
    store.close()
    drain(url)
    return Ledger(url, Place(folder))
