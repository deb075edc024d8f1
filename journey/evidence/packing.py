"""Packing: what was gathered, as one file, a ZIP whose bytes are the same for the same contents."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files
from typing import IO, Any, NamedTuple
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import rfc8785
from psycopg import Connection
from pydantic import BaseModel

from journey.audit.disclosures import NOTICE, OF_PART_2, Basis
from journey.connection import OPERATING
from journey.database import connect
from journey.evidence import form
from journey.evidence.form import FORMAT, Manifest, OfJourney
from journey.evidence.gathering import Asked, Gathered, gathered
from journey.evidence.timeline import page
from journey.ledger.note import signed
from journey.ledger.seal import NoKey, Seal
from journey.ledger.seals import KEY, Place, origin_id

ONE_STATE = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
LONG_AGO = (1980, 1, 1, 0, 0, 0)
OWNER_ALONE = 0o600 << 16
PIECE = 1 << 20


class Order(NamedTuple):
    """Who wants the file, for whom, and why."""

    reference: UUID
    made_by: str
    recipient: str
    purpose: str
    basis: Basis
    zone: str


class Made(NamedTuple):
    """What is in the file, and what it is known by."""

    manifest: Manifest
    gathered: Gathered
    sha256: str


def pack(conninfo: str, place: Place, asked: Asked, order: Order, file: IO[bytes]) -> Made:
    """Write it. Raises NotYet, Unproven, BadNote and OSError."""
    with connect(conninfo, OPERATING) as connection, connection.transaction():
        connection.execute(ONE_STATE)
        found = gathered(connection, asked)
        seal = _seal(connection, place)
    said = _manifest(asked, order, found)
    contents = _contents(said, found)
    digests = {name: sha256(content).hexdigest() for name, content in contents.items()}
    manifest = said.model_copy(update={"files": digests})
    head = rfc8785.dumps(manifest.model_dump(mode="json"))
    written = {form.MANIFEST: head}
    if seal is not None:
        written[form.SIGNATURE] = signed(form.statement(head), (seal,)).encode()
    _write(file, written | contents)
    return Made(manifest, found, _digest(file))


def _seal(connection: Connection[Any], place: Place) -> Seal | None:
    """The key in use, where it is at hand."""
    try:
        seal = Seal.read(place.key_file(origin_id(connection)))
    except (NoKey, OSError):
        return None
    in_use = connection.execute(KEY).fetchone()
    return seal if seal is not None and in_use == (str(seal.verifier),) else None


def _manifest(asked: Asked, order: Order, found: Gathered) -> Manifest:
    counts = {each.journey_id: each.events for each in found.proofs.journeys}
    return Manifest(
        format=FORMAT,
        program=version("journey"),
        reference=order.reference,
        made_at=datetime.now(UTC),
        made_by=order.made_by,
        recipient=order.recipient,
        purpose=order.purpose,
        basis=order.basis,
        patients=asked.patients,
        records=found.records,
        period=asked.period,
        zone=order.zone,
        notice=None if OF_PART_2.isdisjoint(found.labels) else NOTICE,
        journeys=tuple(
            OfJourney(journey_id=each, patient_id=patient, events=counts[str(each)])
            for each, patient in found.journeys.items()
        ),
        events=len(found.events),
        accesses=len(found.accesses),
        files={},
    )


def _contents(manifest: Manifest, found: Gathered) -> dict[str, bytes]:
    return {
        form.README: files("journey.evidence").joinpath(form.README).read_bytes(),
        form.TIMELINE: "".join(page(manifest, found)).encode(),
        form.EVENTS: b"".join(_lines(found.events)),
        form.ACCESSES: b"".join(_lines(found.accesses)),
        form.PROOFS: found.proofs.model_dump_json(indent=1).encode(),
        form.CHECKPOINT: found.checkpoint.encode(),
        form.KEYS: found.keys.model_dump_json(indent=1).encode(),
    }


def _lines(pieces: Iterable[BaseModel]) -> Iterator[bytes]:
    return (each.model_dump_json(exclude_none=True).encode() + b"\n" for each in pieces)


def _write(file: IO[bytes], contents: dict[str, bytes]) -> None:
    with ZipFile(file, "w") as packed:
        for name, content in contents.items():
            about = ZipInfo(name, LONG_AGO)
            about.compress_type, about.external_attr, about.create_system = ZIP_DEFLATED, OWNER_ALONE, 3
            packed.writestr(about, content)


def _digest(file: IO[bytes]) -> str:
    file.seek(0)
    digest = sha256()
    while piece := file.read(PIECE):
        digest.update(piece)
    return digest.hexdigest()
