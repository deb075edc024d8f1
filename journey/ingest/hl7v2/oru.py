"""ORU^R01: results, as commands (HL7 v2.5.1 chapter 7). The values stay with the system that made them."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from uuid import UUID, uuid5

from journey.domain.codes import ResultStatus
from journey.domain.event import Command
from journey.domain.result import ReceiveResult
from journey.ingest.aside import Unapplied
from journey.ingest.hl7v2.er7 import Segment
from journey.ingest.hl7v2.said import clean
from journey.ingest.hl7v2.tables import ABNORMAL, OBSERVATION_STATUSES, RESULT_STATUSES
from journey.ingest.hl7v2.telling import Telling

_SAID = ("OBR", "OBX", "NTE")
_LEAST_FINAL = (
    ResultStatus.REGISTERED,
    ResultStatus.PRELIMINARY,
    ResultStatus.CORRECTED,
    ResultStatus.FINAL,
    ResultStatus.CANCELLED,
)


def receive(telling: Telling) -> Iterator[Command]:
    """Each OBR is a report that came, when OBR-22 says, else OBR-7. It waits for review."""
    groups = list(telling.said.message.groups("OBR"))
    if not groups:
        raise Unapplied("missing-field", "There is no OBR segment: it says what was examined.")
    for group in groups:
        obr, observations = group[0], [each for each in group if each.name == "OBX"]
        yield telling.asks(
            ReceiveResult,
            at=telling.said.time(obr, 22) or telling.said.time(obr, 7),
            result_id=_result_id(telling, obr),
            code=telling.said.coded(obr, 4),
            status=_status(obr, observations),
            abnormal=any(_is_abnormal(each) for each in observations),
            visit_id=telling.numbered,
            report=_digest(group),
        )


def _result_id(telling: Telling, obr: Segment) -> UUID:
    """The filler's number (OBR-3), else the placer's (OBR-2), else when it was taken; with the test."""
    said = telling.said
    test = clean(obr.component(4, 1)) or clean(obr.component(4, 4)) or clean(obr.component(4, 2))
    for field in (3, 2):
        if number := clean(obr.component(field, 1)):
            authority = clean(obr.component(field, 2)) or said.sender
            return uuid5(telling.journey_id, f"result|{authority}|{number}|{test}")
    taken = clean(obr.field(7))
    if not (test and taken):
        raise Unapplied(
            "missing-field",
            "OBR-3 and OBR-2 are empty, and OBR-4 with OBR-7 does not tell the report either.",
        )
    return uuid5(telling.journey_id, f"result|{said.sender}|{taken}|{test}")


def _status(obr: Segment, observations: Sequence[Segment]) -> ResultStatus:
    """OBR-25, else the least final of OBX-11. What nobody calls final is preliminary."""
    if status := RESULT_STATUSES.get(clean(obr.field(25)).upper()):
        return status
    statuses = {OBSERVATION_STATUSES.get(clean(each.field(11)).upper()) for each in observations}
    return next((each for each in _LEAST_FINAL if each in statuses), ResultStatus.PRELIMINARY)


def _is_abnormal(obx: Segment) -> bool:
    return any(clean(each.component(1)).upper() in ABNORMAL for each in obx.repetitions(8))


def _digest(group: Sequence[Segment]) -> str:
    """Of all that the report says but its place in the message: said again, it is no news."""
    lines = ("|".join((each.name, *each.fields[2:])) for each in group if each.name in _SAID)
    return sha256("\r".join(lines).encode("utf-8", "surrogatepass")).hexdigest()[:32]
