"""Whose message it is: the numbers by which a patient is found, and what PID says of the person (3.4.2)."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

from journey.domain.identity import ChangeDemographics, Demographics, Identifier
from journey.ingest.aside import Unapplied
from journey.ingest.hl7v2.er7 import Segment
from journey.ingest.hl7v2.said import LONGEST, Said, clean
from journey.ingest.hl7v2.tables import GENDERS
from journey.ingest.keys import FIND_NOBODY, Key

MONTH, DAY = len("202603"), len("20260301")
"""Digits of a date that is told as far as that."""

MOST = 100
"""Numbers that a message may give of one patient: each is claimed under a lock of its own."""


class Numbers(NamedTuple):
    """The numbers of one patient: all of them, and those by which the patient is found."""

    identifiers: tuple[Identifier, ...]
    keys: tuple[Key, ...]


def of_patient(said: Said) -> Numbers:
    """PID-3, else PID-2, PID-4, PID-18 of older versions. Raises Unapplied where there is none."""
    pid = said.message.first("PID")
    listed = tuple(_identifiers(said, pid, 3))
    keys = _keys(each for each in listed if each.type not in FIND_NOBODY)
    for field in (2, 4, 18) if not keys else ():
        others = tuple(_identifiers(said, pid, field))
        listed, keys = (*listed, *others), keys or _keys(others)
    keys = keys or _keys(listed)
    if not keys:
        raise Unapplied("no-patient", "PID-3 holds no number, nor does PID-2, PID-4 or PID-18.")
    return Numbers(tuple(dict.fromkeys(listed)), keys)


def of_retired(said: Said) -> Numbers:
    """MRG-1, MRG-2 or MRG-4: the patient that was merged into another (3.4.10). Raises Unapplied."""
    mrg = said.message.first("MRG")
    for field in (1, 2, 4):
        listed = tuple(_identifiers(said, mrg, field))
        if listed:
            return Numbers(listed, _keys(listed))
    raise Unapplied("no-patient", "MRG-1 holds no number of the patient that was merged.")


def numbered(said: Said, name: str, field: int, kind: str) -> Key | None:
    """The number in a field of another kind, of a visit or an account."""
    segment = said.message.first(name)
    found = next(iter(_identifiers(said, segment, field)), None)
    return Key(found.system, kind, found.value) if found else None


def _keys(identifiers: Iterable[Identifier]) -> tuple[Key, ...]:
    return tuple(dict.fromkeys(Key(each.system, "patient", each.value) for each in identifiers))


def _identifiers(said: Said, segment: Segment | None, field: int) -> Iterator[Identifier]:
    if segment and segment.raw(field).count(segment.encoding.repetition or "~") > MOST:
        raise Unapplied("bad-value", f"{segment.name}-{field}: over {MOST} numbers of one patient.")
    for number in segment.repetitions(field) if segment else ():
        value = clean(number.component(1))
        system = said.authority(number)
        if max(len(value), len(system)) > LONGEST:
            raise Unapplied("bad-value", f"{segment.name if segment else ''}-{field}: too long for a number.")
        if value:
            yield Identifier(system=system, value=value, type=clean(number.component(5))[:LONGEST] or "MR")


def demographics(said: Said) -> ChangeDemographics:
    """What PID says of the person; a field that holds the HL7 null is cleared, an empty one says nothing."""
    pid = said.message.first("PID")
    if pid is None:
        return ChangeDemographics()
    facts: dict[str, Any] = {
        **_name(pid),
        "birth_date": _date(pid.field(7)),
        "gender": GENDERS.get(clean(pid.field(8)).upper()),
        "language": clean(pid.field(15)).lower() or None,
        "phone": _phone(pid, 13) or _phone(pid, 14),
        "address": _address(pid),
        "deceased_at": _deceased(said, pid),
    }
    cleared = [name for name, field in _FIELDS if pid.is_null(field) and facts[name] is None]
    return ChangeDemographics(demographics=Demographics(**facts), cleared=tuple(sorted(cleared)))


_FIELDS = (
    ("family", 5),
    ("given", 5),
    ("birth_date", 7),
    ("gender", 8),
    ("address", 11),
    ("phone", 13),
    ("language", 15),
    ("deceased_at", 29),
)


def _name(pid: Segment) -> dict[str, Any]:
    """The legal name among PID-5's repetitions, else the first; middle names are given names (2A.89)."""
    names = [each for each in pid.repetitions(5) if each.raw and not each.is_null]
    legal = next((each for each in names if clean(each.component(7)) == "L"), None)
    name = legal or next(iter(names), None)
    if name is None:
        return {"family": None, "given": None}
    family, first, more = (clean(name.component(each)) for each in (1, 2, 3))
    if len(family + first + more) > LONGEST:
        raise Unapplied("bad-value", "PID-5: too long for a name.")
    return {
        "family": family or None,
        "given": tuple(each for each in (first, *more.split()) if each) or None,
    }


def _date(text: str) -> str | None:
    """The day, month or year that a time begins with, a day or month of zeros being none; one that no
    calendar has is no date.
    """
    digits = clean(text)[:8]
    if not (digits.isascii() and digits.isdecimal()) or len(digits) not in {4, MONTH, DAY}:
        return None
    known = digits.removesuffix("00") if len(digits) == DAY else digits
    known = known.removesuffix("00") if len(known) == MONTH else known
    try:
        date.fromisoformat(known + "20260101"[len(known) :])
    except ValueError:
        return None
    return "-".join(filter(None, (known[:4], known[4:6], known[6:])))


def _phone(pid: Segment, field: int) -> str | None:
    """An XTN (2A.90): as text, else area code and number."""
    for number in pid.repetitions(field):
        said = clean(number.component(1)) or clean(number.component(12))
        assembled = " ".join(filter(None, (clean(number.component(6)), clean(number.component(7)))))
        if said or assembled:
            return said or assembled
    return None


def _address(pid: Segment) -> str | None:
    """An XAD (2A.88) on one line: street, other, city, state, postcode, country."""
    for address in pid.repetitions(11):
        lines = (clean(address.component(each)) for each in range(1, 7))
        if text := ", ".join(filter(None, lines)):
            return text
    return None


def _deceased(said: Said, pid: Segment) -> Any:
    """PID-29, unless PID-30 says that the patient lives."""
    moment = said.time(pid, 29)
    return None if moment is None or clean(pid.field(30)).upper() == "N" else moment.at
