"""What a message says, read into the domain's values: times, places, codes, free text."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from journey.domain.codes import EncounterClass
from journey.domain.event import Coded, Precision
from journey.domain.place import Location
from journey.ingest.aside import Unapplied
from journey.ingest.hl7v2.er7 import Message, Repetition, Segment
from journey.ingest.hl7v2.tables import CLASSES, CODE_SYSTEMS
from journey.ingest.hl7v2.timestamp import BadTimestamp, Timestamp, parse_timestamp

LONGEST = 250
"""Characters of a code or a number: more is not one."""

YEARS = range(1800, 2300)
"""Nothing else is the year of a patient's journey; 9999 and the like stand for no time at all."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_OFFSET = re.compile(r"[+-]\d{4}$")


def clean(text: str) -> str:
    """The text without what is not text: PostgreSQL refuses zero bytes, and nobody reads the others."""
    return _CONTROL.sub(" ", text).strip()


def precision(moment: Timestamp) -> Precision:
    return Precision(moment.precision)


@dataclass(frozen=True)
class Said:
    """One message about one patient."""

    message: Message
    zone: ZoneInfo

    @cached_property
    def sender(self) -> str:
        """Who assigned the numbers that name no authority: the sending facility, else the application."""
        return clean(self.message.sending_facility or self.message.sending_application) or "unknown"

    @property
    def receiver(self) -> str:
        """Who is answered, and so gave the numbers that name no authority in an answer."""
        return self.text("MSH", 6) or self.text("MSH", 5) or "unknown"

    @cached_property
    def _offset(self) -> str:
        """MSH-7's offset holds for every time of the message that has none (2.15.9.7)."""
        found = _OFFSET.search(self.message.time.strip())
        return found[0] if found else ""

    def text(self, name: str, field: int, component: int = 1) -> str:
        return clean(self.message.value(name, field, component))

    def moment(self, name: str, field: int, component: int = 1) -> Timestamp | None:
        """The time in a field of the first such segment. Raises Unapplied where it is none."""
        return self.time(self.message.first(name), field, component)

    def time(self, segment: Segment | None, field: int, component: int = 1) -> Timestamp | None:
        """The time in a field, None where it is empty. Raises Unapplied where it is none."""
        text = segment.component(field, component).strip() if segment else ""
        if not text or segment is None:
            return None
        try:
            moment = parse_timestamp(text if _OFFSET.search(text) else text + self._offset, self.zone)
        except BadTimestamp as problem:
            raise Unapplied("bad-time", f"{segment.name}-{field}: {problem}") from None
        if moment is not None and moment.at.year not in YEARS:
            raise Unapplied("bad-time", f"{segment.name}-{field}: nothing here happens in that year.")
        return moment

    def day(self, segment: Segment | None, field: int) -> date | None:
        """The day in a field, as it is written there. Raises Unapplied where it is none."""
        if segment is None or self.time(segment, field) is None:
            return None
        text = segment.component(field, 1).strip()
        return datetime.strptime(text[:8], "%Y%m%d").date() if len(text) >= len("20260301") else None  # noqa: DTZ007 - a day has no zone

    def location(self, name: str, field: int) -> Location | None:
        """A PL (2A.53): point of care, room, bed, facility."""
        segment = self.message.first(name)
        return located(segment, field) if segment else None

    @cached_property
    def encounter_class(self) -> EncounterClass | None:
        """PV1-2, table 0004."""
        return CLASSES.get(self.text("PV1", 2).upper())

    def coded(self, segment: Segment | None, field: int, system: str = "") -> Coded | None:
        """A CE or CWE (2A.13): the code, else its alternate; text alone is a code of the sender's own."""
        if segment is None or not segment.raw(field):
            return None
        for first in (1, 4):
            code, display, named = (clean(segment.component(field, first + each)) for each in range(3))
            if code or (display and first == 1 and not segment.component(field, 4)):
                return Coded(
                    system=CODE_SYSTEMS.get(named, named) or system or self.sender,
                    code=(code or display)[:LONGEST],
                    display=display or None,
                )
        return None

    def authority(self, number: Repetition) -> str:
        """Who assigned a CX (2A.14): CX-4's name, else its universal id, else the sender."""
        name, universal, kind = (clean(number.component(4, each)) for each in (1, 2, 3))
        if name or not universal:
            return name or self.sender
        return f"urn:oid:{universal}" if kind in {"ISO", ""} else universal


def located(segment: Segment, field: int) -> Location | None:
    """A PL in a segment, None where it names nothing."""
    parts = [clean(segment.component(field, component)) or None for component in range(1, 5)]
    if not any(parts):
        return None
    point_of_care, room, bed, facility = parts
    return Location(point_of_care=point_of_care, room=room, bed=bed, facility=facility)
