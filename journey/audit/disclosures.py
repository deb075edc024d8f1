"""Disclosures: what left for another system or a file, to whom, what for, and what allowed it.

One is recorded for each patient and send, before the answer leaves or in the transaction that notes the
delivery. An accounting for the patient is made of them (45 CFR 164.528; 42 CFR 2.25).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

from psycopg import Connection
from pydantic_core import to_json

from journey.domain.consent.state import PART_2
from journey.store.identifiers import uuid7


class Channel(StrEnum):
    """The way it went."""

    EXPORT = "export"
    EVIDENCE = "evidence"
    FEED = "feed"
    STREAM = "stream"
    WEBHOOK = "webhook"
    BROKER = "broker"
    FHIR = "fhir"


class Basis(StrEnum):
    """What allowed it (45 CFR 164.502 to 164.514)."""

    TREATMENT = "treatment"
    PAYMENT = "payment"
    OPERATIONS = "operations"
    INDIVIDUAL = "individual"
    AUTHORIZATION = "authorization"
    LIMITED_DATA_SET = "limited-data-set"
    NATIONAL_SECURITY = "national-security"
    CORRECTIONAL = "correctional"
    REQUIRED_BY_LAW = "required-by-law"
    PUBLIC_HEALTH = "public-health"
    OVERSIGHT = "oversight"
    JUDICIAL = "judicial"
    LAW_ENFORCEMENT = "law-enforcement"
    RESEARCH = "research"
    SAFETY = "safety"
    OTHER = "other"


CARE = frozenset({Basis.TREATMENT, Basis.PAYMENT, Basis.OPERATIONS})
"""Treatment, payment and health care operations."""

NOT_ACCOUNTED = CARE | {
    Basis.INDIVIDUAL,
    Basis.AUTHORIZATION,
    Basis.LIMITED_DATA_SET,
    Basis.NATIONAL_SECURITY,
    Basis.CORRECTIONAL,
}
"""What an accounting may leave out (45 CFR 164.528(a)(1))."""

BASIS_OF = MappingProxyType(
    {
        **dict.fromkeys(("TREAT", "ETREAT", "BTG", "CAREMGT", "COC"), Basis.TREATMENT),
        **dict.fromkeys(("HPAYMT", "CLMATTCH", "COVAUTH", "COVERAGE", "ELIGDTRM", "REMITADV"), Basis.PAYMENT),
        **dict.fromkeys(
            ("HOPERAT", "HCOMPL", "HQUALIMP", "HSYSADMIN", "PATADMIN", "PATSFTY", "PERFMSR", "RECORDMGT"),
            Basis.OPERATIONS,
        ),
        **dict.fromkeys(("PATRQT", "FAMRQT", "PWATRNY", "SUPNWK"), Basis.INDIVIDUAL),
        **dict.fromkeys(("PUBHLTH", "DISASTER", "THREAT"), Basis.PUBLIC_HEALTH),
        **dict.fromkeys(("HRESCH", "BIORCH", "CLINTRCH"), Basis.RESEARCH),
    }
)
"""What a purpose of use (HL7 v3 ActReason) falls under, where nothing else is said."""

OF_PART_2 = frozenset({PART_2, "ETH", "ETHUD", "OPIOIDUD", "SUD"})
"""The labels of records of a substance use disorder program."""

NOTICE = "42 CFR part 2 prohibits unauthorized use or disclosure of these records."
"""The statement that goes along with them (42 CFR 2.32(a)(2))."""


def basis_of(purpose: str) -> Basis:
    """What allows a disclosure for this purpose; one that nothing is known of has to be accounted for."""
    return BASIS_OF.get(purpose, Basis.OTHER)


class Disclosure(NamedTuple):
    """What one recipient was given of one patient, at once."""

    channel: Channel
    recipient: str
    purpose: str
    basis: Basis
    description: str
    """In general terms: what kind of thing was told, and no patient's details."""
    patient_id: UUID
    journeys: tuple[UUID, ...] = ()
    positions: tuple[int, ...] = ()
    """The events, by their places in the log."""
    recipient_address: str | None = None
    reference: str | None = None
    """The subscription, key or export that it went through."""
    labels: tuple[str, ...] = ()
    consent_id: UUID | None = None

    def row(self) -> dict[str, Any]:
        notice = None if OF_PART_2.isdisjoint(self.labels) else NOTICE
        return {"disclosure_id": uuid7(), **self._asdict(), "notice": notice}


