"""EpisodeOfCare: a journey as a whole, as commands. A docstring is the row in the docs."""

from collections.abc import Iterator

from journey.domain.codes import JourneyStatus
from journey.domain.episode import (
    ActivateJourney,
    CancelJourney,
    CloseJourney,
    PutOnHold,
    RemoveJourney,
    WaitlistJourney,
)
from journey.domain.event import Command
from journey.ingest.fhir.moment import Moment
from journey.ingest.fhir.telling import Telling

SAID = "says the sender"


def episode(telling: Telling) -> Iterator[Command]:
    """A journey of its own: statusHistory, then status, at period.start, or period.end where it is over."""
    if telling.resource.status not in set(JourneyStatus):
        raise telling.resource.wrong("status", "R4 has no such status")
    told = list(_history(telling))
    if not telling.is_old:
        told.append((telling.resource.status, _since(telling, told)))
    now = telling.journey.episode.status
    for number, (status, since) in enumerate(told):
        is_last = number == len(told) - 1 and not telling.is_old
        if since is not None or (is_last and status != now):
            yield from _asked(telling, status, since)


def _history(telling: Telling) -> Iterator[tuple[str, Moment | None]]:
    listed = []
    for each in telling.resource.all("statusHistory"):
        period = each.one("period")
        if period and (since := period.moment("start")):
            listed.append((each.short("status"), since))
    yield from sorted(listed, key=lambda each: each[1].at)


def _since(telling: Telling, history: list[tuple[str, Moment | None]]) -> Moment | None:
    """Since when it has its status, where that is said."""
    status, period = telling.resource.status, telling.resource.one("period")
    if history and history[-1][0] == status:
        return history[-1][1]
    if status in {"finished", "cancelled"}:
        return period.moment("end") if period else None
    return period.moment("start") if period and not history else None


def _asked(telling: Telling, status: str, since: Moment | None) -> Iterator[Command]:
    match status:
        case "waitlist":
            yield telling.asks(WaitlistJourney, since)
        case "active":
            yield telling.asks(ActivateJourney, since)
        case "onhold":
            yield telling.asks(PutOnHold, since, reason=SAID)
        case "finished":
            yield telling.asks(CloseJourney, since)
        case "cancelled":
            yield telling.asks(CancelJourney, since, reason=SAID)
        case "entered-in-error":
            yield telling.asks(RemoveJourney, since, reason="entered in error, says the sender")
        case _:
            pass
