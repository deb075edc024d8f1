"""Notified: what FHIR notifications say, read as a receiver does that knows nothing of who made them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

Json = dict[str, Any]
HANDSHAKE, EVENT = "handshake", "event-notification"
NONE = "-"


class Event(NamedTuple):
    """One that is told of. `focus`: type and id, without the server's address."""

    number: int
    at: datetime | None = None
    focus: str | None = None


class Notice(NamedTuple):
    """One notification that was taken. `events`: how many there were."""

    type: str
    events: int
    event: Event | None = None

    def line(self) -> str:
        """To be written down, as `noticed` reads it."""
        at = self.event and self.event.at and self.event.at.isoformat()
        number, focus = (self.event.number, self.event.focus) if self.event else (None, None)
        return " ".join(str(each or NONE) for each in (self.type, str(self.events), number, at, focus))


def noticed(line: str) -> Notice:
    """The same, read again."""
    type_, count, *told = line.split()
    number, at, focus = (None if each == NONE else each for each in told)
    event = Event(int(number), datetime.fromisoformat(at) if at else None, focus) if number else None
    return Notice(type_, int(count), event)


def notice(bundle: Json) -> Notice:
    """What a notification says, which is of one event at most."""
    stands = said(bundle)
    return Notice(
        stands["type"], int(stands["events-since-subscription-start"]), next(happened(bundle), None)
    )


def happened(bundle: Json) -> Iterator[Event]:
    """Every event that it tells of."""
    for each in events(bundle):
        at, focus = each.get("timestamp"), each.get("focus")
        yield Event(
            int(each["event-number"]),
            datetime.fromisoformat(at) if at else None,
            "/".join(focus.split("/")[-2:]) if focus else None,
        )


def said(bundle: Json) -> Json:
    """The parameters of its first entry, by name, but for those that have parts."""
    told = bundle["entry"][0]["resource"]["parameter"]
    return {each["name"]: _value(each) for each in told if "part" not in each}


def events(bundle: Json) -> list[Json]:
    """Each notification-event, by the names of its parts."""
    told = bundle["entry"][0]["resource"]["parameter"]
    return [
        {part["name"]: _value(part) for part in each["part"]}
        for each in told
        if each["name"] == "notification-event"
    ]


def _value(of: Json) -> Any:
    [value] = (each for name, each in of.items() if name.startswith("value"))
    return value.get("reference", value) if isinstance(value, dict) else value
