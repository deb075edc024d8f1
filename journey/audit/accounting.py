"""Accounting: to whom something about a patient went, as the patient may ask (45 CFR 164.528; 42 CFR 2.25).

Repeated disclosures to one recipient for one purpose are one line (164.528(b)(3)). What an accounting may
leave out is marked as such: treatment, payment and operations, what the patient got or authorised. Of records
of a Part 2 program the last three years are told with those. What an agency had suspended is left out of what
the patient gets, as long as it is.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

from pydantic import BaseModel, Field

from journey.audit.disclosures import CARE, NOT_ACCOUNTED, OF_PART_2, Basis, Channel

TOLD_FOR, PART_2_TOLD_FOR = 6, 3
"""Years."""

PART_2_TELLS = CARE | {Basis.AUTHORIZATION}

LINES: LiteralString = """
    WITH asked AS (
        SELECT %s::uuid AS patient, %s::timestamptz AS begins, %s::timestamptz AS ends,
               %s::timestamptz AS recent, %s::text[] AS of_part_2
    )
    SELECT recipient, recipient_address, purpose, basis, channel, description, min(at), max(at), count(*),
           array_remove(array_agg(DISTINCT reference), NULL), labels,
           array_remove(array_agg(DISTINCT consent_id), NULL), max(notice),
           labels && asked.of_part_2 AND at >= asked.recent AS is_told,
           (SELECT max(each.ends_at) FROM disclosure_suspension AS each
             WHERE each.recipient = disclosure.recipient
               AND each.patient_id IN (SELECT same_person(asked.patient))
               AND each.begins_at <= now() AND each.ends_at > now())
      FROM asked JOIN disclosure ON patient_id = ANY(ARRAY(SELECT same_person(asked.patient)))
                                AND at >= asked.begins AND at < asked.ends
     GROUP BY recipient, recipient_address, purpose, basis, channel, description, labels, is_told,
              asked.patient
     ORDER BY min(at), recipient, channel, description, labels
    """
RECORDS = "SELECT same_person(%s)"


class Line(BaseModel):
    """What one recipient was given for one purpose, once or repeatedly."""

    recipient: str
    recipient_address: str | None
    purpose: str
    basis: Basis
    channel: Channel
    what: str
    first_at: datetime
    last_at: datetime
    times: int
    references: tuple[str, ...] = Field(description="Subscriptions, keys and exports that it went through.")
    labels: tuple[str, ...]
    consents: tuple[UUID, ...]
    notice: str | None = Field(description="What had to go along (42 CFR 2.32).")
    accounted: bool = Field(description="Whether an accounting has to tell it.")
    suspended_until: datetime | None = Field(
        description="An agency asked that the patient be not told before (45 CFR 164.528(a)(2))."
    )

    @property
    def is_for_the_patient(self) -> bool:
        return self.accounted and self.suspended_until is None


class Period(NamedTuple):
    """From when to when."""

    begins: datetime
    ends: datetime

    @classmethod
    def of(cls, begins: datetime | None, ends: datetime | None, now: datetime) -> "Period":
        """Six years back, where nothing is said."""
        until = ends or now
        return cls(begins or _years_before(until, TOLD_FOR), until)


def asked(patient_id: UUID, period: Period) -> tuple[Any, ...]:
    """What LINES takes."""
    return patient_id, *period, _years_before(period.ends, PART_2_TOLD_FOR), sorted(OF_PART_2)


def _years_before(at: datetime, years: int) -> datetime:
    """The same day of that year; of the 29th of February, the day before the 1st of March."""
    try:
        return at.replace(year=max(at.year - years, 1))
    except ValueError:
        return at.replace(year=at.year - years, day=28)


def lines(rows: Iterable[Sequence[Any]]) -> tuple[Line, ...]:
    """What LINES found."""
    return tuple(map(_line, rows))


def _line(row: Sequence[Any]) -> Line:
    *said, is_told, suspended_until = row
    basis = Basis(row[3])
    accounted = basis not in NOT_ACCOUNTED or (is_told and basis in PART_2_TELLS)
    return Line.model_validate(dict(zip(Line.model_fields, (*said, accounted, suspended_until), strict=True)))


def printed(patient_id: UUID, period: Period, told: Sequence[Line]) -> Iterator[str]:
    """The accounting as the patient gets it. What others called themselves begins no line of its own."""
    yield from map(_line_of, _page(patient_id, period, told))


def _line_of(text: str) -> str:
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def _page(patient_id: UUID, period: Period, told: Sequence[Line]) -> Iterator[str]:
    yield "ACCOUNTING OF DISCLOSURES (45 CFR 164.528)"
    yield f"Patient  {patient_id}"
    yield f"Period   {_day(period.begins)} to {_day(period.ends)}"
    yield ""
    if not told:
        yield "Nothing that has to be accounted for was disclosed."
    for number, each in enumerate(told, 1):
        yield f"{number}. {each.recipient}"
        if each.recipient_address:
            yield f"   Address  {each.recipient_address}"
        yield f"   When     {_when(each)}"
        yield f"   What     {each.what}"
        yield f"   Purpose  {each.purpose} ({each.basis})"
        if each.notice:
            yield f"   Notice   {each.notice}"
        yield ""


def _when(line: Line) -> str:
    if line.times == 1:
        return _day(line.first_at)
    return f"{line.times} times, first on {_day(line.first_at)}, last on {_day(line.last_at)}"


def _day(at: datetime) -> str:
    return at.date().isoformat()
