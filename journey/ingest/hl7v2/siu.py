"""SIU: appointments, as commands (HL7 v2.5.1 chapter 10). A docstring is the row in the docs.

What happened is the booking, and MSH-7 says when; the time of the appointment is what was agreed.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from journey.domain.event import Coded, Command
from journey.domain.referral import NotifyReferralAppointment, NotifyReferralNoShow
from journey.domain.visit import (
    Appointment,
    BookVisit,
    CancelVisit,
    ChangeVisit,
    RecordNoShow,
    RemoveVisit,
    RescheduleVisit,
)
from journey.ingest.aside import Unapplied
from journey.ingest.hl7v2.ref import loop
from journey.ingest.hl7v2.said import Said, clean, located
from journey.ingest.hl7v2.tables import MINUTES
from journey.ingest.hl7v2.telling import Telling

_STARTS = (("TQ1", 7, 1), ("SCH", 11, 4), ("AIS", 4, 1), ("AIL", 6, 1), ("AIP", 6, 1), ("AIG", 8, 1))
_ENDS = (("TQ1", 8, 1), ("SCH", 11, 5))


def _slot(said: Said) -> tuple[datetime | None, datetime | None]:
    """From TQ1 (since 2.5), SCH-11 (before) or the resources; the end also from the duration in SCH-9."""
    start = next(filter(None, (said.moment(*place) for place in _STARTS)), None)
    end = next(filter(None, (said.moment(*place) for place in _ENDS)), None)
    if start is None:
        return None, None
    minutes = _duration(said)
    return start.at, end.at if end else start.at + timedelta(minutes=minutes) if minutes else None


def _duration(said: Said) -> float | None:
    number, unit = said.text("SCH", 9), said.text("SCH", 10).upper()
    if not number.isascii() or not number.isdecimal() or len(number) > 5 or unit not in MINUTES:  # noqa: PLR2004 - five digits of minutes are ten weeks
        return None
    return int(number) * MINUTES[unit]


def _visit_id(telling: Telling) -> UUID:
    if telling.numbered is None:
        raise Unapplied("no-visit", "SCH-1 and SCH-2 are empty: they say which appointment it is.")
    return telling.numbered


def _reason(said: Said) -> Coded | None:
    return said.coded(said.message.first("SCH"), 6)


def _agreed(said: Said) -> Appointment:
    """What is agreed beside the time: service (AIS-3), place (AIL-3), staff (AIP-3), class (PV1-2)."""
    message = said.message
    places = (located(segment, 3) for segment in message.all("AIL"))
    staff = (clean(segment.component(3, 1)) for segment in message.all("AIP"))
    return Appointment(
        service=said.coded(message.first("AIS"), 3) or said.coded(message.first("SCH"), 7),
        encounter_class=said.encounter_class,
        location=next(filter(None, places), None),
        participants=tuple(dict.fromkeys(filter(None, staff))),
    )


def book(telling: Telling) -> Iterator[Command]:
    """A time is agreed (TQ1-7, SCH-11.4 or the resources' own); a known referral in SCH-26 is told so
    (PCC-60).
    """
    start, end = _slot(telling.said)
    agreed = Appointment(**{**dict(_agreed(telling.said)), "start": start, "end": end})
    visit_id = _visit_id(telling)
    yield telling.asks(BookVisit, visit_id=visit_id, appointment=agreed)
    for referral_id in _referrals(telling):
        yield telling.asks(NotifyReferralAppointment, referral_id=referral_id, start=start, visit_id=visit_id)


def reschedule(telling: Telling) -> Iterator[Command]:
    """Another time is agreed."""
    start, end = _slot(telling.said)
    if start is None:
        raise Unapplied("missing-field", "TQ1-7 and SCH-11.4 are empty: they say what the new time is.")
    yield telling.asks(
        RescheduleVisit, visit_id=_visit_id(telling), start=start, end=end, reason=_reason(telling.said)
    )


def modify(telling: Telling) -> Iterator[Command]:
    """Service, place, staff or class changed; the time only by S13."""
    yield telling.asks(ChangeVisit, visit_id=_visit_id(telling), appointment=_agreed(telling.said))


def cancel(telling: Telling) -> Iterator[Command]:
    """It will not take place (SCH-6 says why)."""
    yield telling.asks(CancelVisit, visit_id=_visit_id(telling), reason=_reason(telling.said))


def delete(telling: Telling) -> Iterator[Command]:
    """It should never have been there (SCH-6 says why)."""
    yield telling.asks(RemoveVisit, visit_id=_visit_id(telling), reason=_reason(telling.said))


def miss(telling: Telling) -> Iterator[Command]:
    """The patient did not come; a known referral in SCH-26 is told so (PCC-61)."""
    yield telling.asks(RecordNoShow, visit_id=_visit_id(telling))
    for referral_id in _referrals(telling):
        yield telling.asks(NotifyReferralNoShow, referral_id=referral_id)


def _referrals(telling: Telling) -> Iterator[UUID]:
    """The referral whose number is in SCH-26: the one that asks gave it, or the one who is answered."""
    said = telling.said
    if said.text("SCH", 26):
        loops = dict.fromkeys(loop(telling, ("SCH", 26), each) for each in (said.receiver, said.sender))
        yield from [each for each in loops if telling.journey.referrals.get(each)][:1]
