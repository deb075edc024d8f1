"""Disclosed: to whom an export goes is on record, for each patient in it, before a byte is written."""

from collections.abc import Iterator
from itertools import islice

from journey.audit import disclosures
from journey.audit.disclosures import Disclosure, Sending
from journey.connection import OPERATING
from journey.database import connect
from journey.export.snapshot import Snapshot

AT_ONCE = 1000
"""Records of one statement."""


def disclose(conninfo: str, snapshot: Snapshot, sending: Sending) -> None:
    """Raises DatabaseUnavailable."""
    with connect(conninfo, OPERATING) as connection, connection.transaction():
        each = _each(snapshot, sending)
        while some := list(islice(each, AT_ONCE)):
            disclosures.record(connection, some)


def _each(snapshot: Snapshot, sending: Sending) -> Iterator[Disclosure]:
    for patient_id, journeys in snapshot.people():
        yield Disclosure(
            sending.channel,
            sending.recipient,
            sending.purpose,
            sending.basis,
            sending.description,
            patient_id,
            tuple(journeys),
            reference=sending.reference,
        )