WRITTEN: LiteralString = """
        INSERT INTO disclosure (disclosure_id, channel, recipient, recipient_address, purpose, basis,
                                description, reference, patient_id, journeys, positions, labels, consent_id,
                                notice)
        SELECT disclosure_id, channel, recipient, recipient_address, purpose, basis,
               description, reference, patient_id, journeys, positions, labels, consent_id, notice
          FROM json_populate_recordset(NULL::disclosure, %s)
        ON CONFLICT (disclosure_id) DO NOTHING
        RETURNING disclosure_id
    """
"""Nothing, where a connection was lost after it was done, and it is asked again."""

INSERT: LiteralString = f"""
    WITH written AS ({WRITTEN})
    INSERT INTO access_pending (accesses)
    SELECT array_agg(disclosure_id) FROM written HAVING count(*) > 0
    RETURNING id
    """  # noqa: S608 - made of constants

INSERT_TOLD: LiteralString = """
    WITH sent AS (
        SELECT %s::text AS send, %s::text AS channel, %s::text AS recipient, %s::text AS purpose,
               %s::text AS basis, %s::text AS description, %s::text AS reference, %s::text[] AS of_part_2,
               %s::text AS notice
    ), told AS (
        SELECT (opened.data->>'patient_id')::uuid AS patient_id, array_agg(DISTINCT journey_id) AS journeys,
               array_agg(DISTINCT each.position) AS positions,
               ARRAY(SELECT DISTINCT label
                       FROM unnest(string_to_array(string_agg(DISTINCT labels, ','), ',')
                                   || array_agg(DISTINCT borne)) AS label
                      WHERE label <> '' ORDER BY label) AS labels
          FROM unnest(%s::uuid[], %s::bigint[], %s::text[]) AS each (journey_id, position, labels)
               JOIN event AS opened USING (journey_id)
               LEFT JOIN json_array_elements_text(opened.context->'labels') AS borne ON true
         WHERE opened.version = 1 AND opened.type = 'journey.opened'
         GROUP BY 1
    ), written AS (
        INSERT INTO disclosure (disclosure_id, channel, recipient, purpose, basis, description, reference,
                                patient_id, journeys, positions, labels, notice)
        SELECT md5(send || patient_id)::uuid, channel, recipient, purpose, basis, description, reference,
               patient_id, journeys, positions, labels, CASE WHEN labels && of_part_2 THEN notice END
          FROM sent, told
        ON CONFLICT (disclosure_id) DO NOTHING
        RETURNING disclosure_id
    )
    INSERT INTO access_pending (accesses)
    SELECT array_agg(disclosure_id) FROM written HAVING count(*) > 0
    RETURNING id
    """
"""The same of events by their journeys: whose they are is found where the rows are made, and which labels
they bear since the journey was opened."""


class Sent(NamedTuple):
    """An event that goes out: whose it is, and its place in the log."""

    patient_id: UUID
    journey_id: UUID
    position: int
    labels: frozenset[str]


class Sending(NamedTuple):
    """What goes to one recipient at once, of however many patients."""

    channel: Channel
    recipient: str
    purpose: str
    basis: Basis
    description: str
    reference: str | None = None

    def told(self, events: Sequence[tuple[UUID, int, str]]) -> tuple[Any, ...]:
        """What INSERT_TOLD takes: of each event its journey, its place in the log, its labels by commas."""
        journeys, positions, labels = ([*column] for column in zip(*events, strict=True))
        return (str(uuid7()), *self, sorted(OF_PART_2), NOTICE, journeys, positions, labels)

    def of_each(self, events: Iterable[Sent]) -> tuple[Disclosure, ...]:
        """The records, one for each patient."""
        told: defaultdict[UUID, list[Sent]] = defaultdict(list)
        for each in events:
            told[each.patient_id].append(each)
        return tuple(self._of(patient_id, theirs) for patient_id, theirs in told.items())

    def _of(self, patient_id: UUID, events: Sequence[Sent]) -> Disclosure:
        return Disclosure(
            self.channel,
            self.recipient,
            self.purpose,
            self.basis,
            self.description,
            patient_id,
            tuple(sorted({each.journey_id for each in events})),
            tuple(sorted(each.position for each in events)),
            reference=self.reference,
            labels=tuple(sorted(frozenset().union(*(each.labels for each in events)))),
        )


def written(disclosures: Sequence[Disclosure]) -> str:
    """What INSERT takes."""
    return to_json([each.row() for each in disclosures]).decode()


def record(connection: Connection[Any], disclosures: Sequence[Disclosure]) -> None:
    """Record as a part of the connection's transaction: what is sent is not sent unless this is kept."""
    if disclosures:
        connection.execute(INSERT, (written(disclosures),))
