"""Timeline: what happened to a patient, the latest first: when, when it was recorded, by whom and from where.

What does not hold any more is struck through, beside what says so; what was corrected, beside how it reads.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from starlette.responses import Response

from journey.domain.event import EVENTS, Precision
from journey.domain.journey import ROOM_OF_EVENT
from journey.web.acts import ROOMS
from journey.web.correcting import can_be_corrected
from journey.web.onepatient import of_one_patient, one_patient
from journey.web.page import HOME, Asked, Page, whole
from journey.web.rendering import words
from journey.web.things import everything
from journey.web.times import at, period

FEW = 100
TO_THE_DAY = frozenset({Precision.DAY, Precision.MONTH, Precision.YEAR})
Row = Mapping[str, Any]


class Line(NamedTuple):
    """Something that it says: in its words, and in those that hold since it was corrected."""

    name: str
    said: str
    instead: str | None = None


class Entry(NamedTuple):
    """One event as it is shown."""

    event: Row
    room: str
    when: str
    instead: str | None
    """When it happened, where the time was corrected."""

    lines: tuple[Line, ...]
    because: str | None
    """Why it does not hold or reads otherwise, in the words of who said so."""

    undone_by: str
    can_be_corrected: bool = False


@of_one_patient
async def timeline(asked: Asked) -> Response:
    one = await one_patient(asked)
    every = (await everything(asked, one.journey_id))[::-1]
    room, kind = asked.query.get("room", ""), asked.query.get("type", "")
    kept = [each for each in every if _is_wanted(each, room, kind)]
    page = _page(asked, kept)
    by_id = {each["event_id"]: each for each in every}
    return asked.page(
        "patient_timeline.html",
        one=one,
        rooms=ROOMS,
        room=room,
        kind=kind,
        kinds=sorted({each["type"] for each in every if "type" in each}),
        entries=[_entry(each, by_id) for each in kept[page * FEW : (page + 1) * FEW]],
        page=page,
        more=len(kept) > (page + 1) * FEW,
        total=len(kept),
    )


def _is_wanted(event: Row, room: str, kind: str) -> bool:
    """What is withheld is always said to be."""
    if event.get("withheld"):
        return True
    return kind in {"", event["type"]} and room in {"", room_of(event)}


def room_of(event: Row) -> str:
    return ROOM_OF_EVENT[EVENTS[event["type"]]]


def _page(asked: Asked, kept: Sequence[Row]) -> int:
    """The one that is asked for, or that has the event that is."""
    wanted = asked.query.get("at")
    places = [place for place, each in enumerate(kept) if each["event_id"] == wanted]
    if places:
        return places[0] // FEW
    return min(whole(asked.query.get("page", "")), len(kept) // FEW)


def _entry(event: Row, by_id: Mapping[str, Row]) -> Entry:
    if event.get("withheld"):
        return Entry(event, "", "", None, (), None, "")
    reading = event["reading"]
    then, now = when(event), reading and when(reading)
    struck = by_id.get(event["voided_by"] or event["corrected_by"] or "", {})
    return Entry(
        event,
        ROOMS[room_of(event)],
        then,
        now if now != then else None,
        tuple(_lines(event["data"], event["data"] if reading is None else reading["data"])),
        struck.get("data", {}).get("reason"),
        EVENTS[event["type"]].undone_by,
        can_be_corrected(event),
    )


def when(said: Row) -> str:
    precision = said["occurred_precision"]
    if precision == Precision.UNKNOWN:
        return "not known when"
    return period(said["occurred_at"]) if precision in TO_THE_DAY else at(said["occurred_at"])


def _lines(said: Row, holds: Row) -> Iterator[Line]:
    """Each field with what it says, and what it should say where that differs."""
    before, since = dict(spelled(said)), dict(spelled(holds))
    for name in dict.fromkeys((*before, *since)):
        was, reads = before.get(name, "nothing"), since.get(name, "nothing")
        yield Line(name, was, None if was == reads else reads)


def spelled(said: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """What data says, a line for each part; ids are for programs."""
    match said:
        case {"system": _, "code": str(code)}:
            yield name, f"{said['display']} ({code})" if said.get("display") else code
        case dict():
            for key, value in said.items():
                if not key.endswith(("_id", "_ids")):
                    yield from spelled(value, f"{name}, {words(key).lower()}" if name else words(key))
        case list() if said and all(isinstance(each, str) for each in said):
            yield name, ", ".join(said)
        case list():
            for place, each in enumerate(said, 1):
                yield from spelled(each, f"{name} {place}" if len(said) > 1 else name)
        case bool():
            yield name, "yes" if said else "no"
        case None | "":
            return
        case _:
            yield name, _plain(str(said))


def _plain(said: str) -> str:
    """Times as people read them."""
    is_time = len(said) >= len("2026-03-01T09:00Z") and said[4:5] == "-" and said[10:11] == "T"
    return at(said) if is_time else said


PAGES = (Page(f"{HOME}/patients/{{journey_id:uuid}}/timeline", timeline),)
