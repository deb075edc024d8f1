"""Replaying: one journey on two axes of time, what was true and what was known: where it stood, what each
event changed, what is otherwise at another moment, and why.

A slider stands on the moments at which something happened, or was recorded; behind the last of them is now.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from starlette.responses import Response

from journey.domain.event import Precision, latest
from journey.web.calling import Refusal
from journey.web.onepatient import of_one_patient, one_patient
from journey.web.page import HOME, Asked, Page, whole
from journey.web.rendering import words
from journey.web.times import at, moment

Row = Mapping[str, Any]
MOST = 500
"""Events between two moments."""

AXES = ("true", "known")
ORDERS = {"": "By the slider that is moved", "known": "As it was recorded", "true": "As it happened"}
FOR_PROGRAMS = frozenset({"event_id", "event_ids", "subject_id", "milestone", "step", "code"})
"""The last part of paths that say nothing to people that the rest of them does not say."""

ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")


class Slider(NamedTuple):
    """One axis: its moments, and the place that it stands on; the one behind the last is now."""

    name: str
    title: str
    moments: Sequence[datetime]
    place: int

    @property
    def at(self) -> datetime | None:
        return self.moments[self.place] if self.place < len(self.moments) else None

    @property
    def before(self) -> str | None:
        return str(self.place - 1) if self.place else None

    @property
    def after(self) -> str | None:
        return str(self.place + 1) if self.place < len(self.moments) else None


class Change(NamedTuple):
    """One value that is another since, as people read it."""

    what: str
    path: str
    before: str
    after: str


class Shown(NamedTuple):
    """A step as it is shown. `is_here`: it is what came at the moment; `is_ahead`: it comes later."""

    event: Row
    is_correction: bool
    changes: Sequence[Change]
    is_here: bool
    is_ahead: bool


class Value(NamedTuple):
    """Something that is told of where the patient stood, and the path of why."""

    title: str
    said: str
    path: str
    since: str | None = None


@of_one_patient
async def replay(asked: Asked) -> Response:
    """The journey at two times, and the way it came there."""
    one = await one_patient(asked)
    every = await _steps(asked, one.journey_id, "known")
    told = [each["event"] for each in every]
    happened = [_reaches(each) for each in every if "data" in each["event"] and not _is_correction(each)]
    true = _slider(asked, "true", "What was true", happened)
    known = _slider(asked, "known", "What was known", [moment(each["recorded_at"]) for each in told])
    chosen = asked.query.get("by", "")
    order = chosen if chosen in AXES else "true" if true.at and not known.at else "known"
    steps = every if order == "known" else await _steps(asked, one.journey_id, order)
    when = {"as_of": _iso(true.at), "as_known_at": _iso(known.at)}
    stood = await _there(asked, f"/v1/journeys/{one.journey_id}", when)
    here = known.at if order == "known" else true.at
    return asked.page(
        "replaying.html",
        one=one,
        sliders=(true, known),
        orders=ORDERS,
        order=order,
        chosen=chosen,
        is_now=here is None,
        stood=stood,
        values=list(_values(stood)) if stood else [],
        steps=list(_shown(steps, order, here)),
        mark=_mark(asked, when),
        otherwise=await _otherwise(asked, one.journey_id, when),
        why=await _why(asked, one.journey_id, when),
        said=said,
        what=what,
        changed=changed,
    )


# --- What is asked


async def _steps(asked: Asked, journey_id: str, order: str) -> list[Row]:
    """All of them, in this order."""
    path = f"/v1/journeys/{journey_id}/replay"
    return [each async for each in asked.api.every(path, "steps", axis=order)]


async def _there(asked: Asked, path: str, when: Row) -> Row | None:
    """What is answered of that moment; None where the journey was not there yet."""
    try:
        found: Row = await asked.api.get(path, **when)
    except Refusal as refusal:
        if refusal.code != "not-there-yet":
            raise
        return None
    return found


async def _otherwise(asked: Asked, journey_id: str, when: Row) -> Row | None:
    """What is otherwise than at the moment that is held fast; None without one."""
    begin = {f"from_{name}": asked.query.get(f"from_{name}") for name in when}
    if not any(begin.values()):
        return None
    end = {f"to_{name}": value for name, value in when.items()}
    path = f"/v1/journeys/{journey_id}/difference"
    return await _there(asked, path, {**begin, **end, "limit": MOST})


async def _why(asked: Asked, journey_id: str, when: Row) -> Row | None:
    of = asked.query.get("why")
    return await _there(asked, f"/v1/journeys/{journey_id}/why", {**when, "of": of}) if of else None


def _mark(asked: Asked, when: Row) -> dict[str, str]:
    """The moment, to be held fast: now is as of now."""
    return {f"from_{name}": value or _iso(asked.now) or "" for name, value in when.items()}


# --- The two axes


def _slider(asked: Asked, name: str, title: str, moments: Iterable[datetime]) -> Slider:
    every = sorted(set(moments))
    place = whole(asked.query.get(name, ""), len(every))
    return Slider(name, title, every, min(place, len(every)))


def _reaches(step: Row) -> datetime:
    """When it had happened for certain, as far as is known."""
    told, recorded = step["reading"] or step["event"], moment(step["event"]["recorded_at"])
    begin = moment(told["occurred_at"])
    end = latest(begin, Precision(told["occurred_precision"]))
    return end if end <= recorded else max(begin, recorded)


def _is_correction(step: Row) -> bool:
    return str(step["event"].get("type", "")).startswith("correction.")


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.astimezone(UTC).isoformat()


def _shown(steps: Iterable[Row], order: str, here: datetime | None) -> Iterator[Shown]:
    for each in steps:
        event = each["event"]
        is_told = "data" in event
        when = moment(event["recorded_at"]) if order == "known" or not is_told else _reaches(each)
        changes = tuple(changed(each["changes"]))
        yield Shown(each, _is_correction(each), changes, when == here, here is not None and when > here)


# --- In words


def changed(changes: Iterable[Row]) -> Iterator[Change]:
    """What people are shown of them."""
    for each in changes:
        path = each["path"]
        if path.rpartition(".")[2] not in FOR_PROGRAMS and not path.startswith("why."):
            yield Change(what(path), path, said(each["before"]), said(each["after"]))


def what(path: str) -> str:
    """`rooms.visits.<id>.start` as people say it."""
    parts = [part for part in path.split(".") if not ID.fullmatch(part)]
    return ": ".join(words(part) for part in parts if part != "rooms")


def said(value: Any) -> str:
    """A value of an answer as people read it."""
    match value:
        case None | [] | "":
            return "nothing"
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(said(each) for each in value)
        case dict():
            return ", ".join(f"{words(name)} {said(each)}" for name, each in value.items())
        case str() if TIME.match(value):
            return at(value)
    return str(value)


def _values(stood: Row) -> Iterator[Value]:
    """Where the patient stood, one thing after the other."""
    yield Value("Stage", words(stood["stage"]), "stage", stood["since"])
    yield Value("Status", words(stood["status"]), "status")
    who = stood["responsible"]
    theirs = " of ".join(each for each in (who["person"], who["team"]) if each) if who else "Nobody"
    yield Value("Responsible", theirs, "responsible", who and who["since"])
    if stood["pathway"]:
        yield Value("Pathway", stood["pathway"]["title"] or stood["pathway"]["id"], "pathway")
    late = {(each["step"], each["subject_id"]) for each in stood["overdue"]}
    for each in stood["next"]:
        key = each["step"], each["subject_id"]
        due = f", due {at(each['due'])}" if each["due"] else ""
        path = ".".join(("next", *(part for part in key if part)))
        yield Value("Overdue" if key in late else "Next", words(each["title"] or each["step"]) + due, path)
    for each in stood["blocked_by"]:
        yield Value("In the way", said(each["what"]), f"blocked_by.{each['code']}")
    for room, loops in stood["open"].items():
        for each in loops:
            name = each["service"] or "visit" if room == "visits" else each["what"] or room.removesuffix("s")
            path = f"open.{room}.{each.get('visit_id') or each.get('id')}"
            yield Value(words(room), f"{name}, {words(each['status']).lower()}", path, each["since"])
    for each in stood["reached"]:
        path = ".".join(part for part in ("reached", each["milestone"], each["subject_id"]) if part)
        yield Value("Reached", f"{words(each['milestone'])}, {at(each['at'])}", path)
    if stood["custody"]:
        yield Value("Custody", said({k: v for k, v in stood["custody"].items() if v}), "custody")


PAGES = (Page(f"{HOME}/replay/{{journey_id:uuid}}", replay),)
